import { Migration } from '@mikro-orm/migrations';

export class Migration20261121161500 extends Migration {
  override name = 'Migration20261121161500';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "pauses" ("what" varchar(50) not null, "since" timestamptz(3) not null, primary key ("what"));`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table "pauses";`);
  }
}
