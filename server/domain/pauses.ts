/**
 * Pauses — while dispatch is paused no device is handed a task, in no process: each claim looks at the row in the very
 * statement that hands out. What has been handed out runs on, and everything is queued as ever.
 */
import { sql } from 'kysely';
import { atomically, type Ctx } from '../context.ts';
import { audit } from './audit.ts';

const DISPATCH = 'dispatch';

/** For claims: whether dispatch is paused. */
export const IS_PAUSED = sql<boolean>`exists (select from pauses where what = ${sql.lit(DISPATCH)})`;

/** Since when dispatch is paused: from before, if it was. Holds for every claim that begins after it. */
export const pauseDispatch = (ctx: Ctx): Promise<Date> =>
  atomically(ctx, async (tx) => {
    const { numInsertedOrUpdatedRows } = await tx.db
      .insertInto('pauses')
      .values({ what: DISPATCH, since: tx.now() })
      .onConflict((conflict) => conflict.column('what').doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows) await audit(tx, 'dispatch.paused');
    return (await dispatchPausedSince(tx)) ?? tx.now();
  });

/** Devices that wait ask again within 5 s. Whether it was paused. */
export const resumeDispatch = (ctx: Ctx): Promise<boolean> =>
  atomically(ctx, async (tx) => {
    const { numDeletedRows } = await tx.db.deleteFrom('pauses').where('what', '=', DISPATCH).executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) return false;
    await audit(tx, 'dispatch.resumed');
    return true;
  });

export async function dispatchPausedSince(ctx: Ctx): Promise<Date | null> {
  const pause = await ctx.db.selectFrom('pauses').select('since').where('what', '=', DISPATCH).executeTakeFirst();
  return pause?.since ?? null;
}
