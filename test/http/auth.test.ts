/** `/v1/auth` over HTTP: accounts and their sessions, what each endpoint answers to good and bad input. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callsTo, long, newAccount, UUID } from '../setup/accounts.ts';
import { openApp, openAppForTest, type TestApp } from '../setup/app.ts';

let app: TestApp;
const { send } = callsTo(() => app);

beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

describe('register', () => {
  test('creates the account of the specification and signs it in', async () => {
    const { email, password } = newAccount();
    const body = { email, password, display_name: 'John Doe' };
    const { status, data } = await send('POST', '/auth/register', { body });
    expect(status).toBe(201);
    expect(data).toEqual({
      user: {
        id: expect.stringMatching(UUID),
        email,
        display_name: 'John Doe',
        avatar_url: null,
        plan: 'enterprise',
        is_verified: false,
        notify_by_email: false,
        storage_used: 0,
        created_at: expect.any(String),
        last_login_at: expect.any(String),
      },
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      refresh_token: expect.stringMatching(/^rt_[\w-]{43}$/),
      expires_in: 900,
    });
    expect((await send('GET', '/auth/me', { token: data.token })).data).toEqual({ user: data.user });
  });

  test('a new account is free', async () => {
    const own = await openAppForTest({ plan: 'free' });
    expect((await send('POST', '/auth/register', { body: newAccount() }, own)).data.user.plan).toBe('free');
  });

  test('an address is taken in whatever case', async () => {
    const account = newAccount();
    await send('POST', '/auth/register', { body: account });
    const again = { ...account, email: account.email.toUpperCase() };
    expect(await send('POST', '/auth/register', { body: again })).toMatchObject({ status: 409, code: 'EMAIL_TAKEN' });
    const { data } = await send('POST', '/auth/login', { body: again });
    expect(data.user.email).toBe(account.email);
  });

  test('unknown fields are ignored, also those that would be columns', async () => {
    const body = { ...newAccount(), plan: 'enterprise', is_verified: true, is_active: false, id: randomUUID() };
    const own = await openAppForTest({ plan: 'free' });
    const { status, data } = await send('POST', '/auth/register', { body }, own);
    expect(status).toBe(201);
    expect(data.user).toMatchObject({ plan: 'free', is_verified: false });
    expect(data.user.id).not.toBe(body.id);
  });

  test.each([
    ['no email', { email: undefined }, 'email'],
    ['a number as email', { email: 7 }, 'email'],
    ['an object as email', { email: { $ne: '' } }, 'email'],
    ['a list as email', { email: ['a@example.com'] }, 'email'],
    ['null as email', { email: null }, 'email'],
    ['an email without an @', { email: 'example.com' }, 'email'],
    ['an email of 300 characters', { email: `${long(288)}@example.com` }, 'email'],
    ['an email with NUL', { email: 'a\0b@example.com' }, 'email'],
    ['an email with a lone surrogate', { email: 'a\ud800@example.com' }, 'email'],
    ['a password of 7 characters', { password: long(7) }, 'password'],
    ['a password of 257 characters', { password: long(257) }, 'password'],
    ['a number as password', { password: 12345678 }, 'password'],
    ['a password with NUL', { password: 'password\0' }, 'password'],
    ['a password with a lone surrogate', { password: 'password\udfff' }, 'password'],
    ['an empty name', { display_name: '' }, 'display_name'],
    ['a name of 101 characters', { display_name: long(101) }, 'display_name'],
    ['a name with NUL', { display_name: 'a\0b' }, 'display_name'],
    ['a boolean as name', { display_name: true }, 'display_name'],
  ])('%s is refused', async (_, change, field) => {
    const answer = await send('POST', '/auth/register', { body: { ...newAccount(), ...change } });
    expect(answer).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
    expect(answer.details).toEqual([{ path: ['body', field], message: expect.any(String), code: expect.any(String) }]);
  });

  test.each([
    ['8 and 256 characters', long(256)],
    ['8 characters', long(8)],
    ['emoji', '🐎🔋📎🐎🔋📎🐎🔋📎'],
    ['spaces at its ends', '  password  '],
  ])('a password of %s opens the account', async (_, password) => {
    const account = { ...newAccount(), password };
    expect((await send('POST', '/auth/register', { body: account })).status).toBe(201);
    expect((await send('POST', '/auth/login', { body: account })).status).toBe(200);
    const trimmed = { ...account, password: [...password].slice(1).join('') };
    expect((await send('POST', '/auth/login', { body: trimmed })).status).toBe(401);
  });
});

describe('every endpoint with a body', () => {
  const paths = ['/auth/register', '/auth/login', '/auth/refresh'];

  test.each(paths)('%s refuses what is no JSON object', async (path) => {
    for (const text of ['{', '{"email":', '', '\0', '{"a":1}}']) {
      expect(await send('POST', path, { text })).toMatchObject({ status: 400, code: 'INVALID_JSON' });
    }
    for (const text of ['[]', '"text"', '7', 'null', '{}']) {
      expect(await send('POST', path, { text })).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
    }
    expect(await send('POST', path)).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
  });

  test.each(paths)('%s refuses another type and too much', async (path) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      expect(await send('POST', path, { text: 'a=1', type })).toMatchObject({
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
      });
    }
    const body = { email: long(1024 * 1024) };
    expect(await send('POST', path, { body })).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });

  test.each([...paths, '/auth/logout'])('%s takes POST alone', async (path) => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      expect(await send(method, path)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    }
  });

  test('a prototype in the body changes nothing', async () => {
    const { email, password } = newAccount();
    const text = `{"email":"${email}","password":"${password}","__proto__":{"plan":"enterprise"}}`;
    expect((await send('POST', '/auth/register', { text })).status).toBeLessThan(500);
    expect(Reflect.get({}, 'plan')).toBeUndefined();
  });
});

describe('login', () => {
  test('begins a session of its own', async () => {
    const account = newAccount();
    const first = await send('POST', '/auth/register', { body: account });
    const { status, data } = await send('POST', '/auth/login', { body: account });
    expect(status).toBe(200);
    expect(data.user.id).toBe(first.data.user.id);
    const { sessions } = (await send('GET', '/auth/sessions', { token: data.token })).data;
    expect(sessions.map(({ current }: { current: boolean }) => current).sort()).toEqual([false, true]);
  });

  test('an unknown address and a wrong password are answered alike', async () => {
    const account = newAccount();
    await send('POST', '/auth/register', { body: account });
    const wrong = await send('POST', '/auth/login', { body: { ...account, password: 'wrong' } });
    const empty = await send('POST', '/auth/login', { body: { ...account, password: '' } });
    const unknown = await send('POST', '/auth/login', { body: newAccount() });
    expect(wrong).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    expect(unknown).toEqual(wrong);
    expect(empty).toEqual(wrong);
  });

  test.each([
    ['a number as password', { password: 7 }],
    ['no password', { password: undefined }],
    ['a password with NUL', { password: 'a\0' }],
    ['an email of 300 characters', { email: `${long(288)}@example.com` }],
    ['an object as email', { email: {} }],
  ])('%s is refused', async (_, change) => {
    const body = { ...newAccount(), ...change };
    expect(await send('POST', '/auth/login', { body })).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
  });
});

describe('refresh', () => {
  test('goes on with the same session', async () => {
    const user = await app.makeUser();
    const { status, data } = await send('POST', '/auth/refresh', { body: { refresh_token: user.refreshToken } });
    expect(status).toBe(200);
    expect(Object.keys(data).sort()).toEqual(['expires_in', 'refresh_token', 'token']);
    for (const token of [user.token, data.token]) expect((await send('GET', '/auth/me', { token })).status).toBe(200);
    expect((await send('GET', '/auth/sessions', { token: data.token })).data.sessions).toHaveLength(1);
  });

  test('of 100 at once with one token all get one successor', async () => {
    const { refreshToken } = await app.makeUser();
    const body = { refresh_token: refreshToken };
    const answers = await Promise.all(Array.from({ length: 100 }, () => send('POST', '/auth/refresh', { body })));
    expect(new Set(answers.map(({ status, data }) => `${status} ${data.refresh_token}`)).size).toBe(1);
  });

  test('the reuse of a spent token ends the session at the next request', async () => {
    const own = await openAppForTest();
    const { token, refreshToken } = await own.makeUser();
    const renewed = (await send('POST', '/auth/refresh', { body: { refresh_token: refreshToken } }, own)).data;
    own.clock.advance(61);
    const reused = await send('POST', '/auth/refresh', { body: { refresh_token: refreshToken } }, own);
    expect(reused).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    for (const each of [token, renewed.token]) {
      expect(await send('GET', '/auth/me', { token: each }, own)).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    }
  });

  test('a session that is over its 30 days has to log in again', async () => {
    const own = await openAppForTest();
    const { refreshToken } = await own.makeUser();
    own.clock.advance(30 * 86_400);
    const late = await send('POST', '/auth/refresh', { body: { refresh_token: refreshToken } }, own);
    expect(late).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' });
  });

  test.each([
    ['an unknown token', `rt_${long(43)}`],
    ['nonsense', 'nonsense'],
    ['a token with spaces', ' rt '],
  ])('%s is refused', async (_, refresh_token) => {
    const answer = await send('POST', '/auth/refresh', { body: { refresh_token } });
    expect(answer).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
  });

  test.each([
    ['nothing', ''],
    ['a number', 7],
    ['null', null],
    ['NUL', 'rt_\0'],
    ['a lone surrogate', 'rt_\ud800'],
    ['300 characters', long(300)],
  ])('%s is no token', async (_, refresh_token) => {
    const answer = await send('POST', '/auth/refresh', { body: { refresh_token } });
    expect(answer).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
  });
});

describe('sessions', () => {
  test('logout ends both tokens of this session alone', async () => {
    const account = newAccount();
    const one = (await send('POST', '/auth/register', { body: account })).data;
    const other = (await send('POST', '/auth/login', { body: account })).data;
    const { status, data } = await send('POST', '/auth/logout', { token: one.token });
    expect({ status, data }).toEqual({ status: 200, data: { logged_out: true } });
    expect(await send('GET', '/auth/me', { token: one.token })).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    expect(await send('POST', '/auth/logout', { token: one.token })).toMatchObject({
      status: 401,
      code: 'AUTH_FAILED',
    });
    const refreshed = await send('POST', '/auth/refresh', { body: { refresh_token: one.refresh_token } });
    expect(refreshed).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    expect((await send('GET', '/auth/me', { token: other.token })).status).toBe(200);
  });

  test('a list has each session with its client and address', async () => {
    const { token } = await app.makeUser();
    const { sessions } = (await send('GET', '/auth/sessions', { token })).data;
    expect(sessions).toEqual([
      {
        id: expect.stringMatching(UUID),
        current: true,
        user_agent: expect.any(String),
        ip_address: '127.0.0.1',
        created_at: expect.any(String),
        last_used_at: expect.any(String),
        expires_at: expect.any(String),
      },
    ]);
  });

  test('a revoked session is 401 at the next request and gone from the list', async () => {
    const account = newAccount();
    const one = (await send('POST', '/auth/register', { body: account })).data;
    const other = (await send('POST', '/auth/login', { body: account })).data;
    const { sessions } = (await send('GET', '/auth/sessions', { token: one.token })).data;
    const { id } = sessions.find(({ current }: { current: boolean }) => !current);
    const revoked = await send('DELETE', `/auth/sessions/${id}`, { token: one.token });
    expect(revoked).toMatchObject({ status: 200, data: { session_id: id, revoked: true } });
    expect(await send('GET', '/auth/me', { token: other.token })).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    expect((await send('GET', '/auth/sessions', { token: one.token })).data.sessions).toHaveLength(1);
    const again = await send('DELETE', `/auth/sessions/${id}`, { token: one.token });
    expect(again).toMatchObject({ status: 404, code: 'SESSION_NOT_FOUND' });
  });

  test("another user's session and a random one look the same, and live on", async () => {
    const [user, stranger] = [await app.makeUser(), await app.makeUser()];
    const { sessions } = (await send('GET', '/auth/sessions', { token: stranger.token })).data;
    const theirs = await send('DELETE', `/auth/sessions/${sessions[0].id}`, { token: user.token });
    const random = await send('DELETE', `/auth/sessions/${randomUUID()}`, { token: user.token });
    expect(theirs).toMatchObject({ status: 404, code: 'SESSION_NOT_FOUND' });
    expect(random).toEqual(theirs);
    expect((await send('GET', '/auth/me', { token: stranger.token })).status).toBe(200);
  });

  test.each(['1', 'null', '%00', "'%20or%201=1", '%F0%9F%92%A5', long(90)])('%s is no session id', async (id) => {
    const { token } = await app.makeUser();
    const answer = await send('DELETE', `/auth/sessions/${id}`, { token });
    expect(answer).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
  });
});
