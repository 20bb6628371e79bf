/**
 * Administration — what the operator of the service does to accounts, and sees of all of them. Each change is audited as
 * `admin` in its transaction, and holds from the next request on; sockets and streams of a disabled account end with it.
 *
 * A disabled account keeps everything: its keys and devices open nothing until it is enabled again. An account that its
 * user has closed is none any more.
 */
import { sql } from 'kysely';
import { atomically, type Ctx } from '../context.ts';
import { audit } from './audit.ts';
import { dispatchPausedSince } from './pauses.ts';
import type { Plan } from './plans.ts';
import { endSessions } from './sessions.ts';

export type Account = {
  id: string;
  email: string;
  plan: Plan;
  is_active: boolean;
  is_verified: boolean;
  devices: number;
  /** Bytes. */
  storage_used: number;
  created_at: Date;
  last_login_at: Date | null;
};

/** Closed accounts have no password, and wait for their rows to be deleted. */
const NOT_CLOSED = sql<boolean>`password_hash <> ''`;

/** The newest first; of those whose address contains `containing`. */
export async function listAccounts(
  ctx: Ctx,
  { containing = '', limit }: { containing?: string | undefined; limit: number },
): Promise<Account[]> {
  const { rows } = await sql<Account>`
    select id, email, plan, is_active, is_verified, storage_used, created_at, last_login_at,
           (select count(*) from devices d where d.user_id = u.id) as devices
      from users u
     where ${NOT_CLOSED} and strpos(email, ${containing.toLowerCase()}) > 0
     order by created_at desc, id desc
     limit ${limit}`.execute(ctx.db);
  return rows;
}

/** By address or id. */
export async function findAccount(ctx: Ctx, name: string): Promise<{ id: string; email: string } | undefined> {
  const { rows } = await sql<{ id: string; email: string }>`
    select id, email from users where ${NOT_CLOSED} and (email = ${name.toLowerCase()} or id::text = ${name.toLowerCase()})
  `.execute(ctx.db);
  return rows[0];
}

/** Each returns whether it changed anything. */
export const changePlan = (ctx: Ctx, userId: string, plan: Plan): Promise<boolean> =>
  atomically(ctx, async (tx) => {
    const { rows } = await sql<{ before: Plan }>`
      update users u set plan = ${plan}, updated_at = ${tx.now()}
        from (select id, plan from users where id = ${userId} for no key update) old
       where u.id = old.id and old.plan <> ${plan} and ${NOT_CLOSED}
      returning old.plan as before`.execute(tx.db);
    const [changed] = rows;
    if (!changed) return false;
    await audit(tx, 'user.plan_changed', `user:${userId}`, { from: changed.before, to: plan });
    return true;
  });

export const disableAccount = (ctx: Ctx, userId: string): Promise<boolean> =>
  atomically(ctx, async (tx) => {
    if (!(await change(tx, userId, { is_active: false }))) return false;
    const ended = await endSessions(tx, userId);
    await endConnections(tx, userId);
    await audit(tx, 'user.disabled', `user:${userId}`, { sessions_ended: ended });
    return true;
  });

export const enableAccount = (ctx: Ctx, userId: string): Promise<boolean> =>
  atomically(ctx, async (tx) => {
    if (!(await change(tx, userId, { is_active: true }))) return false;
    await audit(tx, 'user.enabled', `user:${userId}`);
    return true;
  });

/** The address counts as verified, on the word of the operator. */
export const verifyAccount = (ctx: Ctx, userId: string): Promise<boolean> =>
  atomically(ctx, async (tx) => {
    if (!(await change(tx, userId, { is_verified: true }))) return false;
    await audit(tx, 'user.email_verified', `user:${userId}`);
    return true;
  });

type Switch = { is_active: boolean } | { is_verified: boolean };

async function change(tx: Ctx, userId: string, to: Switch): Promise<boolean> {
  const [[column, value]] = Object.entries(to) as [[keyof typeof to, boolean]];
  const { numUpdatedRows } = await tx.db
    .updateTable('users')
    .set({ ...to, updated_at: tx.now() })
    .where('id', '=', userId)
    .where(sql.ref(column), '<>', value)
    .where(NOT_CLOSED)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Sockets and streams are told that their credential has ended; the keys themselves stay for when the account is back. */
async function endConnections(tx: Ctx, userId: string): Promise<void> {
  const devices = await tx.db.selectFrom('devices').select('id').where('user_id', '=', userId).execute();
  for (const { id: deviceId } of devices) tx.events.emit({ type: 'device.rekeyed', userId, deviceId });
  const keys = await tx.db
    .selectFrom('api_keys')
    .select(['id', 'key_prefix'])
    .where('user_id', '=', userId)
    .where('is_active', '=', true)
    .execute();
  for (const { id: apiKeyId, key_prefix } of keys) {
    const isRelays = key_prefix.startsWith('sk_live_');
    tx.events.emit(isRelays ? { type: 'relay_key.revoked', apiKeyId } : { type: 'api-key.ended', userId, apiKeyId });
  }
}

export type ListedDevice = {
  id: string;
  device_name: string;
  email: string;
  daemon_status: string;
  ccjk_version: string | null;
  last_heartbeat: Date | null;
  /** Tasks that it holds, and that wait for it. */
  held: number;
  queued: number;
};

/** Of all accounts or of one; those that were heard of last come first. */
export async function listAllDevices(
  ctx: Ctx,
  { userId, limit }: { userId?: string | undefined; limit: number },
): Promise<ListedDevice[]> {
  const { rows } = await sql<ListedDevice>`
    select d.id, d.device_name, u.email, d.daemon_status, d.ccjk_version, d.last_heartbeat,
           (select count(*) from tasks t where t.device_id = d.id and t.status in ('assigned', 'running')) as held,
           (select count(*) from tasks t where t.device_id = d.id and t.status = 'queued') as queued
      from devices d
      join users u on u.id = d.user_id
     where ${userId ?? null}::uuid is null or d.user_id = ${userId ?? null}::uuid
     order by d.last_heartbeat desc nulls last, d.id
     limit ${limit}`.execute(ctx.db);
  return rows;
}

export type QueueStatus = {
  paused_since: Date | null;
  tasks: { pending: number; queued: number; assigned: number; running: number };
  /** Of the task that waits longest for its device. */
  oldest_queued_at: Date | null;
};

export async function queueStatus(ctx: Ctx): Promise<QueueStatus> {
  const { rows } = await sql<QueueStatus['tasks'] & { oldest: Date | null }>`
    select count(*) filter (where status = 'pending') as pending,
           count(*) filter (where status = 'queued') as queued,
           count(*) filter (where status = 'assigned') as assigned,
           count(*) filter (where status = 'running') as running,
           min(created_at) filter (where status = 'queued') as oldest
      from tasks
     where status in ('pending', 'queued', 'assigned', 'running')`.execute(ctx.db);
  const [{ oldest, ...tasks }] = rows as [(typeof rows)[number]];
  return { paused_since: await dispatchPausedSince(ctx), tasks, oldest_queued_at: oldest };
}
