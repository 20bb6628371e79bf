import { Migration } from '@mikro-orm/migrations';

export class Migration20261121125835 extends Migration {
  override name = 'Migration20261121125835';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "channels" ("id" varchar(64) not null, "name" varchar(255) null, "description" varchar(1000) null, "type" varchar(20) not null, "owner" varchar(255) null, "metadata" jsonb null, "is_active" boolean not null default true, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) null, "last_used_at" timestamptz(3) not null, "sequence" bigint not null default '0', "trimmed_to" bigint not null default '0', "stored_count" int not null default 0, "stored_bytes" bigint not null default '0', primary key ("id"));`,
    );
    this.addSql(`create index "channels_age" on "channels" ("created_at", "id");`);

    this.addSql(
      `create table "key_revocations" ("id" uuid not null, "key_id" uuid not null, "reason" varchar(1000) not null, "requested_by" varchar(60) not null, "status" varchar(20) not null default 'pending', "code_hash" varchar(64) not null, "failures" int not null default 0, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, primary key ("id"));`,
    );
    this.addSql(`create index "key_revocations_key" on "key_revocations" ("key_id", "created_at");`);

    this.addSql(
      `create table "public_keys" ("id" uuid not null, "channel_id" varchar(64) not null, "public_key" text not null, "algorithm" varchar(20) not null, "fingerprint" varchar(64) not null, "owner" varchar(255) null, "metadata" jsonb null, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, "last_used_at" timestamptz(3) null, primary key ("id"));`,
    );
    this.addSql(`alter table "public_keys" add constraint "public_keys_channel_id_unique" unique ("channel_id");`);
    this.addSql(`alter table "public_keys" add constraint "public_keys_fingerprint_unique" unique ("fingerprint");`);
    this.addSql(`create index "public_keys_expiry" on "public_keys" ("expires_at");`);
    this.addSql(`create index "public_keys_owner" on "public_keys" ("owner", "created_at") where owner is not null;`);

    this.addSql(`create table "relay_floor" ("id" serial primary key, "sequence" bigint not null);`);

    this.addSql(
      `create table "relay_messages" ("channel_id" varchar(64) not null, "sequence" bigint not null, "id" uuid not null, "message" text not null, "priority" smallint not null, "sender" varchar(255) null, "encrypted" boolean not null, "bytes" int not null, "is_anonymous" boolean not null, "published_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, primary key ("channel_id", "sequence"));`,
    );
    this.addSql(`insert into "relay_floor" ("id", "sequence") values (1, 0);`);
    // Each publish writes a new version of its channel's row: there shall be room for it on the same page.
    this.addSql(`alter table "channels" set (fillfactor = 50);`);
    this.addSql(`create index "relay_messages_expiry" on "relay_messages" ("expires_at");`);

    this.addSql(`alter table "api_keys" add "owner" varchar(255) null;`);
    this.addSql(`create index "api_keys_owner" on "api_keys" ("owner") where owner is not null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "channels" cascade;`);
    this.addSql(`drop table if exists "key_revocations" cascade;`);
    this.addSql(`drop table if exists "public_keys" cascade;`);
    this.addSql(`drop table if exists "relay_floor" cascade;`);
    this.addSql(`drop table if exists "relay_messages" cascade;`);

    this.addSql(`drop index "api_keys_owner";`);
    this.addSql(`alter table "api_keys" drop column "owner";`);
  }
}
