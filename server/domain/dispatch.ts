/**
 * Dispatch — hand tasks to their device, and let it start them.
 *
 * A hand-out is an attempt with a lease: a random id that only this hand-out has. Whoever starts, renews or ends the
 * attempt shows it, so a device that was away too long, or a copy of it, cannot touch what has since been handed out
 * again. With a claim id the hand-out can be fetched again after a lost answer, and the command may run only after
 * `startTask` said so; without one, delivery itself is the start.
 */
import { sql } from 'kysely';
import { type Actor, actorName, atomically, type Ctx } from '../context.ts';
import type { TaskStatus } from '../db/task.ts';
import { together } from '../db/together.ts';
import { Failed } from '../failed.ts';
import type { Urgency } from '../ports.ts';
import { IS_PAUSED } from './pauses.ts';
import { PLANS } from './plans.ts';
import { LIFE, move, type TaskRow } from './task-states.ts';

export type DeviceActor = Extract<Actor, { kind: 'device' }>;

/** A lease lasts three heartbeats, and never less than this many seconds. */
const LEAST_LEASE_SECONDS = 90;
const HEARTBEATS_PER_LEASE = 3;

/** How long after a task's timeout the server waits for the device's own report. */
export const DEADLINE_GRACE_MS = 30_000;

export const leaseEnd = (ctx: Ctx, { device }: DeviceActor): Date => {
  const seconds = Math.max(LEAST_LEASE_SECONDS, HEARTBEATS_PER_LEASE * device.heartbeatInterval);
  return new Date(ctx.now().getTime() + seconds * 1000);
};

/** The device as whom the context acts. The guard lets nobody else through. */
export const deviceOf = ({ actor }: Ctx): DeviceActor => {
  if (actor.kind === 'device') return actor;
  throw new Error(`A ${actor.kind} actor is no device: the contract opened this route too far`);
};

export type HandedTask = Pick<
  TaskRow,
  | 'id'
  | 'task_type'
  | 'command'
  | 'args'
  | 'priority'
  | 'max_retries'
  | 'timeout_ms'
  | 'grace_seconds'
  | 'attempt'
  | 'created_at'
  | 'ready_at'
  | 'request_id'
  | 'traceparent'
> & { lease_id: string; lease_until: Date };

const HANDED = sql`id, task_type, command, args, priority, max_retries, timeout_ms, grace_seconds, attempt, created_at, ready_at,
  request_id, traceparent, lease_id, lease_until`;

export type Claim = {
  limit: number;
  /** Names this claim, so that the same call can be repeated; without it delivery counts as start. */
  claimId?: string | undefined;
  /** How long to wait for a task when there is none. */
  waitMs: number;
  signal: AbortSignal;
};

/**
 * Hands out the device's queued tasks, the most urgent and then the oldest first, within both concurrency limits. None
 * while the operator pauses dispatch, and none by a process that stops; what a claim was given before it gets again.
 */
export async function claimTasks(ctx: Ctx, claim: Claim): Promise<HandedTask[]> {
  const { deviceId, userId } = deviceOf(ctx);
  if (claim.waitMs === 0) return claimNow(ctx, claim);
  const look = async (urgency?: Urgency) => {
    // Who is told of a task of its own need not ask first whether there is one.
    const tasks = urgency === 'alone' ? await claimLocked(ctx, claim) : await claimNow(ctx, claim);
    return tasks.length > 0 ? tasks : undefined;
  };
  const { waitMs: timeoutMs, signal } = claim;
  return (await ctx.events.waitFor([`queue:${deviceId}`, `slots:${userId}`], { timeoutMs, signal }, look)) ?? [];
}

const claimNow = async (ctx: Ctx, claim: Claim): Promise<HandedTask[]> =>
  (await isWorthALock(ctx, claim)) ? claimLocked(ctx, claim) : [];

