/**
 * Cost — what a row takes of the disk, what an operation takes of the CPU of the service, of that of PostgreSQL and of its
 * log (WAL), and what those take of memory who only wait. `deploy/SCALE.md` is made of these figures.
 *
 * None of them is a rate, so they hold on a busy machine. 32 callers call at once, and what they share (a statement, a
 * commit) is shared in the figures; alone an operation costs more. WAL is that between checkpoints, without images of pages.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import WebSocket from 'ws';
import { type Cluster, withClient } from '../setup/cluster.ts';
import type { Bench } from './bench.ts';
import { callOf } from './calls.ts';
import type { Statement } from './control.ts';
import { familyCpuMs } from './family-cpu.ts';
import { CALLERS } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import type { Row } from './report.ts';
import { spreadOf } from './rounds.ts';
import { seed } from './seed.ts';
import { type Caller, call, makeCallers, startService } from './service.ts';
import { someAtATime } from './some-at-a-time.ts';
import { subscribe } from './subscribers.ts';

export async function cost(bench: Bench): Promise<Row[]> {
  return [...(await onDisk(bench)), ...(await ofOperations(bench)), ...(await ofThoseWhoWait(bench))];
}

const rowOf = (what: string, unit: string, values: readonly number[]): Row => ({
  scenario: 'cost',
  what,
  unit,
  ours: spreadOf(values),
});

// ---- Of the disk ----------------------------------------------------------------------------------------------------

/** Rows that no seeded task has. Foreign keys are not checked. */
const FILLINGS = {
  task_outputs: `
    insert into task_outputs (task_id, attempt, stream, start, chunk, created_at)
    select md5('output' || n / 16)::uuid, 1, 'stdout', 1024 * (n % 16), convert_to(repeat(md5(n::text), 32), 'utf8'), now()
      from generate_series(1, $1::int) n`,
  messages: `
    insert into messages (id, user_id, message_type, title, content, data)
    select gen_random_uuid(), md5('user' || n % 1000)::uuid, 'task_completed', 'Task completed on machine ' || n % 1000,
           'npm run build -- --job ' || n, jsonb_build_object('task_id', gen_random_uuid(), 'exit_code', 0)
      from generate_series(1, $1::int) n`,
  idempotency_keys: `
    insert into idempotency_keys (caller, operation, key, body_hash, status, answer, created_at)
    select 'user:' || md5('user' || n % 1000)::uuid, 'POST /v1/tasks', gen_random_uuid(), repeat('0', 64), 201,
           jsonb_build_object('task_id', gen_random_uuid(), 'status', 'queued', 'estimated_start', now()), now()
      from generate_series(1, $1::int) n`,
  relay_messages: `
    insert into relay_messages (channel_id, sequence, id, message, priority, encrypted, bytes, is_anonymous, published_at,
                                expires_at)
    select 'channel-' || n / 1000, n % 1000, gen_random_uuid(), repeat('the build has ended well', 8), 50, false, 192, true,
           now(), now() + interval '12 hours'
      from generate_series(1, $1::int) n`,
};

const SEEDED = ['users', 'devices', 'tasks', 'task_attempts', 'task_events'];

