import { Migration } from '@mikro-orm/migrations';

export class Migration20261121120000 extends Migration {
  override name = 'Migration20261121120000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "idempotency_keys" ("caller" varchar(60) not null, "operation" varchar(255) not null, "key" varchar(255) not null, "body_hash" varchar(64) not null, "status" int null, "answer" jsonb null, "created_at" timestamptz(3) not null, primary key ("caller", "operation", "key"));`,
    );
    this.addSql(`create index "idempotency_keys_age" on "idempotency_keys" ("created_at");`);

    this.addSql(
      `create table "rate_counters" ("key" varchar(120) not null, "window_start" timestamptz(3) not null, "hits" int not null, primary key ("key"));`,
    );
    this.addSql(`create index "rate_counters_age" on "rate_counters" ("window_start");`);

    this.addSql(
      `create table "users" ("id" uuid not null, "email" varchar(255) not null, "password_hash" varchar(255) not null, "display_name" varchar(100) null, "avatar_url" varchar(500) null, "plan" varchar(50) not null default 'free', "storage_quota" bigint null, "storage_used" bigint not null default '0', "is_active" boolean not null default true, "is_verified" boolean not null default false, "created_at" timestamptz(3) not null default now(), "updated_at" timestamptz(3) not null default now(), "last_login_at" timestamptz(3) null, primary key ("id"));`,
    );
    this.addSql(`alter table "users" add constraint "users_email_unique" unique ("email");`);

    this.addSql(
      `create table "devices" ("id" uuid not null, "user_id" uuid not null, "device_name" varchar(100) not null, "device_id" varchar(100) null, "key_hash" varchar(64) not null, "os_type" varchar(50) null, "os_version" varchar(50) null, "arch" varchar(20) null, "ccjk_version" varchar(20) null, "daemon_status" varchar(20) not null default 'offline', "last_heartbeat" timestamptz(3) null, "last_sync" timestamptz(3) null, "ip_address" inet null, "location" varchar(100) null, "metadata" jsonb null, "system_info" jsonb null, "heartbeat_interval" int not null default 30, "task_check_interval" int not null default 10, "log_upload_enabled" boolean not null default true, "max_concurrent_tasks" int not null default 3, "config_version" int not null default 1, "created_at" timestamptz(3) not null default now(), "updated_at" timestamptz(3) not null default now(), primary key ("id"));`,
    );
    this.addSql(`alter table "devices" add constraint "devices_key_hash_unique" unique ("key_hash");`);
    this.addSql(`alter table "devices" add constraint "devices_user_machine" unique ("user_id", "device_id");`);

    this.addSql(
      `create table "tasks" ("id" uuid not null, "user_id" uuid not null, "device_id" uuid null, "task_type" varchar(50) not null, "command" text not null, "args" jsonb null, "status" varchar(20) not null default 'pending', "reason" varchar(50) null, "priority" int not null default 5, "timeout_seconds" int not null default 300, "timeout_ms" int not null default 300000, "max_retries" int not null default 3, "retries_wanted" boolean not null default false, "retry_count" int not null default 0, "on_disconnect" varchar(10) not null default 'wait', "grace_seconds" int not null default 10, "exit_code" int null, "signal" varchar(20) null, "stdout" text null, "stderr" text null, "stdout_truncated" boolean not null default false, "stderr_truncated" boolean not null default false, "error_message" text null, "progress" int null, "started_at" timestamptz(3) null, "completed_at" timestamptz(3) null, "attempt" int not null default 0, "lease_id" uuid null, "lease_until" timestamptz(3) null, "deadline_at" timestamptz(3) null, "cancel_requested_at" timestamptz(3) null, "source" varchar(50) not null default 'api', "parent_task_id" uuid null, "batch_id" uuid null, "after_task_id" uuid null, "run_at" timestamptz(3) null, "ready_at" timestamptz(3) null, "expires_at" timestamptz(3) not null, "created_at" timestamptz(3) not null default now(), "updated_at" timestamptz(3) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `create index "tasks_claim" on "tasks" ("device_id", "priority" DESC, "created_at") where status = 'queued';`,
    );
    this.addSql(
      `create index "tasks_held" on "tasks" ("user_id", "device_id") where status in ('assigned', 'running');`,
    );
    this.addSql(`create index "tasks_lease" on "tasks" ("lease_until") where status in ('assigned', 'running');`);
    this.addSql(`create index "tasks_deadline" on "tasks" ("deadline_at") where status = 'running';`);
    this.addSql(`create index "tasks_ready" on "tasks" ("ready_at") where status = 'pending';`);
    this.addSql(`create index "tasks_expiry" on "tasks" ("expires_at") where status in ('pending', 'queued');`);
    this.addSql(`create index "tasks_user" on "tasks" ("user_id", "created_at", "id");`);
    this.addSql(`create index "tasks_device" on "tasks" ("device_id", "created_at" DESC);`);
    this.addSql(`create index "tasks_parent" on "tasks" ("parent_task_id") where parent_task_id is not null;`);
    this.addSql(`create index "tasks_after" on "tasks" ("after_task_id") where after_task_id is not null;`);
    this.addSql(`create index "tasks_batch" on "tasks" ("batch_id") where batch_id is not null;`);

    this.addSql(
      `create table "task_events" ("id" bigserial primary key, "task_id" uuid not null, "attempt" int not null, "from_status" varchar(20) null, "to_status" varchar(20) not null, "actor" varchar(60) not null, "reason" varchar(50) null, "created_at" timestamptz(3) not null);`,
    );
    this.addSql(`create index "task_events_task" on "task_events" ("task_id", "id");`);

    this.addSql(
      `create table "task_attempts" ("task_id" uuid not null, "number" int not null, "device_id" uuid null, "lease_id" uuid not null, "claim_id" uuid null, "assigned_at" timestamptz(3) not null, "started_at" timestamptz(3) null, "ended_at" timestamptz(3) null, "result_digest" varchar(64) null, "result_status" varchar(20) null, "result" jsonb null, primary key ("task_id", "number"));`,
    );
    this.addSql(`create index "task_attempts_claim" on "task_attempts" ("device_id", "claim_id");`);

    this.addSql(
      `create table "messages" ("id" uuid not null, "user_id" uuid not null, "task_id" uuid null, "message_type" varchar(50) not null, "title" varchar(255) not null, "content" text null, "data" jsonb null, "read" boolean not null default false, "sent_via_email" boolean not null default false, "sent_via_push" boolean not null default false, "created_at" timestamptz(3) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "messages_user" on "messages" ("user_id", "created_at" DESC);`);
    this.addSql(`create index "messages_unread" on "messages" ("user_id", "created_at") where not read;`);
    this.addSql(`create index "messages_task" on "messages" ("task_id") where task_id is not null;`);

    this.addSql(
      `create table "statistics" ("id" uuid not null, "user_id" uuid not null, "device_id" uuid null, "stat_date" date not null, "stat_type" varchar(50) not null, "stat_value" bigint not null, "metadata" jsonb null, "created_at" timestamptz(3) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "statistics_device" on "statistics" ("device_id");`);
    this.addSql(
      `alter table "statistics" add constraint "statistics_key" unique ("user_id", "device_id", "stat_date", "stat_type");`,
    );

    this.addSql(
      `create table "sessions" ("id" uuid not null, "user_id" uuid not null, "device_id" uuid null, "refresh_hash" varchar(64) not null, "rotated_at" timestamptz(3) null, "user_agent" varchar(255) null, "ip_address" inet null, "created_at" timestamptz(3) not null default now(), "last_used_at" timestamptz(3) not null default now(), "expires_at" timestamptz(3) not null, "revoked_at" timestamptz(3) null, primary key ("id"));`,
    );
    this.addSql(`alter table "sessions" add constraint "sessions_refresh_hash_unique" unique ("refresh_hash");`);
    this.addSql(`create index "sessions_expires" on "sessions" ("expires_at");`);
    this.addSql(`create index "sessions_user" on "sessions" ("user_id");`);
    this.addSql(`create index "sessions_device" on "sessions" ("device_id") where device_id is not null;`);

    this.addSql(
      `create table "spent_refresh_tokens" ("hash" varchar(64) not null, "session_id" uuid not null, "spent_at" timestamptz(3) not null, primary key ("hash"));`,
    );
    this.addSql(`create index "spent_refresh_tokens_session" on "spent_refresh_tokens" ("session_id");`);

    this.addSql(
      `create table "email_configs" ("id" uuid not null, "user_id" uuid not null, "device_id" uuid not null, "email_address" varchar(255) not null, "username" varchar(255) null, "sealed_password" bytea null, "imap_host" varchar(255) null, "imap_port" int null, "imap_secure" boolean not null default true, "smtp_host" varchar(255) null, "smtp_port" int null, "smtp_secure" boolean not null default true, "is_active" boolean not null default true, "last_check" timestamptz(3) null, "created_at" timestamptz(3) not null default now(), "updated_at" timestamptz(3) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "email_configs_user" on "email_configs" ("user_id");`);
    this.addSql(`create index "email_configs_address" on "email_configs" ("email_address");`);
    this.addSql(`alter table "email_configs" add constraint "email_configs_device" unique ("device_id");`);

    this.addSql(
      `create table "config_backups" ("id" uuid not null, "user_id" uuid not null, "device_id" uuid null, "config_name" varchar(100) not null, "config_data" jsonb not null, "is_auto" boolean not null default false, "created_at" timestamptz(3) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "config_backups_user" on "config_backups" ("user_id", "created_at" DESC);`);
    this.addSql(`create index "config_backups_device" on "config_backups" ("device_id");`);

    this.addSql(
      `create table "audit_logs" ("id" bigserial primary key, "user_id" uuid null, "actor" varchar(60) not null, "action" varchar(50) not null, "target" varchar(120) null, "ip_address" inet null, "request_id" varchar(128) null, "details" jsonb null, "created_at" timestamptz(3) not null);`,
    );
    this.addSql(`create index "audit_logs_age" on "audit_logs" ("created_at");`);
    this.addSql(`create index "audit_logs_user" on "audit_logs" ("user_id", "id");`);

    this.addSql(
      `create table "api_keys" ("id" uuid not null, "user_id" uuid null, "name" varchar(100) not null, "key_hash" varchar(255) not null, "key_prefix" varchar(20) not null, "scopes" text[] not null, "is_active" boolean not null default true, "last_used" timestamptz(3) null, "expires_at" timestamptz(3) null, "created_at" timestamptz(3) not null default now(), primary key ("id"));`,
    );
    this.addSql(`alter table "api_keys" add constraint "api_keys_key_hash_unique" unique ("key_hash");`);
    this.addSql(`create index "api_keys_user" on "api_keys" ("user_id");`);

    this.addSql(
      `alter table "devices" add constraint "devices_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "tasks" add constraint "tasks_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "tasks" add constraint "tasks_device_id_foreign" foreign key ("device_id") references "devices" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "tasks" add constraint "tasks_parent_task_id_foreign" foreign key ("parent_task_id") references "tasks" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "tasks" add constraint "tasks_after_task_id_foreign" foreign key ("after_task_id") references "tasks" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "task_events" add constraint "task_events_task_id_foreign" foreign key ("task_id") references "tasks" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "task_attempts" add constraint "task_attempts_task_id_foreign" foreign key ("task_id") references "tasks" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "task_attempts" add constraint "task_attempts_device_id_foreign" foreign key ("device_id") references "devices" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "messages" add constraint "messages_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "messages" add constraint "messages_task_id_foreign" foreign key ("task_id") references "tasks" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "statistics" add constraint "statistics_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "statistics" add constraint "statistics_device_id_foreign" foreign key ("device_id") references "devices" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "sessions" add constraint "sessions_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "sessions" add constraint "sessions_device_id_foreign" foreign key ("device_id") references "devices" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "spent_refresh_tokens" add constraint "spent_refresh_tokens_session_id_foreign" foreign key ("session_id") references "sessions" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "email_configs" add constraint "email_configs_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "email_configs" add constraint "email_configs_device_id_foreign" foreign key ("device_id") references "devices" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "config_backups" add constraint "config_backups_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "config_backups" add constraint "config_backups_device_id_foreign" foreign key ("device_id") references "devices" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "audit_logs" add constraint "audit_logs_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "api_keys" add constraint "api_keys_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );

    // Not in the entities' language. Room on each page lets PostgreSQL update a row in place (heartbeats, counters); the
    // counters are unlogged because losing them with the server only forgives a minute of requests.
    this.addSql(`alter table "devices" set (fillfactor = 70);`);
    this.addSql(`alter table "rate_counters" set (fillfactor = 70);`);
    this.addSql(`alter table "rate_counters" set unlogged;`);
  }
}