/** Most looks find nothing; they cost one index look-up and no lock. */
async function isWorthALock(ctx: Ctx, { claimId }: Claim): Promise<boolean> {
  const { deviceId } = deviceOf(ctx);
  const { rows } = await sql<{ worth: boolean }>`
    select exists (select from tasks where device_id = ${deviceId} and status = 'queued') and not ${IS_PAUSED}
        or exists (select from task_attempts where device_id = ${deviceId} and claim_id = ${claimId ?? null}) as worth
  `.execute(ctx.db);
  return rows[0]?.worth ?? false;
}

/**
 * Locks the user, so that claims of all their devices come one after another, and hands out what their counts then allow.
 * Both are sent together; counting in the statement that locks would count what it saw before it waited.
 */
const claimLocked = (ctx: Ctx, { limit, claimId }: Claim): Promise<HandedTask[]> =>
  atomically(ctx, async (tx) => {
    const [, handed] = await together(tx.db, lockedUser(tx), handOut(tx, tx.isStopping() ? 0 : limit, claimId));
    tellHanded(tx, handed);
    return handed.length === 0 && claimId ? claimedBefore(tx, claimId) : handed;
  });

const lockedUser = (tx: Ctx) => sql`select from users where id = ${deviceOf(tx).userId} for no key update`;

/** What this claim was given the first time, as far as it is still held. */
async function claimedBefore(tx: Ctx, claimId: string): Promise<HandedTask[]> {
  const { rows } = await sql<HandedTask & { held: boolean }>`
    select t.*, t.lease_id is not distinct from a.lease_id and t.status in ('assigned', 'running') as held
      from task_attempts a
      join (select status, ${HANDED} from tasks) t on t.id = a.task_id
     where a.device_id = ${deviceOf(tx).deviceId} and a.claim_id = ${claimId}
     order by t.priority desc, t.created_at, t.id
  `.execute(tx.db);
  return rows.filter(({ held }) => held);
}

/**
 * One statement: counts, picks, leases, and records attempts and events; nothing for a claim that has been given something
 * already. Without a claim the tasks run from now on; since such a daemon runs one delivery's commands one after another,
 * and lists only the one that runs, the clock and the lease of each begin when those before may have used up their time.
 */
function handOut(tx: Ctx, limit: number, claimId: string | undefined) {
  const actor = deviceOf(tx);
  const now = tx.now();
  const status = claimId ? 'assigned' : 'running';
  return sql<HandedTask & { status: TaskStatus }>`
    with held as (
      select count(*) as by_user, count(*) filter (where device_id = ${actor.deviceId}) as by_device
        from tasks where user_id = ${actor.userId} and status in ('assigned', 'running')
    ), slots as (
      select least(${limit}::int, ${PLANS[actor.plan].concurrentTasks}::int - by_user, max_concurrent_tasks - by_device) as free
        from held, devices
       where id = ${actor.deviceId}
         and not exists (select from task_attempts where device_id = ${actor.deviceId} and claim_id = ${claimId ?? null})
    ), picked as (
      select id, priority, created_at, timeout_ms
        from tasks
       where device_id = ${actor.deviceId} and status = 'queued' and expires_at > ${now} and not ${IS_PAUSED}
       order by priority desc, created_at
       limit greatest(0, coalesce((select free from slots), 0))
         for update skip locked
    ), timed as (
      select id, case when ${claimId === undefined}
                      then sum(timeout_ms) over (order by priority desc, created_at, id) - timeout_ms
                      else 0 end * interval '1 ms' as wait
        from picked
    ), handed as (
      update tasks t
         set status = ${status}, reason = null, attempt = attempt + 1, lease_id = gen_random_uuid(),
             lease_until = ${leaseEnd(tx, actor)}::timestamptz + timed.wait, updated_at = ${now}, progress = null,
             started_at = case when ${claimId === undefined} then ${now}::timestamptz end,
             deadline_at = case when ${claimId === undefined}
                                then ${now}::timestamptz + timed.wait + (t.timeout_ms + ${DEADLINE_GRACE_MS}) * interval '1 ms' end
        from timed
       where t.id = timed.id
      returning t.*
    ), attempts as (
      insert into task_attempts (task_id, number, device_id, lease_id, claim_id, assigned_at, started_at)
      select id, attempt, device_id, lease_id, ${claimId ?? null}::uuid, ${now}, started_at from handed
    ), events as (
      insert into task_events (task_id, attempt, from_status, to_status, actor, created_at)
      select id, attempt, 'queued', status, ${actorName(actor)}, ${now}::timestamptz from handed
    )
    select status, ${HANDED} from handed order by priority desc, created_at, id`;
}