async function onDisk({ cluster, quick, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('cost_rows');
  // Migrates.
  await (await startService(databaseUrl)).stop();
  const count = quick ? 20_000 : 100_000;
  say(`${count.toLocaleString('en')} rows of each table`);
  await seed(databaseUrl, count);
  const rows: Row[] = [];
  await withClient(databaseUrl, async (client) => {
    await client.query('set session_replication_role = replica; set synchronous_commit = off');
    for (const filling of Object.values(FILLINGS)) await client.query(filling, [count]);
    await client.query('vacuum (analyze)');
    for (const table of [...SEEDED, ...Object.keys(FILLINGS)]) {
      const { rows: found } = await client.query<{ bytes: number }>(
        `select pg_total_relation_size('${table}')::float8 / (select count(*) from ${table}) as bytes`,
      );
      rows.push(rowOf(`a row of ${table}, with its indexes`, 'bytes', [found[0]?.bytes ?? Number.NaN]));
    }
  });
  return rows;
}

// ---- Of operations --------------------------------------------------------------------------------------------------

/** What the operations of a caller's task refer to. */
type Going = { caller: Caller; taskId: string; leaseId: string; claimId: string };
type Operation = (url: string, going: Going) => Promise<unknown>;

const post = (url: string, path: string, credential: string, body: unknown) =>
  call(url, 'POST', path, { credential, body });

const heartbeat =
  (tasksOf: (going: Going) => unknown[]): Operation =>
  (url, going) =>
    post(url, '/v1/daemon/heartbeat', going.caller.deviceKey, { status: 'online', current_tasks: tasksOf(going) });

const ofLife = (name: keyof typeof callOf): Operation => {
  return async (url, going) => {
    const { method, path, ...content } = callOf[name](going.caller, going);
    const data = await call<{ task_id: string; tasks: { lease_id: string }[] }>(url, method, path, content);
    if (name === 'create') going.taskId = data.task_id;
    if (name === 'claim') going.leaseId = data.tasks[0]?.lease_id ?? '';
  };
};

/** In this order they are a life of a task, and what goes on beside it. */
const OPERATIONS: Record<string, Operation> = {
  'create a task': ofLife('create'),
  'claim it': ofLife('claim'),
  'start it': ofLife('start'),
  'append 1 KiB of its output': (url, { caller, taskId, leaseId }) =>
    post(url, `/v1/daemon/tasks/${taskId}/output`, caller.deviceKey, {
      lease_id: leaseId,
      stream: 'stdout',
      offset: 0,
      chunk: 'built module\n'.repeat(79),
    }),
  'heartbeat that renews its lease': heartbeat(({ taskId, leaseId }) => [{ task_id: taskId, lease_id: leaseId }]),
  'report its result, of 1 KiB': ofLife('result'),
  'read it': ofLife('read'),
  'list 20 tasks': (url, { caller }) => call(url, 'GET', '/v1/tasks?limit=20', { credential: caller.token }),
  'heartbeat of an idle device': heartbeat(() => []),
  'claim nothing': (url, { caller }) =>
    call(url, 'GET', `/v1/daemon/tasks/pending?limit=1&claim_id=${randomUUID()}`, { credential: caller.deviceKey }),
  'publish 200 bytes': (url, { caller }) =>
    call(url, 'POST', '/api/publish', { body: { channel: `of-${caller.userId}`, message: 'well done '.repeat(20) } }),
};

/** So that what is written a moment after the answer is counted: events after 10 ms, presence after 500 ms. */
const EVENTS_MS = 30;
const PRESENCE_MS = 550;
/** Until Node has compiled what it needs, and every connection its statements. */
const WARM_UP_LIVES = 15;
const COUNTED_LIVES = 5;

type Spent = { serviceMs: number; postgresMs: number; walBytes: number };

async function ofOperations({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('cost_operations');
  const service = await startService(databaseUrl, profileDir);
  const meter = new pg.Client({ connectionString: databaseUrl });
  await meter.connect();
  try {
    const going = (await makeCallers(service.url, CALLERS)).map(
      (caller): Going => ({ caller, taskId: '', leaseId: '', claimId: '' }),
    );
    const lives = quick ? 15 : 60;
    say(`${Object.keys(OPERATIONS).length} operations, ${CALLERS} at once, ${lives} times`);
    const spent = await spentOn({ service, cluster, meter }, going, lives);
    const statements = await countStatements(service, going);
    return Object.keys(OPERATIONS).flatMap((name) => {
      const all = spent.get(name) ?? [];
      return [
        rowOf(
          name,
          'service CPU ms',
          all.map(({ serviceMs }) => serviceMs),
        ),
        rowOf(
          name,
          'PostgreSQL CPU ms',
          all.map(({ postgresMs }) => postgresMs),
        ),
        rowOf(
          name,
          'WAL bytes',
          all.map(({ walBytes }) => walBytes),
        ),
        rowOf(name, 'statements', [statements.get(name) ?? Number.NaN]),
      ];
    });
  } finally {
    await meter.end();
    await service.stop();
  }
}

type Measured = { service: MeasuredProcess; cluster: Cluster; meter: pg.Client };

/**
 * All callers do an operation at once, then the next one. What one took is the median of that, which leaves out the little
 * that goes on beside it: autovacuum, the sweep, jobs.
 */
async function spentOn({ service, cluster, meter }: Measured, going: readonly Going[], lives: number) {
  const look = async (): Promise<Spent> => ({
    serviceMs: await service.cpuMs(),
    postgresMs: familyCpuMs(cluster.pid),
    walBytes: await walWritten(meter),
  });
  const spent = new Map<string, Spent[]>();
  for (let life = 1; life <= WARM_UP_LIVES + lives; life++) {
    for (const each of going) each.claimId = randomUUID();
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const before = await look();
      await Promise.all(going.map((each) => operation(service.url, each)));
      await pause(name.startsWith('heartbeat') ? PRESENCE_MS : EVENTS_MS);
      const after = await look();
      const own = (figure: keyof Spent) => (after[figure] - before[figure]) / going.length;
      const one = { serviceMs: own('serviceMs'), postgresMs: own('postgresMs'), walBytes: own('walBytes') };
      if (life > WARM_UP_LIVES) spent.set(name, [...(spent.get(name) ?? []), one]);
    }
  }
  return spent;
}

async function walWritten(meter: pg.Client): Promise<number> {
  const { rows } = await meter.query<{ bytes: number }>(`select (pg_current_wal_lsn() - '0/0')::float8 as bytes`);
  return rows[0]?.bytes ?? Number.NaN;
}

/** Of one caller alone, who shares none with others. The sweep may come between, so the fewest of some lives count. */
async function countStatements(service: MeasuredProcess, [one]: readonly Going[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await service.ask('statements');
  for (let life = 0; life < COUNTED_LIVES; life++) {
    const going = { ...(one as Going), claimId: randomUUID() };
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      await operation(service.url, going);
      const sent = await service.ask<Statement[]>('statements');
      const own = sent.filter(({ text }) => !text.includes('pg_notify')).length;
      counts.set(name, Math.min(own, counts.get(name) ?? Number.POSITIVE_INFINITY));
    }
  }
  await service.ask('stop recording');
  return counts;
}

// ---- Of those who wait ----------------------------------------------------------------------------------------------

const WARM_UP = 200;
/** Longer than the answers of any of them. */
const SETTLE_MS = 2_000;
/** Long enough for each of them to look for itself a few times; with the rest shorter than a long poll. */
const WAIT_MS = 20_000;
const HALF_A_MINUTE_MS = 30_000;

/** One takes a thousand subscribers without a key. */
const CHANNELS = Array.from({ length: 20 }, (_, at) => `waited-for-${at}`);

type Opened = { close(): void };

async function ofThoseWhoWait({ cluster, quick, say }: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  const count = quick ? 500 : 2_000;
  for (const [what, open] of Object.entries(WAITERS)) {
    const service = await startService(await cluster.create(`cost_${what.split(' ').at(-1)}`));
    try {
      const [caller] = (await makeCallers(service.url, 1)) as [Caller];
      for (const channel of CHANNELS) {
        await call(service.url, 'POST', '/api/publish', { body: { channel, message: 'the first' } });
      }
      const openMany = (many: number) =>
        someAtATime(Array(many).fill(caller), (each, at) => open(service.url, each, at));
      for (const early of await openMany(WARM_UP)) early.close();
      await pause(SETTLE_MS);
      say(`${count} × ${what} that waits`);
      const before = await service.memoryMiB();
      const opened = await openMany(count);
      await pause(SETTLE_MS);
      const kib = ((await service.memoryMiB()) - before) * 1024;
      const spent = async () => [await service.cpuMs(), familyCpuMs(cluster.pid)] as const;
      const [serviceBefore, postgresBefore] = await spent();
      await pause(WAIT_MS);
      const [serviceAfter, postgresAfter] = await spent();
      for (const each of opened) each.close();
      const inHalfAMinute = (ms: number) => [(ms * HALF_A_MINUTE_MS) / WAIT_MS / count];
      rows.push(
        rowOf(`${what} that waits`, 'KiB of memory', [kib / count]),
        rowOf(`${what} that waits 30 s`, 'service CPU ms', inHalfAMinute(serviceAfter - serviceBefore)),
        rowOf(`${what} that waits 30 s`, 'PostgreSQL CPU ms', inHalfAMinute(postgresAfter - postgresBefore)),
      );
    } finally {
      await service.stop();
    }
  }
  return rows;
}

const WAITERS: Record<string, (url: string, caller: Caller, at: number) => Promise<Opened>> = {
  'a subscriber': (url, _, at) => subscribe(url, CHANNELS[at % CHANNELS.length] as string),
  async 'a socket'(url, { token }) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    await once(socket, 'open');
    return { close: () => socket.terminate() };
  },
  async 'a long poll'(url, { deviceKey }) {
    const ending = new AbortController();
    call(url, 'GET', '/v1/daemon/tasks/pending?wait=30', { credential: deviceKey, signal: ending.signal }).catch(
      () => {},
    );
    return { close: () => ending.abort() };
  },
};
