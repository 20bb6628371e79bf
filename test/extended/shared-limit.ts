/**
 * Shared limits: two api processes and a worker on one PostgreSQL. A caller with one budget comes to both processes evenly,
 * lopsided, one after the other, in bursts, and while one is killed and replaced, until both refuse. No fewer calls than
 * the limit may get through and at most a tenth more. What a plan allows is exact: tasks a day, and tasks that run at
 * once, while the worker releases those that wait, those that are tried again and the one of a machine that died.
 *
 *   node test/extended/shared-limit.ts [limit]       by default 1000 requests a minute, 500 at least: two minutes
 *
 * A call that the kill cut off may have got through or not; it is taken for what makes the figure worse.
 */
import { ok } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { CcjkCloud, type HandedTask } from '../../sdk/src/index.ts';
import { PLANS } from '../../server/domain/plans.ts';
import {
  type Api,
  admittedIn,
  areOver,
  type Caller,
  isOver,
  newTally,
  openCalls,
  type Tally,
} from './limited-calls.ts';
import { openGround, type Started, stopped } from './processes.ts';

const limit = Number(process.argv[2] ?? 1000);
ok(limit >= 500, 'the limit must be 500 at least: of less, calls that are cut off by a kill are too large a part');
const publishLimit = Math.floor(limit / 10);
const SECONDS = 60;
const PLAN = 'pro';
/** Percent of the limit that may get through beyond it. */
const MOST_EXCESS = 10;
/** How far refusals may disagree on when the window ends: they say it in whole seconds, and answers take their time. */
const MOST_SPREAD_MS = 3000;

const env = {
  RATE_LIMIT_TTL: String(SECONDS),
  RATE_LIMIT_MAX: String(limit),
  RATE_LIMIT_ANONYMOUS_MAX: String(limit),
  RATE_LIMIT_DAEMON_MAX: String(limit),
  RELAY_PUBLISH_MAX: String(publishLimit),
  // Callers without a credential are told apart by the address that they say they have.
  TRUSTED_PROXIES: '127.0.0.1',
  DEFAULT_PLAN: PLAN,
  // Overload is another reason to refuse, and another subject.
  MAX_LOOP_DELAY: '0',
};

await using ground = await openGround('limits');
const startApi = () => ground.start('api', { env });
const apis: [Started, Started] = [await startApi(), await startApi()];
const worker = await ground.start('worker', { env });
const calls = openCalls(apis);

const failures: string[] = [];
const clientOf = (token?: string, api: Api = 0) =>
  new CcjkCloud({ baseUrl: apis[api].url.origin, ...(token && { token }) });

// ---- Callers, each with a budget that nobody has used ---------------------------------------------------------------

const newUser = async (): Promise<string> => {
  const { token } = await clientOf().auth.register({
    email: `${randomUUID()}@example.com`,
    password: 'a long password',
  });
  return token;
};

const newMachine = async (token: string): Promise<{ id: string; key: string }> => {
  const machine = { device_name: randomUUID(), os_type: 'linux' };
  const { device_id: id, device_key: key } = await clientOf(token).daemon.register(randomUUID(), machine);
  return { id, key };
};

let addresses = 0;
const newAddress = () => {
  addresses += 1;
  return { 'x-forwarded-for': `192.0.2.${addresses}` };
};

const windowed = { limit, per: { seconds: SECONDS } } as const;

const KINDS = {
  user: async (): Promise<Caller> => {
    const headers = { authorization: `Bearer ${await newUser()}` };
    return { ...windowed, name: 'user', method: 'GET', path: '/v1/auth/me', headers, status: 200 };
  },
  device: async (): Promise<Caller> => {
    const headers = { authorization: `Bearer ${(await newMachine(await newUser())).key}` };
    return {
      ...windowed,
      name: 'device',
      method: 'POST',
      path: '/v1/daemon/heartbeat',
      headers,
      body: {},
      status: 200,
    };
  },
  address: async (): Promise<Caller> => {
    return { ...windowed, name: 'address', method: 'GET', path: '/v1/auth/me', headers: newAddress(), status: 401 };
  },
  publisher: async (): Promise<Caller> => {
    const body = { channel: 'news', message: 'hello' };
    const posted = { method: 'POST', path: '/api/publish', headers: newAddress(), body, status: 201 } as const;
    return { ...windowed, ...posted, name: 'publisher', limit: publishLimit };
  },
};

