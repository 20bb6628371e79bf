/**
 * Tasks — queue, read, cancel, retry: what their owner does. The states are in `task-states.ts`; what the device does is
 * in `dispatch.ts` and `results.ts`, and what time does in `leases.ts`.
 */
import { sql } from 'kysely';
import { actorName, atomically, type Ctx, userIdOf } from '../context.ts';
import { columnsOf } from '../db/columns.ts';
import { Task, type TaskStatus } from '../db/task.ts';
import { Failed } from '../failed.ts';
import { takeFromDay } from './daily-tasks.ts';
import { newsOfCreated } from './notifications.ts';
import { endOf } from './output-clip.ts';
import { type Page, type PageRequest, readPage } from './pages.ts';
import { isFinished, isHeld, LIFE, move, type TaskLife, type TaskRow } from './task-states.ts';
import { type TaskFilter, taskTotal } from './task-totals.ts';

const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_RETRIES = 3;
const LEAST_TIMEOUT_MS = 1000;
const MOST_TIMEOUT_MS = 86_400_000;

export type NewTask = {
  deviceId: string;
  type: TaskRow['task_type'];
  command: string;
  args?: Record<string, unknown> | undefined;
  priority: number;
  timeoutMs?: number | undefined;
  maxRetries?: number | undefined;
  runAt?: Date | undefined;
  expiresInSeconds: number;
  onDisconnect: TaskRow['on_disconnect'];
  graceSeconds: number;
  source: TaskRow['source'];
  parentTaskId?: string;
};

export type QueuedTask = { id: string; status: TaskStatus; estimatedStart: Date };

export type Batch = { batchId: string; tasks: QueuedTask[] };

/**
 * Queues one command. It waits as `pending` while its `runAt` lies ahead.
 * @throws Failed DEVICE_NOT_FOUND | DAILY_TASKS_REACHED
 */
export async function createTask(ctx: Ctx, task: NewTask): Promise<QueuedTask> {
  const [created] = await createAll(ctx, [task], { batchId: null, sequential: false });
  return created as QueuedTask;
}

/**
 * Queues several commands, all or none; in a sequence each waits for the one before.
 * @throws Failed DEVICE_NOT_FOUND | DAILY_TASKS_REACHED
 */
export async function createBatch(
  ctx: Ctx,
  tasks: readonly NewTask[],
  mode: 'parallel' | 'sequential',
): Promise<Batch> {
  const batchId = ctx.newId();
  return { batchId, tasks: await createAll(ctx, tasks, { batchId, sequential: mode === 'sequential' }) };
}

type Grouping = { batchId: string | null; sequential: boolean };

const createAll = (ctx: Ctx, tasks: readonly NewTask[], grouping: Grouping): Promise<QueuedTask[]> =>
  atomically(ctx, async (tx) => {
    await takeFromDay(tx, tasks.length);
    const ids = tasks.map(() => tx.newId());
    const rows = tasks.map((task, at) => rowOf(tx, task, ids, at, grouping));
    const intervals = await insert(tx, rows);
    for (const { source } of tasks) tx.meter.note({ what: 'task.created', source });
    for (const { id, user_id, device_id, status, ready_at } of rows) {
      tx.events.emit({ type: 'task.changed', userId: user_id, taskId: id, deviceId: device_id, status });
      if (status === 'queued') tx.events.emit({ type: 'task.available', userId: user_id, deviceId: device_id });
      else if (ready_at) await tx.jobs.send({ name: 'release-task', data: { taskId: id } }, { startAfter: ready_at });
    }
    return rows.map(({ id, status, device_id, run_at }) => {
      const earliest = Math.max(tx.now().getTime(), run_at?.getTime() ?? 0);
      const checkMs = (intervals.get(device_id) ?? 0) * 1000;
      return { id, status, estimatedStart: new Date(earliest + checkMs) };
    });
  });

/** A timeout among the arguments counts when the task has none of its own and it is one that could have been its own. */
const timeoutOf = ({ timeoutMs, args }: NewTask): number => {
  if (timeoutMs !== undefined) return timeoutMs;
  const among = args?.timeout;
  const usable =
    typeof among === 'number' && Number.isInteger(among) && among >= LEAST_TIMEOUT_MS && among <= MOST_TIMEOUT_MS;
  return usable ? among : DEFAULT_TIMEOUT_MS;
};

