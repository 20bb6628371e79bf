import { Migration } from '@mikro-orm/migrations';

export class Migration20261121125021 extends Migration {
  override name = 'Migration20261121125021';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "socket_tickets" ("hash" varchar(64) not null, "user_id" uuid not null, "actor" jsonb not null, "expires_at" timestamptz(3) not null, primary key ("hash"));`,
    );
    this.addSql(`create index "socket_tickets_user" on "socket_tickets" ("user_id");`);
    this.addSql(`create index "socket_tickets_expires" on "socket_tickets" ("expires_at");`);

    this.addSql(
      `create table "task_outputs" ("task_id" uuid not null, "attempt" int not null, "stream" varchar(6) not null, "start" int not null, "chunk" bytea not null, "created_at" timestamptz(3) not null, primary key ("task_id", "attempt", "stream", "start"));`,
    );
    this.addSql(`create index "task_outputs_age" on "task_outputs" ("created_at");`);

    this.addSql(`alter table "devices" add "last_socket" timestamptz(3) null;`);

    this.addSql(
      `alter table "task_attempts" add "stdout_bytes" int not null default 0, add "stderr_bytes" int not null default 0, add "stdout_cut" boolean not null default false, add "stderr_cut" boolean not null default false;`,
    );

    this.addSql(
      `alter table "socket_tickets" add constraint "socket_tickets_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "task_outputs" add constraint "task_outputs_task_id_foreign" foreign key ("task_id") references "tasks" ("id") on delete cascade;`,
    );
  }
}
