/** `client.relay` and `CcjkRelay`: every route has its method, and each call the credential that opens it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namedRoutes } from '../../contracts/openapi.ts';
import { CcjkCloud, type OutgoingRequest, type Relay as RelayClient } from '../../sdk/src/index.ts';
import { ApiError, CcjkRelay } from '../../sdk/src/relay/index.ts';
import { ADMIN_KEY } from '../setup/app.ts';
import { openRelay, type Relay } from '../setup/relay.ts';
import { openService } from './service.ts';

let relay: Relay;

beforeAll(async () => {
  relay = await openRelay();
});

afterAll(() => relay.app.close());

// ---- Routes ---------------------------------------------------------------------------------------------------------

/** For each operation what is called, and what it must send beside its method and path. */
const CALLS: Record<string, [call: (relay: RelayClient) => PromiseLike<unknown>, sent: object][]> = {
  'register.create': [[({ publicKeys }) => publicKeys.register({ publicKey: 'x' }), { body: '{"publicKey":"x"}' }]],
  'register.find': [
    [({ publicKeys }) => publicKeys.find({ channelId: 'c' }), { query: { channelId: 'c' } }],
    [({ publicKeys }) => publicKeys.list(), { query: {} }],
  ],
  'channels.create': [[({ channels }) => channels.create({ id: 'c' }), { body: '{"id":"c"}' }]],
  'channels.list': [
    [({ channels }) => channels.list({ limit: 5, type: 'public' }), { query: { limit: '5', type: 'public' } }],
    [({ channels }) => channels.get('c'), { query: { id: 'c' } }],
  ],
  'publish.send': [[(all) => all.publish({ channel: 'c', message: 'm' }), { body: '{"channel":"c","message":"m"}' }]],
  'publish.list': [[(all) => all.queue({ channel: 'c' }), { query: { channel: 'c' } }]],
  'subscribe.open': [[(all) => all.subscribe('c').next(), { query: { channel: 'c' } }]],
  'keys.create': [[({ keys }) => keys.create({ name: 'n' }), { body: '{"name":"n"}' }]],
  'keys.list': [[({ keys }) => keys.list(), {}]],
  'keys.get': [
    [({ keys }) => keys.get('a/b'), {}],
    [({ publicKeys }) => publicKeys.get('a/b'), {}],
  ],
  'keys.remove': [
    [({ keys }) => keys.remove('a/b'), { body: '' }],
    [({ keys }) => keys.confirm('a/b', 'code'), { body: '{"confirmationCode":"code"}' }],
  ],
  'keys.revoke': [[({ keys }) => keys.revoke('a/b', { reason: 'r' }), { body: '{"reason":"r"}' }]],
  'keys.revocation': [[({ keys }) => keys.revocation('a/b'), {}]],
  'keys.cancelRevocation': [[({ keys }) => keys.cancelRevocation('a/b'), { body: '' }]],
  'cron.cleanupChannels': [[({ cron }) => cron.cleanupChannels({ task: 'all' }), { query: { task: 'all' } }]],
  'cron.cleanupKeys': [[({ cron }) => cron.cleanupKeys({ task: 'all' }), { query: { task: 'all' } }]],
};

const PROBES = ['health.health', 'health.ready'];
const routes = [...namedRoutes()].filter(
  ({ route, operationId }) => /^\/api\/(?!control\/)/.test(route.path) && !PROBES.includes(operationId),
);

test('no route is left out', () => {
  expect(Object.keys(CALLS).sort()).toEqual(routes.map(({ operationId }) => operationId).sort());
});

test.each(routes)('$operationId is called as its route takes it', async ({ operationId, route }) => {
  for (const [call, sent] of CALLS[operationId] ?? []) {
    const pagination = { total: 0, limit: 50, offset: 0, hasMore: false };
    const service = await openService(() => ({ text: JSON.stringify({ success: true, data: [], pagination }) }));
    // A stream needs more than this answers; it has been asked for all the same.
    await Promise.resolve(call(service.client().relay)).catch(() => {});
    const path = route.path.replace(/:\w+/, 'a%2Fb');
    expect(service.received).toMatchObject([{ method: route.method, path, ...sent }]);
  }
});

