/**
 * Crash — whatever is killed and whenever: what was acknowledged is done, and done once.
 *
 * Tasks are created and run by real daemons while the API, the worker, a daemon or the whole PostgreSQL is killed again and
 * again and comes back. A kill comes when so many tasks have ended, so that there is always work under way. Each command
 * writes a line with its lease before it does anything else: a second run of one attempt cannot hide.
 *
 * A kill takes no power away: what PostgreSQL and the daemons have on the disk is there for the next process even where a
 * sync was forgotten.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { ApiError, ConnectionError, type NewTask } from '../../sdk/src/index.ts';
import { checkMail } from './crash-mail.ts';
import { MACHINES, openSite, type Site, strike, VICTIMS, type Victim } from './crash-site.ts';
import { type Device, KNOW_LEASE } from './fleet.ts';
import type { Harness, Trial } from './harness.ts';
import { checkHistory } from './history.ts';
import { until } from './until.ts';

/** `ahead`: how far creates may be ahead of what has ended and of the kills, so that they go on until the last kill. */
const SIZES = { short: { tasks: 160, kills: 8, ahead: 40 }, long: { tasks: 10_000, kills: 40, ahead: 150 } };

export const harness: Harness = {
  atLeast: {
    short: {
      'kills of the API': 2,
      'kills of the worker': 2,
      'kills of a daemon': 2,
      'kills of PostgreSQL': 2,
      'creates repeated': 15,
      'commands taken over': 1,
      'tasks run again as asked': 3,
      'refusals for now': 4,
      mails: 20,
    },
    long: {
      'kills of the API': 10,
      'kills of the worker': 10,
      'kills of a daemon': 10,
      'kills of PostgreSQL': 10,
      'creates repeated': 800,
      'commands taken over': 12,
      'tasks run again as asked': 200,
      'refusals for now': 100,
      mails: 4_000,
      'mails on their way at a kill': 5,
    },
  },
  run,
};

/** Creates under way at a time. */
const LANES = 6;
/** Share of the kills that come together with the next one. */
const TOGETHER = 0.25;
/** Milliseconds at most between the moment that the plan names and the kill. */
const JITTER_MS = 300;

/** Seconds: the lease of a device with the usual heartbeats. */
const LEASE = 90;
/**
 * Seconds without a renewal after which leases end in the short form, where waiting them out would take too long: the
 * rest of their time is taken away in the database. A busy daemon renews each 5 s.
 */
const SHORT_LEASE = 10;
const STUCK_MS = 2 * LEASE * 1000;
const STANDSTILL_MS = 60_000;

async function run(trial: Trial): Promise<void> {
  const { tasks, kills } = SIZES[trial.length];
  const site = await openSite(trial);
  const ending = new AbortController();
  trial.afterwards(() => ending.abort());
  watchProgress(site, ending.signal);
  const creating = createAll(site, ending.signal);

  const strikes = planOf(trial, kills);
  for (const [at, victims] of strikes.entries()) {
    site.due = Math.floor((tasks * (at + 0.5)) / (strikes.length + 0.5));
    const goesOn = await goesOnUntilDue(site);
    trial.check('work goes on between two kills', goesOn, { due: site.due, ended: site.ended });
    if (!goesOn) break;
    await delay(trial.random() * JITTER_MS);
    trial.say(`${site.ended} tasks have ended; kill -9 of ${victims.join(' and ')}`);
    await strike(site, victims);
    await checkSoFar(site);
    if (trial.hasFailed()) return;
  }

  const lastKillAt = performance.now();
  site.due = tasks;
  await creating;
  const isOver = await until(() => site.ended >= tasks, STUCK_MS - (performance.now() - lastKillAt));
  trial.measure('seconds from the last kill to the last end', Math.round((performance.now() - lastKillAt) / 1000));
  trial.check('every task has ended within two leases of the last kill', isOver, await openTasks(site));
  await checkSoFar(site);
  await checkAll(site, tasks);
  await checkHistory(trial, site.db);
  await checkMail(site);
}

// ---- What is killed -------------------------------------------------------------------------------------------------

