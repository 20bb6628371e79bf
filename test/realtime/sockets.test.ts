/** WebSockets of users and programs: who may open one, what it may send, and when it ends. */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Scope } from '../../contracts/wire.ts';
import { LONG_SESSIONS, openApp, openAppForTest, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { connect, refusalOfSocket, type TestSocket } from '../setup/socket.ts';

const KIB = 1024;

let app: TestApp;
/** Another process on the same database. */
let other: TestApp;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp({ env: LONG_SESSIONS });
  other = await openApp({ env: LONG_SESSIONS, databaseUrl: app.databaseUrl });
});
beforeEach(async () => {
  user = await app.makeUser();
  device = await app.makeDevice(user);
});
afterAll(async () => {
  await other.close();
  await app.close();
});

const open = (url = app.url, token = user.token) => connect(url, { token });

const keyWith = async (scopes: Scope[]): Promise<{ id: string; key: string }> =>
  user.client.apiKeys.create({ name: 'program', scopes });

describe('a socket is opened', () => {
  test('by an access token in the query or in the header, by an API key and by a device key in the header', async () => {
    const { key } = await keyWith(['stats:read']);
    await connect(app.url, { query: { token: user.token } });
    for (const token of [user.token, key, device.key]) await (await connect(app.url, { token })).settled();
  });

  test('by a ticket, once, in any process, within 30 seconds', async () => {
    const { ticket, expires_at } = await user.client.sockets.createTicket();
    expect(expires_at).toBe(new Date(app.clock.now().getTime() + 30_000).toISOString());
    await (await connect(other.url, { query: { ticket } })).settled();
    for (const { url } of [app, other])
      expect(await refusalOfSocket(url, { query: { ticket } })).toEqual({ status: 401, code: 'AUTH_FAILED' });

    const late = await user.client.sockets.createTicket();
    app.clock.advance(30);
    expect(await refusalOfSocket(app.url, { query: late })).toMatchObject({ code: 'AUTH_FAILED' });
  });

  test('by one of many who use the same ticket at once', async () => {
    const { ticket } = await user.client.sockets.createTicket();
    const tries = [app, other, app, other].map(({ url }) =>
      connect(url, { query: { ticket } }).then(
        () => 'opened',
        () => 'refused',
      ),
    );
    expect((await Promise.all(tries)).sort()).toEqual(['opened', 'refused', 'refused', 'refused']);
  });

  test('by a ticket of an API key and of a device, with what they may', async () => {
    const { key } = await keyWith(['task:read']);
    for (const token of [key, device.key]) {
      const { ticket } = await app.clientOf(token).sockets.createTicket();
      const socket = await connect(app.url, { query: { ticket } });
      socket.send({ type: 'subscribe', channel: `device:${device.id}` });
      const code = token === key ? 'INSUFFICIENT_SCOPE' : 'WRONG_CREDENTIAL';
      expect(await socket.next('error')).toMatchObject({ code, channel: `device:${device.id}` });
    }
  });

  test('not by a ticket whose session has ended since', async () => {
    const { ticket } = await user.client.sockets.createTicket();
    await user.client.auth.logout();
    expect(await refusalOfSocket(app.url, { query: { ticket } })).toMatchObject({ status: 401 });
  });

  test('not without a credential, with a wrong one, or with a permanent key in the URL', async () => {
    const { key } = await keyWith(['task:read']);
    expect(await refusalOfSocket(app.url, {})).toEqual({ status: 401, code: 'AUTH_REQUIRED' });
    expect(await refusalOfSocket(app.url, { query: { token: 'x.y.z' } })).toEqual({ status: 401, code: 'AUTH_FAILED' });
    for (const token of [key, device.key])
      expect(await refusalOfSocket(app.url, { query: { token } })).toEqual({ status: 403, code: 'WRONG_CREDENTIAL' });
  });

  test('by pages of the same host and of the origins that are named, and by no others', async () => {
    const named = await openAppForTest({ env: { CORS_ORIGINS: 'https://app.example.com, https://b.example.com' } });
    const { token } = await named.makeUser();
    const from = (origin: string) => ({ token, headers: { origin } });
    for (const origin of ['https://app.example.com', named.url]) await connect(named.url, from(origin));
    for (const origin of ['https://evil.example.com', 'http://app.example.com', 'null', 'nonsense'])
      expect(await refusalOfSocket(named.url, from(origin))).toEqual({ status: 403, code: 'ORIGIN_NOT_ALLOWED' });
  });

  test('not where WebSockets are switched off', async () => {
    const off = await openAppForTest({ env: { ENABLE_WEBSOCKET: 'false' } });
    const { token, client } = await off.makeUser();
    expect(await refusalOfSocket(off.url, { token })).toEqual({ status: 404, code: 'ROUTE_NOT_FOUND' });
    await expect(client.sockets.createTicket()).rejects.toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  });

  test('not by a request without an upgrade, which is told what is missing', async () => {
    const answer = await fetch(`${app.url}/v1/ws`, { headers: { authorization: `Bearer ${user.token}` } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ success: false, error: { code: 'VALIDATION_ERROR' } });
  });
});

