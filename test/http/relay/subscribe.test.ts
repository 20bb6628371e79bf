import { spawn } from 'node:child_process';
import net from 'node:net';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Bus } from '../../../server/realtime/bus.ts';
import { CRON_SECRET } from '../../setup/app.ts';
import {
  call,
  listen,
  openQuickStreams,
  openRelay,
  openRelayForTest,
  publishMany,
  type Relay,
} from '../../setup/relay.ts';

let relay: Relay;
/** Another process on the same database. */
let other: Relay;

beforeAll(async () => {
  relay = await openRelay();
  other = await openRelay({ databaseUrl: relay.app.databaseUrl });
});
afterAll(async () => {
  await other.app.close();
  await relay.app.close();
});

let channels = 0;
/** A channel with these messages. */
const channelWith = async (...texts: string[]): Promise<string> => {
  const id = `sub-${++channels}`;
  await relay.post('/channels', { body: { id } });
  for (const text of texts) await relay.publish(id, text);
  return id;
};

/** The same process, to which no notification of others comes any more. */
const deafened = ({ app, ...rest }: Relay): Relay => {
  const events = { ...app.service.events, subscribe: () => () => {}, onGap: () => () => {} };
  return { ...rest, app: { ...app, service: { ...app.service, events } } };
};

const numberOf = (id: string | undefined): number => Number(id?.replace('event-', ''));
const count = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at));
const closed = (stream: { block(): Promise<string | undefined> }) =>
  vi.waitFor(async () => expect(await stream.block()).toBeUndefined(), { timeout: 5_000, interval: 0 });

describe('the stream', () => {
  test('begins with connected and carries messages in whole frames, as documented', async () => {
    const channel = await channelWith();
    const stream = await relay.listen(`channel=${channel}`);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(stream.response.headers.get('x-request-id')).toMatch(/./);
    expect(stream.connected).toMatchObject({
      event: 'connected',
      id: 'event-0',
      retry: '15000',
      data: { channel, type: 'channel', timestamp: expect.any(Number), message: 'Connected' },
    });
    expect(stream.connected.data).not.toHaveProperty('gap');

    const { body } = await relay.publish(channel, 'two\nlines\u2028and\r\nmore', { sender: 'User1', priority: 'high' });
    const { id, event, data } = await stream.next();
    expect([id, event]).toEqual(['event-1', 'message']);
    expect(data).toEqual({
      id: body.data.id,
      channel,
      message: 'two\nlines\u2028and\r\nmore',
      sender: 'User1',
      priority: 'high',
      encrypted: false,
      timestamp: Date.parse(body.data.publishedAt),
    });
  });

  test('without a last id only what is published from now on comes', async () => {
    const channel = await channelWith('before');
    const stream = await relay.listen(`channel=${channel}`);
    await relay.publish(channel, 'after');
    expect(await stream.messages(1)).toEqual(['after']);
  });

  test('a channel that does not exist is 404, and none named is 400', async () => {
    expect((await relay.get('/subscribe?channel=nowhere')).body.error.code).toBe('CHANNEL_NOT_FOUND');
    expect((await relay.get('/subscribe')).body.error.code).toBe('VALIDATION_ERROR');
  });

  test('reaches the subscribers of another process', async () => {
    const channel = await channelWith();
    const [here, there] = await Promise.all([relay.listen(`channel=${channel}`), other.listen(`channel=${channel}`)]);
    for (const text of count(0, 50)) await relay.publish(channel, text);
    for (const text of count(50, 60)) await other.publish(channel, text);
    for (const stream of [here, there]) expect(await stream.messages(60)).toEqual(count(0, 60));
  });

  test('a comment keeps it alive', async () => {
    const quick = await openQuickStreams(relay, { keepaliveMs: 10 });
    const stream = await listen(quick.url, `channel=${await channelWith()}`);
    expect(await stream.block()).toBe(': keepalive');
  });

  test('a disconnect leaves nothing behind', async () => {
    const own = await openRelayForTest();
    await own.publish('c', 'x');
    const before = (own.app.service.events as Bus).subscriptions();
    const streams = await Promise.all(Array.from({ length: 20 }, () => own.listen('channel=c&lastEventId=event-0')));
    expect(own.app.streams.size()).toBe(20);
    for (const { leave } of streams) leave();
    await vi.waitFor(() => expect(own.app.streams.size()).toBe(0));
    expect((own.app.service.events as Bus).subscriptions()).toBe(before);
    expect((await own.get('/subscribe?channel=nowhere')).status).toBe(404);
    expect((own.app.service.events as Bus).subscriptions()).toBe(before);
  });

  test('curl -N sees it as it happens', async () => {
    const channel = await channelWith('stored');
    const curl = spawn('curl', ['-sN', `${relay.url}/api/subscribe?channel=${channel}&lastEventId=event-0`]);
    onTestFinished(() => void curl.kill());
    let seen = '';
    curl.stdout.on('data', (chunk) => {
      seen += chunk;
    });
    await vi.waitFor(() => expect(seen).toContain('"message":"stored"'), { timeout: 5_000 });
    await relay.publish(channel, 'live');
    await vi.waitFor(() => expect(seen).toContain('"message":"live"'), { timeout: 5_000 });
    expect(seen).toMatch(
      /^retry: 15000\nid: event-0\nevent: connected\ndata: \{.*\}\n\nid: event-1\nevent: message\ndata: \{.*\}\n\nid: event-2\n/,
    );
  });
});

