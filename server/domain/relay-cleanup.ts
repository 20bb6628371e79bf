/**
 * Clean-up of the relay — removes what reads have not shown since it expired. Each function returns how many rows it
 * changed. It runs by itself each night, and when an operator's scheduler asks for it. Channels are locked in the order of
 * their ids, as by all who lock several.
 */
import { timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';
import { atomically, type Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import { audit } from './audit.ts';
import { deleteExpiredMessages } from './stored-messages.ts';

const DAY_MS = 86_400_000;
const AUDIT_DAYS = 90;
/** A persistent channel stays on record, inactive, for so long. */
const INACTIVE_DAYS = 30;

/** Compares in constant time. @throws Failed UNAUTHORIZED also when no secret is set */
export function requireCronSecret(ctx: Ctx, given: string | undefined): void {
  const expected = ctx.config.CRON_SECRET;
  if (expected === undefined || given === undefined) throw new Failed('UNAUTHORIZED');
  const [one, other] = [given, expected].map((secret) => Buffer.from(ctx.tokens.hash(secret)));
  if (!timingSafeEqual(one as Buffer, other as Buffer)) throw new Failed('UNAUTHORIZED');
}

export type ChannelTask = 'persistent' | 'temporary' | 'all';
export type KeyTask = 'expired-keys' | 'audit-logs' | 'orphaned-keys' | 'messages' | 'all';

export type Outcome = { changed: number; errors: string[] };

/** What one task changed; another is not kept from its work by it. */
const run = async (ctx: Ctx, isAsked: boolean, work: (ctx: Ctx) => Promise<number>): Promise<Outcome> => {
  if (!isAsked) return { changed: 0, errors: [] };
  try {
    return { changed: await work(ctx), errors: [] };
  } catch (error) {
    ctx.log.error({ err: error }, 'a clean-up of the relay failed');
    return { changed: 0, errors: ['It failed; the log of the service says why'] };
  }
};

export async function cleanUpChannels(
  ctx: Ctx,
  task: ChannelTask,
): Promise<Record<'persistent' | 'temporary', Outcome>> {
  const isAsked = (one: ChannelTask) => task === 'all' || task === one;
  const persistent = await run(ctx, isAsked('persistent'), deactivatePersistentChannels);
  const temporary = await run(ctx, isAsked('temporary'), deleteTemporaryChannels);
  await audit(ctx, 'cron.channels', null, { task, persistent: persistent.changed, temporary: temporary.changed });
  return { persistent, temporary };
}

export async function cleanUpKeys(
  ctx: Ctx,
  task: KeyTask,
): Promise<Record<'expiredKeys' | 'auditLogs' | 'orphanedKeys' | 'oldMessages', Outcome>> {
  const isAsked = (one: KeyTask) => task === 'all' || task === one;
  const results = {
    expiredKeys: await run(ctx, isAsked('expired-keys'), deleteExpiredKeys),
    auditLogs: await run(ctx, isAsked('audit-logs'), deleteOldAuditRows),
    orphanedKeys: await run(ctx, isAsked('orphaned-keys'), deleteOrphanedKeys),
    oldMessages: await run(ctx, isAsked('messages'), deleteExpiredMessages),
  };
  const counts = Object.fromEntries(Object.entries(results).map(([name, { changed }]) => [name, changed]));
  await audit(ctx, 'cron.keys', null, { task, ...counts });
  return results;
}

/** All of it, and what the clock alone decides. */
export async function cleanUpRelay(ctx: Ctx): Promise<Record<string, number>> {
  const { persistent, temporary } = await cleanUpChannels(ctx, 'all');
  const keys = await cleanUpKeys(ctx, 'all');
  return {
    persistentChannels: persistent.changed,
    temporaryChannels: temporary.changed,
    ...Object.fromEntries(Object.entries(keys).map(([name, { changed }]) => [name, changed])),
    inactiveChannels: await deleteInactiveChannels(ctx),
  };
}

const deactivatePersistentChannels = async (ctx: Ctx): Promise<number> => {
  const { numAffectedRows } = await sql`
    with held as materialized (
      select id from channels
       where type <> 'temporary' and is_active and expires_at <= ${ctx.now()}
       order by id
         for no key update
    )
    update channels c set is_active = false from held where c.id = held.id`.execute(ctx.db);
  return Number(numAffectedRows);
};

const deleteTemporaryChannels = (ctx: Ctx): Promise<number> =>
  deleteChannels(ctx, sql<boolean>`type = 'temporary' and expires_at <= ${ctx.now()}`);

const deleteInactiveChannels = (ctx: Ctx): Promise<number> =>
  deleteChannels(ctx, sql<boolean>`not is_active and expires_at <= ${before(ctx, INACTIVE_DAYS)}`);

/** With their messages. Their last numbers are kept, so that a channel of the same id counts on from there. */
const deleteChannels = (ctx: Ctx, condition: ReturnType<typeof sql<boolean>>): Promise<number> =>
  atomically(ctx, async (tx) => {
    // First: whoever makes a channel of the same id meanwhile waits here for our numbers.
    await sql`select from relay_floor where id = 1 for update`.execute(tx.db);
    const { rows } = await sql<{ count: number }>`
      with held as materialized (select id from channels where ${condition} order by id for update),
           gone as (delete from channels where id in (select id from held) returning id, sequence),
           messages as (delete from relay_messages where channel_id in (select id from gone)),
           floor as (update relay_floor set sequence = greatest(sequence, (select max(sequence) from gone)) where id = 1)
      select count(*) as count from gone`.execute(tx.db);
    return rows[0]?.count ?? 0;
  });

const deleteExpiredKeys = async (ctx: Ctx): Promise<number> => {
  const { numDeletedRows } = await ctx.db
    .deleteFrom('public_keys')
    .where('expires_at', '<=', ctx.now())
    .executeTakeFirst();
  return Number(numDeletedRows);
};

/** Keys whose channel is gone or inactive. */
const deleteOrphanedKeys = async (ctx: Ctx): Promise<number> => {
  const { numAffectedRows } = await sql`
    delete from public_keys k
     where not exists (select from channels c where c.id = k.channel_id and c.is_active)`.execute(ctx.db);
  return Number(numAffectedRows);
};

const deleteOldAuditRows = async (ctx: Ctx): Promise<number> => {
  const { numDeletedRows } = await ctx.db
    .deleteFrom('audit_logs')
    .where('created_at', '<', before(ctx, AUDIT_DAYS))
    .executeTakeFirst();
  return Number(numDeletedRows);
};

const before = (ctx: Ctx, days: number): Date => new Date(ctx.now().getTime() - days * DAY_MS);
