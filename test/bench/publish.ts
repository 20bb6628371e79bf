/**
 * Publishing — messages of about 200 bytes over many channels and to a single one, nobody subscribed and one subscriber at
 * each, against a bare Fastify that does one INSERT for each; then how long one takes when they come by chance.
 */
import type { Request } from 'autocannon';
import { atRandom } from './arrivals.ts';
import type { Bench } from './bench.ts';
import { load } from './load.ts';
import { type MeasuredProcess, startProcess } from './measured-process.ts';
import { compared, judged, type Row } from './report.ts';
import { inRounds, percentile, spreadOf } from './rounds.ts';
import { call, headersOf, LOG_LEVEL, startService } from './service.ts';
import { subscribeAll } from './subscribers.ts';

const CHANNELS = 100;
const LEAST = { many: { least: 0.5 }, hot: { least: 0.3 } };
const PER_SECOND = 500;
const P99_MS = { most: 30 };
const TEXT = 'the build of the module has ended well; '.repeat(5);

const MANY = Array.from({ length: CHANNELS }, (_, at) => `many-${at}`);
const HOT = ['hot'];

export async function publish({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('publish');
  const service = await startService(databaseUrl, profileDir);
  const peer = await startProcess({
    script: 'test/bench/peer-publish.ts',
    env: { DATABASE_URL: databaseUrl, LOG_LEVEL },
  });
  try {
    for (const channel of [...MANY, ...HOT]) await publishOne(service, channel);

    const [seconds, count] = quick ? [0.5, 2] : [0.8, 6];
    const rates = async (channels: readonly string[], what: string, target: { least: number }) => {
      const requestsOf = (connection: number) => channels.map((_, at) => requestOf(channels, connection + at));
      const measure = (side: MeasuredProcess) => () => load(side, { requestsOf, lasts: { seconds } });
      const sides = { ours: measure(service), peer: measure(peer) };
      await inRounds(1, sides);
      const rounds = await inRounds(count, sides);
      return compared(rounds, ['ours', 'peer'], { scenario: 'publish', what, unit: 'request', target });
    };
    const rows: Row[] = [];
    for (const [channels, where, target] of [
      [MANY, `over ${CHANNELS} channels`, LEAST.many],
      [HOT, 'to one channel', LEAST.hot],
    ] as const) {
      say(`POST /api/publish ${where}: ${count} rounds without and with subscribers`);
      rows.push(...(await rates(channels, `POST /api/publish ${where}, no subscriber; one INSERT`, target)));
      const streams = await subscribeAll(channels, () => service.url);
      rows.push(...(await rates(channels, `POST /api/publish ${where}, one subscriber each; one INSERT`, target)));
      for (const stream of streams) stream.close();
    }
    return [...rows, ...(await latency(service, peer, quick ? [1.5, 1] : [3, 3], say))];
  } finally {
    await Promise.all([service.stop(), peer.stop()]);
  }
}

const bodyOf = (channel: string) => ({ channel, message: TEXT });

const publishOne = (side: MeasuredProcess, channel: string) =>
  call(side.url, 'POST', '/api/publish', { body: bodyOf(channel) });

const requestOf = (channels: readonly string[], at: number): Request => {
  const body = bodyOf(channels[at % channels.length] as string);
  return { method: 'POST', path: '/api/publish', headers: headersOf(undefined, body), body: JSON.stringify(body) };
};

async function latency(
  service: MeasuredProcess,
  peer: MeasuredProcess,
  [seconds, count]: readonly [number, number],
  say: Bench['say'],
): Promise<Row[]> {
  say(`POST /api/publish by chance: ${count} rounds`);
  const took = async (side: MeasuredProcess) => {
    const latencies = await atRandom({ perSecond: PER_SECOND, seconds }, async (n) => {
      const startedAt = performance.now();
      await publishOne(side, MANY[n % CHANNELS] as string);
      return performance.now() - startedAt;
    });
    return latencies.sort((a, b) => a - b);
  };
  for (const side of [peer, service]) await took(side);
  const rounds: { ours: number[]; peer: number[] }[] = [];
  while (rounds.length < count) rounds.push({ peer: await took(peer), ours: await took(service) });
  const rowOf = (name: string, share: number, target?: { most: number }) =>
    judged({
      scenario: 'publish',
      what: `POST /api/publish, ${PER_SECOND}/s over ${CHANNELS} channels; one INSERT`,
      unit: `${name} ms`,
      ours: spreadOf(rounds.map(({ ours }) => percentile(ours, share))),
      peer: spreadOf(rounds.map((round) => percentile(round.peer, share))),
      ...(target ? { target } : {}),
    });
  return [rowOf('p50', 0.5), rowOf('p99', 0.99, P99_MS)];
}
