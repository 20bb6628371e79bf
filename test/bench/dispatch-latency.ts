/**
 * From the user to the device — how long after `POST /v1/tasks` is sent a device that waits has the task, its answer
 * parsed. The devices start and finish each task and wait again. The peer is the `pg` driver alone that sends the
 * statements of the POST and of the claim: what of the time is PostgreSQL's, and the machine's.
 */
import { atRandom } from './arrivals.ts';
import type { Bench } from './bench.ts';
import { callOf } from './calls.ts';
import { leadTask } from './lives.ts';
import { startProcess } from './measured-process.ts';
import { record } from './recording.ts';
import { judged, type Row } from './report.ts';
import { percentile, spreadOf } from './rounds.ts';
import { type Caller, call, makeCallers, startService } from './service.ts';

const DEVICES = 20;
const PER_SECOND = 100;
const P50_MS = { most: 10 };
const P99_MS = { most: 50 };
const WAIT_SECONDS = 25;
/** A machine that is too slow for the rate falls behind; a task that is lost never comes. */
const PATIENCE_MS = 30_000;
/** Tasks that each device leads first: Node compiles what runs often. */
const WARM_UP = 20;

export async function dispatchLatency({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('dispatch_latency');
  const service = await startService(databaseUrl, profileDir);
  const driver = await startProcess({ script: 'test/bench/peer-pg.ts', env: { DATABASE_URL: databaseUrl } });
  const stopping = new AbortController();
  let waiting: Promise<void>[] = [];
  try {
    const recording = await record(service);
    const devices = await makeCallers(service.url, DEVICES);
    const strangers = await makeCallers(service.url, DEVICES);
    await Promise.all(devices.map((device) => leadSome(service.url, device)));
    const arrivals: Arrivals = new Map();
    waiting = devices.map((device) => serve(service.url, device, arrivals, stopping.signal));
    for (const each of waiting) each.catch(() => {});

    const [seconds, count] = quick ? [2, 3] : [6, 5];
    const rate = { perSecond: PER_SECOND, seconds };
    const throughHttp = () =>
      atRandom(rate, (n) => sendOne(service.url, devices[n % DEVICES] as Caller, arrivals)).then(sorted);
    const throughDriver = () => driver.ask<number[]>('hand over', { recording, callers: strangers, rate }).then(sorted);
    say(`POST to a waiting device: ${count} rounds`);
    await throughDriver();
    await throughHttp();
    const rounds: { ours: number[]; raw: number[] }[] = [];
    while (rounds.length < count) rounds.push({ raw: await throughDriver(), ours: await throughHttp() });

    const rowOf = (name: string, share: number, target: { most: number }) =>
      judged({
        scenario: 'dispatch-latency',
        what: `POST /v1/tasks to a waiting device, ${PER_SECOND}/s, ${DEVICES} devices; raw pg`,
        unit: `${name} ms`,
        ours: spreadOf(rounds.map(({ ours }) => percentile(ours, share))),
        peer: spreadOf(rounds.map(({ raw }) => percentile(raw, share))),
        target,
      });
    return [rowOf('p50', 0.5, P50_MS), rowOf('p99', 0.99, P99_MS)];
  } finally {
    stopping.abort();
    await Promise.all(waiting);
    await Promise.all([service.stop(), driver.stop()]);
  }
}

const sorted = (latencies: number[]): number[] => latencies.sort((a, b) => a - b);

async function leadSome(url: string, device: Caller): Promise<void> {
  for (let led = 0; led < WARM_UP; led++) await leadTask(url, device);
}

/** What is to be called when a command has arrived. */
type Arrivals = Map<string, (at: number) => void>;

async function sendOne(url: string, device: Caller, arrivals: Arrivals): Promise<number> {
  const { method, path, credential, body } = callOf.create(device, { taskId: '', leaseId: '', claimId: '' });
  const command = `echo ${crypto.randomUUID()}`;
  const { promise: arrived, resolve, reject: lose } = Promise.withResolvers<number>();
  arrivals.set(command, resolve);
  const sentAt = performance.now();
  await call(url, method, path, { credential, body: { ...(body as object), command } });
  const patience = setTimeout(() => lose(new Error('A task did not reach its device')), PATIENCE_MS);
  const at = await arrived;
  clearTimeout(patience);
  return at - sentAt;
}

type Handed = { id: string; command: string; lease_id: string };

/** A daemon: waits for tasks, runs them in no time, and waits again meanwhile. */
async function serve(url: string, device: Caller, arrivals: Arrivals, signal: AbortSignal): Promise<void> {
  const { deviceKey: credential } = device;
  const running = new Set<Promise<void>>();
  const run = async ({ id: taskId, lease_id: leaseId }: Handed) => {
    for (const name of ['start', 'result'] as const) {
      const { method, path, ...content } = callOf[name](device, { taskId, leaseId, claimId: '' });
      await call(url, method, path, content);
    }
  };
  while (!signal.aborted) {
    const path = `/v1/daemon/tasks/pending?limit=3&wait=${WAIT_SECONDS}&claim_id=${crypto.randomUUID()}`;
    const answer = await call<{ tasks: Handed[] }>(url, 'GET', path, { credential, signal }).catch((error: unknown) => {
      if (signal.aborted) return { tasks: [] };
      throw error;
    });
    const at = performance.now();
    for (const task of answer.tasks) {
      arrivals.get(task.command)?.(at);
      arrivals.delete(task.command);
      const done = run(task).finally(() => running.delete(done));
      running.add(done);
    }
  }
  await Promise.all(running);
}
