import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { passwords } from '../../server/adapters/passwords.ts';
import type { Ctx } from '../../server/context.ts';
import { login, me, registerAccount } from '../../server/domain/accounts.ts';
import { newEmail, openContext, PASSWORD } from '../setup/context.ts';

const WRONG = 'not the password';
const MINUTE = 60;

const fail = async (ctx: Ctx, email: string, times = 1) => {
  for (let n = 0; n < times; n += 1) {
    await expect(login(ctx, { email, password: WRONG })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  }
};

test('an account has the plan of the configuration and is signed in', async () => {
  const { ctx, signUp } = await openContext({ at: '2026-01-20T10:00:00Z', env: { DEFAULT_PLAN: 'pro' } });
  const { user, ctx: own } = await signUp();
  expect(user).toMatchObject({ plan: 'pro', is_verified: false, storage_used: 0, last_login_at: ctx.now() });
  expect(user).not.toHaveProperty('password_hash');
  expect(await me(own)).toEqual(user);
});

test('of registrations of one address at once exactly one succeeds', async () => {
  const { ctx, db } = await openContext();
  const account = { email: newEmail(), password: PASSWORD, displayName: null };
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => registerAccount(ctx, account)));
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(refused).toHaveLength(9);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'EMAIL_TAKEN' });
  expect(await db.selectFrom('sessions').select('id').execute()).toHaveLength(1);
});

