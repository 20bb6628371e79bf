/** Brings a database to the tables of this release: ours through MikroORM, the job queue's through pg-boss. */
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { DatabaseInUse } from './in-use.ts';
import { type Db, MIGRATIONS, openDatabase } from './orm.ts';
import { DatabaseTooOld } from './too-old.ts';

/** Any fixed number: it names the one lock under which the processes of a deployment migrate in turn. */
const MIGRATION_LOCK = 7_220_418;
/** How often a process asks whether it is its turn. */
const TURN_MS = 100;
/** PostgreSQL's word for a lock that was waited for in vain. */
const LOCK_NOT_AVAILABLE = '55P03';

/** `server_version_num` of the oldest PostgreSQL that the statements are written for. */
const OLDEST_SERVER = 150_000;

type Patience = {
  /** From one try to the next, while another holds a table that a migration changes. Each try keeps its users waiting. */
  retryMs?: number;
  /** After this long it is given up. */
  patienceMs?: number;
};

/**
 * Runs every migration that `databaseUrl` lacks. Processes that start together wait for each other; without the lock
 * 20 of 25 simultaneous starts failed.
 * @throws DatabaseTooOld, DatabaseInUse
 */
export async function migrate(databaseUrl: string, patience: Patience = {}): Promise<void> {
  const lock = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await lock.connect();
  try {
    await requireVersion(lock);
    // Asking costs a millisecond; loading and trying all migrations takes 200.
    while (!(await isMigrated(lock))) {
      // Asked for, not waited for: a wait has a snapshot, and an index that is built beside writers waits for its end.
      if (await hasLocked(lock)) return await runMigrations(databaseUrl, patience);
      await pause(TURN_MS);
    }
  } finally {
    await lock.end();
  }
}

async function hasLocked(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ is_ours: boolean }>('select pg_try_advisory_lock($1) as is_ours', [
    MIGRATION_LOCK,
  ]);
  return rows[0]?.is_ours === true;
}

async function runMigrations(databaseUrl: string, patience: Patience): Promise<void> {
  const { orm, close } = await openDatabase(databaseUrl, { isForMigrations: true });
  try {
    // A dozen small transactions, of which each would wait for the disk. A crash may undo the last of them, which are run
    // again then; nothing that is committed after them can outlive them.
    await orm.em.execute('set synchronous_commit = off');
    await whenNobodyHolds(() => orm.migrator.up(), patience);
  } finally {
    await close();
  }
  const boss = new PgBoss({ connectionString: databaseUrl, supervise: false, schedule: false, max: 2 });
  boss.on('error', () => {});
  await boss.start();
  await boss.stop({ graceful: false });
}

/** Does `work` again until what it changes is free. */
async function whenNobodyHolds(
  work: () => Promise<unknown>,
  { retryMs = 10_000, patienceMs = 600_000 }: Patience,
): Promise<void> {
  for (const end = Date.now() + patienceMs; ; await pause(retryMs)) {
    try {
      await work();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      if (Date.now() > end) throw new DatabaseInUse(patienceMs, error);
    }
  }
}

/** The version of pg-boss's own tables, as it says in its package. Unknown, its migrations are tried. */
const { pgboss }: { pgboss?: { schema?: number } } = createRequire(import.meta.url)('pg-boss/package.json');

/** Whether `databaseUrl` has all tables of this release, the job queue's too. Changes nothing. */
export async function isUpToDate(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await isMigrated(client);
  } finally {
    await client.end();
  }
}

/** Whether both have all tables of this release, or of one after it. */
async function isMigrated(client: pg.Client): Promise<boolean> {
  const { rows: there } = await client.query<{ both: boolean }>(
    `select to_regclass('migrations') is not null and to_regclass('pgboss.version') is not null as both`,
  );
  if (!there[0]?.both) return false;
  const names = MIGRATIONS.map(({ name }) => name);
  const { rows } = await client.query<{ are_here: boolean; boss: number }>(
    `select $1::text[] <@ (select array_agg(name::text) from migrations) as are_here,
            (select version from pgboss.version) as boss`,
    [names],
  );
  return rows[0]?.are_here === true && rows[0].boss >= (pgboss?.schema ?? Number.POSITIVE_INFINITY);
}

/** Whether the database has yet to run a migration of this release. */
export async function lacksMigrations(db: Db): Promise<boolean> {
  const names = MIGRATIONS.map(({ name }) => name);
  const { rows } = await sql<{ lacks: boolean }>`
    select exists (select from unnest(${names}::text[]) needed where needed not in (select name from migrations)) as lacks
  `.execute(db);
  return rows[0]?.lacks ?? true;
}

async function requireVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: number; name: string }>(
    "select current_setting('server_version_num')::int as number, current_setting('server_version') as name",
  );
  const [version] = rows;
  if (version && version.number >= OLDEST_SERVER) return;
  throw new DatabaseTooOld(`The database is PostgreSQL ${version?.name}; CCJK Cloud needs 15 or newer`);
}
