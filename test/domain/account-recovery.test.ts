import { expect, test } from 'vitest';
import type { Ctx } from '../../server/context.ts';
import { askForReset, askForVerification, resetPassword, verifyEmail } from '../../server/domain/account-recovery.ts';
import { login, me, registerAccount } from '../../server/domain/accounts.ts';
import { createApiKey, listApiKeys } from '../../server/domain/api-keys.ts';
import { changePassword } from '../../server/domain/users.ts';
import { retentionJob } from '../../server/jobs/retention.ts';
import { sendMailJob } from '../../server/jobs/send-mail.ts';
import type { Job, MailOrder } from '../../server/ports.ts';
import { newEmail, openContext, PASSWORD } from '../setup/context.ts';

const NEW_PASSWORD = 'another horse, another staple';
const HOUR = 3600;

const ordersIn = (sent: Job[]): MailOrder[] => sent.flatMap((job) => (job.name === 'send-mail' ? [job.data] : []));

/** The parts, with the queue carried out when the test says so. */
async function openMailed() {
  const parts = await openContext({ at: '2026-01-20T10:00:00Z', env: { PUBLIC_URL: 'https://cloud.example.com/' } });
  const { sent, letters, ctx } = parts;
  const carryOut = async (by: Ctx = ctx) => {
    for (const order of ordersIn(sent.splice(0))) await sendMailJob.handle(by, order);
  };
  /** What the newest letter carries. */
  const lastToken = () => /mt_[\w-]{43}/.exec(letters.at(-1)?.text ?? '')?.[0] ?? '';
  const tokenOfReset = async (email: string) => {
    await askForReset(ctx, email);
    await carryOut();
    return lastToken();
  };
  return { ...parts, carryOut, lastToken, tokenOfReset };
}

test('a registration has its address verified by mail', async () => {
  const { ctx, signUp, letters, carryOut, lastToken, audited } = await openMailed();
  const { user, ctx: own } = await signUp();
  await carryOut();
  expect(letters).toMatchObject([{ to: user.email, subject: 'Verify your email address' }]);
  expect(letters[0]?.text).toContain('https://cloud.example.com/v1/auth/verify-email');
  expect(letters[0]?.html).toContain(lastToken());
  await verifyEmail(ctx, lastToken());
  expect((await me(own)).is_verified).toBe(true);
  expect((await audited()).at(-1)).toMatchObject({ action: 'user.email_verified', target: `user:${user.id}` });
});

test('a registration that fails mails nothing', async () => {
  const { ctx, signUp, sent } = await openMailed();
  const { user } = await signUp();
  sent.length = 0;
  const again = registerAccount(ctx, { email: user.email, password: PASSWORD, displayName: null });
  await expect(again).rejects.toMatchObject({ code: 'EMAIL_TAKEN' });
  expect(sent).toEqual([]);
});

test('a token is nowhere at rest but as its SHA-256, and is not in the log', async () => {
  const { ctx, db, signUp, sent, lastToken, carryOut, lines } = await openMailed();
  await signUp();
  expect(JSON.stringify(sent)).not.toContain('mt_');
  await carryOut();
  const rows = JSON.stringify(await db.selectFrom('mail_tokens').selectAll().execute());
  expect(rows).toContain(ctx.tokens.hash(lastToken()));
  expect(rows).not.toContain(lastToken().slice(3));
  expect(JSON.stringify(lines)).not.toContain(lastToken().slice(3));
});

test('a token is good for one use, also of many at once', async () => {
  const { ctx, signUp, carryOut, lastToken } = await openMailed();
  await signUp();
  await carryOut();
  const uses = await Promise.allSettled(Array.from({ length: 10 }, () => verifyEmail(ctx, lastToken())));
  expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(verifyEmail(ctx, lastToken())).rejects.toMatchObject({ code: 'AUTH_FAILED' });
});

test('a verification is good for 24 hours from its mail, a reset for one', async () => {
  const { ctx, clock, signUp, carryOut, lastToken, tokenOfReset } = await openMailed();
  const { user } = await signUp();
  clock.advance(5 * HOUR);
  await carryOut();
  const verification = lastToken();
  const reset = await tokenOfReset(user.email);
  clock.advance(HOUR);
  await expect(resetPassword(ctx, { token: reset, newPassword: NEW_PASSWORD })).rejects.toMatchObject({
    code: 'TOKEN_EXPIRED',
  });
  clock.advance(23 * HOUR - 1);
  await verifyEmail(ctx, verification);
  const other = await signUp();
  await carryOut();
  clock.advance(24 * HOUR);
  await expect(verifyEmail(ctx, lastToken())).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  expect((await me(other.ctx)).is_verified).toBe(false);
});

