/** A database of its own for each test file, migrated already: a clone of the template that global.ts made. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { inject } from 'vitest';
import type { Db } from '../../server/db/orm.ts';

export const TEMPLATE = 'ccjk_template';

/** Any fixed number: PostgreSQL makes one clone of a template at a time, and fails the others. */
const CLONE_LOCK = 5_120_417;

/** PostgreSQL's own: nothing is in it. */
export const EMPTY = 'template0';

export async function cloneDatabase(template = TEMPLATE): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [CLONE_LOCK]);
    await admin.query(`create database ${name} template ${template} strategy file_copy`);
  });
  const url = new URL(inject('postgresAdminUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => asAdmin(async (admin) => void (await admin.query(`drop database if exists ${name} with (force)`))),
  };
}

/** The lock ends with the connection. */
async function asAdmin(work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('postgresAdminUrl') });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

const COUNTED = ['users', 'devices', 'tasks', 'task_events', 'task_attempts', 'sessions', 'api_keys', 'audit_logs'];
const SUMMED = ['users', 'devices', 'tasks'];

/** How many rows there are of everything, and what those of the first three say. */
export async function stateOfEverything(db: Db): Promise<unknown> {
  const counts = COUNTED.map((table) => `(select count(*)::int from ${table}) as ${table}`);
  const sums = SUMMED.map(
    (table) => `(select md5(string_agg(t::text, '' order by id)) from ${table} t) as sum_of_${table}`,
  );
  const { rows } = await sql.raw(`select ${[...counts, ...sums].join()}`).execute(db);
  return rows[0];
}
