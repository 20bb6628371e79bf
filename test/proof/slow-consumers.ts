/**
 * Slow consumers — sockets and streams whose readers have stalled, with their connections open, beside as many that read
 * what a task writes and what is published. Those that read have everything, in its order and soon; those that stall hold
 * a bounded part of the memory. A socket is closed with 1013 when it is a MiB behind; a stream goes on where it was when
 * it reads again, and is let go after a minute in which it took nothing.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { type Consumer, numbered, openSocket, openStream } from './consumers.ts';
import { type Customer, clientOf, makeCustomer, type Running, startTask } from './customer.ts';
import type { Harness, Length, Trial } from './harness.ts';
import { type Server, startServer } from './server.ts';
import { until } from './until.ts';

type Scale = {
  /** Of each kind, and as many that stall as that read. */
  consumers: number;
  /** What each is sent in all is several times what the kernel keeps for a connection. */
  texts: number;
  perSecond: number;
  /** In the short form other harnesses use the same cores. */
  p99Ms: number;
};

const SCALES: Record<Length, Scale> = {
  short: { consumers: 20, texts: 72, perSecond: 16, p99Ms: 2_000 },
  long: { consumers: 150, texts: 72, perSecond: 2, p99Ms: 500 },
};
const TEXT_BYTES = 128 * 1024;
/** Connections that are opened at the same time. */
const AT_ONCE = 25;
const CHANNEL = 'slow';
const METRICS_TOKEN = 'the token of the proof for metrics';
const SLOW_SOCKET = 1013;
const MIB = 1024 * 1024;
/**
 * Twice of what was measured in either form (142 and 148 MiB on 2 cores): what a busy process takes. Those that stall add
 * little, because they share what they have not been sent; whether each of them is bounded is told by its end.
 */
const MOST_GROWN_BYTES = 300 * MIB;
const LOOK_EVERY_MS = 250;
const HEARTBEAT_EVERY_MS = 5_000;
/** In which the load is over, also where the machine has other things to do. */
const LOAD_MS = 90_000;
/** In which what was sent last has been counted. */
const COUNTED_MS = 2_000;
const ARRIVAL_MS = 60_000;
/** A socket that was told to go and does not answer is cut after 10 s. */
const CUT_MS = 15_000;
/** A stream that takes nothing is let go after 60 s. */
const LET_GO_MS = 75_000;

type Crowd = { live: Consumer[]; stalled: Consumer[] };

export const harness: Harness = {
  atLeast: {
    short: {
      'consumers stalled': 40,
      'live consumers': 40,
      'sockets closed with 1013': 20,
      'streams that went on': 20,
    },
    long: {
      'consumers stalled': 300,
      'live consumers': 300,
      'sockets closed with 1013': 75,
      'sockets cut': 75,
      'streams that went on': 75,
      'streams let go': 75,
    },
  },
  async run(trial) {
    const scale = SCALES[trial.length];
    const server = await startServer(trial, { databaseUrl: await trial.database(), env: { METRICS_TOKEN } });
    const customer = await makeCustomer(server.url);
    const task = await startTask(customer);
    await clientOf(server.url).relay.publish({ channel: CHANNEL, message: 'the first' });
    const sockets = await crowdOf(scale, () => openSocket(trial, server.url, { ...customer, taskId: task.id }));
    const streams = await crowdOf(scale, () => openStream(trial, server.url, CHANNEL));
    const live = [...sockets.live, ...streams.live];
    const stalled = [...sockets.stalled, ...streams.stalled];
    trial.count('live consumers', live.length);
    trial.count('consumers stalled', stalled.length);
    for (const consumer of stalled) consumer.stall();

    const memory = watchMemory(server);
    // They are told to go in the middle of the load, and have 10 s to hear of it.
    let isSent = false;
    const dropped = checkSockets(trial, server, sockets.stalled, () => isSent);
    await send(trial, { server, customer, task, scale });
    isSent = true;
    const haveAll = () => live.every(({ numbers }) => numbers.length >= scale.texts);
    trial.check('those that read have everything', await until(haveAll, ARRIVAL_MS), shortest(live));
    checkLive(trial, live, scale);
    const grownBytes = memory.stop();
    trial.measure('MiB grown', Math.round(grownBytes / MIB));
    const most = MOST_GROWN_BYTES;
    trial.check('the memory is bounded', grownBytes <= most, { grownBytes, most });

    await Promise.all([dropped, checkStreams(trial, server, streams.stalled, scale)]);
    trial.check(
      'those that read are still connected',
      live.every(({ closedWith }) => closedWith === undefined),
    );
  },
};

// ---- The load -------------------------------------------------------------------------------------------------------

async function crowdOf({ consumers }: Scale, open: () => Promise<Consumer>): Promise<Crowd> {
  const opened: Consumer[] = [];
  while (opened.length < 2 * consumers) {
    const some = Math.min(AT_ONCE, 2 * consumers - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: some }, open))));
  }
  // Every other one: whoever is told of an event in turn meets them all the time.
  return { live: opened.filter((_, at) => at % 2 === 0), stalled: opened.filter((_, at) => at % 2 === 1) };
}

