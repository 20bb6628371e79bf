/**
 * What a part of the service needs to be tried by itself: a database, a clock that the test moves, and a log that it can
 * read. Events, letters and jobs are noted, and no job is carried out.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { inject, onTestFinished } from 'vitest';
import { type Lookup, openMailHosts } from '../../server/adapters/mail-hosts.ts';
import { openMailServers } from '../../server/adapters/mail-servers.ts';
import { passwords } from '../../server/adapters/passwords.ts';
import { openSafe } from '../../server/adapters/safe.ts';
import { sealing } from '../../server/adapters/sealing.ts';
import { createTokens } from '../../server/adapters/tokens.ts';
import { type Config, readSettings } from '../../server/config.ts';
import { BY_ITSELF, type Ctx } from '../../server/context.ts';
import { openDatabase } from '../../server/db/orm.ts';
import type { DomainEvent, Job, Jobs, Letter } from '../../server/ports.ts';
import { openClock } from './clock.ts';
import { cloneDatabase } from './database.ts';

type PartsOptions = {
  at?: string;
  databaseUrl?: string;
  env?: Record<string, string>;
  /** The DNS, where mail servers are looked up; by default it knows no name. */
  lookup?: Lookup;
};

const noObjects = () => Promise.reject(new Error('there are no objects here'));

/** With `databaseUrl` another process on that database. Everything is closed when the test has finished. */
export async function openParts({ at, databaseUrl, env = {}, lookup = async () => [] }: PartsOptions = {}) {
  const url = databaseUrl ?? (await cloneForTest());
  const config = readSettings({
    JWT_SECRET: 'j'.repeat(48),
    SECRETS_KEY: 's'.repeat(48),
    DATABASE_URL: url,
    ...env,
  }) as Config;
  const { db, close } = await openDatabase(url, { maxConnections: config.DATABASE_POOL });
  onTestFinished(close);

  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const clock = openClock(at);
  const told: DomainEvent[] = [];
  const sent: Job[] = [];
  const letters: Letter[] = [];
  const jobs: Jobs = {
    send: async (job) => void sent.push(job),
    within: () => jobs,
  };
  const mailHosts = openMailHosts(config, lookup);
  const ctx: Ctx = {
    ...BY_ITSELF,
    config,
    isStopping: () => false,
    now: clock.now,
    newId: randomUUID,
    db,
    events: {
      emit: (...events) => void told.push(...events),
      waitFor: () => Promise.reject(new Error('nobody waits here')),
      subscribe: () => () => {},
      onGap: () => () => {},
    },
    jobs,
    presence: { seen: () => {} },
    objects: {
      stage: noObjects,
      read: noObjects,
      remove: noObjects,
    },
    passwords,
    mail: { send: async (letter) => ({ isAccepted: true, reply: String(letters.push(letter)) }) },
    mailHosts,
    mailServers: openMailServers({ mailHosts, now: clock.now }),
    safe: openSafe(config),
    tokens: createTokens(config),
    sealing,
    meter: { note: () => {} },
    tracer: undefined,
    log,
  };

  const makeUser = async (): Promise<string> => {
    const id = randomUUID();
    await db
      .insertInto('users')
      .values({ id, email: `${id}@example.com`, password_hash: '-' })
      .execute();
    return id;
  };
  const makeDevice = async (userId: string): Promise<string> => {
    const id = randomUUID();
    const keyHash = id.replaceAll('-', '').padEnd(64, '0');
    await db.insertInto('devices').values({ id, user_id: userId, device_name: 'machine', key_hash: keyHash }).execute();
    return id;
  };
  return { url, ctx, clock, lines, told, sent, letters, makeUser, makeDevice };
}

async function cloneForTest(): Promise<string> {
  const { url, drop } = await cloneDatabase();
  onTestFinished(drop);
  return url;
}

/**
 * Ends the connections to the database at `url`, all or those of one purpose, and lets nobody in until the returned
 * function is called.
 */
export async function takeAway(url: string, applicationName?: string): Promise<() => Promise<void>> {
  const allow = (isAllowed: boolean) =>
    asAdmin(async (admin) => {
      await admin.query(`alter database ${nameOf(url)} with allow_connections ${isAllowed}`);
    });
  await allow(false);
  await cutConnections(url, applicationName);
  return () => allow(true);
}

/** Ends connections as a network or an operator would. Returns how many there were. */
export async function cutConnections(url: string, applicationName?: string): Promise<number> {
  let cut = 0;
  await asAdmin(async (admin) => {
    const { rowCount } = await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = $1 and application_name = coalesce($2, application_name)`,
      [nameOf(url), applicationName],
    );
    cut = rowCount ?? 0;
  });
  return cut;
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

async function asAdmin(work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('postgresAdminUrl') });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
