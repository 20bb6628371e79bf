/** Subscriptions of the SDK: on the real relay through cuts and restarts, and on a server that does as a test says. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  ApiError,
  CcjkError,
  CcjkRelay,
  type RelayEvent,
  type SubscribeOptions,
  TimeoutError,
} from '../../sdk/src/relay/index.ts';
import { openQuickStreams, openRelay, openRelayForTest, publishMany, type Relay } from '../setup/relay.ts';
import { closedAddress, openService } from './service.ts';

let relay: Relay;

beforeAll(async () => {
  relay = await openRelay();
});

afterAll(() => relay.app.close());

const texts = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at));

let channels = 0;
const newChannel = async (...messages: string[]): Promise<string> => {
  const id = `channel-${++channels}`;
  await relay.post('/channels', { body: { id } });
  for (const message of messages) await relay.publish(id, message);
  return id;
};

/** A subscription that notes what happens, and ends with the test. */
function follow(client: CcjkRelay, channel: string, options: SubscribeOptions = {}) {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort(new Error('left')));
  const events: RelayEvent[] = [];
  const ended = (async () => {
    for await (const event of client.subscribe(channel, { signal: leaving.signal, ...options })) events.push(event);
  })().catch((error: unknown) => error);
  const types = () => events.map(({ type }) => type);
  const messages = () => events.flatMap((event) => (event.type === 'message' ? [event.message] : []));
  const until = (type: RelayEvent['type'], count = 1) =>
    vi.waitFor(() => expect(types().filter((one) => one === type).length).toBeGreaterThanOrEqual(count), 10_000);
  return { events, types, messages, until, ended, leave: () => leaving.abort(new Error('left')) };
}

const clientOf = (baseUrl: string, relayKey?: string) => new CcjkRelay({ baseUrl, relayKey });

describe('through cuts', () => {
  test('every message comes once and in order', async () => {
    const channel = await newChannel('before');
    const quick = await openQuickStreams(relay, { retryMs: 20 });
    const { messages, until, types } = follow(clientOf(quick.url), channel);
    await until('connected');
    for (const text of texts(0, 60)) {
      await relay.publish(channel, text);
      if (Number(text) % 20 === 10) {
        const cuts = types().filter((type) => type === 'connected').length;
        quick.server.server.closeAllConnections();
        await until('connected', cuts + 1);
      }
    }
    await vi.waitFor(() => expect(messages()).toHaveLength(60), 10_000);
    expect(messages()).toEqual(texts(0, 60));
    expect(types()).not.toContain('gap');
  });

  test('one that is cut before the first message misses none', async () => {
    const channel = await newChannel('before');
    const quick = await openQuickStreams(relay, { retryMs: 20 });
    const { messages, until } = follow(clientOf(quick.url), channel);
    await until('connected');
    quick.server.server.closeAllConnections();
    await until('outage');
    await relay.publish(channel, 'while it was away');
    await vi.waitFor(() => expect(messages()).toEqual(['while it was away']), 10_000);
  });

  test('a restart of the service is one outage, and what was published meanwhile comes', async () => {
    const first = await openRelayForTest();
    await first.post('/channels', { body: { id: 'c' } });
    let { url } = first;
    const client = new CcjkRelay({
      baseUrl: first.url,
      fetch: (asked, init) => fetch(asked.replace(first.url, url), init),
    });
    const { messages, until, types } = follow(client, 'c');
    await until('connected');
    await first.publish('c', '1');
    await vi.waitFor(() => expect(messages()).toEqual(['1']));
    const second = await openRelayForTest({ databaseUrl: first.app.databaseUrl });
    url = await closedAddress();
    first.app.streams.release(); // as a process does that is told to stop
    await until('outage');
    await second.publish('c', '2');
    ({ url } = second);
    await until('connected', 2);
    await second.publish('c', '3');
    await vi.waitFor(() => expect(messages()).toEqual(['1', '2', '3']));
    expect(types().filter((type) => type === 'outage')).toHaveLength(1);
  });

  test('what a program kept of an earlier run is gone on from; event-0 is all that is kept', async () => {
    const channel = await newChannel('a', 'b', 'c');
    const all = follow(clientOf(relay.url), channel, { lastEventId: 'event-0' });
    await vi.waitFor(() => expect(all.messages()).toEqual(['a', 'b', 'c']));
    const kept = all.events.find((event) => event.type === 'message');
    expect(kept).toEqual({
      type: 'message',
      eventId: 'event-1',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      channel,
      message: 'a',
      sender: null,
      priority: 'normal',
      encrypted: false,
      timestamp: expect.any(Number),
    });
    const rest = follow(clientOf(relay.url), channel, { lastEventId: 'event-1' });
    await vi.waitFor(() => expect(rest.messages()).toEqual(['b', 'c']));
  });

  test('what is kept comes by priority when that is asked for', async () => {
    const channel = await newChannel();
    for (const priority of ['low', 'critical']) await relay.publish(channel, priority, { priority });
    const { messages } = follow(clientOf(relay.url), channel, { lastEventId: 'event-0', order: 'priority' });
    await vi.waitFor(() => expect(messages()).toEqual(['critical', 'low']));
  });
});

