/** Which credential opens what, API keys over HTTP, and that the log keeps no secret of either. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildApp } from '../../server/app.ts';
import { callsTo, long, newAccount, UUID } from '../setup/accounts.ts';
import { openApp, openAppForTest, type TestApp } from '../setup/app.ts';
import { openContext } from '../setup/context.ts';

let app: TestApp;
const { makeKey, send } = callsTo(() => app);

beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

describe('who may call', () => {
  const forUsers = [
    ['POST', '/auth/logout'],
    ['GET', '/auth/sessions'],
    ['DELETE', `/auth/sessions/${randomUUID()}`],
    ['POST', '/api-keys'],
    ['GET', '/api-keys'],
    ['DELETE', `/api-keys/${randomUUID()}`],
  ] as const;
  const guarded = [...forUsers, ['GET', '/auth/me'] as const];

  test.each(guarded)('%s %s needs a credential', async (method, path) => {
    expect(await send(method, path)).toMatchObject({ status: 401, code: 'AUTH_REQUIRED' });
  });

  test.each(forUsers)('%s %s is closed to API keys and device keys', async (method, path) => {
    const user = await app.makeUser();
    const { key } = await makeKey(user, ['user:read', 'user:write', 'task:admin']);
    const device = await app.makeDevice(user);
    for (const token of [key, device.key]) {
      expect(await send(method, path, { token })).toMatchObject({ status: 403, code: 'WRONG_CREDENTIAL' });
    }
  });

  test.each(guarded)('%s %s refuses credentials that are none', async (method, path) => {
    const user = await app.makeUser();
    const [head, claims, signature] = user.token.split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none","typ":"access"}').toString('base64url');
    const headers = [
      '',
      'Bearer',
      'Bearer ',
      'Basic dXNlcjpwYXNz',
      user.token,
      `Token ${user.token}`,
      `Bearer ${user.token} ${user.token}`,
      `Bearer ${user.refreshToken}`,
      `Bearer ${head}.${claims}.${signature.split('').reverse().join('')}`,
      `Bearer ${none}.${claims}.`,
      `Bearer ck_live_${long(43)}`,
      `Bearer dk_${long(43)}`,
      `Bearer sk_live_${long(43)}`,
      'Bearer ck_live_',
      `Bearer ${long(8000)}`,
      'Bearer \u00e9\u00ff',
    ];
    for (const authorization of headers) {
      const answer = await send(method, path, { authorization });
      expect([authorization, answer.status, answer.code]).toEqual([authorization, 401, 'AUTH_FAILED']);
    }
  });

  test('the scheme is read in whatever case', async () => {
    const { token } = await app.makeUser();
    expect((await send('GET', '/auth/me', { authorization: `bearer  ${token}` })).status).toBe(200);
  });

  test('me is open to an API key with user:read alone', async () => {
    const user = await app.makeUser();
    const [reads, other, device] = [
      await makeKey(user, ['user:read']),
      await makeKey(user, ['user:write', 'task:admin']),
      await app.makeDevice(user),
    ];
    const { status, data } = await send('GET', '/auth/me', { token: reads.key });
    expect([status, data.user.id]).toEqual([200, user.id]);
    expect(await send('GET', '/auth/me', { token: other.key })).toMatchObject({
      status: 403,
      code: 'INSUFFICIENT_SCOPE',
    });
    expect(await send('GET', '/auth/me', { token: device.key })).toMatchObject({
      status: 403,
      code: 'WRONG_CREDENTIAL',
    });
  });

  test('an access token ends after 15 minutes and says so', async () => {
    const own = await openAppForTest();
    const { token } = await own.makeUser();
    own.clock.advance(899);
    expect((await send('GET', '/auth/me', { token }, own)).status).toBe(200);
    own.clock.advance(1);
    for (const [method, path] of guarded) {
      expect(await send(method, path, { token }, own)).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' });
    }
  });

  test('an access token that has ended says so also where it would open nothing', async () => {
    const own = await openAppForTest();
    const { token } = await own.makeUser();
    const pending = () => send('GET', '/daemon/tasks/pending', { token }, own);
    expect(await pending()).toMatchObject({ status: 403, code: 'WRONG_CREDENTIAL' });
    own.clock.advance(900);
    expect(await pending()).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' });
  });

  test('endpoints that are open do not mind a credential, whatever it is', async () => {
    for (const token of ['nonsense', `dk_${long(43)}`]) {
      expect((await send('POST', '/auth/register', { token, body: newAccount() })).status).toBe(201);
    }
  });

  test('a closed account opens nothing at the next request', async () => {
    const user = await app.makeUser();
    const { key } = await makeKey(user, ['user:read']);
    const device = await app.makeDevice(user);
    await app.service.db.updateTable('users').set({ is_active: false }).where('id', '=', user.id).execute();
    for (const [token, path] of [
      [user.token, '/auth/me'],
      [key, '/auth/me'],
      [device.key, '/daemon/tasks/pending'],
    ] as const) {
      expect(await send('GET', path, { token })).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    }
  });
});

describe('API keys', () => {
  test('a key is shown once and listed without it', async () => {
    const user = await app.makeUser();
    const body = { name: 'CI', scopes: ['task:create', 'task:read'], expires_at: '2099-01-01T00:00:00+02:00' };
    const { status, data } = await send('POST', '/api-keys', { token: user.token, body });
    expect(status).toBe(201);
    const { key, ...shown } = data;
    expect(shown).toEqual({
      id: expect.stringMatching(UUID),
      name: 'CI',
      key_prefix: key.slice(0, 12),
      scopes: ['task:create', 'task:read'],
      last_used: null,
      expires_at: '2098-12-31T22:00:00.000Z',
      created_at: expect.any(String),
    });
    expect((await send('GET', '/api-keys', { token: user.token })).data).toEqual({ api_keys: [shown] });
  });

  test('a deleted key is 401 at the next request', async () => {
    const user = await app.makeUser();
    const { id, key } = await makeKey(user, ['user:read']);
    expect((await send('GET', '/auth/me', { token: key })).status).toBe(200);
    const deleted = await send('DELETE', `/api-keys/${id}`, { token: user.token });
    expect(deleted).toMatchObject({ status: 200, data: { api_key_id: id, deleted: true } });
    expect(await send('GET', '/auth/me', { token: key })).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    const again = await send('DELETE', `/api-keys/${id}`, { token: user.token });
    expect(again).toMatchObject({ status: 404, code: 'API_KEY_NOT_FOUND' });
  });

  test("another user's key is neither seen nor deleted", async () => {
    const [user, stranger] = [await app.makeUser(), await app.makeUser()];
    const { id, key } = await makeKey(stranger, ['user:read']);
    expect((await send('GET', '/api-keys', { token: user.token })).data).toEqual({ api_keys: [] });
    const answer = await send('DELETE', `/api-keys/${id}`, { token: user.token });
    expect(answer).toMatchObject({ status: 404, code: 'API_KEY_NOT_FOUND' });
    expect((await send('GET', '/auth/me', { token: key })).status).toBe(200);
  });

  test('an expired key is 401', async () => {
    const own = await openAppForTest();
    const { token } = await own.makeUser();
    const expires_at = new Date(own.clock.now().getTime() + 60_000).toISOString();
    const body = { name: 'CI', scopes: ['user:read'], expires_at };
    const { key } = (await send('POST', '/api-keys', { token, body }, own)).data;
    own.clock.advance(59);
    expect((await send('GET', '/auth/me', { token: key }, own)).status).toBe(200);
    own.clock.advance(1);
    expect(await send('GET', '/auth/me', { token: key }, own)).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
  });

  test.each([
    ['no name', { name: undefined }],
    ['an empty name', { name: '' }],
    ['a name of 101 characters', { name: long(101) }],
    ['a name with NUL', { name: 'a\0' }],
    ['a name with a lone surrogate', { name: '\udc00' }],
    ['no scopes', { scopes: undefined }],
    ['an empty list of scopes', { scopes: [] }],
    ['an unknown scope', { scopes: ['task:read', 'everything'] }],
    ['a scope of devices', { scopes: ['daemon:read'] }],
    ['a text as scopes', { scopes: 'task:read' }],
    ['an expiry in the past', { expires_at: '2020-01-01T00:00:00Z' }],
    ['an expiry after the calendar', { expires_at: '9999-12-31T23:59:59-01:00' }],
    ['an expiry that is no time', { expires_at: 'tomorrow' }],
    ['a 30th of February', { expires_at: '2099-02-30T00:00:00Z' }],
    ['a number as expiry', { expires_at: 4_102_444_800 }],
  ])('%s is refused', async (_, change) => {
    const { token } = await app.makeUser();
    const body = { name: 'CI', scopes: ['task:read'], ...change };
    const answer = await send('POST', '/api-keys', { token, body });
    expect(answer).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
    expect(answer.details).toEqual([expect.objectContaining({ path: expect.arrayContaining(['body']) })]);
  });
});

test('nothing secret reaches the log', async () => {
  const { ctx, lines } = await openContext();
  const quiet = await buildApp({ ...app, service: ctx });
  onTestFinished(() => quiet.close());
  const post = async (url: string, payload: object, authorization?: string) =>
    (await quiet.inject({ method: 'POST', url, payload, headers: authorization ? { authorization } : {} })).json().data;
  const me = (token: string) => quiet.inject({ url: '/v1/auth/me', headers: { authorization: `Bearer ${token}` } });

  const account = newAccount();
  const { token, refresh_token } = await post('/v1/auth/register', account);
  await post('/v1/auth/login', { ...account, password: 'another secret' });
  const { key } = await post('/v1/api-keys', { name: 'CI', scopes: ['user:read'] }, `Bearer ${token}`);
  for (const sent of [token, key, `${token}x`, `${key}x`]) await me(sent);
  await me(`${key} ${key}`);
  const renewed = await post('/v1/auth/refresh', { refresh_token });
  await post('/v1/auth/refresh', { refresh_token, padding: '\ud800' });

  const logged = JSON.stringify(lines);
  expect(logged).toContain('/v1/auth/refresh');
  for (const secret of [account.password, 'another secret', token, refresh_token, key, renewed.refresh_token]) {
    expect(logged).not.toContain(secret);
  }
});