test('an id that would lead to another route is refused before it is sent', async () => {
  const service = await openService(() => ({}));
  const { keys, publicKeys } = service.client().relay;
  for (const id of ['', '.', '..'])
    for (const call of [
      () => keys.remove(id),
      () => keys.confirm(id, 'x'),
      () => publicKeys.get(id),
      () => keys.get(id),
    ])
      await expect((async () => call())()).rejects.toThrow(TypeError);
  expect(service.received).toEqual([]);
});

test('a noun of the relay that is not loaded yet can be passed on by a promise', async () => {
  const { channels } = await (async () => ({ channels: await relay.app.anonymous.relay.channels }))();
  expect((await channels.list()).items).toEqual(expect.any(Array));
});

// ---- The real service -----------------------------------------------------------------------------------------------

describe('channels and messages', () => {
  test('are made, read and published to by whoever wants to', async () => {
    const client = relay.app.anonymous.relay;
    expect(await client.channels.create({ id: 'open', name: 'Open' })).toMatchObject({ id: 'open', type: 'public' });
    expect(await client.channels.get('open')).toMatchObject({ name: 'Open' });
    const published = await client.publish({ channel: 'open', message: 'hello', priority: 'high' });
    expect(published).toMatchObject({ id: expect.any(String), channel: 'open', autoCreated: false });
    expect(await client.queue({ channel: 'open' })).toMatchObject({ messages: [{ message: 'hello' }], queueLength: 1 });
    const { response, requestId } = await client.queue({ channel: 'open' }).withResponse();
    expect([response.status, requestId]).toEqual([200, response.headers.get('x-request-id')]);
  });

  test('what does not exist, or is not well-formed, is a typed error', async () => {
    const client = relay.app.anonymous.relay;
    const refused = async (call: PromiseLike<unknown>) => {
      const error = await Promise.resolve(call).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ApiError);
      return [(error as ApiError).status, (error as ApiError).code];
    };
    expect(await refused(client.channels.get('nowhere'))).toEqual([404, 'NOT_FOUND']);
    expect(await refused(client.channels.create({ id: 'open' }))).toEqual([409, 'CHANNEL_EXISTS']);
    expect(await refused(client.queue({ channel: 'nowhere' }))).toEqual([404, 'CHANNEL_NOT_FOUND']);
    expect(await refused(client.publish({ channel: 'a b', message: 'x' }))).toEqual([400, 'INVALID_CHANNEL_FORMAT']);
    expect(await refused(client.channels.list({ limit: 101 }))).toEqual([400, 'VALIDATION_ERROR']);
    expect(await refused(client.publicKeys.register({ publicKey: 'x' }))).toEqual([400, 'VALIDATION_ERROR']);
  });

  test('a list is walked page by page', async () => {
    const client = relay.app.anonymous.relay;
    const made = Array.from({ length: 5 }, (_, at) => `listed-${at}`);
    for (const id of made) await client.channels.create({ id, type: 'encrypted' });
    const page = await client.channels.list({ type: 'encrypted', limit: 2 });
    expect(page).toMatchObject({ pagination: { total: 5, limit: 2, offset: 0, has_more: true }, nextCursor: '2' });
    expect(await page.nextPage()).toMatchObject({ items: [{ type: 'encrypted' }, {}], nextCursor: '4' });
    const ids: string[] = [];
    for await (const { id } of client.channels.list({ type: 'encrypted', limit: 2, offset: 1 })) ids.push(id);
    expect(ids.sort()).toEqual(made.slice(0, 4));
    const { nextCursor, nextPage } = await client.channels.list({ type: 'encrypted' });
    expect([nextCursor, await nextPage()]).toEqual([null, null]);
  });
});

