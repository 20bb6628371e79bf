import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import type { Ctx } from '../../server/context.ts';
import {
  findSessionActor,
  listSessions,
  logout,
  revokeSession,
  rotateSession,
  startSession,
} from '../../server/domain/sessions.ts';
import { openContext, type TestUser } from '../setup/context.ts';

const MINUTE = 60;
const DAY = 86_400;
const OLD_SECRET = 'o'.repeat(48);
const NEW_SECRET = 'n'.repeat(48);

const isAlive = async ({ ctx, actor }: TestUser): Promise<boolean> =>
  (await findSessionActor(ctx, actor)) !== undefined;

test('a refresh token gives a new pair for the same session', async () => {
  const { ctx, clock, signUp } = await openContext();
  const { actor, tokens } = await signUp();
  clock.advance(10 * MINUTE);
  const renewed = await rotateSession(ctx, tokens.refreshToken);
  expect(renewed.refreshToken).toMatch(/^rt_[\w-]{43}$/);
  expect(renewed.refreshToken).not.toBe(tokens.refreshToken);
  expect(renewed.expiresInSeconds).toBe(15 * MINUTE);
  await expect(ctx.tokens.verifyAccessToken(renewed.accessToken, ctx.now())).resolves.toEqual({
    userId: actor.userId,
    sessionId: actor.sessionId,
    expiresAt: new Date(Math.floor(ctx.now().getTime() / 1000 + 15 * 60) * 1000),
  });
});

test('neither tokens nor anything they could be made from are stored', async () => {
  const { ctx, db, signUp } = await openContext();
  const { tokens } = await signUp();
  const renewed = await rotateSession(ctx, tokens.refreshToken);
  const stored = JSON.stringify([
    await db.selectFrom('sessions').selectAll().execute(),
    await db.selectFrom('spent_refresh_tokens').selectAll().execute(),
    await db.selectFrom('audit_logs').selectAll().execute(),
  ]);
  for (const secret of [tokens.refreshToken, tokens.accessToken, renewed.refreshToken, renewed.accessToken]) {
    expect(stored).not.toContain(secret);
  }
});

test('a repeat within 60 seconds gets the same successor while that is unused', async () => {
  const { ctx, clock, signUp } = await openContext();
  const user = await signUp();
  const first = await rotateSession(ctx, user.tokens.refreshToken);
  clock.advance(60);
  const again = await rotateSession(ctx, user.tokens.refreshToken);
  expect(again.refreshToken).toBe(first.refreshToken);
  expect(again.accessToken).not.toBe(first.accessToken);
  expect(await isAlive(user)).toBe(true);
});