const rowOf = (tx: Ctx, task: NewTask, ids: readonly string[], at: number, { batchId, sequential }: Grouping) => {
  const now = tx.now();
  const due = task.runAt && task.runAt > now ? task.runAt : now;
  const predecessor = sequential && at > 0 ? (ids[at - 1] as string) : null;
  const status: TaskStatus = predecessor || due > now ? 'pending' : 'queued';
  const timeoutMs = timeoutOf(task);
  return {
    id: ids[at] as string,
    user_id: userIdOf(tx.actor),
    device_id: task.deviceId,
    task_type: task.type,
    command: task.command,
    args: task.args ?? null,
    status,
    priority: task.priority,
    timeout_ms: timeoutMs,
    timeout_seconds: Math.ceil(timeoutMs / 1000),
    max_retries: task.maxRetries ?? DEFAULT_RETRIES,
    retries_wanted: task.maxRetries !== undefined,
    on_disconnect: task.onDisconnect,
    grace_seconds: task.graceSeconds,
    source: task.source,
    parent_task_id: task.parentTaskId ?? null,
    request_id: tx.requestId,
    traceparent: tx.traceparent,
    batch_id: batchId,
    after_task_id: predecessor,
    run_at: task.runAt ?? null,
    ready_at: predecessor ? null : due,
    // Of one that waits for another it is a length of time, counted again from when it is queued.
    expires_at: new Date((predecessor ? now : due).getTime() + task.expiresInSeconds * 1000),
    created_at: now,
    updated_at: now,
  };
};

type NewRow = ReturnType<typeof rowOf>;

const NEW_ROW = [
  'id',
  'user_id',
  'device_id',
  'task_type',
  'command',
  'args',
  'status',
  'priority',
  'timeout_ms',
  'timeout_seconds',
  'max_retries',
  'retries_wanted',
  'on_disconnect',
  'grace_seconds',
  'source',
  'parent_task_id',
  'request_id',
  'traceparent',
  'batch_id',
  'after_task_id',
  'run_at',
  'ready_at',
  'expires_at',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof NewRow)[];

const NEW_COLUMNS = sql.raw(NEW_ROW.join(', '));

/**
 * Returns the devices' seconds between looks for tasks. Their messages are written with them. The devices are locked, so that none is deleted before its tasks
 * are there. The rows are one value, so that it is the same statement for one task as for a hundred.
 * @throws Failed DEVICE_NOT_FOUND
 */
async function insert(tx: Ctx, rows: readonly NewRow[]): Promise<Map<string, number>> {
  const deviceIds = [...new Set(rows.map(({ device_id }) => device_id))];
  const news = newsOfCreated(tx, rows, sql`select id from created`);
  const { rows: devices } = await sql<{ id: string; task_check_interval: number; to_mail: string[] }>`
    with named as (
      select id, task_check_interval from devices
       where user_id = ${userIdOf(tx.actor)} and id = any(${deviceIds}::uuid[])
         for key share
    ), created as (
      insert into tasks (${NEW_COLUMNS})
      select ${NEW_COLUMNS} from jsonb_populate_recordset(null::tasks, ${JSON.stringify(rows)}::jsonb)
       where device_id in (select id from named)
      returning id, status, created_at
    ), events as (
      insert into task_events (task_id, attempt, to_status, actor, created_at)
      select id, 0, status, ${actorName(tx.actor)}, created_at from created
    ), written as (${news.insertion})
    select id, task_check_interval, ${news.toMail} as to_mail from named`.execute(tx.db);
  if (devices.length < deviceIds.length) throw new Failed('DEVICE_NOT_FOUND');
  await news.tell(devices[0]?.to_mail ?? []);
  return new Map(devices.map(({ id, task_check_interval }) => [id, task_check_interval]));
}

const TASK = columnsOf(Task);

/** @throws Failed TASK_NOT_FOUND */
export async function getTask(ctx: Ctx, id: string): Promise<TaskRow> {
  const { rows } = await sql<TaskRow>`
    select ${TASK} from tasks where id = ${id} and user_id = ${userIdOf(ctx.actor)}`.execute(ctx.db);
  const [task] = rows;
  if (!task) throw new Failed('TASK_NOT_FOUND');
  return task;
}

/**
 * The task as it is when it has finished, or after `waitMs`.
 * @throws Failed TASK_NOT_FOUND
 */
export async function awaitTask(ctx: Ctx, id: string, waitMs: number, signal: AbortSignal): Promise<TaskRow> {
  let task = await getTask(ctx, id);
  if (waitMs === 0 || isFinished(task.status)) return task;
  await ctx.events.waitFor([`task:${task.id}`], { timeoutMs: waitMs, signal }, async () => {
    task = await getTask(ctx, id);
    return isFinished(task.status) || undefined;
  });
  return task;
}

/** What of a long stdout goes along with the news that the task has finished. */
const TOLD_BYTES = 16 * 1024;

export type TaskEnd = { status: TaskStatus; exitCode: number | null; stdout: string; isTruncated: boolean };

