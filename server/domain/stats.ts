/**
 * Statistics — how many tasks finished on each UTC day, and how long they ran, for each device of a user.
 *
 * They are counted in the transaction that finishes a task, so that they are always what a recount of the tasks would
 * give, and reading them costs the same with a thousand tasks as with a million. When a device is deleted its numbers
 * stay, without a device: the key takes nulls for distinct, so those of several devices lie side by side and are summed.
 */
import { sql } from 'kysely';
import { type Ctx, userIdOf } from '../context.ts';
import { arrayOf } from '../db/arrays.ts';
import type { TaskStatus } from '../db/task.ts';
import { Failed } from '../failed.ts';

const DAY_MS = 86_400_000;

/** What is counted: a finished task under its status, and the milliseconds from its start to its end. */
const COUNTED = ['completed', 'failed', 'timeout', 'cancelled'] as const satisfies readonly TaskStatus[];
export type Counted = (typeof COUNTED)[number];

export const statOf = (status: Counted): string => `tasks_${status}`;
const EXECUTION_TIME = 'execution_time';

/** Counts tasks that this transaction has finished. One statement, which locks the counters in one order. */
export async function countFinished(tx: Ctx, taskIds: readonly string[]): Promise<void> {
  if (taskIds.length === 0) return;
  await sql`
    insert into statistics (id, user_id, device_id, stat_date, stat_type, stat_value, created_at)
    select gen_random_uuid(), user_id, device_id, day, type, value, ${tx.now()}
      from (
        select user_id, device_id, (completed_at at time zone 'UTC')::date, stat.type, sum(stat.value)
          from tasks, lateral (values
            ('tasks_' || status, 1),
            (${EXECUTION_TIME}, greatest(0, extract(epoch from completed_at - started_at) * 1000)::bigint)
          ) as stat (type, value)
         where id = any(${arrayOf('uuid', taskIds)}) and stat.value > 0
         group by 1, 2, 3, 4
         order by 1, 2, 3, 4
      ) as tally (user_id, device_id, day, type, value)
        on conflict (user_id, device_id, stat_date, stat_type)
        do update set stat_value = statistics.stat_value + excluded.stat_value
  `.execute(tx.db);
}

export type Stats = {
  completed: number;
  /** Those that ran out of time too. */
  failed: number;
  cancelled: number;
  executionSeconds: number;
  /** Each day of the period, the oldest first, `YYYY-MM-DD`; how many tasks finished. */
  daily: { date: string; count: number }[];
};

export type Summary = Stats & { devicesOnline: number; storageUsed: number };

/** The last `days` UTC days of all the user's devices, today included. */
export async function summarize(ctx: Ctx, days: number): Promise<Summary> {
  const { rows } = await sql<{ devices_online: number; storage_used: number }>`
    select storage_used,
           (select count(*) from devices d where d.user_id = u.id and daemon_status <> 'offline') as devices_online
      from users u
     where id = ${userIdOf(ctx.actor)}
  `.execute(ctx.db);
  const [now = { devices_online: 0, storage_used: 0 }] = rows;
  const stats = await readStats(ctx, days, undefined);
  return { ...stats, devicesOnline: now.devices_online, storageUsed: now.storage_used };
}

/**
 * The same of one device.
 * @throws Failed DEVICE_NOT_FOUND
 */
export async function summarizeDevice(ctx: Ctx, deviceId: string, days: number): Promise<Stats> {
  const device = await ctx.db
    .selectFrom('devices')
    .select('id')
    .where('id', '=', deviceId)
    .where('user_id', '=', userIdOf(ctx.actor))
    .executeTakeFirst();
  if (!device) throw new Failed('DEVICE_NOT_FOUND');
  return readStats(ctx, days, device.id);
}

async function readStats(ctx: Ctx, days: number, deviceId: string | undefined): Promise<Stats> {
  const dates = lastDates(ctx.now(), days);
  let query = ctx.db
    .selectFrom('statistics')
    .select((eb) => ['stat_date', 'stat_type', sql<number>`${eb.fn.sum('stat_value')}::bigint`.as('value')])
    .where('user_id', '=', userIdOf(ctx.actor))
    .where(sql<boolean>`stat_date between ${dates[0]} and ${dates.at(-1)}`)
    .groupBy(['stat_date', 'stat_type']);
  if (deviceId) query = query.where('device_id', '=', deviceId);
  const found = await query.execute();

  const sumOf = (...types: string[]) =>
    found.filter(({ stat_type }) => types.includes(stat_type)).reduce((sum, { value }) => sum + value, 0);
  const counts = new Map<string, number>();
  for (const { stat_date, stat_type, value } of found) {
    if (stat_type !== EXECUTION_TIME) counts.set(stat_date, (counts.get(stat_date) ?? 0) + value);
  }
  return {
    completed: sumOf(statOf('completed')),
    failed: sumOf(statOf('failed'), statOf('timeout')),
    cancelled: sumOf(statOf('cancelled')),
    executionSeconds: Math.round(sumOf(EXECUTION_TIME) / 1000),
    daily: dates.map((date) => ({ date, count: counts.get(date) ?? 0 })),
  };
}

const lastDates = (now: Date, days: number): string[] =>
  Array.from({ length: days }, (_, at) =>
    new Date(now.getTime() - (days - 1 - at) * DAY_MS).toISOString().slice(0, 10),
  );

/** How many of the user's tasks have finished so, of one device or of all. */
export const finishedTasks = (ctx: Ctx, statuses: readonly Counted[], deviceId: string | undefined) => {
  const counted = ctx.db
    .selectFrom('statistics')
    .select((eb) => sql<number>`coalesce(${eb.fn.sum('stat_value')}, 0)::bigint`.as('count'))
    .where('user_id', '=', userIdOf(ctx.actor))
    .where('stat_type', 'in', statuses.map(statOf));
  return deviceId ? counted.where('device_id', '=', deviceId) : counted;
};