function tellHanded(tx: Ctx, tasks: readonly (HandedTask & { status: TaskStatus })[]): void {
  const { userId, deviceId } = deviceOf(tx);
  for (const { id, status, ready_at, created_at } of tasks) {
    tx.events.emit({ type: 'task.changed', userId, taskId: id, deviceId, status });
    tx.meter.note({ what: 'task.handed-out', waitedMs: tx.now().getTime() - (ready_at ?? created_at).getTime() });
  }
}

export type StartedTask = { id: string; leaseUntil: Date };

/**
 * Lets the device start a task that it claimed. Only after this may the command run; repeating it changes nothing.
 * @throws Failed TASK_NOT_FOUND | TASK_CANCELLED | LEASE_LOST
 */
export async function startTask(ctx: Ctx, id: string, leaseId: string): Promise<StartedTask> {
  const actor = deviceOf(ctx);
  const now = ctx.now();
  const leaseUntil = leaseEnd(ctx, actor);
  const { rows } = await sql<{ id: string }>`
    with started as (
      update tasks
         set status = 'running', started_at = ${now}, updated_at = ${now}, lease_until = ${leaseUntil},
             deadline_at = ${now}::timestamptz + (timeout_ms + ${DEADLINE_GRACE_MS}) * interval '1 ms'
       where id = ${id} and device_id = ${actor.deviceId} and lease_id = ${leaseId}
         and status = 'assigned' and lease_until > ${now} and cancel_requested_at is null
      returning id, attempt
    ), attempts as (
      update task_attempts a set started_at = ${now} from started s where a.task_id = s.id and a.number = s.attempt
    ), events as (
      insert into task_events (task_id, attempt, from_status, to_status, actor, created_at)
      select id, attempt, 'assigned', 'running', ${actorName(actor)}, ${now}::timestamptz from started
    )
    select id from started
  `.execute(ctx.db);
  const [started] = rows;
  if (!started) return startedBefore(ctx, id, leaseId);
  const { userId, deviceId } = actor;
  ctx.events.emit({ type: 'task.changed', userId, taskId: started.id, deviceId, status: 'running' });
  return { id: started.id, leaseUntil };
}

/** The start was a repeat, or it may not be: says which. */
async function startedBefore(ctx: Ctx, id: string, leaseId: string): Promise<StartedTask> {
  const task = await ctx.db
    .selectFrom('tasks')
    .select(['id', 'status', 'lease_id', 'lease_until', 'cancel_requested_at'])
    .where('id', '=', id)
    .where('device_id', '=', deviceOf(ctx).deviceId)
    .executeTakeFirst();
  if (!task) throw new Failed('TASK_NOT_FOUND');
  if (task.cancel_requested_at && task.status !== 'running') throw new Failed('TASK_CANCELLED');
  if (task.status === 'running' && task.lease_id === leaseId && task.lease_until) {
    return { id: task.id, leaseUntil: task.lease_until };
  }
  throw new Failed('LEASE_LOST');
}

/** Queues a pending task whose time has come. Called early, late or twice it does what the task's own row says. */
export async function releaseTask(ctx: Ctx, id: string): Promise<void> {
  await atomically(ctx, async (tx) => {
    const due = await tx.db
      .selectFrom('tasks')
      .select(LIFE)
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .where('ready_at', '<=', tx.now())
      .forUpdate()
      .execute();
    await move(tx, due, 'queued');
  });
}