describe('gaps', () => {
  test('an id that the channel has not given is told as one, and all that is kept follows', async () => {
    const channel = await newChannel('a', 'b');
    const { events, messages } = follow(clientOf(relay.url), channel, { lastEventId: 'event-999' });
    await vi.waitFor(() => expect(messages()).toEqual(['a', 'b']));
    expect(events.slice(0, 2)).toEqual([{ type: 'connected' }, { type: 'gap' }]);
  });

  test('what expired while a subscriber was away is told as one, and only what is new follows', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    const quick = await openQuickStreams(own, { retryMs: 20 });
    await own.post('/channels', { body: { id: 'c' } });
    let isOpen = true;
    const client = new CcjkRelay({
      baseUrl: quick.url,
      fetch: (url, init) => (isOpen ? fetch(url, init) : Promise.reject(new TypeError('no network'))),
    });
    const { messages, types, until } = follow(client, 'c');
    await until('connected');
    await own.publish('c', 'seen');
    await vi.waitFor(() => expect(messages()).toEqual(['seen']));
    isOpen = false;
    quick.server.server.closeAllConnections();
    await until('outage');
    await publishMany(own, 'c', 3);
    own.app.clock.advance(12 * 3600);
    await own.publish('c', 'new');
    isOpen = true;
    await vi.waitFor(() => expect(messages()).toEqual(['seen', 'new']), 10_000);
    expect(types()).toEqual(['connected', 'message', 'outage', 'connected', 'gap', 'message']);
  });
});

describe('the end', () => {
  const subscribers = () => relay.app.streams.size();

  test('an abort ends it with the reason of the signal, and frees the subscriber of the service', async () => {
    const before = subscribers();
    const { until, ended, leave } = follow(clientOf(relay.url), await newChannel());
    await until('connected');
    expect(subscribers()).toBe(before + 1);
    leave();
    expect(await ended).toEqual(new Error('left'));
    await vi.waitFor(() => expect(subscribers()).toBe(before));
  });

  test('whoever leaves the loop frees it too', async () => {
    const before = subscribers();
    for await (const { type } of clientOf(relay.url).subscribe(await newChannel('x'), { lastEventId: 'event-0' }))
      if (type === 'message') break;
    await vi.waitFor(() => expect(subscribers()).toBe(before));
  });

  test('an abort ends the wait for a service that is away', async () => {
    const { until, ended, leave } = follow(clientOf(await closedAddress()), 'c');
    await until('outage');
    leave();
    expect(await ended).toEqual(new Error('left'));
  });

  test('a signal that is aborted already sends nothing', async () => {
    const service = await openService(() => ({}));
    const signal = AbortSignal.abort(new Error('never mind'));
    await expect(clientOf(service.baseUrl).subscribe('c', { signal }).next()).rejects.toThrow('never mind');
    expect(service.received).toEqual([]);
  });

  test('a long-lived signal keeps nothing of the connections that it outlived', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...values: unknown[]) => {
      listeners += 1;
      addEventListener.apply(signal, values as Parameters<typeof addEventListener>);
    };
    signal.removeEventListener = (...values: unknown[]) => {
      listeners -= 1;
      removeEventListener.apply(signal, values as Parameters<typeof removeEventListener>);
    };
    const channel = await newChannel('x');
    for await (const event of clientOf(relay.url).subscribe(channel, { lastEventId: 'event-0', signal }))
      if (event.type === 'message') break;
    expect(listeners).toBe(0);
  });

  test.each([
    ['nowhere', undefined, 404, 'CHANNEL_NOT_FOUND'],
    ['no such/id', undefined, 400, 'INVALID_CHANNEL_FORMAT'],
    ['c', 'sk_live_wrong', 401, 'AUTH_FAILED'],
  ])('the channel %j with the key %j is refused at once, by %i %s', async (channel, key, status, code) => {
    const error = await clientOf(relay.url, key)
      .subscribe(channel)
      .next()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status, code });
  });

  test('a private channel is open to its owner alone', async () => {
    const { key } = await relay.makeKey({ userId: 'owner-1' });
    await relay.post('/channels', { key, body: { id: 'owners-own', type: 'private' } });
    const { messages, until } = follow(clientOf(relay.url, key), 'owners-own');
    await until('connected');
    await clientOf(relay.url, key).publish({ channel: 'owners-own', message: 'private' });
    await vi.waitFor(() => expect(messages()).toEqual(['private']));
    await expect(clientOf(relay.url).subscribe('owners-own').next()).rejects.toMatchObject({
      code: 'CHANNEL_NOT_FOUND',
    });
  });

  test('a key without the permission, and one that is revoked meanwhile, end it', async () => {
    const channel = await newChannel();
    const writer = await relay.makeKey({ permissions: ['write'] });
    await expect(clientOf(relay.url, writer.key).subscribe(channel).next()).rejects.toMatchObject({
      code: 'INSUFFICIENT_SCOPE',
    });
    const { id, key } = await relay.makeKey({ permissions: ['read', 'revoke'] });
    const { until, ended } = follow(clientOf(relay.url, key), channel);
    await until('connected');
    await clientOf(relay.url, key).keys.remove(id);
    expect(await ended).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
  });
});

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };
const connected = (more: object = {}) => `retry: 10\nid: event-0\nevent: connected\ndata: ${JSON.stringify(more)}\n\n`;
const message = (eventId: string, text: string) =>
  `id: ${eventId}\nevent: message\ndata: ${JSON.stringify({ id: `uuid-${text}`, message: text })}\n\n`;

