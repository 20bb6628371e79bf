/**
 * Mailed tokens — whoever shows one reads the mail of its user. Each is good for one use, and for as long as its purpose
 * says.
 *
 * A token is made when its mail is sent, not when it is asked for: no queue ever holds one, PostgreSQL holds its SHA-256,
 * and its time counts from the mail.
 */
import { atomically, type Ctx } from '../context.ts';
import { Failed } from '../failed.ts';

export type Purpose = 'verification' | 'reset';

const HOUR_MS = 3_600_000;

export const LIFE_HOURS: Record<Purpose, number> = { verification: 24, reset: 1 };

/** Whoever asks again and again does not fill somebody's mailbox. */
const MAX_PER_HOUR = 5;

/** Undefined when the user has been mailed enough of these for now. */
export const makeMailToken = (
  ctx: Ctx,
  userId: string,
  purpose: Purpose,
): Promise<{ id: string; token: string } | undefined> =>
  atomically(ctx, async (tx) => {
    // One after another, so that the count is exact.
    await tx.db.selectFrom('users').select('id').where('id', '=', userId).forNoKeyUpdate().execute();
    if (await isMailedEnough(tx, userId, purpose)) return undefined;
    const token = tx.tokens.newMailToken();
    const id = tx.newId();
    const now = tx.now();
    const expiresAt = new Date(now.getTime() + LIFE_HOURS[purpose] * HOUR_MS);
    const hash = tx.tokens.hash(token);
    await tx.db
      .insertInto('mail_tokens')
      .values({ id, user_id: userId, purpose, hash, created_at: now, expires_at: expiresAt })
      .execute();
    return { id, token };
  });

/** Takes back a token whose mail could not be sent. */
export async function unmakeMailToken(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.deleteFrom('mail_tokens').where('id', '=', id).execute();
}

export async function isMailedEnough(ctx: Ctx, userId: string, purpose: Purpose): Promise<boolean> {
  const { count } = await ctx.db
    .selectFrom('mail_tokens')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .where('created_at', '>', new Date(ctx.now().getTime() - HOUR_MS))
    .executeTakeFirstOrThrow();
  return count >= MAX_PER_HOUR;
}

/**
 * Uses the token up; gives its user. Of any number that show the same token at once, one passes.
 * @throws Failed AUTH_FAILED | TOKEN_EXPIRED
 */
export async function spendMailToken(tx: Ctx, token: string, purpose: Purpose): Promise<string> {
  const spent = await tx.db
    .updateTable('mail_tokens')
    .set({ used_at: tx.now() })
    .where('hash', '=', tx.tokens.hash(token))
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .where('expires_at', '>', tx.now())
    .returning('user_id')
    .executeTakeFirst();
  if (spent) return spent.user_id;
  await requireMailToken(tx, token, purpose);
  throw wrongToken();
}

/** @throws Failed AUTH_FAILED | TOKEN_EXPIRED when the token is good for nothing */
export async function requireMailToken(ctx: Ctx, token: string, purpose: Purpose): Promise<void> {
  const found = await ctx.db
    .selectFrom('mail_tokens')
    .select('expires_at')
    .where('hash', '=', ctx.tokens.hash(token))
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  if (!found) throw wrongToken();
  if (found.expires_at <= ctx.now())
    throw new Failed('TOKEN_EXPIRED', { message: 'The token has expired; ask for another' });
}

/** What was mailed to the user for this purpose and not used yet is good for nothing any more. */
export async function voidMailTokens(tx: Ctx, userId: string, purpose: Purpose): Promise<void> {
  await tx.db
    .updateTable('mail_tokens')
    .set({ used_at: tx.now() })
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .execute();
}

export const wrongToken = () =>
  new Failed('AUTH_FAILED', { message: 'The token is not valid or has been used; ask for another' });
