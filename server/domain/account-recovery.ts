/**
 * Account recovery — show by mail that an address is yours, and set a new password by mail.
 *
 * Whoever asks for a new password learns nothing: for every address the question goes into the queue as it came, which
 * costs the same, and is answered alike. Whether there is such an account, only the job looks.
 */

import { atomically, type Ctx, userIdOf } from '../context.ts';
import { Failed } from '../failed.ts';
import type { MailOrder } from '../ports.ts';
import { endApiKeys } from './api-keys.ts';
import { audit } from './audit.ts';
import { baseUrlOf, type Paragraph, type Words } from './letters.ts';
import { forgetLoginFailures } from './login-failures.ts';
import {
  isMailedEnough,
  LIFE_HOURS,
  mailToken,
  requireMailToken,
  spendMailToken,
  voidMailTokens,
  wrongToken,
} from './mail-tokens.ts';
import { endSessions } from './sessions.ts';

/**
 * Mails the token of the verification again. False when there is nothing left to verify.
 * @throws Failed RATE_LIMIT_EXCEEDED
 */
export async function askForVerification(ctx: Ctx): Promise<boolean> {
  const userId = userIdOf(ctx.actor);
  const { is_verified } = await ctx.db
    .selectFrom('users')
    .select('is_verified')
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
  if (is_verified) return false;
  if (await isMailedEnough(ctx, userId, 'verification')) {
    const message = 'Enough of these mails have been sent for now; look for them among unwanted mail';
    throw new Failed('RATE_LIMIT_EXCEEDED', { message, retryAfterSeconds: 3600 });
  }
  await order(ctx, { about: 'verification', userId });
  return true;
}

/** The only thing that it does for any address. */
export const askForReset = (ctx: Ctx, email: string): Promise<void> => order(ctx, { about: 'reset', email });

/** In a transaction, so that it has the time limits of our statements: alone, the queue would wait for a silent database. */
const order = (ctx: Ctx, data: MailOrder): Promise<void> =>
  atomically(ctx, (tx) => tx.jobs.send({ name: 'send-mail', data }));

/** @throws Failed AUTH_FAILED | TOKEN_EXPIRED */
export const verifyEmail = (ctx: Ctx, token: string): Promise<void> =>
  atomically(ctx, async (tx) => {
    const userId = await spendMailToken(tx, token, 'verification');
    const { numUpdatedRows } = await tx.db
      .updateTable('users')
      .set({ is_verified: true, updated_at: tx.now() })
      .where('id', '=', userId)
      .where('is_active', '=', true)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw wrongToken();
    await audit(tx, 'user.email_verified', `user:${userId}`);
  });

/**
 * Ends every session. The address counts as verified from now on: the mail has been read. Where it was not verified
 * before, the account may have been made by somebody else, so its API keys end too.
 * @throws Failed AUTH_FAILED | TOKEN_EXPIRED
 */
export async function resetPassword(
  ctx: Ctx,
  { token, newPassword }: { token: string; newPassword: string },
): Promise<void> {
  // Before the hash, which costs more than a guess should.
  await requireMailToken(ctx, token, 'reset');
  const passwordHash = await ctx.passwords.hash(newPassword);
  await atomically(ctx, async (tx) => {
    const userId = await spendMailToken(tx, token, 'reset');
    const user = await tx.db
      .selectFrom('users')
      .select(['email', 'is_verified'])
      .where('id', '=', userId)
      .where('is_active', '=', true)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!user) throw wrongToken();
    await tx.db
      .updateTable('users')
      .set({ password_hash: passwordHash, is_verified: true, updated_at: tx.now() })
      .where('id', '=', userId)
      .execute();
    await voidMailTokens(tx, userId, 'reset');
    if (!user.is_verified) await endApiKeys(tx, userId);
    const ended = await endSessions(tx, userId);
    await forgetLoginFailures(tx, user.email);
    await audit(tx, 'user.password_reset', `user:${userId}`, { sessions_ended: ended });
  });
}

/** For the job. Does nothing once the address is verified or the account is gone. */
export async function sendVerification(ctx: Ctx, userId: string): Promise<void> {
  const user = await ctx.db
    .selectFrom('users')
    .select(['id', 'email'])
    .where('id', '=', userId)
    .where('is_active', '=', true)
    .where('is_verified', '=', false)
    .executeTakeFirst();
  if (user) await mailToken(ctx, user, 'verification', (token) => WORDS.verification(token, baseUrlOf(ctx)));
}

/** For the job. Does nothing for an address that has no account. */
export async function sendReset(ctx: Ctx, email: string): Promise<void> {
  const user = await ctx.db
    .selectFrom('users')
    .select(['id', 'email'])
    .where('email', '=', email)
    .where('is_active', '=', true)
    .executeTakeFirst();
  if (user) await mailToken(ctx, user, 'reset', (token) => WORDS.reset(token, baseUrlOf(ctx)));
}

const curl = (url: string, body: Record<string, string>): Paragraph => ({
  verbatim: `curl ${url} -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`,
});

const WORDS: Record<'verification' | 'reset', (token: string, baseUrl: string) => Words> = {
  verification: (token, baseUrl) => ({
    subject: 'Verify your email address',
    paragraphs: [
      `An account of CCJK Cloud at ${baseUrl} was made with this address. To show that it is yours, use this token within ${LIFE_HOURS.verification} hours:`,
      { verbatim: token },
      'On a command line:',
      curl(`${baseUrl}/v1/auth/verify-email`, { token }),
      'If you did not make the account, ignore this mail: the address then never counts as verified.',
    ],
  }),
  reset: (token, baseUrl) => ({
    subject: 'Set a new password',
    paragraphs: [
      `Somebody, hopefully you, asked for a new password of your CCJK Cloud account at ${baseUrl}. To set one, use this token within ${LIFE_HOURS.reset * 60} minutes:`,
      { verbatim: token },
      'On a command line, with a password of your choice:',
      curl(`${baseUrl}/v1/auth/reset-password`, { token, new_password: '…' }),
      'It ends all sessions of the account. If it was not you who asked, ignore this mail: your password stays as it is.',
    ],
  }),
};
