/**
 * Leases — what happens when time passes and nobody reports. Run every few seconds by one process at a time; each rule
 * takes what is due in small transactions, skips what another transaction holds, and does nothing when run again.
 */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import { atomically, type Ctx } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { isSilent, markSilent } from './devices.ts';
import { dueFrom, isTriedAgain, LIFE, move, retryOrFinish, type TaskLife } from './task-states.ts';

/** Tasks per transaction: short locks, and still thousands a second. */
const BATCH = 200;

/** Applies every rule to everything that is due. Mostly nothing is, which one statement finds out in place of the rules. */
export async function sweep(ctx: Ctx): Promise<void> {
  if (!(await isAnythingDue(ctx))) return;
  for (const rule of RULES) while ((await applyOnce(ctx, rule)) === BATCH);
  await markSilent(ctx);
}

type TaskExpression = ExpressionBuilder<Tables, 'tasks'>;

type Rule = {
  due: (eb: TaskExpression, now: Date) => Expression<SqlBool>;
  apply: (tx: Ctx, tasks: TaskLife[]) => Promise<void>;
};

/** The lease ended and so did the device's say. */
const leaseEnded = (eb: TaskExpression, now: Date) => eb('lease_until', '<', now);

const RULES: readonly Rule[] = [
  {
    // It was asked to stop and never answered: cancelled, though nobody confirmed that it stopped.
    due: (eb, now) =>
      eb.and([
        eb('status', 'in', ['assigned', 'running']),
        leaseEnded(eb, now),
        eb('cancel_requested_at', 'is not', null),
      ]),
    apply: (tx, tasks) => move(tx, tasks, 'cancelled', { reason: 'unconfirmed' }),
  },
  {
    // Claimed and never started: nothing ran, so it is simply handed out again.
    due: (eb, now) => eb.and([eb('status', '=', 'assigned'), leaseEnded(eb, now)]),
    apply: (tx, tasks) => move(tx, tasks, 'queued', { reason: 'undelivered' }),
  },
  {
    due: (eb, now) => eb.and([eb('status', '=', 'running'), leaseEnded(eb, now), eb('on_disconnect', '=', 'requeue')]),
    apply: (tx, tasks) =>
      move(tx, tasks, 'queued', {
        reason: 'lost',
        set: { ...dueFrom(tx.now()), started_at: null, progress: null },
      }),
  },
  {
    due: (eb, now) => eb.and([eb('status', '=', 'running'), leaseEnded(eb, now), eb('on_disconnect', '=', 'fail')]),
    apply: fail,
  },
  {
    // Waited for until its timeout and some more. Its device still heartbeats: it hangs. It does not: it is lost.
    due: (eb, now) => eb.and([eb('status', '=', 'running'), eb('deadline_at', '<', now)]),
    apply: async (tx, tasks) => {
      const hanging = tasks.filter(({ lease_until }) => lease_until && lease_until >= tx.now());
      for (const task of hanging) {
        const set = { error_message: 'The device did not report an end within the timeout' };
        await retryOrFinish(tx, task, { status: 'timeout', reason: 'deadline', neverStarted: false, set });
      }
      await fail(
        tx,
        tasks.filter((task) => !hanging.includes(task)),
      );
    },
  },
  {
    due: (eb, now) => eb.and([eb('status', 'in', ['pending', 'queued']), eb('expires_at', '<=', now), isDue(eb)]),
    apply: (tx, tasks) => move(tx, tasks, 'cancelled', { reason: 'expired' }),
  },
  {
    // Its job releases it on time; this is for a job that was lost or came early.
    due: (eb, now) => eb.and([eb('status', '=', 'pending'), eb('ready_at', '<=', now)]),
    apply: (tx, tasks) => move(tx, tasks, 'queued'),
  },
];

/** A task that waits for its predecessor does not expire: its days count from when it is queued. */
const isDue = (eb: TaskExpression) => eb.or([eb('status', '=', 'queued'), eb('ready_at', 'is not', null)]);

async function fail(tx: Ctx, tasks: TaskLife[]): Promise<void> {
  const set = { error_message: 'lost: the device stopped reporting while the task ran' };
  const lost = { status: 'failed', reason: 'lost', neverStarted: false, set } as const;
  const again = tasks.filter((task) => isTriedAgain(task, lost));
  for (const task of again) await retryOrFinish(tx, task, lost);
  await move(
    tx,
    tasks.filter((task) => !again.includes(task)),
    'failed',
    { reason: 'lost', set },
  );
}

async function isAnythingDue({ db, now }: Ctx): Promise<boolean> {
  const at = now();
  const { is_due } = await db
    .selectNoFrom((eb) =>
      eb
        .or([
          ...RULES.map(({ due }) => eb.exists(eb.selectFrom('tasks').where((task) => due(task, at)))),
          eb.exists(eb.selectFrom('devices').where(isSilent(at))),
        ])
        .as('is_due'),
    )
    .executeTakeFirstOrThrow();
  return Boolean(is_due);
}

/** Applies a rule to at most one batch; returns its size. */
const applyOnce = (ctx: Ctx, { due, apply }: Rule): Promise<number> =>
  atomically(ctx, async (tx) => {
    const tasks = await tx.db
      .selectFrom('tasks')
      .select(LIFE)
      .where((eb) => due(eb, tx.now()))
      .limit(BATCH)
      .modifyEnd(sql`for update skip locked`)
      .execute();
    await apply(tx, tasks);
    return tasks.length;
  });
