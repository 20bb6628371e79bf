import { Migration } from '@mikro-orm/migrations';

export class Migration20261121125215 extends Migration {
  override name = 'Migration20261121125215';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "mail_tokens" ("id" uuid not null, "user_id" uuid not null, "purpose" varchar(20) not null, "hash" varchar(64) not null, "created_at" timestamptz(3) not null default now(), "expires_at" timestamptz(3) not null, "used_at" timestamptz(3) null, primary key ("id"));`,
    );
    this.addSql(`alter table "mail_tokens" add constraint "mail_tokens_hash_unique" unique ("hash");`);
    this.addSql(`create index "mail_tokens_expires" on "mail_tokens" ("expires_at");`);
    this.addSql(`create index "mail_tokens_user" on "mail_tokens" ("user_id", "purpose", "created_at");`);

    this.addSql(`alter table "users" add "notify_by_email" boolean not null default false;`);

    this.addSql(
      `alter table "mail_tokens" add constraint "mail_tokens_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
  }
}
