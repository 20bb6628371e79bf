import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CRON_SECRET } from '../../setup/app.ts';
import { openRelay, openRelayForTest, type Relay } from '../../setup/relay.ts';

let relay: Relay;

beforeAll(async () => {
  relay = await openRelay();
});
afterAll(() => relay.app.close());

const codeOf = ({ status, body }: { status: number; body: { error?: { code: string } } }) => [status, body.error?.code];

describe('creating', () => {
  test('a channel is answered as documented', async () => {
    const own = await openRelayForTest({ at: '2026-01-03T00:00:00Z' });
    const { status, body } = await own.post('/channels', {
      body: { id: 'my-channel', name: '我的频道', description: '频道描述', type: 'public', expiresIn: 86_400 },
    });
    expect(status).toBe(201);
    const data = {
      id: 'my-channel',
      name: '我的频道',
      description: '频道描述',
      type: 'public',
      creator: null,
      createdAt: '2026-01-03T00:00:00.000Z',
      expiresAt: '2026-01-04T00:00:00.000Z',
      isActive: true,
      metadata: null,
    };
    expect(body).toEqual({ success: true, data });
    expect((await own.get('/channels?id=my-channel')).body).toEqual({ success: true, data });
    expect((await own.get('/channels')).body).toEqual({
      success: true,
      data: [data],
      pagination: { total: 1, limit: 50, offset: 0, hasMore: false },
    });
  });

  test('everything may be left out', async () => {
    const { status, body } = await relay.post('/channels', { body: {} });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({
      id: expect.stringMatching(/^pub_[0-9a-f]{16}$/),
      type: 'public',
      expiresAt: null,
    });
    const encrypted = await relay.post('/channels', { body: { type: 'encrypted' } });
    expect(encrypted.body.data.id).toMatch(/^enc_/);
  });

  test('an id is taken once', async () => {
    const make = () => relay.post('/channels', { body: { id: 'taken' } });
    const answers = await Promise.all([make(), make(), make()]);
    expect(answers.map(codeOf).sort()).toEqual([
      [201, undefined],
      [409, 'CHANNEL_EXISTS'],
      [409, 'CHANNEL_EXISTS'],
    ]);
  });

  test.each([
    ['an id with a space', { id: 'a b' }, 400, 'INVALID_CHANNEL_FORMAT'],
    ['an id of 65 characters', { id: 'x'.repeat(65) }, 400, 'INVALID_CHANNEL_FORMAT'],
    ['an unknown type', { type: 'secret' }, 400, 'VALIDATION_ERROR'],
    ['a life of 31 days', { expiresIn: 31 * 86_400 }, 400, 'VALIDATION_ERROR'],
    ['a life of nothing', { expiresIn: 0 }, 400, 'VALIDATION_ERROR'],
    ['a name of 256 characters', { name: 'n'.repeat(256) }, 400, 'VALIDATION_ERROR'],
    ['a description of 1001 characters', { description: 'd'.repeat(1001) }, 400, 'VALIDATION_ERROR'],
    ['metadata over 2 KiB', { metadata: { a: 'x'.repeat(2048) } }, 413, 'METADATA_TOO_LARGE'],
    ['a private channel without a key', { type: 'private' }, 401, 'AUTH_REQUIRED'],
  ])('%s is refused', async (_, body, status, code) => {
    expect(codeOf(await relay.post('/channels', { body }))).toEqual([status, code]);
  });
});

describe('reading', () => {
  test('an unknown id is 404 NOT_FOUND', async () => {
    expect(codeOf(await relay.get('/channels?id=nowhere'))).toEqual([404, 'NOT_FOUND']);
  });

  test('a list comes in pages, by type, the newest first', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    for (const id of ['a', 'b', 'c', 'd']) {
      await own.post('/channels', { body: { id, type: id === 'b' ? 'encrypted' : 'public' } });
      own.app.clock.advance(1);
    }
    const list = async (query: string) => {
      const { body } = await own.get(`/channels?${query}`);
      return [body.data.map(({ id }: { id: string }) => id).join(''), body.pagination.total, body.pagination.hasMore];
    };
    expect(await list('')).toEqual(['dcba', 4, false]);
    expect(await list('limit=2')).toEqual(['dc', 4, true]);
    expect(await list('limit=2&offset=2')).toEqual(['ba', 4, false]);
    expect(await list('type=encrypted')).toEqual(['b', 1, false]);
  });

  test.each([
    'limit=-1',
    'limit=abc',
    'limit=1e9',
    'limit=101',
    'offset=-1',
    'type=secret',
  ])('%s is refused', async (query) => {
    expect(codeOf(await relay.get(`/channels?${query}`))).toEqual([400, 'VALIDATION_ERROR']);
  });
});

