import { Migration } from '@mikro-orm/migrations';

export class Migration20261121145444 extends Migration {
  override name = 'Migration20261121145444';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "received_mails" ("user_id" uuid not null, "message_id" varchar(998) not null, "task_id" uuid not null, "sender" varchar(255) not null, "via" varchar(10) not null, "created_at" timestamptz(3) not null, "answered_at" timestamptz(3) null, primary key ("user_id", "message_id"));`,
    );
    this.addSql(`alter table "received_mails" add constraint "received_mails_task" unique ("task_id");`);

    this.addSql(
      `create table "verified_addresses" ("user_id" uuid not null, "address" varchar(255) not null, "verified_at" timestamptz(3) not null, primary key ("user_id", "address"));`,
    );
    this.addSql(`create index "verified_addresses_address" on "verified_addresses" ("address");`);

    this.addSql(`alter table "mail_tokens" add "address" varchar(255) null;`);
    this.addSql(
      `create index "mail_tokens_address" on "mail_tokens" ("address", "created_at") where address is not null;`,
    );

    this.addSql(
      `alter table "received_mails" add constraint "received_mails_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "received_mails" add constraint "received_mails_task_id_foreign" foreign key ("task_id") references "tasks" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "verified_addresses" add constraint "verified_addresses_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "received_mails" cascade;`);
    this.addSql(`drop table if exists "verified_addresses" cascade;`);

    this.addSql(`drop index "mail_tokens_address";`);
    this.addSql(`alter table "mail_tokens" drop column "address";`);
  }
}