test('passwords are kept as argon2id with 19 MiB and two passes, each with its own salt', async () => {
  const { db, signUp } = await openContext();
  await signUp();
  await signUp();
  const hashes = (await db.selectFrom('users').select('password_hash').execute()).map((row) => row.password_hash);
  expect(new Set(hashes).size).toBe(2);
  for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

test('without an account a password is hashed all the same, and is wrong', async () => {
  const { ctx } = await openContext();
  const verified: (string | null)[] = [];
  const watched: Ctx = {
    ...ctx,
    passwords: {
      ...ctx.passwords,
      verify: (hash, password) => {
        verified.push(hash);
        return passwords.verify(hash, password);
      },
    },
  };
  await fail(watched, newEmail());
  expect(verified).toEqual([null]);
});

test('an unknown address takes as long as a wrong password', async () => {
  const { ctx, signUp } = await openContext();
  const { user } = await signUp();
  const took = async (email: string) => {
    const began = performance.now();
    await fail(ctx, email);
    return performance.now() - began;
  };
  const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] as number;
  const [known, unknown]: [number[], number[]] = [[], []];
  for (let n = 0; n < 15; n += 1) {
    known.push(await took(user.email));
    unknown.push(await took(newEmail()));
  }
  const ratio = median(unknown) / median(known);
  expect(ratio).toBeGreaterThan(0.5);
  expect(ratio).toBeLessThan(2);
});

test('a closed account is answered like a wrong password', async () => {
  const { ctx, db, signUp } = await openContext();
  const { user } = await signUp();
  await db.updateTable('users').set({ is_active: false }).execute();
  const refused = login(ctx, { email: user.email, password: PASSWORD });
  await expect(refused).rejects.toMatchObject({
    code: 'AUTH_FAILED',
    message: 'The email address or the password is wrong',
  });
});

test('a login is noted on the account and begins a session', async () => {
  const { ctx, clock, db, signUp, audited } = await openContext();
  const { user } = await signUp();
  clock.advance(5 * MINUTE);
  const signedIn = await login(ctx, { email: user.email, password: PASSWORD });
  expect(signedIn.user.last_login_at).toEqual(clock.now());
  expect(await db.selectFrom('sessions').select('id').execute()).toHaveLength(2);
  expect((await audited()).map(({ action, user_id }) => [action, user_id])).toEqual([
    ['user.registered', user.id],
    ['user.logged_in', user.id],
  ]);
});

test('from the tenth failure on each answer is held back longer, to three seconds at most', async () => {
  const { ctx, pauses, signUp } = await openContext();
  const { user } = await signUp();
  await fail(ctx, user.email, 18);
  expect(pauses.filter((ms) => ms > 0)).toEqual([250, 500, 1000, 2000, 3000, 3000, 3000, 3000]);
});

test('the right password is held back too, is accepted, and resets the account', async () => {
  const { ctx, pauses, signUp } = await openContext();
  const { user } = await signUp();
  const from = (ipAddress: string): Ctx => ({ ...ctx, ipAddress });
  await fail(from('198.51.100.1'), user.email, 12);
  pauses.length = 0;
  await login(from('198.51.100.2'), { email: user.email, password: PASSWORD });
  expect(pauses).toEqual([1000]);
  await login(from('198.51.100.2'), { email: user.email, password: PASSWORD });
  await fail(from('198.51.100.2'), user.email);
  expect(pauses.filter((ms) => ms > 0)).toEqual([1000]);
});

test('an address is slowed down for every account, known or not, and its own success does not help it', async () => {
  const { ctx, pauses, signUp } = await openContext();
  const { user: own } = await signUp();
  for (let n = 0; n < 10; n += 1) await fail(ctx, newEmail());
  await login(ctx, { email: own.email, password: PASSWORD });
  await fail(ctx, newEmail());
  await login({ ...ctx, ipAddress: '198.51.100.9' }, { email: own.email, password: PASSWORD });
  expect(pauses.filter((ms) => ms > 0)).toEqual([250, 250]);
});

test('addresses of one IPv6 network count together, and those of two apart', async () => {
  const { ctx, pauses } = await openContext();
  for (let n = 0; n < 10; n += 1) await fail({ ...ctx, ipAddress: `2001:db8:1:2:${n}::1` }, newEmail());
  await fail({ ...ctx, ipAddress: '2001:db8:1:2::ffff' }, newEmail());
  await fail({ ...ctx, ipAddress: '2001:db8:1:3::ffff' }, newEmail());
  for (let n = 0; n < 10; n += 1) await fail({ ...ctx, ipAddress: `::ffff:192.0.2.${n}` }, newEmail());
  await fail({ ...ctx, ipAddress: '::1' }, newEmail());
  expect(pauses.filter((ms) => ms > 0)).toEqual([250]);
});

test('failures are forgotten after 15 minutes', async () => {
  const { ctx, clock, pauses, signUp } = await openContext();
  const { user } = await signUp();
  await fail(ctx, user.email, 12);
  pauses.length = 0;
  clock.advance(15 * MINUTE);
  await fail(ctx, user.email);
  await login(ctx, { email: user.email, password: PASSWORD });
  expect(pauses.filter((ms) => ms > 0)).toEqual([]);
});

test('failures are counted over all processes, and none is lost when they come at once', async () => {
  const one = await openContext();
  const other = await openContext({ databaseUrl: one.url });
  const { user } = await one.signUp();
  await Promise.all([...Array(6).keys()].flatMap(() => [fail(one.ctx, user.email), fail(other.ctx, user.email)]));
  await login(one.ctx, { email: user.email, password: PASSWORD });
  expect(one.pauses.at(-1)).toBe(1000);
});

test('failed logins are audited ten at a time, with nothing that was typed', async () => {
  const { ctx, signUp, audited } = await openContext();
  const { user } = await signUp();
  await fail({ ...ctx, ipAddress: '198.51.100.3' }, 'my-password-in-the-wrong-field@example.com');
  await fail(ctx, user.email, 15);
  const rows = (await audited()).filter(({ action }) => action === 'login.failed');
  expect(rows).toHaveLength(11);
  expect(rows[1]).toMatchObject({ actor: 'anonymous', target: `user:${user.id}` });
  expect(JSON.stringify(rows)).not.toMatch(/wrong-field|not the password/);
});

test('an account whose password changes while the answer is held back is not signed in', async () => {
  const { ctx, db, signUp } = await openContext();
  const { user } = await signUp();
  await fail(ctx, user.email, 10);
  const change = async () => void (await db.updateTable('users').set({ password_hash: '-' }).execute());
  const racing: Ctx = { ...ctx, passwords: { ...ctx.passwords, pause: change } };
  await expect(login(racing, { email: user.email, password: PASSWORD })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  expect(await db.selectFrom('sessions').select('id').execute()).toHaveLength(1);
});

test('a deleted account has no profile', async () => {
  const { ctx } = await openContext();
  const actor = { kind: 'user', userId: randomUUID(), plan: 'free', sessionId: randomUUID() } as const;
  await expect(me({ ...ctx, actor })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
});