// ---- How they come --------------------------------------------------------------------------------------------------

type Way = (caller: Caller, tally: Tally) => Promise<void>;

const inTurn = (turn: number): Api => (turn % 2 === 0 ? 0 : 1);

const evenly: Way = (caller, tally) => calls.callUntil(caller, tally, inTurn, () => areOver(tally));

const nineOfTenToOne: Way = (caller, tally) => {
  const choose = (turn: number): Api => (turn % 10 === 0 ? 1 : 0);
  return calls.callUntil(caller, tally, choose, () => areOver(tally));
};

/** To the one until it refuses, then to the other. */
const oneThenOther: Way = async (caller, tally) => {
  for (const api of [0, 1] as const) {
    await calls.callUntil(
      caller,
      tally,
      () => api,
      () => isOver(tally, api),
    );
  }
};

/** To the one until half is used up, to the other until it refuses, and to the one again. */
const thereAndBack: Way = async (caller, tally) => {
  const toOne = () => 0 as const;
  await calls.callUntil(caller, tally, toOne, () => admittedIn(tally) >= caller.limit / 2);
  const toOther = () => 1 as const;
  await calls.callUntil(caller, tally, toOther, () => isOver(tally, 1));
  await calls.callUntil(caller, tally, toOne, () => isOver(tally, 0));
};

const inBursts: Way = async (caller, tally) => {
  while (!areOver(tally) && tally.faults.length === 0) await calls.burst(caller, tally, Math.ceil(caller.limit / 8));
};

/** One is killed when half is used up; its successor comes into a window of which a quarter is left. */
const throughKill: Way = async (caller, tally) => {
  const isUsed = (share: number) => admittedIn(tally) >= share * caller.limit;
  const [, { child }] = apis;
  const ended = once(child, 'exit');
  await calls.callUntil(caller, tally, inTurn, () => {
    if (isUsed(1 / 2)) child.kill('SIGKILL');
    return isUsed(3 / 4);
  });
  await ended;
  apis[1] = await startApi();
  await evenly(caller, tally);
};

// ---- Requests -------------------------------------------------------------------------------------------------------

const figures: Record<string, string | number>[] = [];

/** Lets the caller come and holds what got through against its limit. */
async function hold(caller: Caller, way: Way, named = way.name): Promise<Tally> {
  const tally = newTally();
  const began = performance.now();
  await way(caller, tally);
  const tookMs = performance.now() - began;

  const excess = Math.max(0, ((admittedIn(tally) + tally.cut) / caller.limit - 1) * 100);
  const spreadMs = Math.max(...tally.ends) - Math.min(...tally.ends);
  const most = caller.per === 'day' ? 0 : MOST_EXCESS;
  const faults = [
    ...tally.faults.slice(0, 5),
    ...(excess > most ? [`${excess.toFixed(1)} % too many got through`] : []),
    ...(admittedIn(tally) + tally.cut < caller.limit ? [`only ${admittedIn(tally)} got through`] : []),
    ...(caller.per !== 'day' && tookMs > caller.per.seconds * 1000 ? ['not done within the window'] : []),
    ...(spreadMs > MOST_SPREAD_MS ? [`the window ends at times ${spreadMs} ms apart`] : []),
  ];
  failures.push(...faults.map((fault) => `${caller.name}, ${named}: ${fault}`));
  figures.push({
    caller: caller.name,
    way: named,
    limit: caller.limit,
    'admitted by each': tally.admitted.join(' + '),
    'cut off': tally.cut,
    'excess %': Number(excess.toFixed(1)),
    refused: tally.refused[0] + tally.refused[1],
    'least remaining': Number.isFinite(tally.leastRemaining) ? tally.leastRemaining : '',
    'ends apart, ms': spreadMs,
    seconds: Math.round(tookMs / 100) / 10,
  });
  return tally;
}

