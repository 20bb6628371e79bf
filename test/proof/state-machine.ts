/**
 * State machine — the owner of tasks, their machines, a copy of each, two processes of the service and time itself do at
 * once what comes to their minds, round after round. After each round every answer, every change that was written down and
 * every task as it is found must be explained by the model of one task (task-model.ts), and the books must be right
 * (ledger.ts).
 *
 * The rounds are commands of fast-check, generated from the seed; the long form makes what failed smaller. The clock moves
 * between rounds alone, by seconds to days.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import pg from 'pg';
import { PLANS } from '../../server/domain/plans.ts';
import { openClock } from '../setup/clock.ts';
import { LONG_SESSIONS, openInProcess } from '../setup/in-process.ts';
import type { Harness, Trial } from './harness.ts';
import { audit } from './ledger.ts';
import { carryOut, type Outcome } from './task-deeds.ts';
import { type Act, explains, swept } from './task-model.ts';
import { type AtOnce, atOnce, OPENING, pause } from './task-orders.ts';
import { type Look, look, openWorld, remember, type Setting, type World } from './task-world.ts';

/** Accounts, one after the other, and rounds of each. */
const SIZE = { short: { accounts: 10, rounds: 60 }, long: { accounts: 520, rounds: 60 } };
const BEGINNING = '2026-01-20T10:00:00Z';
const DAY_MS = 86_400_000;

export const harness: Harness = {
  atLeast: {
    short: { rounds: 100, 'changes of status': 80, 'races for one task': 20 },
    long: {
      rounds: 5_000,
      'changes of status': 6_000,
      'races for one task': 1_200,
      LEASE_LOST: 1_000,
      RESULT_CONFLICT: 80,
      TASK_FINISHED: 40,
      TASK_CANCELLED: 80,
      TASK_NOT_FINISHED: 150,
      OUTPUT_GAP: 20,
      PLAN_LIMIT_REACHED: 200,
      TOO_MANY_DEVICES: 50,
      STORAGE_QUOTA_EXCEEDED: 30,
    },
  },

  async run(trial) {
    const databaseUrl = await trial.database();
    const clock = openClock(BEGINNING);
    const open = async () => {
      const service = await openInProcess({ databaseUrl, clock, env: LONG_SESSIONS });
      trial.afterwards(service.close);
      return service;
    };
    const services = [await open(), await open()] as const;
    const tables = new pg.Client({ connectionString: databaseUrl });
    await tables.connect();
    trial.afterwards(() => tables.end());

    const { accounts, rounds } = SIZE[trial.length];
    const users: string[] = [];
    const moment = atOnce.map(roundOf(trial));
    const program = fc.asyncProperty(
      setting,
      fc.commands([moment, moment, moment, pause.map(pauseOf)], { maxCommands: rounds, size: 'max' }),
      async (chosen, commands) => {
        const world = await openWorld([...services], tables, chosen);
        users.push(world.userId);
        for (const together of OPENING) await round(trial, world, together);
        await fc.asyncModelRun(() => ({ model: world, real: world }), commands);
        if (!(await audit(trial, tables, [world.userId]))) throw new Error('the books are wrong');
        if (users.length % 20 === 0) trial.say(`${users.length} accounts`);
      },
    );
    const { failed, counterexample, errorInstance } = await fc.check(program, {
      seed: trial.seed,
      numRuns: accounts,
      endOnFailure: trial.length === 'short',
    });
    const seen = counterexample && `${JSON.stringify(counterexample[0])} ${counterexample[1]}: ${errorInstance}`;
    trial.check('no rounds of any account break a rule', !failed, seen);
    await audit(trial, tables, users);
  },
};

const setting: fc.Arbitrary<Setting> = fc.record({
  plan: fc.constantFrom('free', 'pro', 'pro', 'enterprise'),
  machines: fc.integer({ min: 1, max: 3 }),
  held: fc.integer({ min: 1, max: 4 }),
  quota: fc.constantFrom(null, 500_000),
});

// ---- Commands -------------------------------------------------------------------------------------------------------

type Command = fc.AsyncCommand<World, World>;

const pauseOf = (seconds: number): Command => ({
  check: () => true,
  run: async ({ clock }) => clock.advance(seconds),
  toString: () => `${seconds} s`,
});

const roundOf =
  (trial: Trial) =>
  (together: AtOnce): Command => ({
    check: () => true,
    run: (world) => round(trial, world, together),
    toString: () =>
      JSON.stringify(together, (_, value) => (typeof value === 'string' && value.length > 1_000 ? 'long' : value)),
  });