describe('coming back', () => {
  test('all that is stored after the last event comes in order, once, then what is published', async () => {
    const channel = await channelWith(...count(0, 30));
    const stream = await relay.listen(`channel=${channel}&lastEventId=event-10`);
    expect(stream.connected.data).not.toHaveProperty('gap');
    await relay.publish(channel, 'live');
    expect(await stream.messages(21)).toEqual([...count(10, 30), 'live']);
  });

  test('a full channel comes whole, over several reads', async () => {
    const channel = await channelWith();
    await publishMany(relay, channel, 1000);
    const stream = await relay.listen(`channel=${channel}&lastEventId=event-0`);
    const events = await stream.take(1000);
    expect(events.map(({ id }) => numberOf(id))).toEqual(count(1, 1001).map(Number));
    await relay.publish(channel, 'live');
    expect(await stream.messages(1)).toEqual(['live']);
  });

  test('the header goes before the query', async () => {
    const channel = await channelWith('a', 'b', 'c');
    const stream = await relay.listen(`channel=${channel}&lastEventId=event-0`, { 'Last-Event-ID': 'event-2' });
    expect(await stream.messages(1)).toEqual(['c']);
  });

  test('what a process has stored and could tell nobody of, because it died, comes all the same', async () => {
    const channel = await channelWith();
    const quick = await openQuickStreams(deafened(relay), { pollMs: 20 });
    const stream = await listen(quick.url, `channel=${channel}`);
    for (const text of count(0, 5)) await relay.publish(channel, text, { cache: text !== '2' });
    expect(await stream.messages(4)).toEqual(['0', '1', '3', '4']);
  });

  test('after the last one nothing comes but what is new', async () => {
    const channel = await channelWith('a', 'b');
    const stream = await relay.listen(`channel=${channel}&lastEventId=event-2`);
    await relay.publish(channel, 'c');
    expect(await stream.messages(1)).toEqual(['c']);
  });

  test.each([
    'event-3',
    'event-999999',
    'abc',
    'event-',
    '-1',
    'event-1.5',
    `event-${'9'.repeat(40)}`,
  ])('the id %s, which this channel has not given, is a gap: all that is stored comes', async (id) => {
    const channel = await channelWith('a', 'b');
    const stream = await relay.listen(`channel=${channel}&lastEventId=${id}`);
    expect(stream.connected.data.gap).toBe(true);
    expect(await stream.messages(2)).toEqual(['a', 'b']);
  });

  test('what was trimmed, or has expired, after the last event is a gap', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    await own.post('/channels', { body: { id: 'c' } });
    await publishMany(own, 'c', 1003);
    const gapAfter = async (sequence: number) => {
      const { connected, next, leave } = await own.listen(`channel=c&lastEventId=event-${sequence}`);
      const first = await next();
      leave();
      return [connected.data.gap ?? false, numberOf(first.id)];
    };
    expect(await gapAfter(2)).toEqual([true, 4]);
    expect(await gapAfter(3)).toEqual([false, 4]);
    own.app.clock.advance(12 * 3600);
    await own.publish('c', 'new');
    expect(await gapAfter(500)).toEqual([true, 1004]);
    expect(await gapAfter(1003)).toEqual([false, 1004]);
  });

  test('by priority, the ids say up to where everything was sent', async () => {
    const channel = await channelWith();
    for (const priority of ['low', 'critical', 'normal', 'critical'])
      await relay.publish(channel, priority, { priority });
    const stream = await relay.listen(`channel=${channel}&lastEventId=event-0&order=priority`);
    const events = await stream.take(4);
    expect(events.map(({ id, data }) => [data.message, id])).toEqual([
      ['critical', 'event-0'],
      ['critical', 'event-0'],
      ['normal', 'event-0'],
      ['low', 'event-4'],
    ]);
    await relay.publish(channel, 'live', { priority: 'bulk' });
    expect((await stream.next()).id).toBe('event-5');
  });

  test('while two processes publish, everyone who joins either of them gets every message once and in order', async () => {
    const channel = await channelWith();
    const total = 400;
    const follow = async (through: Relay) => {
      const stream = await through.listen(`channel=${channel}&lastEventId=event-0`);
      const events = await stream.take(total);
      stream.leave();
      return events.map(({ id }) => numberOf(id));
    };
    const subscribers: Promise<number[]>[] = [];
    let begun = 0;
    const publishAll = async (through: Relay) => {
      while (begun < total) {
        begun += 1;
        if (begun % 40 === 0) subscribers.push(follow(relay), follow(other));
        await through.publish(channel, 'x'.repeat((begun * 37) % 4000));
      }
    };
    await Promise.all([relay, relay, other, other].map(publishAll));
    for (const numbers of await Promise.all(subscribers)) expect(numbers).toEqual(count(1, total + 1).map(Number));
    expect(subscribers).toHaveLength(20);
  });
});

