/** The database away: frozen with everything that runs in it, swallowed by the network, or locked so that every connection waits. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../server/db/migrate.ts';
import { startCluster, withClient } from '../setup/cluster.ts';
import { openProxyTo } from '../setup/tcp-proxy.ts';
import { type Customer, clientOf, makeCustomer } from './customer.ts';
import { freezePostgres } from './frozen-postgres.ts';
import type { Length, Trial } from './harness.ts';
import { type Feature, type Outage, probe, sufferOutage } from './outage.ts';
import { startServer } from './server.ts';
import { until } from './until.ts';

const LOST_MS: Record<Length, number> = { short: 6_000, long: 30_000 };
const LOCKED_MS: Record<Length, number> = { short: 8_000, long: 30_000 };
/** Few connections, so that callers wait for one, and each of them is lost. */
const POOL = 4;
const CREATORS = 12;
const STAGGER_MS = 250;
/** Anonymous calls in a minute, few enough that each is counted in the database: it waits for that first. */
const COUNTED_EACH = 39;
const JOB_MS = 10_000;

/** What was acknowledged, and may not be lost. */
type Ledger = { keys: Set<string>; tasks: Map<string, string>; messages: Set<string> };

/** PostgreSQL stands still, with everything that runs in it, and goes on where it was. */
export async function freezeDatabase(trial: Trial): Promise<void> {
  // Of its own: a session that is frozen may hold what all others wait for.
  const cluster = await startCluster();
  trial.afterwards(() => cluster.stop());
  const databaseUrl = await cluster.create('frozen');
  await migrate(databaseUrl);
  let wake = () => {};
  trial.afterwards(() => wake());
  await sufferLoss(trial, {
    what: 'the database frozen',
    databaseUrl,
    servedBy: databaseUrl,
    begin: async () => {
      wake = await freezePostgres(cluster.adminUrl);
    },
    end: () => wake(),
  });
  trial.count('databases frozen');
}

/** The network loses what goes to PostgreSQL. The connections that were open never come back, nor say that they ended. */
export async function swallowDatabase(trial: Trial): Promise<void> {
  const databaseUrl = await trial.database();
  const proxy = await openProxyTo(databaseUrl);
  trial.afterwards(() => proxy.close());
  await sufferLoss(trial, {
    what: 'the database swallowed',
    databaseUrl,
    servedBy: proxy.url,
    begin: () => proxy.cut('is silent'),
    end: () => proxy.restore(),
  });
  trial.count('databases swallowed');
}

type Loss = Pick<Outage, 'what' | 'begin' | 'end'> & { databaseUrl: string; servedBy: string };

async function sufferLoss(trial: Trial, { databaseUrl, servedBy, ...loss }: Loss): Promise<void> {
  const { url } = await startServer(trial, {
    databaseUrl: servedBy,
    env: { DATABASE_POOL: String(POOL), RATE_LIMIT_ANONYMOUS_MAX: String(COUNTED_EACH) },
  });
  const customer = await makeCustomer(url);
  // Each connection of the pool is open when it happens.
  await Promise.all(Array.from({ length: 4 * POOL }, () => customer.user.tasks.list()));
  const ledger = openLedger();
  const isBack = await sufferOutage(trial, {
    ...loss,
    url,
    features: [...featuresOf(url, customer, ledger), probe(url, 'readyz')],
    lastsMs: LOST_MS[trial.length],
  });
  if (!isBack) return;
  await checkJobs(trial, customer);
  await checkLedger(trial, { customer, ledger, databaseUrl });
}

/** Somebody holds locks, so that whoever creates a task waits, and with them everybody for a connection. */
export async function exhaustPool(trial: Trial): Promise<void> {
  const databaseUrl = await trial.database();
  const { url } = await startServer(trial, { databaseUrl, env: { DATABASE_POOL: String(POOL) } });
  const customer = await makeCustomer(url);
  const ledger = openLedger();
  const locker = new pg.Client({ connectionString: databaseUrl });
  await locker.connect();
  trial.afterwards(() => locker.end());
  const isBack = await sufferOutage(trial, {
    what: 'the pool exhausted',
    url,
    features: [
      ...featuresOf(url, customer, ledger),
      // One after the other: whoever has waited for a connection then waits for the lock.
      ...Array.from({ length: CREATORS }, (_, at) => ({ ...creating(customer, ledger), startMs: at * STAGGER_MS })),
      ...(await besides(trial, databaseUrl, customer)),
    ],
    begin: () => locker.query('begin; lock table task_events in access exclusive mode'),
    lastsMs: LOCKED_MS[trial.length],
    end: () => locker.query('rollback'),
  });
  if (isBack) await checkLedger(trial, { customer, ledger, databaseUrl });
  trial.count('pools exhausted');
}