/** Each victim as often as the others, in an order of the seed; sometimes two at once. */
function planOf(trial: Trial, kills: number): Victim[][] {
  const rounds = Array.from({ length: kills / VICTIMS.length }, () =>
    VICTIMS.map((victim) => ({ victim, place: trial.random() })).sort((one, other) => one.place - other.place),
  );
  const plan: Victim[][] = [];
  for (const { victim } of rounds.flat()) {
    const before = plan.at(-1);
    if (before?.length === 1 && before[0] !== victim && trial.random() < TOGETHER) before.push(victim);
    else plan.push([victim]);
  }
  return plan;
}

// ---- What is done meanwhile -----------------------------------------------------------------------------------------

type Kind = 'quick' | 'slow' | 'telling' | 'failing once';

/** What a command does after it has written its line. One that fails once asked to be run again. */
const COMMANDS: Record<Kind, string> = {
  quick: ':',
  slow: 'sleep 0.8',
  telling: 'echo "$lease"',
  'failing once': '[ -e "failed-$number" ] || { : >"failed-$number"; exit 3; }',
};

/** Of twenty tasks. */
const KINDS = { 'failing once': [0], slow: [5, 10, 15], telling: [2, 7] } satisfies Partial<Record<Kind, number[]>>;

function kindOf(number: number, of: number): Kind {
  const place = number % 20;
  if (KINDS.slow.includes(place)) return 'slow';
  if (KINDS.telling.includes(place)) return 'telling';
  // It is run again after 8 to 12 s, so it comes in time.
  return KINDS['failing once'].includes(place) && number < of * 0.9 ? 'failing once' : 'quick';
}

function taskOf({ folder }: Site, { id }: Device, number: number, of: number): NewTask {
  const kind = kindOf(number, of);
  return {
    device_id: id,
    command: `${KNOW_LEASE}; echo "$lease" >>runs; ${COMMANDS[kind]}`,
    args: { cwd: folder, env: { number } },
    ...(kind === 'failing once' ? { max_retries: 1 } : {}),
  };
}

