/**
 * How many tasks a list has in all. Those that are open are counted in their index; those that have finished
 * are in the statistics already, because no task is ever deleted but with its whole account. So the exact total costs the
 * same with a thousand finished tasks as with a million, where counting rows took 100 ms.
 */
import { sql } from 'kysely';
import { type Ctx, userIdOf } from '../context.ts';
import type { TaskStatus } from '../db/task.ts';
import { type Counted, finishedTasks } from './stats.ts';
import { FINISHED } from './task-states.ts';

const OPEN = ['pending', 'queued', 'assigned', 'running'] as const satisfies readonly TaskStatus[];

export type TaskFilter = {
  status?: TaskStatus | undefined;
  deviceId?: string | undefined;
  batchId?: string | undefined;
};

/** One statement, so that a task which finishes meanwhile is counted once. */
export function taskTotal(ctx: Ctx, { status, deviceId, batchId }: TaskFilter) {
  const rows = (statuses: readonly TaskStatus[]) => {
    let matching = ctx.db
      .selectFrom('tasks')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('user_id', '=', userIdOf(ctx.actor))
      .where('status', 'in', statuses);
    if (deviceId) matching = matching.where('device_id', '=', deviceId);
    if (batchId) matching = matching.where('batch_id', '=', batchId);
    return matching;
  };
  const wanted = (statuses: readonly TaskStatus[]) => statuses.filter((each) => !status || each === status);
  const finished = wanted(FINISHED);
  const open = wanted(OPEN);
  const parts = [
    ...(open.length > 0 ? [rows(open)] : []),
    // A batch is small, and no statistics tell of it.
    ...(finished.length > 0 ? [batchId ? rows(finished) : finishedTasks(ctx, finished as Counted[], deviceId)] : []),
  ];
  return ctx.db.selectNoFrom(sql<number>`${sql.join(parts, sql` + `)}`.as('total'));
}
