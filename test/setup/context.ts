/**
 * A context for tests of the domain: a real PostgreSQL, real passwords and tokens, and a clock that stands still until it
 * is moved. What the domain tells the rest of the world (events, jobs, pauses) is written down instead.
 */
import fastify from 'fastify';
import { afterAll } from 'vitest';
import { passwords } from '../../server/adapters/passwords.ts';
import { createTokens } from '../../server/adapters/tokens.ts';
import { type Config, readSettings } from '../../server/config.ts';
import type { Actor, Ctx, DomainEvent, Events, Job, Jobs } from '../../server/context.ts';
import { type Database, openDatabase } from '../../server/db/orm.ts';
import { registerAccount, type SignedIn } from '../../server/domain/accounts.ts';
import type { Plan } from '../../server/domain/plans.ts';
import { cloneDatabase } from './database.ts';

export const JWT_SECRET = 'the secret of the tests, of which 32 characters';
export const PASSWORD = 'correct horse battery staple';

type Options = {
  at?: string;
  /** Settings other than the defaults. */
  env?: Record<string, string>;
};

export type TestUser = { ctx: Ctx; actor: Extract<Actor, { kind: 'user' }> } & SignedIn;

export type TestContext = {
  /** Nobody's: what a request without a credential gets. */
  ctx: Ctx;
  clock: { now(): Date; advance(ms: number): void };
  events: DomainEvent[];
  jobs: Job[];
  /** How long answers would have been held back, in milliseconds. */
  pauses: number[];
  as(actor: Actor): Ctx;
  /** Registers an account with `PASSWORD`; `ctx` acts with its session. */
  makeUser(account?: { email?: string; plan?: Plan }): Promise<TestUser>;
};

type FileDatabase = { database: Database; url: string; drop(): Promise<void> };
let ofThisFile: Promise<FileDatabase> | undefined;

afterAll(async () => {
  if (!ofThisFile) return;
  const { database, drop } = await ofThisFile;
  await database.close();
  await drop();
});

const open = async (): Promise<FileDatabase> => {
  const { url, drop } = await cloneDatabase();
  return { database: await openDatabase(url, 10), url, drop };
};

/** The contexts of a test file share its database; each has a clock, events and jobs of its own. */
export async function openContext({ at = '2026-01-20T10:00:00Z', env = {} }: Options = {}): Promise<TestContext> {
  ofThisFile ??= open();
  const { database, url } = await ofThisFile;
  let now = new Date(at);
  const clock = {
    now: () => new Date(now),
    advance: (ms: number) => {
      now = new Date(now.getTime() + ms);
    },
  };
  const events = recordEvents();
  const jobs: Job[] = [];
  const pauses: number[] = [];
  const config = readSettings({ DATABASE_URL: url, JWT_SECRET, ...env }) as Config;
  const ctx: Ctx = {
    config,
    now: clock.now,
    newId: () => crypto.randomUUID(),
    db: database.db,
    events,
    jobs: recordJobs(jobs),
    presence: { seen: () => {} },
    passwords: { ...passwords, pause: async (ms) => void pauses.push(ms) },
    tokens: createTokens(config),
    log: fastify().log,
    actor: { kind: 'anonymous' },
    requestId: crypto.randomUUID(),
    ipAddress: '192.0.2.1',
    userAgent: 'vitest',
  };

  const makeUser: TestContext['makeUser'] = async ({ email = newEmail(), plan = config.DEFAULT_PLAN } = {}) => {
    const as = { ...ctx, config: { ...config, DEFAULT_PLAN: plan } };
    const signedIn = await registerAccount(as, { email, password: PASSWORD, displayName: null });
    const claims = await ctx.tokens.verifyAccessToken(signedIn.tokens.accessToken, clock.now());
    const actor = { kind: 'user', plan, ...claims } as const;
    return { ...signedIn, actor, ctx: { ...ctx, actor } };
  };

  return { ctx, clock, events: events.told, jobs, pauses, as: (actor) => ({ ...ctx, actor }), makeUser };
}

export const newEmail = (): string => `${crypto.randomUUID()}@example.com`;

/** Whoever waits looks again at each event, whatever it is about. */
function recordEvents(): Events & { told: DomainEvent[] } {
  const told: DomainEvent[] = [];
  const bell = new EventTarget();
  return {
    told,
    emit(...events) {
      told.push(...events);
      bell.dispatchEvent(new Event('told'));
    },
    async waitFor(_topics, { timeoutMs, signal }, look) {
      const until = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
      for (;;) {
        const rung = new Promise((resolve) => {
          for (const source of [bell, until]) source.addEventListener(source === bell ? 'told' : 'abort', resolve);
        });
        const found = await look();
        if (found !== undefined || until.aborted) return found;
        await rung;
      }
    },
  };
}

const recordJobs = (sent: Job[]): Jobs => ({
  send: async (job) => void sent.push(job),
  within: () => recordJobs(sent),
});
