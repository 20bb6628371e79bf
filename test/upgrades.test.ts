/** An upgrade while the release before runs on: what its migrations may do, and that this release bears those of the next. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import pg from 'pg';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { hashesOfMigrations } from '../migrations/released.ts';
import { columnsOf } from '../server/db/columns.ts';
import { entities } from '../server/db/entities.ts';
import { DatabaseInUse } from '../server/db/in-use.ts';
import { migrate } from '../server/db/migrate.ts';
import { type Db, MIGRATIONS, openDatabase } from '../server/db/orm.ts';
import { openAppForTest, type TestApp, type TestDevice, type TestUser } from './setup/app.ts';
import { cloneDatabase, EMPTY } from './setup/database.ts';
import { end, running } from './setup/tasks.ts';

/** Something of everything that reads whole rows. */
async function useEverything(app: TestApp, user: TestUser, device: TestDevice): Promise<void> {
  const { client } = user;
  const task = await running(user, device);
  await device.client.daemon.heartbeat({ current_tasks: [{ task_id: task.id, lease_id: task.lease_id }] });
  await end(device, task, 'completed');
  await client.tasks.get(task.id);
  await client.tasks.list();
  await client.tasks.listEvents(task.id);
  await client.tasks.output(task.id);
  const { task_id } = await client.tasks.create({ device_id: device.id, command: 'true' });
  await client.tasks.cancel(task_id);
  await client.tasks.retry(task_id).then((retried) => client.tasks.cancel(retried.task_id));
  await client.devices.get(device.id);
  await client.devices.list();
  await client.messages.list();
  await client.auth.me();
  await client.auth.listSessions();
  await client.stats.summary();
  const { id } = await client.config.backup({ device_id: device.id, config_name: 'all', config_data: {} });
  await client.config.getBackup(id);
  await client.config.restore(id);
  await device.client.daemon.syncConfig();
  await client.config.removeBackup(id);
  await client.logs.list();
  await client.apiKeys.create({ name: 'all', scopes: ['task:read'] }).then((key) => client.apiKeys.remove(key.id));
  const { refresh_token } = await app.anonymous.auth.login({ email: user.email, password: app.password });
  await app.anonymous.auth.refresh({ refresh_token });
  const channel = randomUUID();
  await client.relay.channels.create({ id: channel });
  await client.relay.publish({ channel, message: 'hello' });
  await client.relay.channels.get(channel);
  await client.relay.channels.list();
  await app.sweep();
}

