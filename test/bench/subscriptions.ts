/**
 * Subscriptions — how long after it is sent a message has come to the last of a thousand subscribers of two processes; how
 * fast subscribers that come late get all that a full channel keeps; and what those take of memory who only wait.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { judged, type Row } from './report.ts';
import { percentile, spreadOf } from './rounds.ts';
import { call, startService } from './service.ts';
import { someAtATime } from './some-at-a-time.ts';
import { type Stream, subscribe, subscribeAll } from './subscribers.ts';

const scenario = 'subscriptions';

const LISTENERS = 1_000;
const LAST_MS = { most: 200 };
/** So that one message is not measured in the wake of the one before. */
const PAUSE_MS = 20;

const KEPT = 1_000;
const LATECOMERS = 20;
const LEAST_REPLAYED = { least: 20_000 };

const IDLE = 5_000;
const IDLE_CHANNELS = 50;
const MOST_GROWTH_MIB = { most: 300 };
const WARM_UP = 200;

export async function subscriptions({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('subscriptions');
  const [first, second] = [await startService(databaseUrl, profileDir), await startService(databaseUrl)];
  try {
    return [
      await fanOut([first, second], quick ? { messages: 15, rounds: 2 } : { messages: 40, rounds: 5 }, say),
      await replay(first, quick ? 3 : 9, say),
      await idle(second, say),
    ];
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
}

const publish = (service: MeasuredProcess, channel: string, message: string) =>
  call(service.url, 'POST', '/api/publish', { body: { channel, message } });

// ---- To many at once ------------------------------------------------------------------------------------------------

async function fanOut(
  processes: readonly [MeasuredProcess, MeasuredProcess],
  { messages, rounds }: { messages: number; rounds: number },
  say: Bench['say'],
): Promise<Row> {
  const [first] = processes;
  await publish(first, 'many', 'the first');
  say(`1 publisher, ${LISTENERS} subscribers: ${rounds} rounds of ${messages} messages`);
  const channels = Array.from({ length: LISTENERS }, () => 'many');
  const streams = await subscribeAll(channels, (at) => (processes[at % 2] as MeasuredProcess).url);
  const lastOnes: number[] = [];
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const took: number[] = [];
    while (took.length < messages) {
      took.push(await untilLastHas(streams, (text) => publish(first, 'many', text)));
      await pause(PAUSE_MS);
    }
    if (round > 0)
      lastOnes.push(
        percentile(
          took.sort((a, b) => a - b),
          0.99,
        ),
      );
  }
  for (const stream of streams) stream.close();
  return judged({
    scenario,
    what: `1 publisher, ${LISTENERS} subscribers of two processes: the last has it`,
    unit: 'p99 ms',
    ours: spreadOf(lastOnes),
    target: LAST_MS,
  });
}

async function untilLastHas(streams: readonly Stream[], send: (text: string) => Promise<unknown>): Promise<number> {
  const text = crypto.randomUUID();
  const all = streams.map((stream) => until(stream, (received) => received.includes(text)));
  const sentAt = performance.now();
  await Promise.all([send(text), ...all]);
  return performance.now() - sentAt;
}

/** Resolves when what the stream gives from now on passes. */
const until = (stream: Stream, passes: (received: string) => boolean): Promise<void> =>
  new Promise((resolve) => {
    let received = '';
    stream.onText((text) => {
      received += text;
      if (passes(received)) resolve();
    });
  });

// ---- To those that come late ----------------------------------------------------------------------------------------

async function replay(service: MeasuredProcess, rounds: number, say: Bench['say']): Promise<Row> {
  const texts = Array.from({ length: KEPT }, (_, at) => `message ${at}`);
  await someAtATime(texts, (text) => publish(service, 'full', text));
  say(`${KEPT} messages to ${LATECOMERS} subscribers: ${rounds} rounds`);
  const perSecond: number[] = [];
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const startedAt = performance.now();
    const streams = await Promise.all(
      Array.from({ length: LATECOMERS }, async () => {
        const stream = await subscribe(service.url, 'full', 'event-0');
        await untilCounted(stream, KEPT);
        return stream;
      }),
    );
    if (round > 0) perSecond.push((LATECOMERS * KEPT * 1000) / (performance.now() - startedAt));
    for (const stream of streams) stream.close();
  }
  return judged({
    scenario,
    what: `replay of a channel with ${KEPT} messages to ${LATECOMERS} subscribers`,
    unit: 'message/s',
    ours: spreadOf(perSecond),
    target: LEAST_REPLAYED,
  });
}

/** Each message has it once. */
const MARK = 'event: message\n';

const untilCounted = (stream: Stream, count: number): Promise<void> =>
  new Promise((resolve) => {
    let found = 0;
    let rest = '';
    stream.onText((text) => {
      const parts = (rest + text).split(MARK);
      found += parts.length - 1;
      // A mark may begin in one piece and end in the next.
      rest = (parts.at(-1) as string).slice(1 - MARK.length);
      if (found >= count) resolve();
    });
  });

// ---- To those that wait ---------------------------------------------------------------------------------------------

async function idle(service: MeasuredProcess, say: Bench['say']): Promise<Row> {
  const channels = Array.from({ length: IDLE }, (_, at) => `idle-${at % IDLE_CHANNELS}`);
  for (const channel of new Set(channels)) await publish(service, channel, 'the first');
  const early = await subscribeAll(channels.slice(0, WARM_UP), () => service.url);
  for (const stream of early) stream.close();
  say(`${IDLE} subscribers that wait`);
  const before = await service.memoryMiB();
  const streams = await subscribeAll(channels, () => service.url);
  const growth = (await service.memoryMiB()) - before;
  for (const stream of streams) stream.close();
  return judged({
    scenario,
    what: `${IDLE.toLocaleString('en')} subscribers that wait: growth of the process`,
    unit: 'MiB',
    ours: spreadOf([growth]),
    target: MOST_GROWTH_MIB,
  });
}
