/**
 * The states of a task, and the one way to change them.
 *
 *   pending ──► queued ──► assigned ──► running ──► completed | failed | cancelled | timeout
 *      ▲           ▲           │           │
 *      └───────────┴── back ───┴───────────┘   a retry with delay, or a hand-out that came to nothing
 *
 * pending waits for a time or for another task; queued waits for its device; assigned and running are held by the device
 * under a lease. A finished task never changes again. Claim and start, which run thousands of times a second, change
 * states in statements of their own (`dispatch.ts`); everything else goes through `move`.
 */
import { type Selectable, sql, type UpdateObject } from 'kysely';
import { actorName, type Ctx } from '../context.ts';
import { arrayOf } from '../db/arrays.ts';
import type { Tables } from '../db/orm.ts';
import type { TaskStatus } from '../db/task.ts';
import { orderResults } from './email-results.ts';
import { type Ended, MAX_TAIL, tellEnded } from './notifications.ts';
import { countFinished } from './stats.ts';

export type TaskRow = Selectable<Tables['tasks']>;

/** The part of a task that decides what may happen to it: all but its command and output. */
export const LIFE = [
  'id',
  'user_id',
  'device_id',
  'status',
  'attempt',
  'lease_id',
  'lease_until',
  'deadline_at',
  'started_at',
  'cancel_requested_at',
  'on_disconnect',
  'retries_wanted',
  'retry_count',
  'max_retries',
  'batch_id',
  'run_at',
  'ready_at',
  'grace_seconds',
  'progress',
] as const satisfies readonly (keyof TaskRow)[];

export type TaskLife = Pick<TaskRow, (typeof LIFE)[number]>;

export const LIFE_COLUMNS = sql.raw(LIFE.join(', '));

export const FINISHED: readonly TaskStatus[] = ['completed', 'failed', 'cancelled', 'timeout'];
export const HELD: readonly TaskStatus[] = ['assigned', 'running'];

export const isFinished = (status: TaskStatus): boolean => FINISHED.includes(status);
export const isHeld = (status: TaskStatus): boolean => HELD.includes(status);

/** First delay after which a task that is tried again becomes due; it doubles each time, up to the limit. */
const RETRY_FIRST_MS = 10_000;
const RETRY_MOST_MS = 600_000;
const RETRY_SPREAD = 0.2;

type Change = {
  /** Why, where the status alone does not say it. */
  reason?: string | null;
  set?: UpdateObject<Tables, 'tasks'>;
  /** What the device said of the attempt that ends; of one task alone. */
  report?: Report;
};

/** What is kept on an attempt of what its device said. */
export type Report = {
  result_digest: string;
  /** Null: it came too late. */
  result_status: TaskStatus | null;
  /** As JSON; null where the task itself shows it. */
  result: string | null;
};

/**
 * Moves `tasks`, which the transaction has locked, to one status: with an event each, a message where it is news, their
 * leases and attempts ended where they are no longer held, and their successors in a sequential batch queued or
 * cancelled. Those that finish are counted last, all together: the locks of the counters are then held for the commit
 * alone, and always in one order.
 */
export async function move(tx: Ctx, tasks: readonly TaskLife[], to: TaskStatus, change: Change = {}): Promise<void> {
  await countFinished(tx, await shift(tx, tasks, to, change));
}

/** Returns the ids of all that have finished by it. */
async function shift(tx: Ctx, tasks: readonly TaskLife[], to: TaskStatus, change: Change): Promise<string[]> {
  if (tasks.length === 0) return [];
  const now = tx.now();
  const { reason = null, set = {}, report = {} } = change;
  const ids = tasks.map(({ id }) => id);
  const attempts = tasks.map(({ attempt }) => attempt);
  const statuses = tasks.map(({ status }) => status);
  const lease = isHeld(to) ? {} : { lease_id: null, lease_until: null, deadline_at: null };
  const end = isFinished(to) ? { completed_at: now } : {};

  const changes = { status: to, reason, updated_at: now, ...lease, ...end, ...set };
  const { rows: moved } = await sql<Ended & Pick<TaskRow, 'source'>>`
    with before as (
      select *
        from unnest(${arrayOf('uuid', ids)}, ${arrayOf('int', attempts)}, ${arrayOf('text', statuses)})
               as before (id, attempt, status)
    ), moved as (
      update tasks set ${assigned(changes)} where id in (select id from before)
      returning id, user_id, device_id, exit_code, error_message, started_at, cancel_requested_at, source,
                left(command, ${MAX_TAIL}) as command,
                case when status <> 'completed' then right(stderr, ${MAX_TAIL}) end as stderr_tail,
                (select device_name from devices d where d.id = tasks.device_id) as device_name
    ), ended as (
      update task_attempts a set ${assigned({ ended_at: now, ...report })}
        from before b
       where b.status in ('assigned', 'running') and ${!isHeld(to)}::boolean
         and a.task_id = b.id and a.number = b.attempt and a.ended_at is null
    ), told as (
      insert into task_events (task_id, attempt, from_status, to_status, actor, reason, created_at)
      select id, attempt, status, ${to}, ${actorName(tx.actor)}, ${reason}, ${now}::timestamptz from before
    )
    select id, user_id, device_id, exit_code, error_message, started_at, cancel_requested_at, source, command, stderr_tail,
           device_name
      from moved`.execute(tx.db);

  tell(tx, tasks, to, set.progress as number | null | undefined);
  if (!isFinished(to)) return [];
  for (const { started_at } of tasks) {
    const ranMs = started_at && now.getTime() - started_at.getTime();
    tx.meter.note({ what: 'task.ended', status: to, ranMs });
  }
  await tellEnded(tx, moved, to, reason);
  await orderResults(tx, moved);
  return [...ids, ...(await settleSuccessors(tx, tasks, to))];
}

