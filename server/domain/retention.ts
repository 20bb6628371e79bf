/** Retention — what is deleted when its time is over, in batches, so that no statement holds many rows for long. */
import { type RawBuilder, sql } from 'kysely';
import type { Ctx } from '../context.ts';

const BATCH = 5_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A key counts for 24 hours. Returns how many were deleted, as all of these do. */
export const deleteOldIdempotencyKeys = (ctx: Ctx): Promise<number> =>
  deleteWhere(ctx, 'idempotency_keys', sql`created_at < ${before(ctx, DAY_MS)}`);

/** Counters whose window ended over an hour ago. */
export const deleteOldRateCounters = (ctx: Ctx): Promise<number> =>
  deleteWhere(ctx, 'rate_counters', sql`window_start < ${before(ctx, HOUR_MS + ctx.config.RATE_LIMIT_TTL * 1000)}`);

/** Sessions that expired or were revoked over 30 days ago, with the refresh tokens that they spent. */
export const deleteEndedSessions = (ctx: Ctx): Promise<number> => {
  const limit = before(ctx, 30 * DAY_MS);
  return deleteWhere(ctx, 'sessions', sql`(expires_at < ${limit} or revoked_at < ${limit})`);
};

/** Mailed tokens that expired over a day ago. */
export const deleteOldMailTokens = (ctx: Ctx): Promise<number> =>
  deleteWhere(ctx, 'mail_tokens', sql`expires_at < ${before(ctx, DAY_MS)}`);

/** Tickets that nobody used. */
export const deleteOldSocketTickets = (ctx: Ctx): Promise<number> =>
  deleteWhere(ctx, 'socket_tickets', sql`expires_at < ${ctx.now()}`);

const before = (ctx: Ctx, ms: number): Date => new Date(ctx.now().getTime() - ms);

/** Rows that somebody holds are left for the next time. */
async function deleteWhere(ctx: Ctx, table: string, condition: RawBuilder<unknown>): Promise<number> {
  const from = sql.table(table);
  for (let total = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${from} where ctid = any(array(
        select ctid from ${from} where ${condition} limit ${BATCH} for update skip locked
      ))`.execute(ctx.db);
    total += Number(numAffectedRows);
    if (numAffectedRows < BATCH) return total;
  }
}
