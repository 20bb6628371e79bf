/**
 * A task's life — create, claim, start, result through HTTP, against the `pg` driver alone that sends the same statements;
 * both on a database with few tasks and on one with many.
 */
import type { Request } from 'autocannon';
import pg from 'pg';
import type { Bench } from './bench.ts';
import { CALLS, callOf } from './calls.ts';
import { CALLERS, load } from './load.ts';
import { type MeasuredProcess, startProcess } from './measured-process.ts';
import { type Recording, record } from './recording.ts';
import { compared, type Row } from './report.ts';
import { inRounds, type Sample } from './rounds.ts';
import { seed } from './seed.ts';
import { type Caller, headersOf, makeCallers, startService } from './service.ts';

const LEAST_OF_RAW = { least: 0.35 };
const MOST_GROWTH = { most: 1.3 };
/** All but the reading. */
const LIFE = CALLS.slice(0, 4);

export async function lifecycle(bench: Bench): Promise<Row[]> {
  const { quick, say } = bench;
  const [few, many] = quick ? ([1e3, 1e5] as const) : ([1e3, 1e6] as const);
  const [seconds, count] = quick ? [0.6, 3] : [1.5, 10];
  const worlds: World[] = [];
  try {
    for (const tasks of [few, many]) worlds.push(await makeWorld(bench, tasks));
    const [small, large] = worlds as [World, World];
    const sides = {
      smallOurs: await paced(small, seconds, throughHttp),
      smallRaw: await paced(small, seconds, throughDriver),
      largeRaw: await paced(large, seconds, throughDriver),
      largeOurs: await paced(large, seconds, throughHttp),
    };
    say(`a task's life: ${count} rounds`);
    const rounds = await inRounds(count, sides);
    for (const world of worlds) await requireThatAllWereLed(world);

    const about = { scenario: 'lifecycle', unit: 'life' };
    const what = (tasks: number) => `create→claim→start→result, ${tasks.toExponential(0)} tasks, against raw pg`;
    const slower = rounds.map(({ smallOurs, largeOurs }) => ({
      large: { perSecond: 1000 / largeOurs.perSecond, cpuMs: largeOurs.cpuMs },
      small: { perSecond: 1000 / smallOurs.perSecond, cpuMs: smallOurs.cpuMs },
    }));
    const [growth] = compared(slower, ['large', 'small'], { ...about, what: '', unit: '', target: MOST_GROWTH });
    return [
      ...compared(rounds, ['smallOurs', 'smallRaw'], { ...about, what: what(few), target: LEAST_OF_RAW }),
      ...compared(rounds, ['largeOurs', 'largeRaw'], { ...about, what: what(many), target: LEAST_OF_RAW }),
      {
        ...(growth as Row),
        what: `the same with ${many.toExponential(0)} tasks, against ${few.toExponential(0)}`,
        unit: 'ms/life',
      },
    ];
  } finally {
    await Promise.all(worlds.flatMap(({ service, driver }) => [service.stop(), driver.stop()]));
  }
}

/** A database with what works on it. */
type World = {
  databaseUrl: string;
  service: MeasuredProcess;
  driver: MeasuredProcess;
  recording: Recording;
  callers: Caller[];
  /** How many tasks have been led to their end. */
  led: number;
};

async function makeWorld({ cluster, profileDir, say }: Bench, tasks: number): Promise<World> {
  const databaseUrl = await cluster.create(`lifecycle_${tasks}`);
  // Migrates; and leaves, so that nothing of it runs while the rows are made.
  await (await startService(databaseUrl)).stop();
  say(`making ${tasks.toLocaleString('en')} tasks`);
  await seed(databaseUrl, tasks);
  const service = await startService(databaseUrl, profileDir);
  const driver = await startProcess({ script: 'test/bench/peer-pg.ts', env: { DATABASE_URL: databaseUrl } });
  const recording = await record(service);
  const callers = await makeCallers(service.url, CALLERS);
  return { databaseUrl, service, driver, recording, callers, led: 0 };
}

type Way = (world: World, livesEach: number) => Promise<Sample>;

/** Finds out how many lives take about `seconds`, which warms up as well. */
async function paced(world: World, seconds: number, way: Way): Promise<() => Promise<Sample>> {
  let livesEach = 4;
  for (const share of [0.5, 1]) {
    const { perSecond } = await way(world, livesEach);
    livesEach = Math.max(1, Math.round((perSecond * seconds * share) / CALLERS));
  }
  return () => way(world, livesEach);
}

const throughHttp: Way = async (world, livesEach) => {
  const requests = livesEach * CALLERS * LIFE.length;
  const requestsOf = (connection: number) => lifeOf(world.callers[connection] as Caller);
  const { perSecond, cpuMs } = await load(world.service, { requestsOf, lasts: { requests } });
  world.led += livesEach * CALLERS;
  return { perSecond: perSecond / LIFE.length, cpuMs: cpuMs * LIFE.length };
};

const throughDriver: Way = async (world, livesEach) => {
  const { driver, recording, callers } = world;
  const lives = livesEach * CALLERS;
  const cpuBefore = await driver.cpuMs();
  const startedAt = performance.now();
  await driver.ask('live', { recording, callers, lives: livesEach });
  const tookMs = performance.now() - startedAt;
  world.led += lives;
  return { perSecond: (lives * 1000) / tookMs, cpuMs: ((await driver.cpuMs()) - cpuBefore) / lives };
};

/** The calls of one life, each made from the answers to those before. */
function lifeOf(caller: Caller): Request[] {
  const given = { taskId: '', leaseId: '', claimId: '' };
  return LIFE.map((name) => ({
    setupRequest(request) {
      if (name === 'claim') given.claimId = crypto.randomUUID();
      const { method, path, credential, body } = callOf[name](caller, given);
      return { ...request, method, path, headers: headersOf(credential, body), body: body ? JSON.stringify(body) : '' };
    },
    onResponse(_status, answer) {
      if (name === 'create') given.taskId = JSON.parse(answer).data?.task_id;
      if (name === 'claim') given.leaseId = JSON.parse(answer).data?.tasks[0]?.lease_id;
    },
  }));
}

/** That none was lost on the way makes the figures worth something. */
async function requireThatAllWereLed({ databaseUrl, callers, led }: World): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query(
    `select count(*)::int as completed from tasks where user_id = any($1) and status = 'completed'`,
    [callers.map(({ userId }) => userId)],
  );
  await client.end();
  if (rows[0].completed !== led) throw new Error(`${led} tasks were led, and ${rows[0].completed} are completed`);
}
