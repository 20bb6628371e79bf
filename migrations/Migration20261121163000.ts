import { Migration } from '@mikro-orm/migrations';

export class Migration20261121163000 extends Migration {
  override name = 'Migration20261121163000';

  override up(): void | Promise<void> {
    this.addSql(`alter table "tasks" add "request_id" varchar(128) null, add "traceparent" varchar(55) null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "tasks" drop column "request_id", drop column "traceparent";`);
  }
}
