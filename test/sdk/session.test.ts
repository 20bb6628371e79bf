import { expect, test } from 'vitest';
import { jwt, openService, type Received, type Reply } from './service.ts';

const id = '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa';
const fresh = { token: 'fresh', refresh_token: 'rt_2', expires_in: 900 };

/** Takes the token `fresh` alone; `refresh` says what a refresh is answered with. */
const expiring = (refresh: (request: Received) => Reply | Promise<Reply> = () => ({ data: fresh })) =>
  openService((request) => {
    if (request.path === '/v1/auth/refresh') return refresh(request);
    return request.bearer === 'fresh' ? { data: { id } } : { status: 401, fails: 'TOKEN_EXPIRED' };
  });

const refreshesIn = (received: Received[]) => received.filter(({ path }) => path === '/v1/auth/refresh');

test('twenty calls that find the token expired share one refresh, and each is sent once more', async () => {
  const { client, received } = await expiring();
  const mine = client({ token: 'old', refreshToken: 'rt_1' });
  await Promise.all(Array.from({ length: 20 }, () => mine.tasks.get(id)));
  expect(refreshesIn(received).map(({ body, bearer }) => [body, bearer])).toEqual([
    ['{"refresh_token":"rt_1"}', undefined],
  ]);
  expect(received).toHaveLength(41);
});

test('a refusal that arrives after the refresh does not start another', async () => {
  let release = () => {};
  const refreshed = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { client, received } = await openService(async (request) => {
    if (request.path === '/v1/auth/refresh') return { data: fresh };
    if (request.bearer === 'fresh') return { data: {} };
    if (request.path.endsWith('late')) await refreshed;
    return { status: 401, fails: 'TOKEN_EXPIRED' };
  });
  const mine = client({ token: 'old', refreshToken: 'rt_1' });
  const late = mine.tasks.get('late');
  await mine.tasks.get('early');
  release();
  await late;
  expect(refreshesIn(received)).toHaveLength(1);
});

test('an access token that ends within 10 s is renewed before it is sent', async () => {
  const { client, received } = await expiring();
  await client({ token: jwt('old', 9), refreshToken: 'rt_1' }).tasks.get(id);
  expect(received.map(({ path }) => path)).toEqual(['/v1/auth/refresh', `/v1/tasks/${id}`]);
});

test('an access token that lives longer, and a key, are sent as they are', async () => {
  const { client, received } = await openService(() => ({ data: { id } }));
  for (const token of [jwt('old', 60), 'ck_live_test', 'ck_live.not-a.jwt'])
    await client({ token, refreshToken: 'rt_1' }).tasks.get(id);
  expect(refreshesIn(received)).toHaveLength(0);
});

test('a refresh token alone is enough', async () => {
  const { client } = await expiring();
  await expect(client({ token: undefined, refreshToken: 'rt_1' }).tasks.get(id)).resolves.toEqual({ id });
});

test('tokens that live shorter than 10 s are not renewed before each call', async () => {
  const { client, received } = await expiring(() => ({ data: { ...fresh, expires_in: 5 } }));
  const mine = client({ token: 'old', refreshToken: 'rt_1' });
  for (let call = 0; call < 3; call++) await mine.tasks.get(id);
  expect(refreshesIn(received)).toHaveLength(1);
});

test('renewed tokens are stored before any call goes on with them', async () => {
  const order: string[] = [];
  const { client } = await openService((request) => {
    if (request.path === '/v1/auth/refresh') return { data: fresh };
    if (request.bearer !== 'fresh') return { status: 401, fails: 'TOKEN_EXPIRED' };
    order.push('call');
    return { data: { id } };
  });
  let later: Promise<unknown> | undefined;
  const mine = client({
    token: 'old',
    refreshToken: 'rt_1',
    onTokens: async (tokens) => {
      order.push(`storing ${tokens.refresh_token}`);
      later = mine.tasks.get(id).then(); // begun while the tokens are being stored
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      order.push('stored');
    },
  });
  await Promise.all([mine.tasks.get(id), mine.tasks.get(id)]);
  await later;
  expect(order).toEqual(['storing rt_2', 'stored', 'call', 'call', 'call']);
});

test('each refresh presents the refresh token of the one before', async () => {
  let round = 0;
  const { client, received } = await openService((request) => {
    if (request.path === '/v1/auth/refresh')
      return { data: { token: `t${++round}`, refresh_token: `rt_${round + 1}`, expires_in: 900 } };
    return request.bearer === 't2' ? { data: { id } } : { status: 401, fails: 'TOKEN_EXPIRED' };
  });
  const mine = client({ token: 't0', refreshToken: 'rt_1' });
  await expect(mine.tasks.get(id), 'a second refusal is final').rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  await mine.tasks.get(id);
  expect(refreshesIn(received).map(({ body }) => body)).toEqual([
    '{"refresh_token":"rt_1"}',
    '{"refresh_token":"rt_2"}',
  ]);
});

