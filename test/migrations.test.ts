import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrate } from '../server/db/migrate.ts';
import { type Database, openDatabase } from '../server/db/orm.ts';

/** The tables of the specification (数据库设计), with what DECISIONS.md corrects: no stored access token in sessions. */
const SPECIFIED: Record<string, string[]> = {
  users: [
    'id',
    'email',
    'password_hash',
    'display_name',
    'avatar_url',
    'plan',
    'storage_quota',
    'storage_used',
    'is_active',
    'is_verified',
    'created_at',
    'updated_at',
    'last_login_at',
  ],
  devices: [
    'id',
    'user_id',
    'device_name',
    'device_id',
    'os_type',
    'os_version',
    'arch',
    'ccjk_version',
    'daemon_status',
    'last_heartbeat',
    'last_sync',
    'ip_address',
    'location',
    'metadata',
    'created_at',
    'updated_at',
  ],
  tasks: [
    'id',
    'user_id',
    'device_id',
    'task_type',
    'command',
    'args',
    'status',
    'priority',
    'timeout_seconds',
    'max_retries',
    'retry_count',
    'exit_code',
    'stdout',
    'stderr',
    'error_message',
    'started_at',
    'completed_at',
    'source',
    'parent_task_id',
    'created_at',
    'updated_at',
  ],
  email_configs: [
    'id',
    'user_id',
    'device_id',
    'email_address',
    'imap_host',
    'imap_port',
    'imap_secure',
    'smtp_host',
    'smtp_port',
    'smtp_secure',
    'is_active',
    'last_check',
    'created_at',
    'updated_at',
  ],
  messages: [
    'id',
    'user_id',
    'task_id',
    'message_type',
    'title',
    'content',
    'data',
    'read',
    'sent_via_email',
    'sent_via_push',
    'created_at',
  ],
  config_backups: ['id', 'user_id', 'device_id', 'config_name', 'config_data', 'is_auto', 'created_at'],
  sessions: ['id', 'user_id', 'device_id', 'expires_at', 'created_at'],
  api_keys: ['id', 'user_id', 'name', 'key_hash', 'scopes', 'is_active', 'last_used', 'expires_at', 'created_at'],
  statistics: ['id', 'user_id', 'device_id', 'stat_date', 'stat_type', 'stat_value', 'metadata', 'created_at'],
};

const name = `migrations_${process.pid}_${Date.now()}`;
const url = new URL(inject('postgresAdminUrl'));
url.pathname = `/${name}`;

const asAdmin = async (statement: string): Promise<void> => {
  const admin = new pg.Client({ connectionString: inject('postgresAdminUrl') });
  await admin.connect();
  await admin.query(statement);
  await admin.end();
};

let database: Database;

beforeAll(async () => {
  await asAdmin(`create database ${name}`);
  database = await openDatabase(url.href);
});

afterAll(async () => {
  await database.close();
  await asAdmin(`drop database ${name} with (force)`);
});

test('five processes that start at once migrate one empty database', async () => {
  await Promise.all(Array.from({ length: 5 }, () => migrate(url.href)));
  const { rows } = await query('select name from migrations');
  expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
});

test('a database that lacks a migration, or what the job queue needs, gets it; one that lacks nothing is not touched', async () => {
  const lacking = async () => {
    const { rows } = await query(
      `select to_regclass('pgboss.version') is null as queue, (select count(*)::int from migrations) as migrations`,
    );
    return rows[0];
  };
  const whole = await lacking();
  await migrate(url.href);
  expect(await lacking()).toEqual(whole);

  await query('drop schema pgboss cascade');
  await migrate(url.href);
  expect(await lacking()).toEqual(whole);

  await database.orm.migrator.down();
  expect(await lacking()).not.toEqual(whole);
  await migrate(url.href);
  expect(await lacking()).toEqual(whole);
});

test('the migrations make exactly the tables that the entities describe', async () => {
  expect(await database.orm.schema.getUpdateSchemaSQL({ wrap: false, schema: 'public', dropTables: false })).toBe('');
});

test.each(Object.entries(SPECIFIED))('%s has every column of the specification', async (table, columns) => {
  const { rows } = await query('select column_name from information_schema.columns where table_name = $1', [table]);
  const present = rows.map((row) => row.column_name);
  expect(columns.filter((column) => !present.includes(column))).toEqual([]);
});

test('every time is stored with its zone', async () => {
  const { rows } = await query(
    "select table_name, column_name from information_schema.columns where data_type = 'timestamp without time zone' and table_schema = 'public'",
  );
  expect(rows).toEqual([]);
});

test('every foreign key has an index that finds its rows, so that a deletion does not read whole tables', async () => {
  const { rows } = await query(`
    select c.conrelid::regclass::text as "table", a.attname as "column"
      from pg_constraint c
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'f' and c.connamespace = 'public'::regnamespace
       and not exists (select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])
  `);
  expect(rows).toEqual([]);
});

async function query(statement: string, values: unknown[] = []): Promise<pg.QueryResult<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return await client.query(statement, values);
  } finally {
    await client.end();
  }
}
