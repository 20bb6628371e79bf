/**
 * Storage — the bytes that a user's logs, backups and long outputs take up, kept exactly in `users.storage_used`.
 *
 * Whoever stores something takes its bytes in the transaction that makes its row, and gives them back in the one that
 * deletes it. Taking is one statement that looks at the quota under the lock of the user's row, so that uploads which run
 * side by side cannot go over it together. That lock comes before those of devices, tasks and attempts.
 */
import { sql } from 'kysely';
import { type Ctx, userIdOf } from '../context.ts';
import { Failed } from '../failed.ts';
import { PLANS } from './plans.ts';

/** Takes `bytes` of the acting user's storage. Nothing has room anywhere. @throws Failed STORAGE_QUOTA_EXCEEDED | AUTH_FAILED */
export async function takeStorage(tx: Ctx, bytes: number): Promise<void> {
  if (bytes === 0) return;
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

/** Bytes that the acting user may still take. Until the transaction has ended nobody else takes any. */
export async function lockRoom(tx: Ctx): Promise<number> {
  const { quota, used } = await readStorage(tx, 'locked');
  return Math.max(0, quota - used);
}

export async function giveStorageBack(tx: Ctx, userId: string, bytes: number): Promise<void> {
  await tx.db
    .updateTable('users')
    .set({ storage_used: sql`storage_used - ${bytes}::bigint` })
    .where('id', '=', userId)
    .execute();
}

/** To many users, whose rows are locked in one order, so that two who do so cannot lock each other out. */
export async function giveStorageBackTo(tx: Ctx, bytesOf: ReadonlyMap<string, number>): Promise<void> {
  await sql`
    with freed as (
      select u.id, given.bytes
        from users u join unnest(${[...bytesOf.keys()]}::uuid[], ${[...bytesOf.values()]}::bigint[]) as given (id, bytes)
          on given.id = u.id
       where given.bytes > 0
       order by u.id
         for no key update of u
    )
    update users u set storage_used = u.storage_used - freed.bytes from freed where u.id = freed.id`.execute(tx.db);
}

const planOf = ({ actor }: Ctx) => ('plan' in actor ? actor.plan : 'free');
const planQuota = (ctx: Ctx): number => PLANS[planOf(ctx)].storage;

async function readStorage(ctx: Ctx, lock?: 'locked'): Promise<{ quota: number; used: number }> {
  const { storage_quota, storage_used } = await ctx.db
    .selectFrom('users')
    .select(['storage_quota', 'storage_used'])
    .where('id', '=', userIdOf(ctx.actor))
    .$if(lock !== undefined, (row) => row.forNoKeyUpdate())
    // The account has just been deleted, and what called for it with it.
    .executeTakeFirstOrThrow(() => new Failed('AUTH_FAILED'));
  return { quota: storage_quota ?? planQuota(ctx), used: storage_used };
}

async function refuse(ctx: Ctx, needed: number): Promise<never> {
  const { quota, used } = await readStorage(ctx);
  throw new Failed('STORAGE_QUOTA_EXCEEDED', {
    message: `This needs ${needed} bytes, and ${used} of your ${quota} are used; delete backups or logs, or change the plan`,
    details: { limit: quota, used, needed, plan: planOf(ctx) },
  });
}