test('a repeat after 60 seconds ends the session', async () => {
  const { ctx, clock, signUp, told, audited } = await openContext();
  const user = await signUp();
  const { refreshToken } = await rotateSession(ctx, user.tokens.refreshToken);
  clock.advance(60.001);
  await expect(rotateSession(ctx, user.tokens.refreshToken)).rejects.toMatchObject({ code: 'AUTH_FAILED' });

  expect(await isAlive(user)).toBe(false);
  await expect(rotateSession(ctx, refreshToken)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  const { userId, sessionId } = user.actor;
  expect(told).toEqual([{ type: 'session.ended', userId, sessionId }]);
  expect((await audited()).at(-1)).toMatchObject({
    user_id: userId,
    action: 'session.reuse_detected',
    target: `session:${sessionId}`,
  });
});

test('a repeat after the successor was used ends the session, also within 60 seconds', async () => {
  const { ctx, signUp } = await openContext();
  const user = await signUp();
  const second = await rotateSession(ctx, user.tokens.refreshToken);
  const third = await rotateSession(ctx, second.refreshToken);
  await expect(rotateSession(ctx, user.tokens.refreshToken)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  expect(await isAlive(user)).toBe(false);
  await expect(rotateSession(ctx, third.refreshToken)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
});

test('the reuse of a token is told once, and other sessions of the user live on', async () => {
  const { ctx, clock, signUp, told } = await openContext();
  const user = await signUp();
  const other = await startSession(ctx, user.user);
  await rotateSession(ctx, user.tokens.refreshToken);
  clock.advance(2 * MINUTE);
  for (const _ of [1, 2, 3]) {
    await expect(rotateSession(ctx, user.tokens.refreshToken)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  }
  expect(told).toHaveLength(1);
  await expect(rotateSession(ctx, other.tokens.refreshToken)).resolves.toBeDefined();
});

test('of 100 refreshes at once all get the one successor, and the session lives on', async () => {
  const { ctx, db, signUp } = await openContext();
  const user = await signUp();
  const answers = await Promise.all(Array.from({ length: 100 }, () => rotateSession(ctx, user.tokens.refreshToken)));
  expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1);
  expect(await db.selectFrom('spent_refresh_tokens').selectAll().execute()).toHaveLength(1);
  expect(await isAlive(user)).toBe(true);
  await expect(rotateSession(ctx, answers[0]?.refreshToken as string)).resolves.toBeDefined();
});

test('twenty sessions refresh at once, each five times over, and none is lost', async () => {
  const { ctx, signUp } = await openContext();
  const user = await signUp();
  const sessions = await Promise.all(Array.from({ length: 20 }, () => startSession(ctx, user.user)));
  const last = await Promise.all(
    sessions.map(async ({ tokens }) => {
      let { refreshToken } = tokens;
      for (const _ of [1, 2, 3, 4, 5]) ({ refreshToken } = await rotateSession(ctx, refreshToken));
      return refreshToken;
    }),
  );
  for (const refreshToken of last) await expect(rotateSession(ctx, refreshToken)).resolves.toBeDefined();
  expect(await listSessions(user.ctx)).toHaveLength(21);
});

test('a lost answer can be given again after the secret was changed', async () => {
  const before = await openContext({ at: '2026-01-20T10:00:00Z', env: { JWT_SECRET: OLD_SECRET } });
  const after = await openContext({
    at: '2026-01-20T10:00:30Z',
    databaseUrl: before.url,
    env: { JWT_SECRET: NEW_SECRET, JWT_SECRET_PREVIOUS: OLD_SECRET },
  });
  const user = await before.signUp();
  const lost = await rotateSession(before.ctx, user.tokens.refreshToken);
  const again = await rotateSession(after.ctx, user.tokens.refreshToken);
  expect(again.refreshToken).toBe(lost.refreshToken);
  await expect(rotateSession(after.ctx, again.refreshToken)).resolves.toBeDefined();
});

test('an access token of the secret before is accepted while that is configured', async () => {
  const before = await openContext({ env: { JWT_SECRET: OLD_SECRET } });
  const { databaseUrl, env } = { databaseUrl: before.url, env: { JWT_SECRET: NEW_SECRET } };
  const both = await openContext({ databaseUrl, env: { ...env, JWT_SECRET_PREVIOUS: OLD_SECRET } });
  const newOnly = await openContext({ databaseUrl, env });
  const { tokens, actor } = await before.signUp();
  const verify = ({ ctx }: { ctx: Ctx }) => ctx.tokens.verifyAccessToken(tokens.accessToken, ctx.now());
  await expect(verify(both)).resolves.toMatchObject({ sessionId: actor.sessionId });
  await expect(verify(newOnly)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
});

test('an access token of another algorithm, type, issuer, audience or content is refused', async () => {
  const { ctx } = await openContext({ env: { JWT_SECRET: OLD_SECRET } });
  const key = new TextEncoder().encode(OLD_SECRET);
  const good = { sub: randomUUID(), sid: randomUUID(), jti: 'j', typ: 'access', iss: 'ccjk-cloud', aud: 'ccjk-cloud' };
  const header = { alg: 'HS256', typ: 'access' };
  const sign = (claims: object = {}, changed: object = {}, expires: string | null = '15m') => {
    const jwt = new SignJWT({ ...good, ...claims }).setProtectedHeader({ ...header, ...changed }).setIssuedAt();
    return (expires ? jwt.setExpirationTime(expires) : jwt).sign(key);
  };
  const verify = async (token: Promise<string>) => ctx.tokens.verifyAccessToken(await token, new Date());
  await expect(verify(sign())).resolves.toMatchObject({ userId: good.sub, sessionId: good.sid });

  const unsigned = `${Buffer.from('{"alg":"none","typ":"access"}').toString('base64url')}.${(await sign()).split('.')[1]}.`;
  const forged = [
    sign({}, { alg: 'HS512' }),
    sign({}, { typ: 'JWT' }),
    sign({ typ: 'refresh' }),
    sign({ iss: 'somebody' }),
    sign({ aud: 'somebody' }),
    sign({ sub: "' or 1=1" }),
    sign({ sid: 7 }),
    sign({ sid: undefined }),
    sign({}, {}, null),
    Promise.resolve(unsigned),
    Promise.resolve(`${await sign()}x`),
    Promise.resolve('a.b.c'),
    Promise.resolve('nonsense'),
    Promise.resolve(''),
  ];
  for (const token of forged) await expect(verify(token)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  await expect(verify(sign({}, {}, '-1s'))).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
});

test('an unknown refresh token is refused', async () => {
  const { ctx, signUp } = await openContext();
  await signUp();
  for (const token of [ctx.tokens.newRefreshToken(), 'rt_', 'nonsense', '']) {
    await expect(rotateSession(ctx, token)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  }
});

test('a session ends 30 days after the login however often it was renewed', async () => {
  const { ctx, clock, signUp } = await openContext();
  const user = await signUp();
  let { refreshToken } = user.tokens;
  for (let day = 1; day < 30; day += 1) {
    clock.advance(DAY);
    ({ refreshToken } = await rotateSession(ctx, refreshToken));
  }
  clock.advance(DAY - 5 * MINUTE);
  const last = await rotateSession(ctx, refreshToken);
  expect(last.expiresInSeconds).toBe(5 * MINUTE);
  clock.advance(5 * MINUTE);
  await expect(rotateSession(ctx, last.refreshToken)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  expect(await isAlive(user)).toBe(false);
  expect(await listSessions(user.ctx)).toEqual([]);
});

test('logout ends this session alone and tells it', async () => {
  const { ctx, signUp, told, audited } = await openContext();
  const user = await signUp();
  const other = await startSession(ctx, user.user);
  await logout(user.ctx);
  expect(await isAlive(user)).toBe(false);
  await expect(rotateSession(ctx, user.tokens.refreshToken)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  await expect(rotateSession(ctx, other.tokens.refreshToken)).resolves.toBeDefined();
  const { userId, sessionId } = user.actor;
  expect(told).toEqual([{ type: 'session.ended', userId, sessionId }]);
  expect((await audited()).at(-1)).toMatchObject({ action: 'session.ended', user_id: userId });
});

test('a session is revoked once, and only by its user', async () => {
  const { ctx, signUp, told } = await openContext();
  const [user, stranger] = [await signUp(), await signUp()];
  const { sessionId } = await startSession(ctx, user.user);
  await expect(revokeSession(stranger.ctx, sessionId)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  await revokeSession(user.ctx, sessionId);
  await expect(revokeSession(user.ctx, sessionId)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  expect(told).toEqual([{ type: 'session.ended', userId: user.actor.userId, sessionId }]);
  expect((await listSessions(user.ctx)).map(({ id }) => id)).toEqual([user.actor.sessionId]);
});

test('a session of a closed account is not alive and cannot be renewed', async () => {
  const { ctx, db, signUp } = await openContext();
  const user = await signUp();
  await db.updateTable('users').set({ is_active: false }).where('id', '=', user.actor.userId).execute();
  expect(await isAlive(user)).toBe(false);
  await expect(rotateSession(ctx, user.tokens.refreshToken)).rejects.toMatchObject({ code: 'AUTH_FAILED' });
});

test('an address that a proxy made up is not stored', async () => {
  const { ctx, db, signUp } = await openContext();
  const { user } = await signUp();
  for (const ipAddress of ['unknown', '1.2.3.4:80', 'fe80::1%eth0', null])
    await startSession({ ...ctx, ipAddress }, user);
  const rows = await db.selectFrom('sessions').select('ip_address').execute();
  expect(rows.map(({ ip_address }) => ip_address).sort()).toEqual(['192.0.2.1', 'fe80::1', null, null, null]);
});