/** How a task ended, with the end of what it wrote; undefined when it is gone. */
export async function readTaskEnd(
  ctx: Ctx,
  { taskId, userId }: { taskId: string; userId: string },
): Promise<TaskEnd | undefined> {
  const row = await ctx.db
    .selectFrom('tasks')
    .select(['status', 'exit_code', 'stdout_truncated'])
    .select([
      sql<string>`right(coalesce(stdout, ''), ${TOLD_BYTES}::int)`.as('ending'),
      sql<number>`octet_length(coalesce(stdout, ''))`.as('bytes'),
    ])
    .where('id', '=', taskId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (!row) return undefined;
  const { status, exit_code: exitCode, stdout_truncated, ending, bytes } = row;
  const stdout = endOf(ending, TOLD_BYTES);
  return { status, exitCode, stdout, isTruncated: stdout_truncated || bytes > Buffer.byteLength(stdout) };
}

/** The user's tasks, the newest first; stdout and stderr are left out. */
export function listTasks(
  ctx: Ctx,
  filter: TaskFilter,
  request: PageRequest,
): Promise<Page<Omit<TaskRow, 'stdout' | 'stderr'>>> {
  let matching = ctx.db.selectFrom('tasks').where('user_id', '=', userIdOf(ctx.actor));
  if (filter.status) matching = matching.where('status', '=', filter.status);
  if (filter.deviceId) matching = matching.where('device_id', '=', filter.deviceId);
  if (filter.batchId) matching = matching.where('batch_id', '=', filter.batchId);
  return readPage(matching.select(SUMMARY), taskTotal(ctx, filter), request);
}

const SUMMARY = [
  ...LIFE,
  'task_type',
  'command',
  'args',
  'reason',
  'priority',
  'timeout_seconds',
  'timeout_ms',
  'exit_code',
  'signal',
  'stdout_truncated',
  'stderr_truncated',
  'error_message',
  'completed_at',
  'source',
  'parent_task_id',
  'request_id',
  'traceparent',
  'after_task_id',
  'expires_at',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof TaskRow)[];

/**
 * What happened to a task, the oldest first.
 * @throws Failed TASK_NOT_FOUND
 */
export async function listTaskEvents(ctx: Ctx, id: string) {
  const [{ owned } = { owned: false }] = await ctx.db
    .selectNoFrom((eb) =>
      eb
        .exists(eb.selectFrom('tasks').select('id').where('id', '=', id).where('user_id', '=', userIdOf(ctx.actor)))
        .as('owned'),
    )
    .execute();
  if (!owned) throw new Failed('TASK_NOT_FOUND');
  return ctx.db.selectFrom('task_events').selectAll().where('task_id', '=', id).orderBy('id').execute();
}

/**
 * Cancels a waiting task at once; of a held one it asks the device to stop. Cancelling again changes nothing.
 * @throws Failed TASK_NOT_FOUND | TASK_FINISHED
 */
export async function cancelTask(ctx: Ctx, id: string): Promise<TaskRow> {
  await atomically(ctx, async (tx) => {
    const task = await lockTask(tx, id);
    if (task.status === 'cancelled') return;
    if (isFinished(task.status)) throw new Failed('TASK_FINISHED');
    if (isHeld(task.status)) await requestCancel(tx, task);
    else await move(tx, [task], 'cancelled', { set: { cancel_requested_at: tx.now() } });
  });
  return getTask(ctx, id);
}

async function requestCancel(tx: Ctx, task: TaskLife): Promise<void> {
  const { id, user_id, device_id, status, progress, grace_seconds } = task;
  if (task.cancel_requested_at || !device_id) return;
  const now = tx.now();
  await tx.db.updateTable('tasks').set({ cancel_requested_at: now, updated_at: now }).where('id', '=', id).execute();
  tx.events.emit(
    { type: 'task.cancel', userId: user_id, taskId: id, deviceId: device_id, graceSeconds: grace_seconds },
    { type: 'task.changed', userId: user_id, taskId: id, deviceId: device_id, status, progress },
  );
}

async function lockTask(tx: Ctx, id: string): Promise<TaskLife> {
  const task = await tx.db
    .selectFrom('tasks')
    .select(LIFE)
    .where('id', '=', id)
    .where('user_id', '=', userIdOf(tx.actor))
    .forUpdate()
    .executeTakeFirst();
  if (!task) throw new Failed('TASK_NOT_FOUND');
  return task;
}

/**
 * Queues a finished task's command again, as a new task that names the old one as its parent.
 * @throws Failed TASK_NOT_FOUND | TASK_NOT_FINISHED | DEVICE_NOT_FOUND | DAILY_TASKS_REACHED
 */
export async function retryTask(ctx: Ctx, id: string): Promise<QueuedTask> {
  const task = await getTask(ctx, id);
  if (!isFinished(task.status)) throw new Failed('TASK_NOT_FINISHED');
  if (!task.device_id) throw new Failed('DEVICE_NOT_FOUND', { message: 'The device of this task has been deleted' });
  return createTask(ctx, {
    deviceId: task.device_id,
    type: task.task_type,
    command: task.command,
    args: task.args ?? undefined,
    priority: task.priority,
    timeoutMs: task.timeout_ms,
    maxRetries: task.retries_wanted ? task.max_retries : undefined,
    expiresInSeconds: EXPIRY_OF_RETRY_SECONDS,
    onDisconnect: task.on_disconnect,
    graceSeconds: task.grace_seconds,
    source: task.source,
    parentTaskId: task.id,
  });
}

/** Seven days, as a new task has by default. */
const EXPIRY_OF_RETRY_SECONDS = 604_800;