// It comes again when its window has ended.
const first = await KINDS.user();
const { ends } = await hold(first, evenly);
for (const [name, newCaller] of Object.entries(KINDS)) {
  const ways = [evenly, nineOfTenToOne, oneThenOther, thereAndBack, inBursts];
  for (const way of ways) await hold(await newCaller(), way);
  // The calls that it cuts off may be more than a tenth of the publisher's limit.
  if (name !== 'publisher') await hold(await newCaller(), throughKill);
}
await pause(Math.max(...ends) - Date.now());
await hold(first, evenly, 'evenly, when Retry-After has passed');

// ---- Tasks of a day -------------------------------------------------------------------------------------------------

const { tasksPerDay, concurrentTasks } = PLANS[PLAN];
const creator = await newUser();
await hold(
  {
    name: 'creator of tasks',
    limit: tasksPerDay,
    per: 'day',
    method: 'POST',
    path: '/v1/tasks',
    headers: { authorization: `Bearer ${creator}` },
    body: { device_id: (await newMachine(creator)).id, command: 'true' },
    status: 201,
  },
  evenly,
);

// ---- Tasks that run at once -----------------------------------------------------------------------------------------

const owner = await newUser();
const machines = [await newMachine(owner), await newMachine(owner)];
// So that it is the limit of the plan that holds.
for (const { id } of machines) await clientOf(owner).devices.updateConfig(id, { max_concurrent_tasks: 10 });
const waits = 0.3 * tasksPerDay;
const fails = 0.1 * tasksPerDay;
const total = 0.8 * tasksPerDay;

const failing = new Set<string>();
for (let count = 0; count < total; count += 1) {
  const { tasks } = clientOf(owner, inTurn(count));
  const { id: device_id } = machines[count % 2] as { id: string };
  const run_at = new Date(Date.now() + 8000 * Math.random()).toISOString();
  const more = count < waits ? { run_at } : count < waits + fails ? { max_retries: 1 } : {};
  const { task_id } = await tasks.create({ device_id, command: 'true', ...more });
  if ('max_retries' in more) failing.add(task_id);
}

const deadline = Date.now() + 60_000;
let held = 0;
let mostHeld = 0;
let completed = 0;
let lost: HandedTask | undefined;
const db = new pg.Client(ground.databaseUrl);
await db.connect();

/** Its machine dies: nothing more is heard of it, and its lease is over. */
async function lose({ id }: HandedTask): Promise<void> {
  await pause(1000);
  held -= 1;
  await db.query("update tasks set lease_until = now() - interval '1 second' where id = $1", [id]);
}

async function work(client: CcjkCloud, task: HandedTask): Promise<void> {
  const { id, lease_id } = task;
  if (!lost) {
    lost = task;
    await lose(task);
    return;
  }
  await client.daemon.start(id, { lease_id });
  await pause(100 * Math.random());
  const status = failing.delete(id) ? 'failed' : 'completed';
  held -= 1;
  await client.daemon.result(id, { status, lease_id });
  if (status === 'completed') completed += 1;
}

async function claimOn(key: string, api: Api): Promise<void> {
  const client = clientOf(key, api);
  while (completed < total && Date.now() < deadline) {
    const { tasks } = await client.daemon.claim({ limit: 10, claim_id: randomUUID(), wait: 1 });
    held += tasks.length;
    mostHeld = Math.max(mostHeld, held);
    await Promise.all(tasks.map((task) => work(client, task)));
  }
}

await Promise.all(machines.flatMap(({ key }, at) => Array.from({ length: 4 }, () => claimOn(key, inTurn(at)))));
if (completed < total) failures.push(`only ${completed} of ${total} tasks completed`);
if (mostHeld !== concurrentTasks) failures.push(`${mostHeld} tasks ran at once, not ${concurrentTasks}`);

// ---- What came of it ------------------------------------------------------------------------------------------------

console.table(figures);
console.log({
  tasks: total,
  releasedByWorker: waits + fails + 1,
  completed,
  mayRunAtOnce: concurrentTasks,
  ranAtOnce: mostHeld,
  worstExcess: `${Math.max(...figures.map(({ 'excess %': excess }) => Number(excess)))} %`,
  errorsLogged: ground.errors.length,
});
for (const trouble of [...failures, ...ground.errors].slice(0, 20)) console.error(trouble);
process.exitCode = failures.length + ground.errors.length > 0 ? 1 : 0;

await db.end();
calls.close();
for (const started of [worker, ...apis]) await stopped(started);
