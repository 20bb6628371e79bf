import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRelay, openRelayForTest, publishMany, type Relay } from '../../setup/relay.ts';

let relay: Relay;

beforeAll(async () => {
  relay = await openRelay();
});
afterAll(() => relay.app.close());

let channels = 0;
const newChannel = () => `channel-${++channels}`;

const refused = (answer: { status: number; body: { success: boolean; error?: { code: string } } }) => {
  expect(answer.body.success).toBe(false);
  return [answer.status, answer.body.error?.code];
};

describe('publishing', () => {
  test('a message is answered as documented and makes a temporary channel', async () => {
    const channel = newChannel();
    const { status, body } = await relay.publish(channel, 'Hello, World!');
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        messageId: body.data.id,
        channel,
        publishedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
        autoCreated: true,
      },
    });
    expect((await relay.publish(channel, 'again')).body.data.autoCreated).toBe(false);
    expect((await relay.get(`/channels?id=${channel}`)).body.data).toMatchObject({ type: 'temporary', isActive: true });
  });

  test('without autoCreate an unknown channel is 404', async () => {
    const answer = await relay.publish(newChannel(), 'x', { autoCreate: false });
    expect(refused(answer)).toEqual([404, 'CHANNEL_NOT_FOUND']);
  });

  test.each(['', 'a b', 'ä', 'x'.repeat(65), 'a/b', "a'b"])('the channel id %j is refused', async (channel) => {
    expect(refused(await relay.publish(channel, 'x'))).toEqual([400, 'INVALID_CHANNEL_FORMAT']);
    const query = `channel=${encodeURIComponent(channel)}`;
    expect(refused(await relay.get(`/publish?${query}`))).toEqual([400, 'INVALID_CHANNEL_FORMAT']);
    expect(refused(await relay.get(`/subscribe?${query}`))).toEqual([400, 'INVALID_CHANNEL_FORMAT']);
  });

  test.each([
    ['no channel', { message: 'x' }],
    ['no message', { channel: 'c' }],
    ['a number as message', { channel: 'c', message: 1 }],
    ['an unknown priority', { channel: 'c', message: 'x', priority: 'urgent' }],
    ['a lone surrogate', { channel: 'c', message: '\ud800' }],
    ['a NUL', { channel: 'c', message: 'a\0b' }],
    ['a sender of 256 characters', { channel: 'c', message: 'x', sender: 's'.repeat(256) }],
    ['a NUL in the sender', { channel: 'c', message: 'x', sender: '\0' }],
  ])('%s is refused', async (_, body) => {
    const answer = await relay.post('/publish', { body });
    expect(refused(answer)).toEqual([400, 'VALIDATION_ERROR']);
    expect(answer.body.error.details[0]).toMatchObject({ path: ['body', expect.any(String)] });
  });

  test('a message has at most 4,718,592 bytes of UTF-8, however its body is escaped', async () => {
    const channel = newChannel();
    const largest = 'é'.repeat(4_718_592 / 2);
    expect((await relay.publish(channel, largest)).status).toBe(201);
    expect(refused(await relay.publish(channel, `${largest}x`))).toEqual([413, 'MESSAGE_TOO_LARGE']);
    expect(refused(await relay.publish(channel, 'x'.repeat(11 * 1024 * 1024)))).toEqual([413, 'MESSAGE_TOO_LARGE']);
    const { body } = await relay.get(`/publish?channel=${channel}`);
    expect(body.data.messages[0].message === largest).toBe(true);
  });

  test('publishes at the same time get numbers without gap or repeat, and each its own answer', async () => {
    const channel = newChannel();
    const texts = Array.from({ length: 300 }, (_, at) => `message ${at}`);
    const answers = await Promise.all(texts.map((text) => relay.publish(channel, text)));
    expect(answers.filter(({ body }) => body.data.autoCreated)).toHaveLength(1);
    const stored = (await relay.stored()).filter(({ channel_id }) => channel_id === channel);
    expect(stored.map(({ sequence }) => sequence - (stored[0]?.sequence ?? 0))).toEqual(texts.map((_, at) => at));
    const byId = new Map(stored.map(({ id, message }) => [id, message]));
    expect(answers.map(({ body }) => byId.get(body.data.id))).toEqual(texts);
  });

  test('one that publishes message after message finds them in that order', async () => {
    const channel = newChannel();
    for (let at = 0; at < 20; at += 1) await relay.publish(channel, String(at));
    const { body } = await relay.get(`/publish?channel=${channel}&count=100`);
    const found = body.data.messages.map(({ message }: { message: string }) => Number(message));
    expect(found).toEqual(Array.from({ length: 20 }, (_, at) => 19 - at));
  });
});

