/**
 * Fencing — a daemon that was away for longer than its lease has no say any more in what it held.
 *
 * Each device has two daemons with one key; the second begins as a copy of the first, with its folder and all that it
 * holds. In each round one of them freezes, by SIGSTOP from without or at a point at which a death must do no harm. Its
 * leases end, the other one runs its tasks anew, and it wakes and goes on as if no time had passed. Whatever it says then
 * must be refused; so must whatever its leases are shown for again later.
 *
 * Before that another copy is made, of a journal that says of each lease that its command may be spawned. Both daemons show
 * it; the command runs once.
 *
 * A lease lasts 90 s and more. Here it ends as soon as its holder is frozen: the rest of its time is taken away in the
 * database, and that is all that 90 s would have done to it.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, cpSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { ApiError, CcjkCloud, type NewTask } from '../../sdk/src/index.ts';
import { type Config, readSettings } from '../../server/config.ts';
import { openService } from '../../server/deps.ts';
import { startSweep } from '../../server/jobs/sweep.ts';
import { type Daemon, type Device, KNOW_LEASE, makeDevice, makeFolder, makeOwner, startDaemon } from './fleet.ts';
import type { Harness, Trial } from './harness.ts';
import { checkHistory } from './history.ts';
import { startServer } from './server.ts';
import { until } from './until.ts';

/** `tasks`: of a device in a round; the largest plan lets an account hold ten at a time. */
const SIZES = { short: { devices: 2, tasks: 6, rounds: 3 }, long: { devices: 4, tasks: 10, rounds: 16 } };

export const harness: Harness = {
  atLeast: {
    short: {
      ...{ 'claims copied': 2, freezes: 8 },
      ...{ 'refusals of a daemon (409)': 15, 'refusals of a replay (409)': 15, 'leases lost': 5 },
    },
    long: {
      ...{ 'claims copied': 8, freezes: 68 },
      ...{ 'refusals of a daemon (409)': 300, 'refusals of a replay (409)': 600, 'leases lost': 200 },
    },
  },
  run,
};

/** Where a daemon freezes by itself. */
const POINTS = [
  'claimed',
  'journaled',
  'start answered',
  'spawning journaled',
  'spawned',
  'running journaled',
  'ended',
  'spooled',
] as const;
type Point = (typeof POINTS)[number];

/** Where the journal says that a command may be spawned. */
const UNSPAWNED: readonly Point[] = ['journaled', 'start answered'];

/** How a round goes: where it freezes, undefined: from without; and whether what it started runs on meanwhile. */
type Freeze = { at?: Point; runsOn: boolean };

const SWEEP_MS = 50;
const PATIENCE_MS = 60_000;
/** Milliseconds in which a daemon comes to a point, if it comes to it at all. */
const FREEZE_MS = 3_000;
/** Milliseconds after which a claim that was answered is in the journal of whoever got the answer. */
const JOURNALED_MS = 500;

/** Bytes, more than any command here writes: a piece that is there already may come again under any lease. */
const UNWRITTEN = 100_000;

/** The second daemon is in the folder of a copy. A gate is a pipe: the commands of its daemon wait until it is opened. */
type Pair = { device: Device; daemons: [Daemon, Daemon]; gates: [string, string] };

type Site = { trial: Trial; baseUrl: string; db: pg.Pool; folder: string };

async function run(trial: Trial): Promise<void> {
  const { devices, rounds } = SIZES[trial.length];
  const site = await open(trial);
  const pairs = await Promise.all(Array.from({ length: devices }, (_, at) => openPair(site, at)));
  for (const { at, runsOn } of planOf(trial, rounds)) {
    if (trial.hasFailed()) return;
    trial.say(`frozen ${at ? `at "${at}"` : 'from without'}${runsOn ? ', while its commands run on' : ''}`);
    await Promise.all(pairs.map((pair) => fence(site, pair, { runsOn, ...(at && { at }) })));
  }
  await checkRuns(site);
  await checkHistory(trial, site.db);
}