test('columns that the next release adds to every table disturb no process of this one', async () => {
  const app = await openAppForTest({ env: { DATABASE_POOL: '2' } });
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  // A statement is prepared at its second use, on each connection.
  for (let count = 0; count < 3; count += 1) await useEverything(app, user, device);
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'migrations'`.execute(
    app.service.db,
  );
  expect(rows.length).toBeGreaterThan(20);
  for (const { name } of rows)
    await sql`alter table ${sql.table(name)} add column of_the_next_release text default 'x'`.execute(app.service.db);
  await useEverything(app, user, device);
});

test('the columns that a release knows are those of the tables', async () => {
  for (const entity of entities) {
    const name = entity.meta.tableName as string;
    const { rows } = await sql<{ columns: string }>`
      select string_agg(format('"%s"', column_name), ', ' order by column_name) as columns
        from information_schema.columns where table_schema = 'public' and table_name = ${name}`.execute(today);
    const known = columnsOf(entity).compile(today).sql.split(', ').toSorted().join(', ');
    expect([name, known]).toEqual([name, rows[0]?.columns.split(', ').toSorted().join(', ')]);
  }
});

// ---- Expand before you contract -------------------------------------------------------------------------------------

const released = JSON.parse(readFileSync(new URL('../migrations/released.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;

test('migrations that were released are the first ones, and stay as they were', () => {
  const hashes = Object.entries(hashesOfMigrations()).slice(0, Object.keys(released).length);
  expect(Object.fromEntries(hashes)).toEqual(released);
});

/** What the release before relies on: `users.email` and the like, each with what is said of it. */
type Schema = { tables: Map<string, Map<string, Column>>; rules: Map<string, string> };
type Column = { type: string; isNullable: boolean; hasDefault: boolean };

async function schemaOf(db: Db): Promise<Schema> {
  const { rows: columns } = await sql<Column & { table: string; column: string }>`
    select c.relname as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as type,
           not a.attnotnull as "isNullable", a.atthasdef or a.attidentity <> '' as "hasDefault"
      from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped
     order by 1, 2`.execute(db);
  const { rows: rules } = await sql<{ table: string; rule: string }>`
    select conrelid::regclass::text as "table", 'constraint ' || conname as rule from pg_constraint
     where connamespace = 'public'::regnamespace and contype not in ('n')
    union all
    select i.indrelid::regclass::text, 'unique ' || i.indexrelid::regclass from pg_index i
      join pg_class c on c.oid = i.indrelid
     where c.relnamespace = 'public'::regnamespace and i.indisunique
    union all
    select tgrelid::regclass::text, 'trigger ' || tgname from pg_trigger where not tgisinternal`.execute(db);
  const tables = new Map<string, Map<string, Column>>();
  for (const { table, column, ...rest } of columns)
    tables.set(table, (tables.get(table) ?? new Map()).set(column, rest));
  return { tables, rules: new Map(rules.map(({ table, rule }) => [`${table}: ${rule}`, table])) };
}

/** One sentence for each thing that a process of the release before cannot bear. */
function contractions(before: Schema, after: Schema): string[] {
  const ofColumns = [...before.tables].flatMap(([table, columns]) => {
    const now = after.tables.get(table);
    if (!now) return [`${table} is gone`];
    const known = [...columns].flatMap(([name, was]) => {
      const is = now.get(name);
      if (!is) return [`${table}.${name} is gone`];
      return [
        ...(is.type === was.type ? [] : [`${table}.${name} is ${is.type} where it was ${was.type}`]),
        ...(is.isNullable === was.isNullable ? [] : [`${table}.${name} ${is.isNullable ? 'may' : 'must not'} be null`]),
        ...(was.hasDefault && !is.hasDefault ? [`${table}.${name} has no default any more`] : []),
      ];
    });
    const added = [...now].filter(([name, is]) => !columns.has(name) && !is.isNullable && !is.hasDefault);
    return [...known, ...added.map(([name]) => `${table}.${name} must be set`)];
  });
  const stricter = [...after.rules].filter(([rule, table]) => before.tables.has(table) && !before.rules.has(rule));
  return [...ofColumns, ...stricter.map(([rule]) => `${rule} is new`)];
}

let before: Schema;
let indexesBefore: Set<string>;
/** With every migration. */
let today: Db;

beforeAll(async () => {
  const [empty, migrated] = await Promise.all([cloneDatabase(EMPTY), cloneDatabase()]);
  const { orm, db, close } = await openDatabase(empty.url, { isForMigrations: true });
  await orm.migrator.up({ to: Object.keys(released).at(-1) as string });
  before = await schemaOf(db);
  const { rows } = await sql<{ name: string }>`
    select indexname as name from pg_indexes where schemaname = 'public'`.execute(db);
  indexesBefore = new Set(rows.map(({ name }) => name));
  await close();
  await empty.drop();
  const opened = await openDatabase(migrated.url, { maxConnections: 1 });
  today = opened.db;
  return async () => {
    await opened.close();
    await migrated.drop();
  };
});

/** What of today, changed by `statements`, the release before cannot bear. */
async function contractionsBy(...statements: string[]): Promise<string[]> {
  const changing = await today.startTransaction().execute();
  try {
    for (const statement of statements) await sql.raw(statement).execute(changing);
    return contractions(before, await schemaOf(changing));
  } finally {
    await changing.rollback().execute();
  }
}

test('migrations since the last release only add, so that its processes go on beside those of today', async () => {
  expect(MIGRATIONS.length).toBeGreaterThanOrEqual(Object.keys(released).length);
  expect(before.tables.size).toBeGreaterThan(20);
  expect(await contractionsBy()).toEqual([]);
});

test.each([
  ['drop table messages', 'messages is gone'],
  ['alter table users drop column avatar_url', 'users.avatar_url is gone'],
  ['alter table users rename column avatar_url to picture', 'users.avatar_url is gone'],
  ['alter table tasks alter column priority type bigint', 'tasks.priority is bigint where it was integer'],
  ['alter table tasks alter column command drop not null', 'tasks.command may be null'],
  ['alter table tasks alter column args set not null', 'tasks.args must not be null'],
  ['alter table tasks alter column priority drop default', 'tasks.priority has no default any more'],
  ['alter table tasks add column note text not null', 'tasks.note must be set'],
  ['alter table tasks add constraint polite check (priority < 9)', 'tasks: constraint polite is new'],
  ['create unique index one_name on devices (device_name)', 'devices: unique one_name is new'],
  ['alter table users rename to accounts', 'users is gone'],
])('«%s» is no addition', async (statement, sentence) => {
  expect(await contractionsBy(statement)).toContain(sentence);
});

test('what adds is none', async () => {
  const added = await contractionsBy(
    'create table notes (id uuid primary key, text text not null)',
    'alter table tasks add column note text',
    "alter table tasks add column mood text not null default 'good'",
    'create index tasks_notes on tasks (note)',
  );
  expect(added).toEqual([]);
});

// ---- Beside those who use the tables --------------------------------------------------------------------------------

test.each([
  ['create index tasks_notes on tasks (note)', 'it keeps the writers of tasks out'],
  ['CREATE UNIQUE INDEX "one_name" ON "devices" ("device_name")', 'it keeps the writers of devices out'],
  ['drop index "tasks_held"', 'the release before reads by tasks_held'],
  ['drop index concurrently if exists tasks_held;', 'the release before reads by tasks_held'],
  ['create index concurrently "tasks_notes" on "tasks" ("note")', undefined],
  ['create index notes_text on notes (text)', undefined],
])('«%s» is told from what keeps nobody waiting', (statement, sentence) => {
  expect(disturbance(statement)).toBe(sentence);
});

test('migrations since the last release build their indexes beside writers, and drop none', async () => {
  const { url, drop } = await migratedTo(lastReleased);
  onTestFinished(drop);
  const { orm, close } = await openDatabase(url, { isForMigrations: true });
  onTestFinished(close);
  for (const Kind of MIGRATIONS.slice(Object.keys(released).length)) {
    const migration = new Kind(orm.em.getDriver(), orm.config);
    await migration.up();
    expect(migration.getQueries().map(String).map(disturbance).filter(Boolean)).toEqual([]);
  }
});

test('an index is built while a backup reads, others write, and a second process starts', async () => {
  const { url, drop } = await migratedTo(lastReleased);
  onTestFinished(drop);
  const writer = await connected(url);
  const endBackup = await readAsABackup(url);
  // As a process that was killed leaves it.
  await writer.query('set lock_timeout = 1');
  await expect(writer.query('create index concurrently tasks_open on tasks (user_id)')).rejects.toThrow('lock timeout');

  const migrating = Promise.all([migrate(url), migrate(url)]);
  await somebodyWaits(writer);
  await writer.query("set lock_timeout = '1s'");
  await writer.query(A_TASK);
  await endBackup();
  await migrating;
  const { rows } = await writer.query(
    "select indexrelid::regclass::text as name from pg_index where indrelid = 'tasks'::regclass and indisvalid",
  );
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['tasks_open', 'tasks_held']));
});

test('a database that ran a migration while it dropped an index has the indexes of every other', async () => {
  const { url, drop } = await migratedTo(lastReleased);
  onTestFinished(drop);
  const client = await connected(url);
  await client.query(`
    create index tasks_open on tasks (user_id, status, device_id) where status in ('pending', 'queued', 'assigned', 'running');
    drop index tasks_held;
    insert into migrations (name) values ('Migration20261121175000')`);
  await migrate(url);
  const indexes =
    "select string_agg(indexdef, ';' order by indexname) as all from pg_indexes where schemaname = 'public'";
  const { rows } = await client.query(indexes);
  expect(rows).toEqual((await sql.raw(indexes).execute(today)).rows);
});

test('a migration that waits for a table lets others use it, tries again, and in the end says why it gives up', async () => {
  const { url, drop } = await migratedTo('Migration20261121161500');
  onTestFinished(drop);
  const other = await connected(url);
  const endBackup = await readAsABackup(url);
  const givingUp = expect(migrate(url, { patienceMs: 0 })).rejects.toThrow(DatabaseInUse);
  await somebodyWaits(other);
  await other.query(A_TASK);
  await givingUp;
  const migrating = migrate(url, { retryMs: 1 });
  await somebodyWaits(other);
  await other.query(A_TASK);
  await endBackup();
  await migrating;
});

const lastReleased = Object.keys(released).at(-1) as string;

const A_TASK = `insert into tasks (id, user_id, device_id, task_type, command, status, expires_at)
  select gen_random_uuid(), user_id, id, 'command', 'true', 'queued', now() + interval '1 day' from devices`;

/** What those who use the tables of the release before would notice of `statement`. */
function disturbance(statement: string): string | undefined {
  const [, index] = statement.match(/^\s*drop index (?:concurrently )?(?:if exists )?"?(\w+)/i) ?? [];
  if (index && indexesBefore.has(index)) return `the release before reads by ${index}`;
  const [, table] = statement.match(/^\s*create (?:unique )?index (?!concurrently ).* on "?(\w+)/i) ?? [];
  return table && before.tables.has(table) ? `it keeps the writers of ${table} out` : undefined;
}

/** A database as it was after the migration `last`, with a device and a task. */
async function migratedTo(last: string): Promise<{ url: string; drop(): Promise<void> }> {
  const { url, drop } = await cloneDatabase(EMPTY);
  const { orm, close } = await openDatabase(url, { isForMigrations: true });
  await orm.migrator.up({ to: last });
  await orm.em.execute(`
    with someone as (insert into users (id, email, password_hash) values (gen_random_uuid(), 'a@example.com', 'x') returning id)
    insert into devices (id, user_id, device_name, device_id, os_type, key_hash)
    select gen_random_uuid(), id, 'one', 'one', 'linux', 'x' from someone`);
  await orm.em.execute(A_TASK);
  await close();
  return { url, drop };
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** Reads in one snapshot for as long as it takes. Returns its end. */
async function readAsABackup(url: string): Promise<() => Promise<unknown>> {
  const reader = await connected(url);
  await reader.query('begin isolation level repeatable read, read only');
  await reader.query('select count(*) from tasks');
  return () => reader.query('commit');
}

const somebodyWaits = (client: pg.Client) =>
  vi.waitUntil(
    async () => {
      const { rows } = await client.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length > 0;
    },
    { timeout: 10_000 },
  );
