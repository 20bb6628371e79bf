/**
 * Accounts — register, sign in, who am I. An unknown address, a wrong password and a closed account are answered alike and
 * take the same time.
 */
import type { Selectable } from 'kysely';
import { atomically, type Ctx, userIdOf } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { audit } from './audit.ts';
import {
  AUDITED_FAILURES,
  countLoginFailure,
  delayMs,
  forgetLoginFailures,
  readLoginFailures,
} from './login-failures.ts';
import { type SessionTokens, startSession } from './sessions.ts';

type User = Selectable<Tables['users']>;
export type UserRow = Omit<User, 'password_hash'>;
export type SignedIn = { user: UserRow; tokens: SessionTokens };

/** What is read of a user: all but the hash of the password. */
export const USER = [
  'id',
  'email',
  'display_name',
  'avatar_url',
  'plan',
  'storage_quota',
  'storage_used',
  'is_active',
  'is_verified',
  'notify_by_email',
  'created_at',
  'updated_at',
  'last_login_at',
] as const satisfies (keyof UserRow)[];

/**
 * Creates the account, signs it in, and has its address verified by mail. `email` comes lower-cased.
 * @throws Failed EMAIL_TAKEN
 */
export async function registerAccount(
  ctx: Ctx,
  account: { email: string; password: string; displayName: string | null },
): Promise<SignedIn> {
  const passwordHash = await ctx.passwords.hash(account.password);
  return atomically(ctx, async (tx) => {
    const now = tx.now();
    const user = await tx.db
      .insertInto('users')
      .values({
        id: tx.newId(),
        email: account.email,
        password_hash: passwordHash,
        display_name: account.displayName,
        plan: tx.config.DEFAULT_PLAN,
        created_at: now,
        updated_at: now,
        last_login_at: now,
      })
      .onConflict((conflict) => conflict.column('email').doNothing())
      .returning(USER)
      .executeTakeFirst();
    if (!user) throw new Failed('EMAIL_TAKEN');
    await tx.jobs.send({ name: 'send-mail', data: { about: 'verification', userId: user.id } });
    return signIn(tx, user, 'user.registered', 0);
  });
}

/** @throws Failed AUTH_FAILED */
export async function login(ctx: Ctx, { email, password }: { email: string; password: string }): Promise<SignedIn> {
  const account = await ctx.db
    .selectFrom('users')
    .select(['id', 'password_hash', 'is_active'])
    .where('email', '=', email)
    .executeTakeFirst();
  const isRight = await ctx.passwords.verify(account?.password_hash ?? null, password);
  if (!account?.is_active || !isRight) return refuse(ctx, email, account?.id);

  const failures = await readLoginFailures(ctx, email);
  if (failures > 0) await ctx.passwords.pause(delayMs(failures));
  return atomically(ctx, async (tx) => {
    // The account may have changed while the answer was held back; whoever changes the password finds this session.
    const user = await tx.db
      .updateTable('users')
      .set({ last_login_at: tx.now() })
      .where('id', '=', account.id)
      .where('password_hash', '=', account.password_hash)
      .where('is_active', '=', true)
      .returning(USER)
      .executeTakeFirst();
    if (!user) throw wrongLogin();
    if (failures > 0) await forgetLoginFailures(tx, email);
    return signIn(tx, user, 'user.logged_in', failures);
  });
}

/** @throws Failed AUTH_FAILED when the account has just been deleted */
export async function me(ctx: Ctx): Promise<UserRow> {
  const user = await ctx.db.selectFrom('users').select(USER).where('id', '=', userIdOf(ctx.actor)).executeTakeFirst();
  if (!user) throw new Failed('AUTH_FAILED');
  return user;
}

async function signIn(
  tx: Ctx,
  user: UserRow,
  action: 'user.registered' | 'user.logged_in',
  failures: number,
): Promise<SignedIn> {
  const { sessionId, tokens } = await startSession(tx, user);
  const actor = { kind: 'user', userId: user.id, plan: user.plan, sessionId } as const;
  const details = failures > 0 ? { failures_before: failures } : null;
  await audit({ ...tx, actor }, action, `session:${sessionId}`, details);
  return { user, tokens };
}

async function refuse(ctx: Ctx, email: string, userId: string | undefined): Promise<never> {
  const failures = await countLoginFailure(ctx, email);
  if (failures < AUDITED_FAILURES) await audit(ctx, 'login.failed', userId ? `user:${userId}` : null);
  if (failures > 0) await ctx.passwords.pause(delayMs(failures));
  throw wrongLogin();
}

const wrongLogin = () => new Failed('AUTH_FAILED', { message: 'The email address or the password is wrong' });