/** Each point as often as the others, and as often from without; the order is the seed's. */
function planOf(trial: Trial, rounds: number): Freeze[] {
  const others = Array.from({ length: Math.ceil(rounds / 2 / POINTS.length) }, () =>
    POINTS.map((at) => ({ at, place: trial.random() })).sort((one, other) => one.place - other.place),
  ).flat();
  return Array.from({ length: rounds }, (_, round) =>
    round % 2 === 0
      ? { runsOn: trial.length === 'long' && round % 8 === 6 }
      : { at: (others[(round - 1) / 2] as { at: Point }).at, runsOn: false },
  );
}

async function open(trial: Trial): Promise<Site> {
  const databaseUrl = await trial.database();
  const db = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  trial.afterwards(() => db.end());
  const folder = makeFolder(trial, 'fencing');
  const api = await startServer(trial, { databaseUrl, role: 'api' });

  // The sweep of the leases, as in a worker, and more often.
  const settings = readSettings({ DATABASE_URL: databaseUrl, DATA_DIR: folder, JWT_SECRET: 'unused'.repeat(8) });
  const opened = await openService(settings as Config, pino({ level: 'silent' }));
  trial.afterwards(() => opened.close());
  const sweeper = startSweep(opened.service, { intervalMs: SWEEP_MS });
  trial.afterwards(() => sweeper.close());
  return { trial, baseUrl: api.url, db, folder };
}

// ---- A device with two daemons --------------------------------------------------------------------------------------

const COMMAND = `${KNOW_LEASE}; echo "$lease" >>runs; [ -p "$GATE" ] && read -r _ <"$GATE"; echo "$lease"`;

/** The second daemon is made while the first one is frozen: both hold the same leases then, and the copy reports first. */
async function openPair(site: Site, at: number): Promise<Pair> {
  const { trial, baseUrl, folder } = site;
  const { tasks } = SIZES[trial.length];
  const device = await makeDevice(await makeOwner(baseUrl), tasks);
  const gates: Pair['gates'] = [path.join(folder, `gate-${at}`), path.join(folder, `gate-${at}-of-copy`)];
  const start = (name: string, gate: string) =>
    startDaemon(trial, {
      ...{ baseUrl, device, folder: path.join(folder, name), env: { GATE: gate } },
      onSaid: (said) => {
        if (said.type !== 'refused') return;
        if (said.status === 409) trial.count('refusals of a daemon (409)');
        trial.check('the service does not fail', said.status < 500, said);
      },
    });

  const name = `state-${at}`;
  const first = await start(name, gates[0]);
  for (const [turn, point] of UNSPAWNED.entries()) {
    if (trial.length === 'short' && turn !== at % UNSPAWNED.length) continue;
    await copyUnspawned(site, device, first, { point, gate: gates[1], start: () => start(copyOf(first), gates[1]) });
    if (trial.hasFailed()) break;
  }
  const ran = first.times('started');
  closeGate(trial, gates[0]);
  await queue(site, device, tasks);
  await until(() => first.times('started') === ran + tasks, PATIENCE_MS);
  await freeze(trial, first);
  const second = await start(copyOf(first), gates[1]);
  await until(() => second.times('adopted') === tasks, PATIENCE_MS);

  openGate(gates[0]);
  await until(() => second.leases().size === 0, PATIENCE_MS);
  const reported = async () => (await outcomesOf(site, device)).slice(-tasks);
  const before = await reported();
  trial.check(
    'what a copy reports first is recorded',
    before.length === tasks && before.every(({ status }) => status === 'failed'),
    before,
  );
  first.wake();
  await until(() => first.leases().size === 0, PATIENCE_MS);
  const after = await reported();
  trial.check('and stays when the original reports otherwise', JSON.stringify(after) === JSON.stringify(before), after);
  return { device, daemons: [first, second], gates };
}

/** A copy of its folder as it is; gives the name. */
function copyOf({ folder }: Daemon): string {
  const copy = `${folder}-copy`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
  // It names a process of this machine, which is no process of the copy's.
  rmSync(path.join(copy, 'daemon.lock'));
  return path.basename(copy);
}

type Copying = { point: Point; gate: string; start(): Promise<Daemon> };

