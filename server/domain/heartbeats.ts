/**
 * Heartbeats — a device says that it lives and what it works on; the service renews those leases, and says what to stop.
 * The renewal is committed before the answer; that the device was seen may be written a moment later.
 */
import { sql } from 'kysely';
import { atomically, type Ctx } from '../context.ts';
import { arrayOf } from '../db/arrays.ts';
import { joined } from '../db/joined.ts';
import { together } from '../db/together.ts';
import { Failed } from '../failed.ts';
import { addressOf } from './audit.ts';
import { changeStatus, type DeviceStatus } from './devices.ts';
import { claimTasks, deviceOf, type HandedTask, leaseEnd } from './dispatch.ts';
import { IS_PAUSED } from './pauses.ts';

export type WorkedOn = { taskId: string; leaseId?: string | undefined; progress?: number | undefined };

export type Heartbeat = {
  status: DeviceStatus;
  tasks: readonly WorkedOn[];
  systemInfo?: Record<string, unknown> | undefined;
};

export type HeartbeatAnswer = {
  cancel: { taskId: string; graceSeconds: number }[];
  /** Listed tasks that are not, or no longer, this device's to run. */
  lost: string[];
  configVersion: number;
  heartbeatSeconds: number;
  tasksAvailable: boolean;
};

export async function takeHeartbeat(ctx: Ctx, { status, tasks, systemInfo }: Heartbeat): Promise<HeartbeatAnswer> {
  const { device, deviceId } = deviceOf(ctx);
  const renewed = await renewLeases(ctx, tasks);
  ctx.presence.seen(deviceId, { at: ctx.now(), systemInfo, ipAddress: addressOf(ctx) ?? undefined });
  if (device.status !== status) await changeStatus(ctx, deviceId, status);
  const news = await readNews(ctx);
  return {
    cancel: news.cancel,
    lost: tasks.map(({ taskId }) => taskId).filter((id) => !renewed.has(id)),
    configVersion: news.config_version,
    heartbeatSeconds: news.heartbeat_interval,
    tasksAvailable: news.tasks_available,
  };
}

/** As many as a device can be set to run at a time. */
const WHOLE_DELIVERY = 100;

/**
 * A heartbeat of a daemon that knows no claims: it is handed what waits for it, which runs from then on. One that leaves
 * gets nothing, since it would not look at it.
 */
export async function takeFetchingHeartbeat(
  ctx: Ctx,
  heartbeat: Heartbeat,
  signal: AbortSignal,
): Promise<HandedTask[]> {
  await takeHeartbeat(ctx, heartbeat);
  return heartbeat.status === 'offline' ? [] : fetchTasks(ctx, signal);
}

/** What waits for the device, all at once, as delivery without a claim. */
export const fetchTasks = (ctx: Ctx, signal: AbortSignal): Promise<HandedTask[]> =>
  claimTasks(ctx, { limit: WHOLE_DELIVERY, waitMs: 0, signal });

/**
 * Renews what the device may go on with: what it holds under the lease that it names, or under any when it names none. A
 * lease that ran out is renewed while the task still runs; one that was never started has to be claimed anew.
 * The rows are locked in the order of their ids, so that two heartbeats with the same tasks cannot lock each other out; in a
 * statement before, because one that locks a row and updates it does so with what it saw before it waited, and then waits
 * for those who wait for it: PostgreSQL ended several of them as deadlocks.
 */
async function renewLeases(ctx: Ctx, tasks: readonly WorkedOn[]): Promise<Set<string>> {
  if (tasks.length === 0) return new Set();
  const { userId, deviceId } = deviceOf(ctx);
  const leaseUntil = leaseEnd(ctx, deviceOf(ctx));
  const ids = tasks.map(({ taskId }) => taskId);
  const leases = tasks.map(({ leaseId }) => leaseId ?? null);
  const progresses = tasks.map(({ progress }) => progress ?? null);
  const own = sql`
    select t.id, listed.progress, t.progress as before
      from tasks t
      join unnest(${arrayOf('uuid', ids)}, ${arrayOf('uuid', leases)}, ${arrayOf('int', progresses)})
             as listed (id, lease_id, progress) on listed.id = t.id
     where t.user_id = ${userId} and t.device_id = ${deviceId}
       and (listed.lease_id is null or listed.lease_id = t.lease_id)
       and (t.status = 'running' or (t.status = 'assigned' and t.lease_until > ${ctx.now()}))`;
  const renewed = await atomically(ctx, async (tx) => {
    const [, rows] = await together(
      tx.db,
      sql`${own} order by t.id for no key update of t`,
      sql<{ id: string; status: string; progress: number | null; has_progressed: boolean }>`
        update tasks t
           set lease_until = ${leaseUntil}, progress = coalesce(own.progress, t.progress)
          from (${own}) own
         where t.id = own.id
        returning t.id, t.status, t.progress, t.progress is distinct from own.before as has_progressed`,
    );
    return rows;
  });
  for (const { id, status, progress, has_progressed } of renewed) {
    if (!has_progressed) continue;
    ctx.events.emit({ type: 'task.changed', userId, taskId: id, deviceId, status, progress });
  }
  return new Set(renewed.map(({ id }) => id));
}

type News = {
  /** The device. */
  key: string;
  tasks_available: boolean;
  config_version: number;
  heartbeat_interval: number;
  cancel: HeartbeatAnswer['cancel'];
};

const findNews = joined<News>(async (db, deviceIds) => {
  const { rows } = await sql<News>`
    select d.id as key, d.config_version, d.heartbeat_interval,
           exists (select from tasks where device_id = d.id and status = 'queued')
             and not ${IS_PAUSED} as tasks_available,
           coalesce((
             select json_agg(json_build_object('taskId', id, 'graceSeconds', grace_seconds))
               from tasks
              where user_id = d.user_id and device_id = d.id
                and status in ('assigned', 'running') and cancel_requested_at is not null
           ), '[]') as cancel
      from devices d
     where d.id = any(${arrayOf('uuid', deviceIds)})`.execute(db);
  return rows;
});

/** What the device should know now. @throws Failed AUTH_FAILED when it was deleted meanwhile */
export async function readNews(ctx: Ctx): Promise<News> {
  const news = await findNews(ctx.db, deviceOf(ctx).deviceId);
  if (!news) throw new Failed('AUTH_FAILED');
  return news;
}