test('when storing fails, the waiting calls fail with its error and later ones use the new tokens', async () => {
  const { client, received } = await expiring();
  const full = new Error('the disk is full');
  const mine = client({ token: 'old', refreshToken: 'rt_1', onTokens: () => Promise.reject(full) });
  await expect(mine.tasks.get(id)).rejects.toBe(full);
  await mine.tasks.get(id);
  expect(refreshesIn(received)).toHaveLength(1);
});

test('a refused refresh rejects every waiting call with its error, and is not asked again', async () => {
  const { client, received } = await expiring(() => ({ status: 401, fails: 'AUTH_FAILED' }));
  const mine = client({ token: jwt('old', 5), refreshToken: 'rt_1' });
  const calls = await Promise.allSettled(Array.from({ length: 5 }, () => mine.tasks.get(id)));
  const reasons = calls.map((call) => call.status === 'rejected' && call.reason);
  expect(reasons[0]).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
  expect(new Set(reasons).size).toBe(1);
  await expect(mine.tasks.get(id)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  expect(refreshesIn(received)).toHaveLength(1);
});

test('a lost answer to a refresh is asked for again with the same token', async () => {
  let lost = 2;
  const { client, received } = await expiring(() => (lost-- > 0 ? { breaks: 'before' } : { data: fresh }));
  await client({ token: 'old', refreshToken: 'rt_1' }).tasks.get(id);
  expect(new Set(refreshesIn(received).map(({ body }) => body))).toEqual(new Set(['{"refresh_token":"rt_1"}']));
});

test('a refresh that cannot reach the service keeps the refresh token', async () => {
  let isAway = true;
  const { client } = await expiring(() => (isAway ? { breaks: 'before' } : { data: fresh }));
  const mine = client({ token: 'old', refreshToken: 'rt_1', maxRetries: 0 });
  await expect(mine.tasks.get(id)).rejects.toMatchObject({ name: 'ConnectionError' });
  isAway = false;
  await expect(mine.tasks.get(id)).resolves.toEqual({ id });
});

test('one caller who gives up does not end the refresh for the others', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const abort = new AbortController();
  const { client } = await expiring(async () => {
    abort.abort('enough');
    await held;
    return { data: fresh };
  });
  const mine = client({ token: jwt('old', 5), refreshToken: 'rt_1' });
  const impatient = mine.tasks.get(id, {}, { signal: abort.signal });
  const patient = mine.tasks.get(id);
  await expect(impatient).rejects.toBe('enough');
  release();
  await expect(patient).resolves.toEqual({ id });
});

test('other refusals are not answered with a refresh', async () => {
  const { client, received } = await openService(() => ({ status: 401, fails: 'AUTH_FAILED' }));
  await expect(client({ token: 'old', refreshToken: 'rt_1' }).tasks.get(id)).rejects.toMatchObject({
    code: 'AUTH_FAILED',
  });
  expect(refreshesIn(received)).toHaveLength(0);
});

test('a login carries no credential, and useTokens goes on with what it gave', async () => {
  const signedIn = { ...fresh, user: { id } };
  const { client, received } = await openService((request) => ({
    data: request.path === '/v1/auth/login' ? signedIn : { id },
  }));
  const mine = client({ token: jwt('old', -60), refreshToken: 'rt_dead' });
  mine.useTokens(await mine.auth.login({ email: 'user@example.com', password: 'SecurePassword123!' }));
  await mine.tasks.get(id);
  expect(received.map(({ path, bearer }) => [path, bearer])).toEqual([
    ['/v1/auth/login', undefined],
    [`/v1/tasks/${id}`, 'fresh'],
  ]);
});

test('a refresh that ends after a new login does not undo it', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { client, received } = await openService(async (request) => {
    if (request.path === '/v1/auth/refresh') await held;
    return request.path === '/v1/auth/refresh' ? { data: fresh } : { data: { id } };
  });
  const mine = client({ token: jwt('old', 5), refreshToken: 'rt_1' });
  const waiting = mine.tasks.get(id);
  mine.useTokens({ token: 'newer', refresh_token: 'rt_9', expires_in: 900 });
  release();
  await waiting;
  expect(received.at(-1)?.bearer).toBe('newer');
});
