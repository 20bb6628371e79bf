/**
 * The drill: what was backed up comes back, row by row.
 *
 *   without DATABASE_URL   a PostgreSQL of its own is filled, backed up, wiped and restored
 *   with it                that database is backed up and never touched: the restore goes into one beside it, which is
 *                          dropped afterwards. Its user must be allowed to create databases.
 *
 * Every restore compares the checksums of all tables with those that the backup took in its own snapshot.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../adapters/postgres-embedded.ts';
import type { Settings } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { backUp, restore } from './backup.ts';

export type Drilled = { tables: number; rows: number; backup_bytes: number; backup_ms: number; restore_ms: number };

/** @throws AdministrationFailed when anything did not come back as it was */
export async function drill({ DATABASE_URL }: Settings, { tasks }: { tasks: number }): Promise<Drilled> {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccjk-drill-'));
  // PostgreSQL runs as another account when we are root, and has to walk through.
  chmodSync(directory, 0o711);
  const file = path.join(directory, 'backup.gz');
  try {
    return DATABASE_URL ? await onCopy(DATABASE_URL, file) : await onOwn(path.join(directory, 'data'), file, tasks);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function onCopy(url: string, file: string): Promise<Drilled> {
  const name = `ccjk_drill_${randomBytes(6).toString('hex')}`;
  const copy = new URL(url);
  copy.pathname = `/${name}`;
  const backedUp = await timed(() => backUp(url, file));
  await command(url, `create database ${name}`);
  try {
    return figures(backedUp, await timed(() => restore(copy.href, file)));
  } finally {
    await command(url, `drop database ${name} with (force)`);
  }
}

async function onOwn(dataDir: string, file: string, tasks: number): Promise<Drilled> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    await migrate(postgres.url);
    await command(postgres.url, sample(tasks));
    const backedUp = await timed(() => backUp(postgres.url, file));
    const name = new URL(postgres.url).pathname.slice(1);
    await command(postgres.adminUrl, `drop database ${name} with (force)`);
    await command(postgres.adminUrl, `create database ${name}`);
    return figures(backedUp, await timed(() => restore(postgres.url, file)));
  } finally {
    await postgres.stop();
    rmSync(postgres.area, { recursive: true, force: true });
  }
}

type Timed<Result> = { result: Result; ms: number };

async function timed<Result>(work: () => Promise<Result>): Promise<Timed<Result>> {
  const began = performance.now();
  return { result: await work(), ms: Math.round(performance.now() - began) };
}

type Counted = { tables: number; rows: number; bytes: number };

const figures = (backedUp: Timed<Counted>, restored: Timed<Counted>): Drilled => ({
  tables: restored.result.tables,
  rows: restored.result.rows,
  backup_bytes: backedUp.result.bytes,
  backup_ms: backedUp.ms,
  restore_ms: restored.ms,
});

async function command(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Ten accounts with a device each, and tasks with what is hard to carry: bytes, JSON null, quotes, lines, microseconds. */
const sample = (tasks: number): string => `
  insert into users (id, email, password_hash)
  select md5('user' || n)::uuid, 'user-' || n || '@example.com', 'x' from generate_series(1, 10) n;
  insert into devices (id, user_id, device_name, key_hash, metadata)
  select md5('device' || n)::uuid, md5('user' || n)::uuid, E'Gerät "' || n || E'"\\n', md5('key' || n), 'null'::jsonb
    from generate_series(1, 10) n;
  insert into tasks (id, user_id, device_id, task_type, command, args, status, stdout, expires_at, parent_task_id)
  select md5('task' || n)::uuid, md5('user' || (n % 10 + 1))::uuid, md5('device' || (n % 10 + 1))::uuid, 'bash',
         E'echo ''\\\\x' || n || E''' \\u2028', jsonb_build_object('env', jsonb_build_object('N', n::text), 'empty', null),
         'completed', repeat('line ' || n || E'\\n', 20), now(),
         case when n > 1 then md5('task' || (n - 1))::uuid end
    from generate_series(1, ${tasks}) n;
  insert into task_events (task_id, attempt, from_status, to_status, actor, created_at)
  select md5('task' || n)::uuid, 1, 'running', 'completed', 'system', now() from generate_series(1, ${tasks}) n;
  insert into task_outputs (task_id, attempt, stream, start, chunk, created_at)
  select md5('task' || n)::uuid, 1, 'stdout', 0, decode(md5(n::text) || '00ff', 'hex'), now()
    from generate_series(1, ${tasks}) n;
  insert into audit_logs (actor, action, ip_address, created_at)
  select 'system', 'drill.prepared', '192.0.2.1', now() from generate_series(1, 10) n;`;
