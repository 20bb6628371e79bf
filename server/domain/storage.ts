/**
 * Storage — the bytes that a user's logs, backups and large outputs take up, kept exactly in `users.storage_used`.
 *
 * Whoever stores something takes its bytes in the transaction that makes its row, and gives them back in the one that
 * deletes it. Taking is one statement that looks at the quota under the lock of the user's row, so that uploads which run
 * side by side cannot go over it together.
 */
import { sql } from 'kysely';
import { type Ctx, userIdOf } from '../context.ts';
import { Failed } from '../failed.ts';
import { PLANS } from './plans.ts';

/** Takes `bytes` of the acting user's storage. @throws Failed STORAGE_QUOTA_EXCEEDED */
export async function takeStorage(tx: Ctx, bytes: number): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable('users')
    .set({ storage_used: sql`storage_used + ${bytes}::bigint` })
    .where('id', '=', userIdOf(tx.actor))
    .where(sql<boolean>`storage_used + ${bytes}::bigint <= coalesce(storage_quota, ${planQuota(tx)}::bigint)`)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) await refuse(tx, bytes);
}

/**
 * Refuses what surely has no room, before it is sent. Only `takeStorage` makes sure of it.
 * @throws Failed STORAGE_QUOTA_EXCEEDED
 */
export async function requireRoom(ctx: Ctx, bytes: number): Promise<void> {
  const { quota, used } = await readStorage(ctx);
  if (used + bytes > quota) await refuse(ctx, bytes);
}

export async function giveStorageBack(tx: Ctx, userId: string, bytes: number): Promise<void> {
  await tx.db
    .updateTable('users')
    .set({ storage_used: sql`storage_used - ${bytes}::bigint` })
    .where('id', '=', userId)
    .execute();
}

const planOf = ({ actor }: Ctx) => ('plan' in actor ? actor.plan : 'free');
const planQuota = (ctx: Ctx): number => PLANS[planOf(ctx)].storage;

async function readStorage(ctx: Ctx): Promise<{ quota: number; used: number }> {
  const { storage_quota, storage_used } = await ctx.db
    .selectFrom('users')
    .select(['storage_quota', 'storage_used'])
    .where('id', '=', userIdOf(ctx.actor))
    .executeTakeFirstOrThrow();
  return { quota: storage_quota ?? planQuota(ctx), used: storage_used };
}

async function refuse(ctx: Ctx, needed: number): Promise<never> {
  const { quota, used } = await readStorage(ctx);
  throw new Failed('STORAGE_QUOTA_EXCEEDED', {
    message: `This needs ${needed} bytes, and ${used} of your ${quota} are used; delete backups or logs, or change the plan`,
    details: { limit: quota, used, needed, plan: planOf(ctx) },
  });
}