/** The copy begins while the original is frozen, and keeps what it runs from ending before the original has gone on. */
async function copyUnspawned(
  site: Site,
  device: Device,
  original: Daemon,
  { point, gate, start }: Copying,
): Promise<void> {
  const { trial } = site;
  const tasks = Array.from({ length: SIZES[trial.length].tasks }, () => taskFor(site, device));
  await original.freezeAt(point);
  await device.owner.client.tasks.createBatch({ tasks });
  await until(original.isFrozen, PATIENCE_MS);
  const held = original.leases();
  trial.count('claims copied', held.size);

  closeGate(trial, gate);
  const copy = await start();
  await until(() => copy.times('dropped') + copy.times('started') >= held.size, PATIENCE_MS);
  original.wake();
  const ends = await until(async () => (await heldBy(site, device)).length === 0, PATIENCE_MS);
  trial.check('every task ends', ends);
  await copy.kill();
  openGate(gate);
  const runs = runsIn(site);
  const not = [...held].filter((lease) => runs.filter((run) => run === lease).length !== 1);
  trial.check('what was not yet spawned when its machine was copied runs once', not.length === 0, not);
}

async function freeze(trial: Trial, daemon: Daemon): Promise<void> {
  await daemon.freeze();
  trial.count('freezes');
}

function closeGate(trial: Trial, gate: string): void {
  execFileSync('mkfifo', [gate]);
  trial.afterwards(() => openGate(gate));
}

/** Lets all through that wait at it, and everybody who comes later. */
function openGate(gate: string): void {
  try {
    const held = openSync(gate, constants.O_RDWR | constants.O_NONBLOCK);
    rmSync(gate);
    closeSync(held);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // it is open
  }
}

/** One after another, so that both daemons get some. */
async function queue(site: Site, device: Device, count: number): Promise<void> {
  for (let made = 0; made < count; made++) await device.owner.client.tasks.create(taskFor(site, device));
}

const taskFor = ({ folder }: Site, { id }: Device): NewTask => ({
  device_id: id,
  command: COMMAND,
  args: { cwd: folder },
  on_disconnect: 'requeue',
});

// ---- A round --------------------------------------------------------------------------------------------------------

async function fence(site: Site, { device, daemons, gates }: Pair, { at, runsOn }: Freeze): Promise<void> {
  const { trial } = site;
  const { tasks } = SIZES[trial.length];
  const turn = trial.random() < 0.5;
  const [away, present] = turn ? daemons : [daemons[1], daemons[0]];
  const [gateOfAway, gateOfPresent] = turn ? gates : [gates[1], gates[0]];

  const endsFirst = at === 'ended' || at === 'spooled';
  if (!endsFirst) closeGate(trial, gateOfAway);
  closeGate(trial, gateOfPresent);
  if (at) await away.freezeAt(at);
  await queue(site, device, tasks);
  if (at) await until(away.isFrozen, FREEZE_MS);
  else await until(async () => (await heldBy(site, device)).every(isRunning), PATIENCE_MS);
  // One that got no task comes to no point.
  if (!away.isFrozen()) await away.freezeAt('nowhere');
  await freeze(trial, away);
  if (!runsOn) openGate(gateOfAway);

  const lost = await endLeases(site, device, present);
  const held = await heldBy(site, device);
  away.wake();
  const hears = await until(() => [...lost.keys()].every((lease) => !away.leases().has(lease)), PATIENCE_MS);
  trial.check('whoever was away hears that each of its leases is lost', hears, [...away.leases()]);
  await checkUntouched(site, device, held);
  if (trial.hasFailed()) return;
  await replay(site, device, lost);
  await checkUntouched(site, device, held);

  openGate(gateOfPresent);
  openGate(gateOfAway);
  const ends = await until(async () => (await heldBy(site, device)).length === 0, PATIENCE_MS);
  trial.check('every task ends', ends);
  const foreign = (await outcomesOf(site, device)).filter(
    ({ status, stdout, lease_id }) => status === 'completed' && stdout?.trim() !== lease_id,
  );
  trial.check('a result is that of the last lease', foreign.length === 0, foreign);
}

type Held = { id: string; status: string; lease_id: string | null };

/** What of the device's has not ended. */
async function heldBy({ db }: Site, { id }: Device): Promise<Held[]> {
  const { rows } = await db.query<Held>(
    `select id, status, lease_id from tasks
      where device_id = $1 and status in ('pending', 'queued', 'assigned', 'running')
      order by id`,
    [id],
  );
  return rows;
}

const isRunning = ({ status }: Held): boolean => status === 'running';

/**
 * Ends every lease that `present` does not hold, until it holds and runs all that is open. What the other one is handed
 * while it is frozen, by a claim that was waiting, is taken from it again. Returns lease → task.
 */