/** What an update sets, column by column. */
export const assigned = (changes: Record<string, unknown>) =>
  sql.join(Object.entries(changes).map(([column, value]) => sql`${sql.ref(column)} = ${value}`));

const tell = (tx: Ctx, tasks: readonly TaskLife[], to: TaskStatus, changed: number | null | undefined): void => {
  for (const { id, user_id, device_id, status, progress: before } of tasks) {
    const progress = changed === undefined ? before : changed;
    tx.events.emit({ type: 'task.changed', userId: user_id, taskId: id, deviceId: device_id, status: to, progress });
    if (to === 'queued' && device_id) tx.events.emit({ type: 'task.available', userId: user_id, deviceId: device_id });
    if (isHeld(status) && !isHeld(to)) tx.events.emit({ type: 'slots.freed', userId: user_id });
  }
};

/**
 * In a sequential batch the next task is queued when the one before completed, and the rest cancelled when it did not.
 * Returns the ids of those.
 */
async function settleSuccessors(tx: Ctx, tasks: readonly TaskLife[], to: TaskStatus): Promise<string[]> {
  const inBatches = tasks.filter(({ batch_id }) => batch_id).map(({ id }) => id);
  if (inBatches.length === 0) return [];
  const successors = await tx.db
    .selectFrom('tasks')
    .select(LIFE)
    .where(sql<boolean>`after_task_id = any(${inBatches})`)
    .where('status', '=', 'pending')
    .forUpdate()
    .execute();
  if (to !== 'completed') return shift(tx, successors, 'cancelled', { reason: 'predecessor' });
  for (const task of successors) await makeReady(tx, task);
  return [];
}

/** Due from `at` on. Its days to be delivered in begin anew: those before went by for another task or another attempt. */
export const dueFrom = (at: Date) => ({
  ready_at: at,
  expires_at: sql<Date>`${at}::timestamptz + (expires_at - coalesce(ready_at, created_at))`,
});

/** Queues a successor, or lets it wait for its own time. */
async function makeReady(tx: Ctx, task: TaskLife): Promise<void> {
  const now = tx.now();
  const due = task.run_at && task.run_at > now ? task.run_at : null;
  if (!due) {
    await shift(tx, [task], 'queued', { set: dueFrom(now) });
    return;
  }
  await tx.db.updateTable('tasks').set(dueFrom(due)).where('id', '=', task.id).execute();
  await tx.jobs.send({ name: 'release-task', data: { taskId: task.id } }, { startAfter: due });
}

/** What ended an attempt other than by completing. */
export type Shortfall = {
  status: 'failed' | 'timeout';
  reason: string | null;
  /** The command surely did not run, so that trying again repeats nothing. */
  neverStarted: boolean;
  set?: UpdateObject<Tables, 'tasks'>;
  report?: Report;
};

/**
 * A command is not blindly run again: what never ran is, and what ran only when the caller set `max_retries`.
 * A task that is to be cancelled is not tried again.
 */
export const isTriedAgain = (task: TaskLife, { neverStarted }: Pick<Shortfall, 'neverStarted'>): boolean =>
  !task.cancel_requested_at && task.retry_count < task.max_retries && (neverStarted || task.retries_wanted);

/** Tries the task again after a delay, or finishes it with the shortfall. */
export async function retryOrFinish(tx: Ctx, task: TaskLife, shortfall: Shortfall): Promise<TaskStatus> {
  const { status, reason, set = {}, report } = shortfall;
  const reported = report && { report };
  if (!isTriedAgain(task, shortfall)) {
    await move(tx, [task], status, { reason, set, ...reported });
    return status;
  }
  tx.meter.note({ what: 'task.retried' });
  const spread = 1 + RETRY_SPREAD * (2 * Math.random() - 1);
  const delayMs = Math.min(RETRY_FIRST_MS * 2 ** task.retry_count * spread, RETRY_MOST_MS);
  const due = new Date(tx.now().getTime() + delayMs);
  await move(tx, [task], 'pending', {
    reason: 'retry',
    set: { ...dueFrom(due), retry_count: task.retry_count + 1, started_at: null, progress: null },
    ...reported,
  });
  await tx.jobs.send({ name: 'release-task', data: { taskId: task.id } }, { startAfter: due });
  return 'pending';
}
