/** One PostgreSQL for the whole run, with a migrated template that every test file clones (database.ts). */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import type { TestProject } from 'vitest/node';
import { openJobs } from '../../server/adapters/boss.ts';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';
import { migrate } from '../../server/db/migrate.ts';
import { openDatabase } from '../../server/db/orm.ts';
import { registry } from '../../server/jobs/registry.ts';
import { TEMPLATE } from './database.ts';

const PREFIX = 'ccjk-vitest-';
const MEMORY = '/dev/shm';
/** Hundreds of clones of 10 MB live a moment each, beside 1 GB of write-ahead log. */
const ENOUGH_BYTES = 4 * 1024 ** 3;
/** Nothing here outlives the run, so nothing needs to reach the disk. */
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' };

declare module 'vitest' {
  interface ProvidedContext {
    postgresAdminUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers();
  const directory = fs.mkdtempSync(path.join(placeOfData(), PREFIX));
  // PostgreSQL runs as another account when we are root, and has to walk through.
  fs.chmodSync(directory, 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir: path.join(directory, 'data'), database: TEMPLATE, settings });
  const teardown = async () => {
    await postgres.stop();
    for (const files of [postgres.area, directory]) fs.rmSync(files, { recursive: true, force: true });
  };
  try {
    await migrate(postgres.url);
    await makeQueues(postgres.url);
    await closeTemplate(postgres.adminUrl);
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide('postgresAdminUrl', postgres.adminUrl);
  return teardown;
}

/** The first process of a deployment makes them; those that the tests start find them there. */
async function makeQueues(databaseUrl: string): Promise<void> {
  const { db, close } = await openDatabase(databaseUrl);
  const jobs = await openJobs({ databaseUrl, db, log: pino({ level: 'silent' }), registry });
  await jobs.close();
  await close();
}

/** In memory a clone takes 20 ms; on a disk (ext4) 50 ms, and 400 ms when others write to it too. */
function placeOfData(): string {
  if (!fs.existsSync(MEMORY)) return os.tmpdir();
  const { bavail, bsize } = fs.statfsSync(MEMORY);
  return bavail * bsize >= ENOUGH_BYTES ? MEMORY : os.tmpdir();
}

/** PostgreSQL clones no database that somebody is connected to: from here on nobody can be. */
async function closeTemplate(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`alter database ${TEMPLATE} with is_template true allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [TEMPLATE]);
  } finally {
    await admin.end();
  }
}

/** A run that was killed leaves its server behind. A running one holds its lock; one that ended well has no holder.json. */
async function removeLeftovers(): Promise<void> {
  for (const directory of fs.globSync([os.tmpdir(), MEMORY].map((place) => path.join(place, `${PREFIX}*`)))) {
    const dataDir = path.join(directory, 'data');
    if (!fs.existsSync(path.join(dataDir, 'postgres', 'holder.json'))) continue;
    if (fs.statSync(directory).uid !== os.userInfo().uid) continue;
    try {
      const leftover = await startEmbeddedPostgres({ dataDir, settings });
      await leftover.stop();
      fs.rmSync(directory, { recursive: true, force: true });
    } catch {
      // Held by a run of now.
    }
  }
}
