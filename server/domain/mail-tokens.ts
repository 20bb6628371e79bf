/**
 * Mailed tokens — whoever shows one reads the mail of its user. Each is good for one use, and for as long as its purpose
 * says.
 *
 * A token is made when its mail is sent, not when it is asked for: no queue ever holds one, PostgreSQL holds its SHA-256,
 * and its time counts from the mail.
 */
import { atomically, type Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import { type Words, writeLetter } from './letters.ts';

/** `address`: of one that is not the account's own. */
export type Purpose = 'verification' | 'reset' | 'address';

const HOUR_MS = 3_600_000;

export const LIFE_HOURS: Record<Purpose, number> = { verification: 24, reset: 1, address: 24 };

/** Whoever asks again and again does not fill somebody's mailbox. */
const MAX_PER_HOUR = 5;

/**
 * Makes a token and mails it, in the words that `wordsOf` finds for it, to the user's address or to the one that they
 * want to verify. Does nothing when enough of these have been mailed for now.
 */
export async function mailToken(
  ctx: Ctx,
  user: { id: string; email: string },
  purpose: Purpose,
  wordsOf: (token: string) => Words,
): Promise<void> {
  const address = purpose === 'address' ? user.email : null;
  const made = await makeMailToken(ctx, user.id, purpose, address);
  if (!made) return ctx.log.info({ userId: user.id, purpose }, 'no more of these mails for now');
  try {
    const letter = writeLetter({ id: made.id, to: user.email, ...wordsOf(made.token) });
    const { isAccepted, reply } = await ctx.mail.send(letter);
    if (!isAccepted) ctx.log.warn({ userId: user.id, purpose, reply }, 'the mail server refuses a letter for good');
  } catch (error) {
    // Takes it back: it was never mailed.
    await ctx.db.deleteFrom('mail_tokens').where('id', '=', made.id).execute();
    throw error;
  }
}

/** Undefined when enough of these have been mailed for now. */
const makeMailToken = (
  ctx: Ctx,
  userId: string,
  purpose: Purpose,
  address: string | null,
): Promise<{ id: string; token: string } | undefined> =>
  atomically(ctx, async (tx) => {
    // One after another, so that the count is exact.
    await tx.db.selectFrom('users').select('id').where('id', '=', userId).forNoKeyUpdate().execute();
    if (await isMailedEnough(tx, userId, purpose, address)) return undefined;
    const token = tx.tokens.newMailToken();
    const id = tx.newId();
    const now = tx.now();
    const expiresAt = new Date(now.getTime() + LIFE_HOURS[purpose] * HOUR_MS);
    const hash = tx.tokens.hash(token);
    await tx.db
      .insertInto('mail_tokens')
      .values({ id, user_id: userId, purpose, address, hash, created_at: now, expires_at: expiresAt })
      .execute();
    return { id, token };
  });

/** Counted by user, and by the address where that may be anybody's. */
export async function isMailedEnough(
  ctx: Ctx,
  userId: string,
  purpose: Purpose,
  address: string | null = null,
): Promise<boolean> {
  const { count } = await ctx.db
    .selectFrom('mail_tokens')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where((eb) => eb.or([eb('user_id', '=', userId), eb('address', '=', address)]))
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
