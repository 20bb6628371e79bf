/**
 * Sockets — a thousand, each subscribed to a task of its own, over two processes. The heartbeats of the devices that run
 * these tasks tell of their progress, all to one process; how long after its heartbeat is sent each socket has the
 * `task.updated` of its task.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { withClient } from '../setup/cluster.ts';
import type { Bench } from './bench.ts';
import { judged, type Row } from './report.ts';
import { percentile, spreadOf } from './rounds.ts';
import { type Caller, call, makeCallers, startService } from './service.ts';
import { someAtATime } from './some-at-a-time.ts';

const USERS = 20;
const TASKS_EACH = 50;
const P99_MS = { most: 250 };
const PATIENCE_MS = 30_000;

type Watched = { caller: Caller; taskId: string; leaseId: string };
/** What is to be called when a task has been told of. */
type Arrivals = Map<string, () => void>;

export async function sockets({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('sockets');
  const processes = [await startService(databaseUrl, profileDir), await startService(databaseUrl)] as const;
  const open: WebSocket[] = [];
  try {
    const callers = await makeCallers(processes[0].url, USERS);
    const watched = await makeTasks(databaseUrl, callers);
    const arrivals: Arrivals = new Map();
    const watchOne = (one: Watched, at: number) => watch(processes[(at % 2) as 0 | 1].url, one, arrivals);
    open.push(...(await someAtATime(watched, watchOne)));

    const rounds = quick ? 4 : 15;
    say(`${watched.length} sockets, one task.updated each: ${rounds} rounds`);
    const p99s: number[] = [];
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const took = await tellAll(processes[0].url, watched, arrivals, round);
      if (round > 0) p99s.push(percentile(took, 0.99));
    }
    return [
      judged({
        scenario: 'sockets',
        what: `${watched.length.toLocaleString('en')} sockets of two processes, one task.updated each`,
        unit: 'p99 ms',
        ours: spreadOf(p99s),
        target: P99_MS,
      }),
    ];
  } finally {
    for (const socket of open) socket.terminate();
    await Promise.all(processes.map((each) => each.stop()));
  }
}

async function tellAll(url: string, watched: readonly Watched[], arrivals: Arrivals, progress: number) {
  const byDevice = Map.groupBy(watched, ({ caller }) => caller);
  const told = [...byDevice].map(async ([{ deviceKey }, tasks]) => {
    const sentAt = performance.now();
    const arrived = tasks.map(({ taskId }) => arrival(taskId, arrivals).then(() => performance.now() - sentAt));
    const current_tasks = tasks.map(({ taskId, leaseId }) => ({ task_id: taskId, lease_id: leaseId, progress }));
    const body = { status: 'busy', current_tasks };
    await call(url, 'POST', '/v1/daemon/heartbeat', { credential: deviceKey, body });
    return Promise.all(arrived);
  });
  return (await Promise.all(told)).flat().sort((a, b) => a - b);
}

const arrival = (taskId: string, arrivals: Arrivals): Promise<void> =>
  new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error('A socket was not told of its task')), PATIENCE_MS);
    arrivals.set(taskId, () => {
      clearTimeout(patience);
      arrivals.delete(taskId);
      resolve();
    });
  });

/** Resolves when it is subscribed. */
async function watch(url: string, { caller, taskId }: Watched, arrivals: Arrivals): Promise<WebSocket> {
  const headers = { authorization: `Bearer ${caller.token}` };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, { headers, perMessageDeflate: false });
  await once(socket, 'open');
  const subscribed = Promise.withResolvers<void>();
  socket.on('message', (text) => {
    const { type, data } = JSON.parse(text.toString()) as { type: string; data?: { task_id: string } };
    if (type === 'subscribed') subscribed.resolve();
    if (type === 'task.updated' && data?.task_id === taskId) arrivals.get(taskId)?.();
  });
  socket.send(JSON.stringify({ type: 'subscribe', channel: `task:${taskId}` }));
  await subscribed.promise;
  return socket;
}

/** Running ones, under leases that outlive the bench. */
async function makeTasks(databaseUrl: string, callers: readonly Caller[]): Promise<Watched[]> {
  const watched = callers.flatMap((caller) =>
    Array.from({ length: TASKS_EACH }, () => ({ caller, taskId: randomUUID(), leaseId: randomUUID() })),
  );
  await withClient(databaseUrl, (client) =>
    client.query(TASKS, [
      watched.map(({ taskId }) => taskId),
      watched.map(({ caller }) => caller.userId),
      watched.map(({ caller }) => caller.deviceId),
      watched.map(({ leaseId }) => leaseId),
    ]),
  );
  return watched;
}

const TASKS = `
  insert into tasks (id, user_id, device_id, task_type, command, status, attempt, lease_id, lease_until, deadline_at,
                     started_at, ready_at, expires_at)
  select id, user_id, device_id, 'bash', 'npm test', 'running', 1, lease_id, now() + interval '1 day',
         now() + interval '2 days', now(), now(), now() + interval '7 days'
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as task (id, user_id, device_id, lease_id)`;
