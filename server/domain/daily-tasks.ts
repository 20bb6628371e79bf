/** The tasks that a plan allows for each UTC day. Every created task counts: of batches and retries by hand too. */
import { sql } from 'kysely';
import { type Ctx, userIdOf } from '../context.ts';
import { together } from '../db/together.ts';
import { Failed } from '../failed.ts';
import { PLANS, type Plan } from './plans.ts';

const DAY_MS = 86_400_000;

const planOf = (ctx: Ctx): Plan => ('plan' in ctx.actor ? ctx.actor.plan : 'free');

/**
 * Makes sure that `count` more tasks fit into today, and that no other request can think the same at the same time: the
 * user's row stays locked until the transaction has created them.
 * @throws Failed DAILY_TASKS_REACHED
 */
export async function takeFromDay(tx: Ctx, count: number): Promise<void> {
  const plan = planOf(tx);
  const limit = PLANS[plan].tasksPerDay;
  if (!Number.isFinite(limit)) return;
  const now = tx.now().getTime();
  const midnight = now - (now % DAY_MS);
  const userId = userIdOf(tx.actor);
  const [, rows] = await together(
    tx.db,
    sql`select from users where id = ${userId} for no key update`,
    sql<{ used: number }>`
      select count(*) as used from tasks where user_id = ${userId} and created_at >= ${new Date(midnight)}`,
  );
  const { used } = rows[0] as { used: number };
  if (used + count <= limit) return;
  throw new Failed('DAILY_TASKS_REACHED', {
    message: `Your plan (${plan}) allows ${limit} tasks a day (UTC), of which ${used} are used`,
    details: { limit, plan, used },
    retryAfterSeconds: Math.ceil((midnight + DAY_MS - now) / 1000),
  });
}
