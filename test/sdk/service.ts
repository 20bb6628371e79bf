/** A real HTTP server that answers as a test says and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { CcjkCloud, type ClientOptions } from '../../sdk/src/index.ts';

export type Received = {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: string;
  bearer: string | undefined;
};

export type Reply = {
  status?: number;
  headers?: Record<string, string>;
  data?: unknown;
  /** The code of a failure; its sentence is `<code> happened`. */
  fails?: string;
  details?: unknown;
  /** Instead of the envelope. */
  text?: string;
  /** The connection ends before the answer, or in its midst. */
  breaks?: 'before' | 'midway';
  /** Nothing is ever answered. */
  hangs?: true;
};

type Answer = (request: Received, number: number) => Reply | Promise<Reply>;

export type Service = { baseUrl: string; received: Received[]; client(options?: ClientOptions): CcjkCloud };

/** `answer` sees each request with its number, from 1. */
export async function openService(answer: Answer): Promise<Service> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url ?? '/', 'http://service');
    const one: Received = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body,
      bearer: request.headers.authorization?.replace('Bearer ', ''),
    };
    send(response, await answer(one, received.push(one)));
  });
  const baseUrl = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    baseUrl,
    received,
    client: (options = {}) => new CcjkCloud({ baseUrl, token: 'ck_live_test', backoffMs: 1, ...options }),
  };
}

/** An address at which nothing listens. */
export async function closedAddress(): Promise<string> {
  const server = createServer();
  const baseUrl = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return baseUrl;
}

/** An access token that ends `seconds` from now, of which the service takes only the name. */
export const jwt = (name: string, seconds: number): string => {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  return `${name}.${Buffer.from(JSON.stringify({ exp, sub: 'ü' })).toString('base64url')}.signature`;
};

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const send = (response: ServerResponse, reply: Reply): void => {
  if (reply.hangs) return;
  if (reply.breaks === 'before') return void response.destroy();
  const { fails, status = fails ? 500 : 200 } = reply;
  const meta = { request_id: 'request-1', timestamp: '2026-01-20T10:00:00.000Z' };
  const error = fails ? { code: fails, message: `${fails} happened`, details: reply.details } : null;
  const text = reply.text ?? JSON.stringify({ success: !fails, data: reply.data ?? null, error, meta });
  const headers = { 'content-type': 'application/json', 'x-request-id': 'request-1', ...reply.headers };
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
  if (reply.breaks === 'midway') return void response.write(text.slice(0, 5), () => response.destroy());
  response.end(text);
};
