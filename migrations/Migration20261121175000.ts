import { Migration } from '@mikro-orm/migrations';

export class Migration20261121175000 extends Migration {
  override name = 'Migration20261121175000';

  override up(): void | Promise<void> {
    this.addSql(
      `create index "tasks_open" on "tasks" ("user_id", "status", "device_id") where status in ('pending', 'queued', 'assigned', 'running');`,
    );
    this.addSql(`drop index "tasks_held";`);
  }

  override down(): void | Promise<void> {
    this.addSql(
      `create index "tasks_held" on "tasks" ("user_id", "device_id") where status in ('assigned', 'running');`,
    );
    this.addSql(`drop index "tasks_open";`);
  }
}