describe('without cache', () => {
  test('a message passes once, in its place, in every process, however large, and uses up a number', async () => {
    const channel = await channelWith();
    const streams = await Promise.all([relay.listen(`channel=${channel}`), other.listen(`channel=${channel}`)]);
    const large = 'ä'.repeat(300_000);
    await relay.publish(channel, 'a');
    await relay.publish(channel, large, { cache: false });
    await other.publish(channel, 'b', { cache: false });
    await relay.publish(channel, 'c');
    for (const stream of streams) {
      const events = await stream.take(4);
      expect(events.map(({ data }) => data.message)).toEqual(['a', large, 'b', 'c']);
      expect(events.map(({ id }) => id)).toEqual(['event-1', 'event-2', 'event-3', 'event-4']);
    }
    expect((await relay.stored()).filter(({ channel_id }) => channel_id === channel)).toHaveLength(2);
    const later = await relay.listen(`channel=${channel}&lastEventId=event-0`);
    expect(later.connected.data).not.toHaveProperty('gap');
    expect(await later.messages(2)).toEqual(['a', 'c']);
  });

  test('two processes that publish at once lose none, in either of them', async () => {
    const channel = await channelWith();
    const streams = await Promise.all([relay.listen(`channel=${channel}`), other.listen(`channel=${channel}`)]);
    await Promise.all(
      count(0, 100).map((text, at) => (at % 2 ? relay : other).publish(channel, text, { cache: at % 3 === 0 })),
    );
    for (const stream of streams) {
      const events = await stream.take(100);
      expect(events.map(({ id }) => numberOf(id))).toEqual(count(1, 101).map(Number));
    }
  });
});