describe('who calls', () => {
  test('a user manages keys of their own with their access token, and a key opens the rest', async () => {
    const { client, token, id } = await relay.app.makeUser();
    const { key, info } = await client.relay.keys.create({ name: 'mine', permissions: ['read', 'write'] });
    expect(info).toMatchObject({ name: 'mine', userId: id });
    expect(await client.relay.keys.list()).toMatchObject([{ id: info.id }]);
    // The token opens nothing else of the relay, so it is not sent there.
    expect(await client.relay.channels.list()).toMatchObject({ items: expect.any(Array) });

    const keyed = new CcjkCloud({ baseUrl: relay.url, token, relayKey: () => key });
    await keyed.relay.channels.create({ id: 'of-a-user', type: 'private' });
    expect(await keyed.relay.channels.get('of-a-user')).toMatchObject({ creator: id });
    await expect(client.relay.channels.get('of-a-user')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await keyed.relay.publicKeys.list()).toEqual([]);

    const pending = await keyed.relay.keys.revoke(info.id, { reason: 'The laptop was lost' });
    expect(await keyed.relay.keys.revocation(info.id)).toMatchObject({ status: 'pending' });
    await expect(keyed.relay.keys.confirm(pending.revocationId, 'wrong')).rejects.toMatchObject({
      code: 'CONFIRMATION_WRONG',
    });
    expect(await keyed.relay.keys.cancelRevocation(info.id)).toMatchObject({ status: 'cancelled' });
    const again = await keyed.relay.keys.revoke(info.id, { reason: 'It was lost after all' });
    const revoked = await keyed.relay.keys.confirm(again.revocationId, again.confirmationCode);
    expect(revoked).toEqual({ deletedId: info.id, channelId: null });
    await expect(keyed.relay.channels.list()).rejects.toMatchObject({ status: 401, code: 'AUTH_FAILED' });
  });

  test('keys of the other family stay at home: who has one is nobody in particular here', async () => {
    const { client } = await relay.app.makeUser();
    const { key } = await client.apiKeys.create({ name: 'cloud', scopes: ['task:read'] });
    const { publicKeys, keys } = new CcjkCloud({ baseUrl: relay.url, token: key }).relay;
    await expect(publicKeys.get('enc_0000000000000000')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(keys.list()).rejects.toMatchObject({ status: 401, code: 'AUTH_REQUIRED' });
  });

  test('the operator makes keys for anyone, and runs the clean-ups', async () => {
    const client = new CcjkRelay({ baseUrl: relay.url });
    const headers = { 'X-Admin-Key': ADMIN_KEY };
    const { key, info } = await client.keys.create(
      { userId: 'somebody', permissions: ['read', 'revoke'] },
      { headers },
    );
    expect(info).toMatchObject({ userId: 'somebody' });
    const own = new CcjkRelay({ baseUrl: relay.url, relayKey: key });
    expect(await own.keys.get(info.id)).toMatchObject({ id: info.id });
    expect(await own.keys.remove(info.id)).toMatchObject({ deletedId: info.id });
    await expect(client.cron.cleanupKeys()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('hooks and log lines see no key', async () => {
    const requests: OutgoingRequest[] = [];
    const lines: unknown[] = [];
    const log = (...line: unknown[]) => void lines.push(line);
    const { relay: client } = new CcjkCloud({
      baseUrl: relay.url,
      relayKey: 'sk_live_secret',
      onRequest: (request) => void requests.push({ ...request, headers: new Headers(request.headers) }),
      logger: { debug: log, warn: log },
    });
    const error = await Promise.resolve(client.channels.list()).catch((thrown: unknown) => thrown);
    await client
      .subscribe('c')
      .next()
      .catch(() => {});
    expect(requests).toHaveLength(2);
    const seen = requests.map(({ url, headers }) => [url, [...headers]]);
    expect(JSON.stringify([seen, lines, String(error)])).not.toContain('sk_live_secret');
  });
});
