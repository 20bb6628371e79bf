/** A WebSocket as a test holds one: what came, waiting for what comes, and how it ended. */
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { SocketFrame } from '../../contracts/events.ts';

export type FrameOf<Type extends SocketFrame['type']> = Extract<SocketFrame, { type: Type }>;

export type TestSocket = {
  ws: WebSocket;
  /** All that came, the oldest first. */
  frames: SocketFrame[];
  /** As JSON, or as it is when it is a text or a buffer. */
  send(frame: unknown): void;
  /** The first frame of this type, here or to come, that passes and was not given before. */
  next<Type extends SocketFrame['type']>(
    type: Type,
    passes?: (frame: FrameOf<Type>) => boolean,
  ): Promise<FrameOf<Type>>;
  /** Subscribes, and waits for the answer. */
  subscribe(channel: string): Promise<void>;
  /** Everything that was sent before has been dealt with. */
  settled(): Promise<void>;
  closed: Promise<{ code: number; reason: string }>;
};

export type Refused = { status: number; code: string | undefined };

type Options = { token?: string; headers?: Record<string, string>; query?: Record<string, string> };

const open = (url: string, { token, headers = {}, query = {} }: Options): WebSocket => {
  const search = new URLSearchParams(query).toString();
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/ws${search && `?${search}`}`, {
    headers: { ...authorization, ...headers },
  });
  onTestFinished(() => ws.terminate());
  return ws;
};

/** Fails when the handshake does. */
export async function connect(url: string, options: Options): Promise<TestSocket> {
  const ws = open(url, options);
  const frames: SocketFrame[] = [];
  const given = new Set<SocketFrame>();
  const lookers = new Set<() => void>();
  ws.on('message', (data) => {
    frames.push(SocketFrame.parse(JSON.parse(data.toString())));
    for (const look of [...lookers]) look();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  ws.on('error', () => {});

  const next: TestSocket['next'] = (type, passes = () => true) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = frames.find((frame) => frame.type === type && !given.has(frame) && passes(frame as never));
        if (!found) return;
        given.add(found);
        lookers.delete(look);
        resolve(found as never);
      };
      lookers.add(look);
      void closed.then(({ code }) => reject(new Error(`closed with ${code} before ${type} came`)));
      look();
    });
  const send = (frame: unknown) =>
    ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));

  return {
    ws,
    frames,
    send,
    next,
    closed,
    async subscribe(channel) {
      send({ type: 'subscribe', channel });
      await next('subscribed', (frame) => frame.channel === channel.toLowerCase());
    },
    async settled() {
      send({ type: 'ping' });
      await next('pong');
    },
  };
}

/** What the handshake was answered with; fails when it succeeds. */
export function refusalOfSocket(url: string, options: Options): Promise<Refused> {
  const ws = open(url, options);
  return new Promise((resolve, reject) => {
    ws.once('open', () => reject(new Error('The handshake was expected to be refused, and it succeeded')));
    ws.once('error', reject);
    ws.once('unexpected-response', async (_, response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, code: JSON.parse(body).error?.code });
    });
  });
}