async function endLeases(site: Site, device: Device, present: Daemon): Promise<Map<string, string>> {
  const { trial, db } = site;
  const lost = new Map<string, string>();
  const strangeSince = new Map<string, number>();
  const isSettled = await until(async () => {
    const held = await heldBy(site, device);
    const own = present.leases();
    for (const { id, lease_id } of held) {
      if (lease_id === null || own.has(lease_id) || lost.has(lease_id)) continue;
      const since = strangeSince.get(lease_id) ?? performance.now();
      strangeSince.set(lease_id, since);
      if (performance.now() - since < JOURNALED_MS) continue;
      lost.set(lease_id, id);
      await db.query(`update tasks set lease_until = now() - interval '1 s' where id = $1 and lease_id = $2`, [
        id,
        lease_id,
      ]);
    }
    return held.every((task) => isRunning(task) && own.has(String(task.lease_id)));
  }, PATIENCE_MS);
  trial.check('what was lost is run by who is there', isSettled, await heldBy(site, device));
  trial.count('leases lost', lost.size);
  return lost;
}

async function checkUntouched(site: Site, device: Device, before: readonly Held[]): Promise<void> {
  const held = await heldBy(site, device);
  const isUntouched = JSON.stringify(held) === JSON.stringify(before);
  site.trial.check('nothing that is said under a lost lease changes a task', isUntouched, { held, before });
}

/** Shows each lease that was lost once more, for all that a lease is shown for. */
async function replay({ trial, baseUrl }: Site, device: Device, lost: ReadonlyMap<string, string>): Promise<void> {
  const { daemon } = new CcjkCloud({ baseUrl, token: device.key, maxRetries: 0 });
  for (const [lease_id, task_id] of lost) {
    const said = {
      start: () => daemon.start(task_id, { lease_id }),
      output: () => daemon.output(task_id, { lease_id, stream: 'stdout', offset: UNWRITTEN, chunk: 'stale' }),
      result: () => daemon.result(task_id, { lease_id, status: 'completed', exit_code: 0, stdout: 'stale' }),
    };
    for (const [what, say] of Object.entries(said)) {
      const status = await say().then(
        () => 200,
        (error: unknown) => (error instanceof ApiError ? error.status : String(error)),
      );
      if (status === 409) trial.count('refusals of a replay (409)');
      trial.check(`a lost lease opens no ${what}`, status === 409, status);
    }
  }
  const listed = [...lost].map(([lease_id, task_id]) => ({ task_id, lease_id }));
  const { lost_tasks } = await daemon.heartbeat({ status: 'busy', current_tasks: listed });
  const renewed = listed.filter(({ task_id }) => !lost_tasks.includes(task_id));
  trial.check('a heartbeat renews no lost lease', renewed.length === 0, renewed);
}

// ---- What is recorded -----------------------------------------------------------------------------------------------

type Outcome = { id: string; status: string; stdout: string | null; lease_id: string; result_digest: string | null };

/** Each task of the device, with its last attempt. */
async function outcomesOf({ db }: Site, { id }: Device): Promise<Outcome[]> {
  const { rows } = await db.query<Outcome>(
    `select tasks.id, status, stdout, task_attempts.lease_id, result_digest
       from tasks join task_attempts on task_id = tasks.id and number = attempt
      where tasks.device_id = $1
      order by tasks.created_at, tasks.id`,
    [id],
  );
  return rows;
}

/** The leases of the commands that ran, one for each run. */
const runsIn = ({ folder }: Site): string[] =>
  readFileSync(path.join(folder, 'runs'), 'utf8').split('\n').filter(Boolean);

async function checkRuns(site: Site): Promise<void> {
  const { trial, db } = site;
  const runs = runsIn(site);
  const twice = runs.filter((lease, at) => runs.indexOf(lease) !== at);
  trial.check('no attempt has run twice', twice.length === 0, twice);
  const { rows } = await db.query<{ lease_id: string }>(
    'select lease_id from task_attempts where started_at is not null',
  );
  const started = new Set(rows.map(({ lease_id }) => lease_id));
  const unknown = runs.filter((lease) => !started.has(lease));
  trial.check('nothing ran but what the service had let start', unknown.length === 0, unknown);
}
