/** The relay as its clients call it: plain HTTP, and its streams as they come over the wire. */
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { StreamEvent } from '../../contracts/relay/subscribe.ts';
import { buildApp } from '../../server/app.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import { openStreams } from '../../server/realtime/streams.ts';
import { ADMIN_KEY, type AppOptions, openApp, type TestApp } from './app.ts';

type Sent = { key?: string; token?: string; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal };

export type Answer = {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  body: any;
};

export async function call(url: string, method: string, path: string, sent: Sent = {}): Promise<Answer> {
  const response = await fetch(`${url}/api${path}`, {
    method,
    headers: {
      ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(sent.key === undefined ? {} : { 'x-api-key': sent.key }),
      ...(sent.token === undefined ? {} : { authorization: `Bearer ${sent.token}` }),
      ...sent.headers,
    },
    ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** An event as it came: its lines by their names. */
export type Event = { id?: string; event?: string; data: Record<string, unknown>; raw: string };

/** A stream that is read event by event. */
export async function listen(url: string, query: string, headers: Record<string, string> = {}) {
  const gone = new AbortController();
  onTestFinished(() => gone.abort());
  const response = await fetch(`${url}/api/subscribe?${query}`, { headers, signal: gone.signal });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  const blocks = blocksOf(response.body);
  const next = async (): Promise<Event> => {
    for (;;) {
      const { value, done } = await blocks.next();
      if (done) throw new Error('The stream has ended');
      if (!value.startsWith(':')) return eventOf(value);
    }
  };
  const take = async (count: number) => {
    const events: Event[] = [];
    while (events.length < count) events.push(await next());
    return events;
  };
  return {
    response,
    connected: await next(),
    next,
    take,
    /** The texts of the next `count` messages. */
    messages: async (count: number) => (await take(count)).map(({ data }) => data.message),
    /** Whatever comes next, comments too; undefined at the end. */
    block: async (): Promise<string | undefined> => (await blocks.next()).value ?? undefined,
    leave: () => gone.abort(),
  };
}

async function* blocksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield text.slice(0, end);
        text = text.slice(end + 2);
      }
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError' && !(error instanceof TypeError)) throw error;
  }
  return undefined;
}

const eventOf = (raw: string): Event => {
  const lines = raw.split('\n').map((line) => {
    const at = line.indexOf(': ');
    return [line.slice(0, at), line.slice(at + 2)] as const;
  });
  const { data: text, ...rest } = Object.fromEntries(lines) as { data: string; retry?: string };
  const data = JSON.parse(text) as Event['data'];
  // What the document says of each event.
  StreamEvent.parse({ ...rest, ...(rest.retry && { retry: Number(rest.retry) }), data });
  return { ...rest, data, raw };
};

export type Relay = Awaited<ReturnType<typeof openRelay>>;

export async function openRelay(options: AppOptions = {}) {
  return relayOf(await openApp(options));
}

/** Like `openRelay`, closed by itself at the end of the test. */
export async function openRelayForTest(options: AppOptions = {}) {
  const app = await openApp(options);
  onTestFinished(app.close);
  return relayOf(app);
}

const relayOf = (app: TestApp) => {
  const to = (method: string) => (path: string, sent?: Sent) => call(app.url, method, path, sent);
  const post = to('POST');
  return {
    app,
    url: app.url,
    get: to('GET'),
    post,
    remove: to('DELETE'),
    publish: (channel: string, message: string, more: object = {}, sent: Sent = {}) =>
      post('/publish', { ...sent, body: { channel, message, ...more } }),
    makeKey: async (body: object = {}): Promise<{ id: string; key: string }> => {
      const sent = { userId: 'user-123', name: 'test', permissions: ['read', 'write'], ...body };
      const answer = await post('/keys', { body: sent, headers: { 'x-admin-key': ADMIN_KEY } });
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return answer.body.data;
    },
    listen: (query: string, headers?: Record<string, string>) => listen(app.url, query, headers),
    /** What PostgreSQL holds of stored messages. */
    stored: () => app.service.db.selectFrom('relay_messages').selectAll().orderBy('sequence').execute(),
  };
};

/** A second HTTP server of the same process, whose streams have a quicker clock. */
export async function openQuickStreams(
  relay: Relay,
  clock: { keepaliveMs?: number; retryMs?: number; pollMs?: number },
) {
  const { service } = relay.app;
  const streams = openStreams({ ...service, bus: service.events as Bus }, clock);
  const server = await buildApp({ ...relay.app, streams });
  await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await streams.close();
    server.server.closeAllConnections();
    await server.close();
  });
  return { url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`, streams, server };
}

/** Publishes `0`, `1`, … to a channel, a hundred at a time. */
export async function publishMany(relay: Relay, channel: string, total: number): Promise<void> {
  for (let from = 0; from < total; from += 100)
    await Promise.all(
      Array.from({ length: Math.min(100, total - from) }, (_, at) => relay.publish(channel, String(from + at))),
    );
}