describe('what a service may do', () => {
  test('it names the last event that came when it comes back', async () => {
    const service = await openService((_, number) => ({
      headers: EVENT_STREAM,
      text: number === 1 ? connected() + message('event-4', 'a') : connected(),
    }));
    const { until } = follow(clientOf(service.baseUrl, 'sk_live_x'), 'c', { order: 'priority' });
    await until('connected', 2);
    const [first, second] = service.received;
    expect(first).toMatchObject({ query: { channel: 'c', order: 'priority' }, bearer: 'sk_live_x' });
    expect(first?.headers).toMatchObject({ accept: 'text/event-stream' });
    expect(first?.headers).not.toHaveProperty('last-event-id');
    expect(second?.headers).toMatchObject({ 'last-event-id': 'event-4' });
  });

  test('by priority, what comes again after a cut is given once', async () => {
    const service = await openService((_, number) => ({
      headers: EVENT_STREAM,
      text:
        number === 1
          ? connected() + message('event-0', 'urgent')
          : connected() + message('event-0', 'urgent') + message('event-2', 'plain'),
    }));
    const { messages } = follow(clientOf(service.baseUrl), 'c', { lastEventId: 'event-0', order: 'priority' });
    await vi.waitFor(() => expect(messages()).toEqual(['urgent', 'plain']));
  });

  test('a 503 is waited out as long as it asks', async () => {
    const times: number[] = [];
    const service = await openService((_, number) => {
      times.push(performance.now());
      return number === 1
        ? { status: 503, fails: 'SERVICE_UNAVAILABLE', headers: { 'retry-after': '1' } }
        : { headers: EVENT_STREAM, text: connected() };
    });
    const { until, types } = follow(clientOf(service.baseUrl), 'c');
    await until('connected');
    expect(types().slice(0, 2)).toEqual(['outage', 'connected']);
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThan(990);
  });

  test('a connection that fell silent is taken for cut', async () => {
    const open: ServerResponse[] = [];
    const server = createServer((_, response) => {
      response.writeHead(200, EVENT_STREAM).write(connected());
      open.push(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { until, events } = follow(clientOf(baseUrl), 'c', { silenceMs: 50 });
    await until('connected', 2);
    expect(events[1]).toEqual({ type: 'outage', error: expect.any(TimeoutError) });
    await vi.waitFor(() => expect(open[0]?.destroyed).toBe(true));
  });

  test('a page in place of a stream is refused, and so is a stream that is not of the relay', async () => {
    const page = await openService(() => ({ headers: { 'content-type': 'text/html' }, text: '<h1>Welcome</h1>' }));
    await expect(clientOf(page.baseUrl).subscribe('c').next()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
    const other = await openService(() => ({ headers: EVENT_STREAM, text: 'data: hello\n\n' }));
    const error = await clientOf(other.baseUrl)
      .subscribe('c')
      .next()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CcjkError);
    expect((error as Error).message).toContain('baseUrl');
  });
});
