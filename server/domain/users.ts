/**
 * Users — their profile, their password, and the end of their account.
 *
 * Whoever holds only a session has to show the password again before the password changes or the account goes; wrong
 * ones are counted and slowed down together with those of the login.
 *
 * An account ends in two steps. One transaction closes it: no credential opens anything from then on, its address is
 * free again, its running tasks are told to stop. A job then deletes the rows, in batches, because one statement that
 * takes a million tasks with it would not end within its time.
 */

import { type RawBuilder, sql } from 'kysely';
import { atomically, type Ctx, userIdOf } from '../context.ts';
import { Failed } from '../failed.ts';
import { USER, type UserRow } from './accounts.ts';
import { endApiKeys } from './api-keys.ts';
import { audit } from './audit.ts';
import {
  AUDITED_FAILURES,
  countLoginFailure,
  delayMs,
  forgetLoginFailures,
  readLoginFailures,
} from './login-failures.ts';
import { voidMailTokens } from './mail-tokens.ts';
import { endSessions } from './sessions.ts';
import { LIFE, move } from './task-states.ts';

/** What is left out or undefined stays as it is. */
export type ProfileChange = {
  displayName?: string | null | undefined;
  avatarUrl?: string | null | undefined;
  notifyByEmail?: boolean | undefined;
};

/** @throws Failed AUTH_FAILED when the account has just been deleted */
export async function updateProfile(ctx: Ctx, change: ProfileChange): Promise<UserRow> {
  const { displayName, avatarUrl, notifyByEmail } = change;
  const user = await ctx.db
    .updateTable('users')
    .set({
      ...(displayName !== undefined && { display_name: displayName }),
      ...(avatarUrl !== undefined && { avatar_url: avatarUrl }),
      ...(notifyByEmail !== undefined && { notify_by_email: notifyByEmail }),
      updated_at: ctx.now(),
    })
    .where('id', '=', userIdOf(ctx.actor))
    .returning(USER)
    .executeTakeFirst();
  if (!user) throw new Failed('AUTH_FAILED');
  return user;
}

/**
 * Ends every session but the one that asks; tells how many.
 * @throws Failed WRONG_PASSWORD
 */
export async function changePassword(
  ctx: Ctx,
  { oldPassword, newPassword }: { oldPassword: string; newPassword: string },
): Promise<number> {
  const { actor } = ctx;
  if (actor.kind !== 'user') throw new Error(`A ${actor.kind} actor has no password`);
  const account = await requirePassword(ctx, oldPassword);
  const passwordHash = await ctx.passwords.hash(newPassword);
  return atomically(ctx, async (tx) => {
    await replacePassword(tx, account, { password_hash: passwordHash });
    await voidMailTokens(tx, actor.userId, 'reset');
    await forgetLoginFailures(tx, account.email);
    const ended = await endSessions(tx, actor.userId, actor.sessionId);
    await audit(tx, 'user.password_changed', `user:${actor.userId}`, { sessions_ended: ended });
    return ended;
  });
}

/**
 * Closes the account; the rest is `deleteClosedAccount`.
 * @throws Failed WRONG_PASSWORD
 */
export async function deleteAccount(ctx: Ctx, password: string): Promise<void> {
  const account = await requirePassword(ctx, password);
  const userId = account.id;
  await atomically(ctx, async (tx) => {
    // In the order in which others lock: a claim the user first, heartbeats and results held tasks by id.
    await tx.db.selectFrom('users').select('id').where('id', '=', userId).forNoKeyUpdate().execute();
    await stopTasks(tx, userId);
    await replacePassword(tx, account, {
      password_hash: '',
      is_active: false,
      email: `deleted-${userId}@deleted.invalid`,
      notify_by_email: false,
    });
    await endSessions(tx, userId);
    await endApiKeys(tx, userId);
    const devices = await tx.db
      .selectFrom('devices')
      .select(['id', 'daemon_status'])
      .where('user_id', '=', userId)
      .execute();
    for (const { id, daemon_status: before } of devices) {
      tx.events.emit({ type: 'device.changed', userId, deviceId: id, status: 'deleted', before });
    }
    await audit(tx, 'user.deleted', `user:${userId}`);
    await tx.jobs.send({ name: 'delete-account', data: { userId } });
  });
}

/** Tells the devices to stop what they run. What waits cannot be handed out any more, and goes with the account. */
async function stopTasks(tx: Ctx, userId: string): Promise<void> {
  const held = await tx.db
    .selectFrom('tasks')
    .select(LIFE)
    .where('user_id', '=', userId)
    .where('status', 'in', ['assigned', 'running'])
    .orderBy('id')
    .forUpdate()
    .execute();
  await move(tx, held, 'cancelled', { reason: 'account_deleted' });
  for (const { id, device_id, grace_seconds } of held) {
    if (!device_id) continue;
    tx.events.emit({ type: 'task.cancel', userId, taskId: id, deviceId: device_id, graceSeconds: grace_seconds });
  }
}

/** Rows that go with each task: its events and attempts. */
const BATCH = 1000;

/** Deletes a closed account with everything of it. Repeated it goes on where it was, or does nothing. */
export async function deleteClosedAccount(ctx: Ctx, userId: string): Promise<void> {
  const closed = sql`(select id from users where id = ${userId} and not is_active)`;
  await deleteInBatches(ctx, 'tasks', sql`user_id = ${closed}`);
  await deleteInBatches(ctx, 'messages', sql`user_id = ${closed}`);
  await deleteInBatches(
    ctx,
    'idempotency_keys',
    sql`caller in (select 'user:' || id from users where id = ${closed}
                   union all select 'device:' || id from devices where user_id = ${closed})`,
  );
  await ctx.db.deleteFrom('users').where('id', '=', userId).where('is_active', '=', false).execute();
}

async function deleteInBatches(ctx: Ctx, table: string, condition: RawBuilder<unknown>): Promise<void> {
  const from = sql.table(table);
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${from} where ctid = any(array(select ctid from ${from} where ${condition} limit ${BATCH}))
    `.execute(ctx.db);
    if (numAffectedRows === 0n) return;
  }
}

type Account = { id: string; email: string; password_hash: string };

/** @throws Failed WRONG_PASSWORD | AUTH_FAILED when the account has just been deleted */
async function requirePassword(ctx: Ctx, password: string): Promise<Account> {
  const account = await ctx.db
    .selectFrom('users')
    .select(['id', 'email', 'password_hash'])
    .where('id', '=', userIdOf(ctx.actor))
    .where('is_active', '=', true)
    .executeTakeFirst();
  if (!account) throw new Failed('AUTH_FAILED');
  if (await ctx.passwords.verify(account.password_hash, password)) {
    await ctx.passwords.pause(delayMs(await readLoginFailures(ctx, account.email)));
    return account;
  }
  const failures = await countLoginFailure(ctx, account.email);
  if (failures < AUDITED_FAILURES) await audit(ctx, 'user.password_refused', `user:${account.id}`);
  await ctx.passwords.pause(delayMs(failures));
  throw new Failed('WRONG_PASSWORD');
}

type Change = { password_hash: string; is_active?: boolean; email?: string; notify_by_email?: boolean };

/** The password that was shown may have been replaced while it was checked: of two changes at once one holds. */
async function replacePassword(tx: Ctx, { id, password_hash }: Account, change: Change): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable('users')
    .set({ ...change, updated_at: tx.now() })
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .where('is_active', '=', true)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new Failed('WRONG_PASSWORD');
}