/** Throws when a rule was broken, so that fast-check looks for less that breaks it. */
async function round(trial: Trial, world: World, { focus, orders }: AtOnce): Promise<void> {
  const faults: string[] = [];
  const check = (sentence: string, held: boolean, seen?: unknown) => {
    trial.check(sentence, held, seen);
    if (!held) faults.push(`${sentence}: ${JSON.stringify(seen)}`);
  };
  const settled = await Promise.allSettled(orders.map((order) => carryOut(world, order, focus)));
  const failures = settled.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
  check('every call is answered as it is documented', failures.length === 0, failures);
  const outcomes = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const found = await look(world);
  countEvents(trial, outcomes, found);
  if (failures.length === 0) await judge(check, world, { orders, outcomes, found });
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

// ---- Judging --------------------------------------------------------------------------------------------------------

type Check = Trial['check'];
type Seen = { orders: AtOnce['orders']; outcomes: Outcome[]; found: Look };

async function judge(check: Check, world: World, seen: Seen): Promise<void> {
  judgeTasks(check, world, seen);
  if (seen.orders.length === 1) judgeClaim(check, world, seen);
  await judgeRefusals(check, world, seen);
  remember(world, seen.found);
}

/** Each task by itself: what is right for each is right for all of them (locality, in the paper of task-model.ts). */
function judgeTasks(check: Check, world: World, { orders, outcomes, found }: Seen): void {
  const now = world.clock.now().getTime();
  const actsOn = Map.groupBy(
    outcomes.flatMap(({ acts }) => acts),
    ([id]) => id,
  );
  const unknown = [...actsOn.keys()].filter((id) => !found.tasks.has(id));
  check('what was answered is in the tables', unknown.length === 0, unknown);
  const sweeps = orders.filter((each) => each.do === 'sweep').length;
  const isReleased = orders.some((each) => each.do === 'release');
  for (const [id, entry] of found.tasks) {
    const { task: after, changes, predecessor } = entry;
    const acts: Act[] = (actsOn.get(id) ?? []).map(([, act]) => act);
    const before = world.tasks.get(id)?.task;
    const round = { now, before, acts, changes, after, isSwept: sweeps > 0, isReleased, predecessor };
    const task = explains(round);
    check('an order of the calls explains every answer and what became of the task', task !== undefined, round);
    if (sweeps === 1 && !isReleased && acts.length === 0)
      check('a sweep leaves nothing that is due', swept(after, now).next().done === true, after);
    if (task) entry.task = task;
  }
}

/** Alone, a claim hands out as many as the limits let it, the most urgent first. */
function judgeClaim(check: Check, world: World, { outcomes, found }: Seen): void {
  const { claimed } = outcomes[0] ?? {};
  const machine = claimed && world.machines[claimed.machine];
  if (!claimed || !machine) return;
  const { handed } = claimed;
  const now = world.clock.now().getTime();
  const before = [...world.tasks];
  const isHeld = (status: string) => status === 'assigned' || status === 'running';
  const fresh = handed.filter((id) => !isHeld(world.tasks.get(id)?.task.status ?? ''));
  const held = before.filter(([, { task }]) => isHeld(task.status));
  const waiting = before.filter(
    ([, { task, machine: whose }]) => whose === claimed.machine && task.status === 'queued' && task.expiresAt > now,
  );
  const room = Math.min(
    claimed.limit,
    machine.held - held.filter(([, { machine: whose }]) => whose === claimed.machine).length,
    PLANS[world.plan].concurrentTasks - held.length,
  );
  const most = Math.max(0, Math.min(room, waiting.length));
  // The same claim again is given what it was given before, and nothing new where that was something.
  const isFull = claimed.isAgain ? fresh.length === 0 || fresh.length === most : fresh.length === most;
  check('a claim hands out as much as the limits let it', isFull, { handed, most, room });
  const priorities = waiting.map(([, { priority }]) => priority).sort((a, b) => b - a);
  const given = fresh.map((id) => found.tasks.get(id)?.priority);
  check('the most urgent are handed out first', isDeepStrictEqual(given, priorities.slice(0, fresh.length)), given);
}

/** What a limit refused was over it. */
async function judgeRefusals(check: Check, world: World, { outcomes }: Seen): Promise<void> {
  const refused = outcomes.flatMap((each) => (each.refused ? [each.refused] : []));
  if (refused.length === 0) return;
  const midnight = new Date(world.clock.now().getTime() - (world.clock.now().getTime() % DAY_MS));
  const { rows } = await world.tables.query(
    `select (select count(*)::int from tasks where user_id = $1 and created_at >= $2) as today,
            (select count(*)::int from devices where user_id = $1) as devices`,
    [world.userId, midnight],
  );
  const { today, devices } = rows[0];
  const { tasksPerDay, devices: mostDevices } = PLANS[world.plan];
  const asked = outcomes.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  for (const { code, tasks = 0 } of refused) {
    const isOver =
      code === 'TOO_MANY_DEVICES'
        ? devices >= mostDevices
        : code === 'STORAGE_QUOTA_EXCEEDED'
          ? world.used + asked > world.quota
          : today + tasks > tasksPerDay;
    check('what a limit refused was over it', isOver, { code, today, tasks, devices, used: world.used, asked });
  }
}

// ---- Counting -------------------------------------------------------------------------------------------------------

const isReading = ({ act, answer }: Act): boolean => act === 'news' || (act === 'renew' && answer === 'lost');

function countEvents(trial: Trial, outcomes: readonly Outcome[], found: Look): void {
  trial.count('rounds');
  const acts = outcomes.flatMap((each) => each.acts);
  for (const [, { answer }] of acts) if (/^[A-Z]/.test(answer)) trial.count(answer);
  for (const { refused, acts } of outcomes) if (refused && acts.length === 0) trial.count(refused.code);
  for (const { changes } of found.tasks.values()) trial.count('changes of status', changes.length);
  const writing = Map.groupBy(
    acts.filter(([, act]) => !isReading(act)),
    ([id]) => id,
  );
  trial.count('races for one task', [...writing.values()].filter(({ length }) => length > 1).length);
}