describe('the queue', () => {
  test('shows by priority, then the newest first, consumes nothing and counts all', async () => {
    const channel = newChannel();
    for (const priority of ['bulk', 'normal', 'critical', 'low', 'high', 'normal'])
      await relay.publish(channel, priority, { priority, sender: 'S' });
    const look = async (more = '') => (await relay.get(`/publish?channel=${channel}${more}`)).body.data;
    const { messages, queueLength } = await look();
    expect(messages.map(({ priority }: { priority: string }) => priority)).toEqual([
      'critical',
      'high',
      'normal',
      'normal',
      'low',
      'bulk',
    ]);
    expect(messages[0]).toEqual({
      id: expect.any(String),
      message: 'critical',
      sender: 'S',
      priority: 'critical',
      encrypted: false,
      timestamp: expect.any(Number),
    });
    expect(queueLength).toBe(6);
    expect(await look('&count=2')).toEqual({ channel, messages: messages.slice(0, 2), queueLength: 6 });
  });

  test.each(['-1', 'abc', '0', '101', '1e9', '1.5'])('a count of %s is refused', async (count) => {
    expect(refused(await relay.get(`/publish?channel=c&count=${count}`))).toEqual([400, 'VALIDATION_ERROR']);
  });

  test('a channel that is unknown is 404', async () => {
    expect(refused(await relay.get(`/publish?channel=${newChannel()}`))).toEqual([404, 'CHANNEL_NOT_FOUND']);
  });

  test('what is published without cache is not in it', async () => {
    const channel = newChannel();
    await relay.publish(channel, 'passing', { cache: false });
    expect((await relay.get(`/publish?channel=${channel}`)).body.data).toEqual({
      channel,
      messages: [],
      queueLength: 0,
    });
  });
});

describe('what is kept', () => {
  test('messages live 12 hours in public channels and 24 in encrypted and private ones, in reads at once', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    const { key } = await own.makeKey();
    const types = ['public', 'encrypted', 'private'];
    for (const type of types) {
      await own.post('/channels', { key, body: { id: type, type } });
      await own.publish(type, 'x', {}, { key });
    }
    const lengths = async () =>
      Promise.all(types.map(async (id) => (await own.get(`/publish?channel=${id}`, { key })).body.data.queueLength));
    own.app.clock.advance(12 * 3600 - 1);
    expect(await lengths()).toEqual([1, 1, 1]);
    own.app.clock.advance(1);
    expect(await lengths()).toEqual([0, 1, 1]);
    own.app.clock.advance(12 * 3600);
    expect(await lengths()).toEqual([0, 0, 0]);
  });

  test('a channel keeps its newest 1,000 messages', async () => {
    const own = await openRelayForTest();
    await own.publish('c', 'first');
    await publishMany(own, 'c', 1000);
    await own.publish('c', 'last');
    const stored = await own.stored();
    expect(stored).toHaveLength(1000);
    expect(stored.at(-1)?.message).toBe('last');
    expect(stored[0]?.sequence).toBe(3);
    const row = await own.app.service.db.selectFrom('channels').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ stored_count: 1000, trimmed_to: 2, sequence: 1002 });
  });

  test('a channel keeps 64 MiB', async () => {
    const own = await openRelayForTest();
    const message = 'x'.repeat(4_500_000);
    for (let at = 0; at < 16; at += 1) await own.publish('c', message);
    const stored = await own.stored();
    expect(stored.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 14 }, (_, at) => at + 3));
  });

  test('what was published without a key takes RELAY_MAX_BYTES in all; the oldest go first, those of keys stay', async () => {
    const own = await openRelayForTest({ env: { RELAY_MAX_BYTES: '10000' } });
    const { key } = await own.makeKey();
    await own.publish('a', 'x'.repeat(9000), {}, { key });
    for (let at = 0; at < 6; at += 1) {
      own.app.clock.advance(1);
      await own.publish(at % 2 ? 'a' : 'b', String(at).repeat(3000));
    }
    const stored = await own.stored();
    const kept = stored.filter(({ is_anonymous }) => is_anonymous).map(({ message }) => message[0]);
    expect(kept.sort()).toEqual(['3', '4', '5']);
    expect(stored.filter(({ is_anonymous }) => !is_anonymous)).toHaveLength(1);
    const rows = await own.app.service.db
      .selectFrom('channels')
      .select(['id', 'stored_count', 'stored_bytes'])
      .orderBy('id')
      .execute();
    expect(rows).toEqual([
      { id: 'a', stored_count: 3, stored_bytes: 15_000 },
      { id: 'b', stored_count: 1, stored_bytes: 3_000 },
    ]);
  });
});
