/**
 * From the user to the device — how long after `POST /v1/tasks` is sent a device that waits has the task, its answer
 * parsed. Tasks come by chance, 100 a second on average, whether the service keeps up or not; devices start and finish
 * each one and wait again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { callOf } from './calls.ts';
import { judged, type Row } from './report.ts';
import { percentile, spreadOf } from './rounds.ts';
import { type Caller, call, makeCallers, startService } from './service.ts';

const DEVICES = 20;
const PER_SECOND = 100;
const P50_MS = { most: 10 };
const P99_MS = { most: 50 };
const WAIT_SECONDS = 25;
const PATIENCE_MS = 5_000;

export async function dispatchLatency({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const service = await startService(await cluster.create('dispatch_latency'), profileDir);
  const devices = await makeCallers(service.url, DEVICES);
  const stopping = new AbortController();
  const arrivals: Arrivals = new Map();
  const waiting = devices.map((device) => serve(service.url, device, arrivals, stopping.signal));
  try {
    const [seconds, count] = quick ? [2, 3] : [6, 4];
    const round = () => sendFor(service.url, seconds, devices, arrivals);
    say(`POST to a waiting device: ${count} rounds`);
    await round();
    const rounds: number[][] = [];
    while (rounds.length < count) rounds.push(await round());
    const rowOf = (name: string, share: number, target: { most: number }) =>
      judged({
        scenario: 'dispatch-latency',
        what: `POST /v1/tasks to a waiting device, ${PER_SECOND}/s, ${DEVICES} devices`,
        unit: `${name} ms`,
        ours: spreadOf(rounds.map((latencies) => percentile(latencies, share))),
        target,
      });
    return [rowOf('p50', 0.5, P50_MS), rowOf('p99', 0.99, P99_MS)];
  } finally {
    stopping.abort();
    await Promise.all(waiting);
    await service.stop();
  }
}

/** What is to be called when a command has arrived. */
type Arrivals = Map<string, (at: number) => void>;

/** Sends tasks for `seconds`, waits until each has arrived, and gives how long each took, sorted. */
async function sendFor(url: string, seconds: number, devices: Caller[], arrivals: Arrivals): Promise<number[]> {
  const latencies: Promise<number>[] = [];
  const end = performance.now() + seconds * 1000;
  for (let due = performance.now(); due < end; due += untilNextMs()) {
    await pause(Math.max(0, due - performance.now()));
    latencies.push(sendOne(url, devices[latencies.length % devices.length] as Caller, arrivals));
  }
  return (await Promise.all(latencies)).sort((a, b) => a - b);
}

/** As between calls of many people who know nothing of each other. */
const untilNextMs = (): number => (-Math.log(1 - Math.random()) * 1000) / PER_SECOND;

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