/** Creates each task until that is acknowledged, and stays a little ahead of what has ended. */
async function createAll(site: Site, ending: AbortSignal): Promise<void> {
  const { tasks: count, ahead } = SIZES[site.trial.length];
  let next = 0;
  const lane = async () => {
    while (next < count && !ending.aborted) {
      if (next - Math.min(site.ended, site.due) >= ahead) {
        await delay(20);
        continue;
      }
      const number = next++;
      const device = site.devices[number % MACHINES] as Device;
      await create(site, device, number, taskOf(site, device, number, count), ending);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function create(
  { trial, acknowledged }: Site,
  { owner }: Device,
  number: number,
  task: NewTask,
  ending: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !ending.aborted; attempt++) {
    try {
      const { task_id } = await owner.client.tasks.create(task, { idempotencyKey: `task-${number}` });
      if (attempt > 0) trial.count('creates repeated');
      acknowledged.set(number, task_id);
      return;
    } catch (error) {
      const passes = error instanceof ConnectionError || (error instanceof ApiError && error.status >= 500);
      if (!passes) throw error;
      await delay(50);
    }
  }
}

/** Looks how many tasks have ended; in the short form it ends leases that nobody renews. */
function watchProgress(site: Site, ending: AbortSignal): void {
  const { trial, db } = site;
  const look = async () => {
    const { rows } = await db.query(
      `select coalesce(sum(stat_value), 0)::int as ended from statistics where stat_type like 'tasks_%'`,
    );
    site.ended = rows[0].ended;
    if (trial.length === 'long') return;
    const { rowCount } = await db.query(
      `update tasks set lease_until = now()
        where id in (select id from tasks
                      where status in ('assigned', 'running')
                        and lease_until between now() and now() + $1 * interval '1 s'
                        for update skip locked)`,
      [LEASE - SHORT_LEASE],
    );
    if (rowCount) trial.count('leases cut short', rowCount);
  };
  void (async () => {
    while (!ending.aborted) {
      await look().catch((error: pg.DatabaseError) => {
        if (error.code?.startsWith('42')) throw error; // all else is that PostgreSQL is away
      });
      await delay(100);
    }
  })();
}

// ---- What must hold -------------------------------------------------------------------------------------------------

/** The leases under which commands have run, one for each run. */
const runsOf = ({ folder }: Site): string[] => {
  try {
    return readFileSync(path.join(folder, 'runs'), 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // none yet
  }
};

/** What must hold at every moment. */
async function checkSoFar(site: Site): Promise<void> {
  const { trial, db, acknowledged } = site;
  const runs = runsOf(site);
  const twice = runs.filter((lease, at) => runs.indexOf(lease) !== at);
  trial.check('no attempt has run twice', twice.length === 0, twice);

  const promised = [...acknowledged];
  const { rows } = await db.query<{ number: number; id: string }>(
    `select (args->'env'->>'number')::int as number, id from tasks`,
  );
  const made = Map.groupBy(rows, ({ number }) => number);
  const lost = promised.filter(([number, id]) => !made.get(number)?.some((task) => task.id === id));
  trial.check('every create that was acknowledged is there', lost.length === 0, lost);
  const doubled = [...made.values()].filter(({ length }) => length > 1);
  trial.check('no create has made two tasks', doubled.length === 0, doubled);
}

/** Whether tasks go on to end until as many have as are due. */
async function goesOnUntilDue(site: Site): Promise<boolean> {
  for (;;) {
    const before = site.ended;
    if (await until(() => site.ended >= site.due, STANDSTILL_MS)) return true;
    if (site.ended === before) return false;
  }
}

async function openTasks({ db }: Site): Promise<unknown> {
  const { rows } = await db.query(
    `select id, status, attempt, lease_until from tasks where status in ('pending', 'queued', 'assigned', 'running') limit 5`,
  );
  return rows;
}

type Attempt = {
  task_id: string;
  number: number;
  lease_id: string;
  started_at: Date | null;
  status: string;
  attempt: number;
  stdout: string | null;
  error_message: string | null;
  retries_wanted: boolean;
};

/** A daemon that is killed while it starts a command cannot know whether it ran. */
const MAY_HAVE_RUN = 'The daemon stopped while it started the command; it may have run';

/** What must hold in the end. */
async function checkAll(site: Site, tasks: number): Promise<void> {
  const { trial, db, acknowledged } = site;
  trial.check('every create was acknowledged', acknowledged.size === tasks, acknowledged.size);
  const { rows: attempts } = await db.query<Attempt>(
    `select task_id, number, task_attempts.lease_id, task_attempts.started_at, status, attempt, stdout, error_message,
            retries_wanted
       from task_attempts join tasks on tasks.id = task_id`,
  );
  const { rows: slowest } = await db.query<{ id: string; seconds: number }>(
    `select id, extract(epoch from completed_at - created_at)::int as seconds
       from tasks order by completed_at - created_at desc nulls first limit 3`,
  );
  const isSoon = slowest.every(({ seconds }) => seconds !== null && seconds * 1000 <= STUCK_MS);
  trial.check('every task has ended within two leases of its create', isSoon, slowest);
  trial.measure('seconds of the slowest task', slowest[0]?.seconds ?? 0);
  const byLease = new Map(attempts.map((attempt) => [attempt.lease_id, attempt]));
  const runs = runsOf(site);
  const ran = new Set(runs);

  const unknown = runs.filter((lease) => !byLease.get(lease)?.started_at);
  trial.check('nothing ran but what the service had let start', unknown.length === 0, unknown);

  const last = attempts.filter(({ number, attempt }) => number === attempt);
  const empty = last.filter(({ status, lease_id }) => status === 'completed' && !ran.has(lease_id));
  trial.check('what completed has run', empty.length === 0, empty);
  const foreign = last.filter(
    ({ status, stdout, lease_id }) => status === 'completed' && stdout && stdout.trim() !== lease_id,
  );
  trial.check('a result is that of its own attempt', foreign.length === 0, foreign);
  const failed = last.filter(({ status }) => status !== 'completed');
  const wrong = failed.filter(({ status, error_message }) => status !== 'failed' || error_message !== MAY_HAVE_RUN);
  trial.check('nothing failed but what was being started when its daemon was killed', wrong.length === 0, wrong);
  trial.measure('failed: may have run', failed.length);

  const runsByTask = Map.groupBy(runs, (lease) => byLease.get(lease)?.task_id);
  const wanted = new Set(attempts.filter(({ retries_wanted }) => retries_wanted).map(({ task_id }) => task_id));
  const again = [...runsByTask].filter(([, { length }]) => length > 1).map(([task]) => task as string);
  trial.count('tasks run again as asked', again.filter((task) => wanted.has(task)).length);
  const unasked = again.filter((task) => !wanted.has(task));
  trial.check('no command ran again that did not ask for it', unasked.length === 0, unasked);
  trial.measure('attempts', attempts.length);
}