test('a token serves its own purpose alone, and nonsense none', async () => {
  const { ctx, signUp, carryOut, lastToken, tokenOfReset } = await openMailed();
  const { user } = await signUp();
  await carryOut();
  const verification = lastToken();
  const reset = await tokenOfReset(user.email);
  for (const token of [reset, 'mt_', 'nonsense', ctx.tokens.newMailToken()]) {
    await expect(verifyEmail(ctx, token)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  }
  for (const token of [verification, 'mt_', ctx.tokens.newMailToken()]) {
    const refused = resetPassword(ctx, { token, newPassword: NEW_PASSWORD });
    await expect(refused).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  }
  await login(ctx, { email: user.email, password: PASSWORD });
});

test('a reset sets the password, ends all sessions and every other reset, and verifies the address', async () => {
  const { ctx, db, told, signUp, tokenOfReset, audited } = await openMailed();
  const { user, ctx: own } = await signUp();
  await login(ctx, { email: user.email, password: PASSWORD });
  const [first, second] = [await tokenOfReset(user.email), await tokenOfReset(user.email)];
  told.length = 0;
  await resetPassword(ctx, { token: second, newPassword: NEW_PASSWORD });
  expect(told.map(({ type }) => type)).toEqual(['session.ended', 'session.ended']);
  const alive = await db.selectFrom('sessions').select('id').where('revoked_at', 'is', null).execute();
  expect(alive).toEqual([]);
  await expect(resetPassword(ctx, { token: first, newPassword: PASSWORD })).rejects.toMatchObject({
    code: 'AUTH_FAILED',
  });
  await expect(login(ctx, { email: user.email, password: PASSWORD })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  await login(ctx, { email: user.email, password: NEW_PASSWORD });
  expect((await me(own)).is_verified).toBe(true);
  const actions = (await audited()).map(({ action }) => action);
  expect(actions).toContain('user.password_reset');
  expect(JSON.stringify(await audited())).not.toMatch(/horse|mt_/);
});

test('the API keys of an account whose address was never verified end with the reset, those of a verified one go on', async () => {
  const { ctx, signUp, carryOut, lastToken, tokenOfReset } = await openMailed();
  const [stranger, owner] = [await signUp(), await signUp()];
  await carryOut();
  await verifyEmail(ctx, lastToken());
  const left = [];
  for (const { user, ctx: own } of [stranger, owner]) {
    await createApiKey(own, { name: 'CI', scopes: ['task:create'], expiresAt: null });
    await resetPassword(ctx, { token: await tokenOfReset(user.email), newPassword: NEW_PASSWORD });
    left.push((await listApiKeys(own)).length);
  }
  expect(left).toEqual([0, 1]);
});

test('a changed password makes what was mailed before worthless', async () => {
  const { ctx, signUp, tokenOfReset } = await openMailed();
  const { user, ctx: own } = await signUp();
  const token = await tokenOfReset(user.email);
  await changePassword(own, { oldPassword: PASSWORD, newPassword: NEW_PASSWORD });
  await expect(resetPassword(ctx, { token, newPassword: PASSWORD })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
});

test('an address without an account, or with a closed one, gets no mail', async () => {
  const { ctx, db, letters, signUp, tokenOfReset, carryOut } = await openMailed();
  const { user } = await signUp();
  await db.updateTable('users').set({ is_active: false }).execute();
  await tokenOfReset(newEmail());
  await tokenOfReset(user.email);
  await carryOut(ctx);
  expect(letters).toEqual([]);
});

test('asking costs the same for every address: one job with the address as it came, and no look at the accounts', async () => {
  const { ctx, sent, signUp } = await openMailed();
  const { user } = await signUp();
  sent.length = 0;
  const unknown = newEmail();
  const db = new Proxy(ctx.db, {
    get: (target, name) => {
      if (name === 'isTransaction') return false;
      if (name === 'transaction') return () => target.transaction();
      throw new Error('a look at the database');
    },
  });
  for (const email of [user.email, unknown]) expect(await askForReset({ ...ctx, db }, email)).toBeUndefined();
  expect(ordersIn(sent)).toEqual([
    { about: 'reset', email: user.email },
    { about: 'reset', email: unknown },
  ]);
});

test('nobody is mailed more than five of a kind in an hour, also when they are asked for at once', async () => {
  const { ctx, clock, letters, sent, signUp, tokenOfReset } = await openMailed();
  const { user } = await signUp();
  sent.length = 0;
  const order = { about: 'reset', email: user.email } as const;
  await Promise.all(Array.from({ length: 12 }, () => sendMailJob.handle(ctx, order)));
  expect(letters).toHaveLength(5);
  clock.advance(HOUR);
  await tokenOfReset(user.email);
  expect(letters).toHaveLength(6);
});

test('the verification can be asked for again until it is done, and not without end', async () => {
  const { ctx, signUp, carryOut, letters, lastToken } = await openMailed();
  const { ctx: own } = await signUp();
  for (let n = 0; n < 4; n += 1) expect(await askForVerification(own)).toBe(true);
  await carryOut();
  expect(letters).toHaveLength(5);
  await expect(askForVerification(own)).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', retryAfterSeconds: 3600 });
  await verifyEmail(ctx, lastToken());
  expect(await askForVerification(own)).toBe(false);
});

test('a mail that could not be sent leaves no token behind and fails its job; one that is refused for good does not', async () => {
  const { ctx, db, signUp, sent, lines, carryOut } = await openMailed();
  await signUp();
  const orders = [...sent];
  const away: Ctx = { ...ctx, mail: { send: () => Promise.reject(new Error('the server is away')) } };
  await expect(carryOut(away)).rejects.toThrow('away');
  expect(await db.selectFrom('mail_tokens').selectAll().execute()).toEqual([]);
  sent.push(...orders);
  await carryOut({ ...ctx, mail: { send: async () => ({ isAccepted: false, reply: '550 no such user' }) } });
  expect(lines.at(-1)).toMatchObject({ msg: 'the mail server refuses a letter for good' });
});

test('tokens that expired over a day ago are deleted', async () => {
  const { ctx, db, clock, signUp, sent, lastToken, tokenOfReset } = await openMailed();
  const { user } = await signUp();
  sent.length = 0;
  await tokenOfReset(user.email);
  clock.advance(24 * HOUR);
  await tokenOfReset(user.email);
  clock.advance(HOUR + 1);
  await retentionJob.handle(ctx, {});
  const left = await db.selectFrom('mail_tokens').select('hash').execute();
  expect(left).toEqual([{ hash: ctx.tokens.hash(lastToken()) }]);
});
