import { Migration } from '@mikro-orm/migrations';

export class Migration20261121151205 extends Migration {
  override name = 'Migration20261121151205';

  override up(): void | Promise<void> {
    this.addSql(
      `alter table "email_configs" add "last_error" varchar(500) null, add "failures" int not null default 0;`,
    );
    this.addSql(
      `create index "email_configs_due" on "email_configs" ("last_check") where is_active and sealed_password is not null and imap_host is not null;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "email_configs_due";`);
    this.addSql(`alter table "email_configs" drop column "last_error", drop column "failures";`);
  }
}