/** Writes and publishes at an even pace, and keeps the lease. */
async function send(
  trial: Trial,
  { server, customer, task, scale }: { server: Server; customer: Customer; task: Running; scale: Scale },
): Promise<void> {
  const { device } = customer;
  const relay = clientOf(server.url).relay;
  trial.say(`${scale.texts} texts of ${TEXT_BYTES / 1024} KiB to ${4 * scale.consumers} consumers`);
  let beatAt = 0;
  for (let number = 0; number < scale.texts; number += 1) {
    const beganAt = performance.now();
    const chunk = numbered(number, TEXT_BYTES);
    await Promise.all([
      device.daemon.output(task.id, { lease_id: task.leaseId, stream: 'stdout', offset: number * TEXT_BYTES, chunk }),
      relay.publish({ channel: CHANNEL, message: numbered(number, TEXT_BYTES) }),
    ]);
    if (beganAt - beatAt > HEARTBEAT_EVERY_MS) {
      beatAt = beganAt;
      await device.daemon.heartbeat({ current_tasks: [{ task_id: task.id, lease_id: task.leaseId }] });
    }
    await delay(Math.max(0, 1_000 / scale.perSecond - (performance.now() - beganAt)));
  }
}

/** How far it grows beyond what it takes now. */
function watchMemory({ process: { pid } }: Server): { stop(): number } {
  const now = () => 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  const before = now();
  let most = before;
  const look = () => {
    most = Math.max(most, now());
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return most - before;
    },
  };
}

// ---- What came of it ------------------------------------------------------------------------------------------------

const shortest = (consumers: readonly Consumer[]) => Math.min(...consumers.map(({ numbers }) => numbers.length));

/** Each number once, from the first on. */
const isWhole = ({ numbers }: Consumer, texts: number): boolean =>
  numbers.length === texts && numbers.every((number, at) => number === at);

function checkLive(trial: Trial, live: readonly Consumer[], { texts, p99Ms }: Scale): void {
  const broken = live.filter((consumer) => !isWhole(consumer, texts));
  trial.check('those that read have each text once, in its order', broken.length === 0, broken[0]?.numbers);
  const delays = live.flatMap(({ delaysMs }) => delaysMs).sort((a, b) => a - b);
  const p99 = delays[Math.ceil(delays.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
  trial.measure('ms until a live one has it, p99', Math.round(p99));
  trial.check(`99 of 100 texts arrive within ${p99Ms} ms`, p99 < p99Ms, p99);
}

/** In the long form half of them never read again. */
const halves = (trial: Trial, consumers: readonly Consumer[]) => {
  const middle = trial.length === 'short' ? consumers.length : consumers.length / 2;
  return { waking: consumers.slice(0, middle), sleeping: consumers.slice(middle) };
};

async function checkSockets(
  trial: Trial,
  server: Server,
  stalled: readonly Consumer[],
  isSent: () => boolean,
): Promise<void> {
  const { waking, sleeping } = halves(trial, stalled);
  const areDropped = async () => (await droppedOf(server, 'ccjk_sockets_dropped_total', 'slow')) >= stalled.length;
  await until(async () => isSent() || (await areDropped()), LOAD_MS);
  const areTold = await until(areDropped, COUNTED_MS);
  trial.check('every stalled socket is told to go', areTold);
  if (!areTold) return;
  // Whoever reads again finds the reason behind what was sent before; a socket that is not told to go stays open.
  for (const socket of waking) socket.resume();
  await until(() => waking.every(({ closedWith }) => closedWith !== undefined), CUT_MS);
  const told = waking.filter(({ closedWith }) => closedWith === SLOW_SOCKET).length;
  trial.count('sockets closed with 1013', told);
  trial.check(
    'whoever reads again hears 1013',
    told === waking.length,
    waking.map(({ closedWith }) => closedWith),
  );
  const areGone = () => closedSockets(server) >= stalled.length;
  trial.check('every stalled socket is gone', await until(areGone, CUT_MS), closedSockets(server));
  for (const socket of sleeping) socket.resume();
  const cut = async () => sleeping.every(({ closedWith }) => closedWith === 0);
  trial.check(
    'whoever does not read is cut',
    await until(cut, CUT_MS),
    sleeping.map(({ closedWith }) => closedWith),
  );
  trial.count('sockets cut', sleeping.length);
}

async function checkStreams(
  trial: Trial,
  server: Server,
  stalled: readonly Consumer[],
  { texts }: Scale,
): Promise<void> {
  const { waking, sleeping } = halves(trial, stalled);
  for (const stream of waking) stream.resume();
  const areWhole = () => waking.every((stream) => isWhole(stream, texts));
  trial.check(
    'a stream that reads again has each text once, in its order',
    await until(areWhole, ARRIVAL_MS),
    shortest(waking),
  );
  trial.count('streams that went on', waking.filter((stream) => isWhole(stream, texts)).length);
  if (sleeping.length === 0) return;
  const areDropped = async () => (await droppedOf(server, 'ccjk_relay_drops_total', 'stalled')) >= sleeping.length;
  trial.check('every stalled stream is let go', await until(areDropped, LET_GO_MS));
  for (const stream of sleeping) stream.resume();
  const areEnded = () => sleeping.every(({ closedWith }) => closedWith !== undefined);
  trial.check('a stream that was let go ends', await until(areEnded, ARRIVAL_MS));
  trial.count('streams let go', sleeping.filter(({ closedWith }) => closedWith !== undefined).length);
}

/** As the service counts them. */
async function droppedOf({ url }: Server, metric: string, why: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  const line = (await response.text()).split('\n').find((each) => each.startsWith(`${metric}{why="${why}"}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** By its log. */
const closedSockets = ({ lines }: Server): number =>
  lines.filter((line) => line.includes('"msg":"socket closed"')).length;