describe('slow and many', () => {
  test('one that stops reading holds a bounded part of the memory, and gets everything when it reads again', async () => {
    const channel = await channelWith();
    const quick = await openQuickStreams(relay, {});
    const connections: net.Socket[] = [];
    quick.server.server.on('connection', (connection) => void connections.push(connection));
    const socket = net.connect(Number(new URL(quick.url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(`GET /api/subscribe?channel=${channel} HTTP/1.1\r\nHost: x\r\n\r\n`);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await vi.waitFor(() => expect(text).toContain('connected'));
    socket.pause();

    const message = 'm'.repeat(200_000);
    for (let at = 0; at < 120; at += 1) await relay.publish(channel, `${at} ${message}`);
    // Of 24 MB the kernel takes some; of the rest at most what counts as behind, a page of reading and a message.
    const [connection] = connections as [net.Socket];
    expect(connection.writableLength).toBeGreaterThan(500_000);
    expect(connection.writableLength).toBeLessThan(2_500_000);
    socket.resume();
    await vi.waitFor(() => expect(text).toContain('id: event-120\n'), { timeout: 10_000 });
    const ids = [...text.matchAll(/^id: event-(\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(count(0, 121).map(Number)); // that of `connected` first
  });

  test('a channel takes 1,000 subscribers without a key; one with a key still comes in', async () => {
    const own = await openRelayForTest();
    const { key } = await own.makeKey();
    await own.publish('c', 'x');
    const { port } = new URL(own.url);
    const sockets = Array.from({ length: 1000 }, () => net.connect(Number(port), '127.0.0.1'));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    let delivered = 0;
    for (const socket of sockets) {
      socket.on('data', (chunk) => {
        if (chunk.includes('to everyone')) delivered += 1;
      });
      socket.write('GET /api/subscribe?channel=c HTTP/1.1\r\nHost: x\r\n\r\n');
    }
    await vi.waitFor(() => expect(own.app.streams.size()).toBe(1000), { timeout: 15_000 });
    const refused = await own.get('/subscribe?channel=c');
    expect([refused.status, refused.body.error.code]).toEqual([429, 'RATE_LIMIT_EXCEEDED']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const stream = await own.listen('channel=c', { 'x-api-key': key });
    await own.publish('c', 'to everyone');
    expect(await stream.messages(1)).toEqual(['to everyone']);
    await vi.waitFor(() => expect(delivered).toBe(1000), { timeout: 5_000 });
  });
});

describe('the end', () => {
  test('a revoked key loses its streams, in every process', async () => {
    const channel = await channelWith();
    const { id, key } = await relay.makeKey({ userId: 'leaver' });
    const { key: operator } = await relay.makeKey({ permissions: ['revoke'] });
    const streams = await Promise.all(
      [relay, other].map(({ url }) => listen(url, `channel=${channel}`, { 'x-api-key': key })),
    );
    const anonymous = await relay.listen(`channel=${channel}`);
    expect((await relay.remove(`/keys/${id}`, { key: operator })).status).toBe(200);
    for (const stream of streams) await closed(stream);
    await relay.publish(channel, 'still here');
    expect(await anonymous.messages(1)).toEqual(['still here']);
  });

  test('a revoked key loses its streams in a process that is told nothing, too', async () => {
    const quick = await openQuickStreams(deafened(other), { pollMs: 20 });
    const channel = await channelWith();
    const { id, key } = await relay.makeKey({ permissions: ['read', 'revoke'] });
    const stream = await listen(quick.url, `channel=${channel}`, { 'x-api-key': key });
    const anonymous = await listen(quick.url, `channel=${channel}`);
    expect((await relay.remove(`/keys/${id}`, { key })).status).toBe(200);
    await closed(stream);
    await relay.publish(channel, 'still here');
    expect(await anonymous.messages(1)).toEqual(['still here']);
  });

  test('a key that expires loses its stream', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    const quick = await openQuickStreams(own, { keepaliveMs: 20 });
    const { key } = await own.makeKey({ expiresAt: '2026-01-20T10:01:00Z' });
    await own.publish('c', 'x');
    const stream = await listen(quick.url, 'channel=c', { 'x-api-key': key });
    own.app.clock.advance(60);
    await closed(stream);
  });

  test('who subscribed to a channel does not see the one that takes its id', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    const { key } = await own.makeKey();
    await own.post('/channels', { body: { id: 'c', expiresIn: 60 } });
    const stream = await own.listen('channel=c');
    own.app.clock.advance(60);
    await own.post('/channels', { key, body: { id: 'c', type: 'private' } });
    await own.publish('c', 'secret', {}, { key });
    await closed(stream);
  });

  test('nor in a process that is told nothing, whether the old one was swept away or not', async () => {
    for (const isSwept of [false, true]) {
      const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
      const quick = await openQuickStreams(deafened(own), { pollMs: 20 });
      const { key } = await own.makeKey();
      await own.publish('c', 'open');
      const stream = await listen(quick.url, 'channel=c');
      own.app.clock.advance(1800);
      if (isSwept) await own.get('/cron/cleanup-channels', { headers: { 'x-cron-secret': CRON_SECRET } });
      await own.post('/channels', { key, body: { id: 'c', type: 'private' } });
      await closed(stream);
    }
  });

  test('a process that stops ends its streams and opens no more', async () => {
    const own = await openRelayForTest();
    await own.publish('c', 'x');
    const stream = await own.listen('channel=c');
    own.app.streams.release();
    await closed(stream);
    const refused = await own.get('/subscribe?channel=c');
    expect([refused.status, refused.body.error.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
  });
});

describe('an EventSource as browsers have it', () => {
  const open = async (url: string) => {
    const source = new EventSource(url);
    onTestFinished(() => source.close());
    const messages: string[] = [];
    const gaps: boolean[] = [];
    source.addEventListener('message', ({ data }) => messages.push(JSON.parse(data).message));
    source.addEventListener('connected', ({ data }) => gaps.push(JSON.parse(data).gap ?? false));
    await vi.waitFor(() => expect(gaps).toHaveLength(1));
    return { source, messages, gaps };
  };

  test('comes back by itself after each cut and misses nothing', async () => {
    const channel = await channelWith();
    const quick = await openQuickStreams(relay, { retryMs: 20 });
    const { messages, gaps } = await open(`${quick.url}/api/subscribe?channel=${channel}`);
    for (const text of count(0, 60)) {
      await relay.publish(channel, text);
      if (Number(text) % 20 === 10) {
        await vi.waitFor(() => expect(messages).toContain('0'));
        quick.server.server.closeAllConnections();
      }
    }
    await vi.waitFor(() => expect(messages).toHaveLength(60), { timeout: 10_000 });
    expect(messages).toEqual(count(0, 60));
    expect(gaps.length).toBeGreaterThan(1);
    expect(gaps).not.toContain(true);
  });

  test('that is cut before the first message misses none', async () => {
    const channel = await channelWith('before');
    const quick = await openQuickStreams(relay, { retryMs: 20 });
    const { messages, source } = await open(`${quick.url}/api/subscribe?channel=${channel}`);
    const cut = new Promise((resolve) => source.addEventListener('error', resolve));
    quick.server.server.closeAllConnections();
    await cut;
    await relay.publish(channel, 'while it was away');
    await vi.waitFor(() => expect(messages).toEqual(['while it was away']), { timeout: 10_000 });
  });

  test('passes its key in the query', async () => {
    const { key } = await relay.makeKey({ userId: 'browser' });
    await relay.post('/channels', { key, body: { id: 'browsers-own', type: 'private' } });
    const { messages } = await open(`${relay.url}/api/subscribe?channel=browsers-own&Authorization=Bearer+${key}`);
    await relay.publish('browsers-own', 'private', {}, { key });
    await vi.waitFor(() => expect(messages).toEqual(['private']));
    const elsewhere = await call(relay.url, 'GET', `/publish?channel=browsers-own&Authorization=Bearer+${key}`);
    expect(elsewhere.status).toBe(404);
    const wrong = `sk_live_${'w'.repeat(43)}`;
    await call(relay.url, 'GET', `/subscribe?channel=browsers-own&Authorization=Bearer+${wrong}`);
    await vi.waitFor(() => expect(relay.app.logged.filter((line) => line.includes('/api/subscribe'))).not.toEqual([]));
    for (const secret of [key, wrong]) expect(relay.app.logged.join()).not.toContain(secret.slice(8));
  });
});