describe('private channels', () => {
  test('are open to their owner alone, and to others as if they did not exist', async () => {
    const own = await openRelayForTest();
    const [{ key }, { key: second }, { key: stranger }] = await Promise.all([
      own.makeKey({ userId: 'a' }),
      own.makeKey({ userId: 'a' }),
      own.makeKey({ userId: 'b', permissions: ['admin'] }),
    ]);
    const made = await own.post('/channels', { key, body: { id: 'mine', type: 'private' } });
    expect(made.body.data).toMatchObject({ type: 'private', creator: 'a' });
    expect((await own.publish('mine', 'x', {}, { key: second })).status).toBe(201);
    expect((await own.get('/publish?channel=mine', { key })).body.data.queueLength).toBe(1);
    for (const sent of [{}, { key: stranger }]) {
      expect(codeOf(await own.get('/channels?id=mine', sent))).toEqual([404, 'NOT_FOUND']);
      expect((await own.get('/channels', sent)).body.data).toEqual([]);
      expect(codeOf(await own.get('/publish?channel=mine', sent))).toEqual([404, 'CHANNEL_NOT_FOUND']);
      expect(codeOf(await own.publish('mine', 'x', {}, sent))).toEqual([404, 'CHANNEL_NOT_FOUND']);
      expect(codeOf(await own.get('/subscribe?channel=mine', sent))).toEqual([404, 'CHANNEL_NOT_FOUND']);
    }
    expect(await own.stored()).toHaveLength(1);
  });
});

describe('the end of a channel', () => {
  test('a temporary one lives 30 minutes after its last use', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    const isThere = async () => (await own.get('/channels?id=t')).status === 200;
    await own.publish('t', 'x');
    own.app.clock.advance(1799);
    await own.publish('t', 'y');
    own.app.clock.advance(1799);
    expect(await isThere()).toBe(true);
    const { leave } = await own.listen('channel=t');
    leave();
    own.app.clock.advance(1799);
    expect(await isThere()).toBe(true);
    own.app.clock.advance(1);
    expect(await isThere()).toBe(false);
    expect(codeOf(await own.publish('t', 'z', { autoCreate: false }))).toEqual([404, 'CHANNEL_NOT_FOUND']);
  });

  test('an id that is free again starts empty and counts on', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    for (const text of ['a', 'b', 'c']) await own.publish('t', text);
    own.app.clock.advance(1800);
    expect((await own.publish('t', 'd')).body.data.autoCreated).toBe(true);
    expect((await own.get('/publish?channel=t')).body.data).toMatchObject({
      queueLength: 1,
      messages: [{ message: 'd' }],
    });
    expect((await own.stored()).map(({ sequence }) => sequence)).toEqual([4]);

    own.app.clock.advance(1800);
    const swept = await own.get('/cron/cleanup-channels', { headers: { 'x-cron-secret': CRON_SECRET } });
    expect(swept.body.data.temporaryChannelsDeleted).toBe(1);
    expect(await own.stored()).toEqual([]);
    await own.publish('t', 'e');
    expect((await own.stored()).map(({ sequence }) => sequence)).toEqual([5]);
  });

  test('one that has expired can be made anew, with another type', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    await own.post('/channels', { body: { id: 'c', expiresIn: 60, name: 'old' } });
    await own.publish('c', 'old');
    own.app.clock.advance(60);
    const { body } = await own.post('/channels', { body: { id: 'c', type: 'encrypted' } });
    expect(body.data).toMatchObject({ type: 'encrypted', name: null, expiresAt: null });
    expect((await own.get('/publish?channel=c')).body.data.queueLength).toBe(0);
  });
});