test('nothing of the query reaches the log', async () => {
  const quiet = await openAppForTest();
  const { token, client } = await quiet.makeUser();
  const { ticket } = await client.sockets.createTicket();
  const socket = await connect(quiet.url, { query: { token } });
  await connect(quiet.url, { query: { ticket } });
  await refusalOfSocket(quiet.url, { query: { token: `${token}x` } });
  socket.ws.terminate();
  await fetch(`${quiet.url}/v1/ws?token=${token}`);
  await fetch(`${quiet.url}/v1/ws/nowhere?token=${token}`, { headers: { connection: 'close' } });
  await quiet.close();
  const log = quiet.logged.join('');
  expect(log).toContain('/v1/ws');
  for (const secret of [token, ticket, 'token=', 'ticket=']) expect(log).not.toContain(secret);
});

test('another path does not mind an upgrade that it does not know', async () => {
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const headers = { connection: 'upgrade', upgrade: 'h2c' };
    http.get(`${app.url}/livez`, { headers, agent: false }, resolve).once('error', reject);
  });
  answer.resume();
  expect(answer.statusCode).toBe(200);
});

describe('a frame', () => {
  test('of ping is answered with pong', async () => {
    const socket = await open();
    socket.send({ type: 'ping', timestamp: '2026-01-20T10:00:00Z' });
    expect(await socket.next('pong')).toEqual({ type: 'pong', timestamp: app.clock.now().toISOString() });
  });

  test.each([
    ['no JSON', '{', 'INVALID_JSON'],
    ['bytes', Buffer.from('{"type":"ping"}'), 'INVALID_JSON'],
    ['no object', '7', 'VALIDATION_ERROR'],
    ['an unknown type', { type: 'shout' }, 'VALIDATION_ERROR'],
    ['no channel', { type: 'subscribe' }, 'VALIDATION_ERROR'],
    ['a channel of another kind', { type: 'subscribe', channel: `user:${randomUUID()}` }, 'VALIDATION_ERROR'],
    ['a channel that is no id', { type: 'subscribe', channel: 'task:1' }, 'VALIDATION_ERROR'],
  ])('that is %s is answered with an error, and the socket goes on', async (_, frame, code) => {
    const socket = await open();
    socket.send(frame);
    expect(await socket.next('error')).toMatchObject({ code });
    await socket.settled();
  });

  test('over 64 KiB ends the socket', async () => {
    const socket = await open();
    socket.send(`{"type":"ping"}${' '.repeat(64 * KIB - 15)}`);
    await socket.next('pong');
    socket.send(' '.repeat(64 * KIB + 1));
    expect(await socket.closed).toMatchObject({ code: 1009 });
  });

  test('over the rate ends the socket, and a new minute counts anew', async () => {
    const strict = await openAppForTest({ env: { RATE_LIMIT_SOCKET_MAX: '5' } });
    const { token } = await strict.makeUser();
    const socket = await connect(strict.url, { token });
    for (let sent = 0; sent < 5; sent += 1) await socket.settled();
    strict.clock.advance(60);
    for (let sent = 0; sent < 5; sent += 1) await socket.settled();
    socket.send({ type: 'ping' });
    expect(await socket.closed).toMatchObject({ code: 1008 });
    expect(socket.frames).toHaveLength(10);
  });
});

