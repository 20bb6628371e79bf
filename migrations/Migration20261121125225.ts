import { Migration } from '@mikro-orm/migrations';

export class Migration20261121125225 extends Migration {
  override name = 'Migration20261121125225';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "device_logs" ("id" uuid not null, "user_id" uuid null, "device_id" uuid null, "log_type" varchar(50) not null, "log_date" date not null, "size" bigint not null, "text_size" bigint not null, "is_compressed" boolean not null, "is_stored" boolean not null default false, "created_at" timestamptz(3) not null, primary key ("id"));`,
    );
    this.addSql(`create index "device_logs_user" on "device_logs" ("user_id", "created_at", "id");`);
    this.addSql(`create index "device_logs_device" on "device_logs" ("device_id", "created_at");`);
    this.addSql(`create index "device_logs_age" on "device_logs" ("created_at");`);
    this.addSql(`create index "device_logs_unstored" on "device_logs" ("created_at") where not is_stored;`);

    this.addSql(
      `create table "config_restores" ("device_id" uuid not null, "backup_id" uuid not null, "requested_at" timestamptz(3) not null, primary key ("device_id"));`,
    );
    this.addSql(`create index "config_restores_backup" on "config_restores" ("backup_id");`);

    this.addSql(
      `create index "tasks_waiting" on "tasks" ("user_id", "status", "created_at", "id") where status in ('pending', 'queued');`,
    );
    this.addSql(
      `create index "tasks_finished" on "tasks" ("user_id", "status", "created_at", "id") where status in ('completed', 'failed', 'cancelled', 'timeout');`,
    );

    this.addSql(`create index "statistics_user_date" on "statistics" ("user_id", "stat_date");`);

    this.addSql(`alter table "config_backups" add "size" bigint not null default '0';`);

    this.addSql(
      `alter table "device_logs" add constraint "device_logs_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "device_logs" add constraint "device_logs_device_id_foreign" foreign key ("device_id") references "devices" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "config_restores" add constraint "config_restores_device_id_foreign" foreign key ("device_id") references "devices" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "config_restores" add constraint "config_restores_backup_id_foreign" foreign key ("backup_id") references "config_backups" ("id") on delete cascade;`,
    );

    // Not in the entities' language. Room on each page lets PostgreSQL update a counter in place.
    this.addSql(`alter table "statistics" set (fillfactor = 70);`);

    // The tasks that finished before they were counted as they do.
    this.addSql(`insert into "statistics" ("id", "user_id", "device_id", "stat_date", "stat_type", "stat_value")
      select gen_random_uuid(), tally.*
        from (
          select "user_id", "device_id", ("completed_at" at time zone 'UTC')::date, stat.type, sum(stat.value)
            from "tasks", lateral (values
              ('tasks_' || "status", 1),
              ('execution_time', greatest(0, extract(epoch from "completed_at" - "started_at") * 1000)::bigint)
            ) as stat (type, value)
           where "status" in ('completed', 'failed', 'timeout', 'cancelled') and "completed_at" is not null and stat.value > 0
           group by 1, 2, 3, 4
        ) as tally;`);
  }
}