/** Another process has connections of its own, and what takes none of the locks goes on there. */
async function besides(trial: Trial, databaseUrl: string, { token }: Customer): Promise<Feature[]> {
  if (trial.length === 'short') return [];
  const { url } = await startServer(trial, { databaseUrl, role: 'api' });
  return [{ name: 'another process', call: () => clientOf(url, token).devices.list() }];
}

export const openLedger = (): Ledger => ({ keys: new Set(), tasks: new Map(), messages: new Set() });

const away = { refusedWith: 503 } as const;

export function featuresOf(url: string, customer: Customer, ledger: Ledger): Feature[] {
  const { user, device, credentials } = customer;
  return [
    { name: 'log in', call: () => clientOf(url).auth.login(credentials), pauseMs: 1_000, ...away },
    creating(customer, ledger),
    { name: 'list', call: () => user.tasks.list(), ...away },
    { name: 'claim', call: () => device.daemon.claim({ claim_id: randomUUID() }), ...away },
    { name: 'heartbeat', call: () => device.daemon.heartbeat({}), ...away },
    {
      name: 'publish',
      call: async () => {
        const { id } = await clientOf(url).relay.publish({ channel: 'outage', message: 'text' });
        ledger.messages.add(id);
      },
      ...away,
    },
    {
      name: 'upload',
      call: () =>
        device.daemon.uploadLog({ log_file: new Blob(['text']), metadata: { type: 'daemon', date: '2026-01-20' } }),
      pauseMs: 1_000,
      ...away,
    },
  ];
}

/** Each key is sent again until its task is acknowledged, as programs do. */
function creating({ user, deviceId }: Customer, ledger: Ledger): Feature {
  let idempotencyKey = randomUUID();
  return {
    name: 'create',
    call: async () => {
      ledger.keys.add(idempotencyKey);
      const { task_id } = await user.tasks.create({ device_id: deviceId, command: 'true' }, { idempotencyKey });
      ledger.tasks.set(idempotencyKey, task_id);
      idempotencyKey = randomUUID();
    },
    ...away,
  };
}

/** Jobs are run again: one releases a task when it is due. */
export async function checkJobs(trial: Trial, { user, deviceId }: Customer): Promise<void> {
  const run_at = new Date(Date.now() + 1_000).toISOString();
  const { task_id } = await user.tasks.create({ device_id: deviceId, command: 'true', run_at });
  const isReleased = async () => (await user.tasks.get(task_id)).status !== 'pending';
  trial.check('jobs run again', await until(isReleased, JOB_MS));
}

export async function checkLedger(
  trial: Trial,
  { customer, ledger, databaseUrl }: { customer: Customer; ledger: Ledger; databaseUrl: string },
): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    const made = await client.query<{ id: string }>('select id from tasks where device_id = $1 and run_at is null', [
      customer.deviceId,
    ]);
    const kept = await client.query<{ id: string }>('select id from relay_messages');
    const acknowledged = new Set(ledger.tasks.values());
    const tasks = new Set(made.rows.map(({ id }) => id));
    const messages = new Set(kept.rows.map(({ id }) => id));
    trial.check(
      'every acknowledged task is there',
      [...acknowledged].every((id) => tasks.has(id)),
    );
    trial.check('no key has made two tasks', tasks.size <= ledger.keys.size, {
      tasks: tasks.size,
      keys: ledger.keys.size,
    });
    trial.check(
      'every acknowledged message is there',
      [...ledger.messages].every((id) => messages.has(id)),
    );
    trial.count('acknowledged writes', acknowledged.size + ledger.messages.size);
  });
}