test('ten thousand frames at once end their socket after a hundred answers, and hold no other up', async () => {
  const flooding = await openAppForTest({ env: { RATE_LIMIT_SOCKET_MAX: '100' } });
  const { token } = await flooding.makeUser();
  const [flood, calm] = [await connect(flooding.url, { token }), await connect(flooding.url, { token })];
  for (let sent = 0; sent < 10_000; sent += 1) flood.send('{"type":"ping"}');
  await calm.settled();
  expect(await flood.closed).toMatchObject({ code: 1008 });
  expect(flood.frames.length).toBeLessThanOrEqual(100);
  await calm.settled();
});

describe('a socket ends with 4401', () => {
  const within2s = async (socket: TestSocket) => {
    const timer = Promise.withResolvers<never>();
    const late = setTimeout(() => timer.reject(new Error('still open after 2 s')), 2_000);
    try {
      return await Promise.race([socket.closed, timer.promise]);
    } finally {
      clearTimeout(late);
    }
  };

  test('when its session is ended or revoked, in any process; other sessions stay', async () => {
    const second = await app.anonymous.auth.login({ email: user.email, password: app.password });
    const [own, revoked, elsewhere] = await Promise.all([open(), open(other.url, second.token), open(other.url)]);
    const { sessions } = await user.client.auth.listSessions();
    const revokedId = sessions.find((session) => !session.current)?.id as string;
    await user.client.auth.revokeSession(revokedId);
    expect(await within2s(revoked)).toMatchObject({ code: 4401 });
    await own.settled();
    await user.client.auth.logout();
    expect(await within2s(own)).toMatchObject({ code: 4401 });
    expect(await within2s(elsewhere)).toMatchObject({ code: 4401 });
  });

  test('when its token expires, also one that was opened by a ticket', async () => {
    const brief = await openAppForTest({ env: { JWT_EXPIRES_IN: '60s' } });
    const { token, client } = await brief.makeUser();
    const { ticket } = await client.sockets.createTicket();
    const sockets = [await connect(brief.url, { token }), await connect(brief.url, { query: { ticket } })];
    brief.clock.advance(59);
    for (const socket of sockets) await socket.settled();
    brief.clock.advance(1);
    for (const socket of sockets) expect(await within2s(socket)).toMatchObject({ code: 4401 });
  });

  test('when its API key is deleted', async () => {
    const { id, key } = await keyWith(['task:read']);
    const socket = await open(other.url, key);
    await user.client.apiKeys.remove(id);
    expect(await within2s(socket)).toMatchObject({ code: 4401 });
  });

  test('when its account is closed, at the latest with the next look', async () => {
    const socket = await open();
    await app.service.db.updateTable('users').set({ is_active: false }).where('id', '=', user.id).execute();
    app.clock.advance(30);
    expect(await within2s(socket)).toMatchObject({ code: 4401 });
  });
});

test('a peer is asked each 30 seconds whether it is there, and let go when it does not answer', async () => {
  const own = await openAppForTest();
  const { token } = await own.makeUser();
  const socket = await connect(own.url, { token });
  own.clock.advance(29);
  await socket.settled();
  const pinged = new Promise((resolve) => socket.ws.once('ping', resolve));
  own.clock.advance(1);
  await pinged;
  await socket.settled();
  socket.ws.pause();
  own.clock.advance(30);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  own.clock.advance(30);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  socket.ws.resume();
  expect(await socket.closed).toMatchObject({ code: 1006 });
});

test('a process that stops tells its sockets to come back', async () => {
  const own = await openApp({ databaseUrl: app.databaseUrl });
  const socket = await connect(own.url, { token: user.token });
  const deaf = await connect(own.url, { token: user.token });
  deaf.ws.pause();
  const began = performance.now();
  await own.close();
  expect(await socket.closed).toMatchObject({ code: 1012 });
  const { data } = await socket.next('restart');
  expect(data.reconnect_after_ms).toBeGreaterThanOrEqual(0);
  expect(data.reconnect_after_ms).toBeLessThanOrEqual(5_000);
  expect(performance.now() - began).toBeLessThan(5_000);
});
