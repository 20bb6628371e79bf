/** Requests over HTTP as they are written here, and the envelope that a failure of `/v1` has to have. */
import { expect } from 'vitest';

export type Answer = { status: number; headers: Headers; text: string };
export type Sent = {
  bearer?: string | null;
  body?: string | Buffer | ReadableStream;
  headers?: Record<string, string>;
  method?: string;
};

export async function send(url: string, { method = 'GET', bearer, body, headers = {} }: Sent = {}): Promise<Answer> {
  const init = {
    method,
    headers: {
      ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
      ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  };
  const response = await fetch(url, init as RequestInit);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

type Failure = { code: string; message: string; details?: { path: unknown[]; message: string; code: string }[] };

/** That `answer` is a failure in the envelope, with `status` and one of `codes`. */
export function expectFailure(answer: Answer, status: number, ...codes: string[]): Failure {
  const label = `${answer.status} ${answer.text.slice(0, 300)}`;
  expect(answer.status, label).toBe(status);
  expect(answer.headers.get('content-type'), label).toMatch(/^application\/json/);
  const body = JSON.parse(answer.text);
  expect(Object.keys(body).sort(), label).toEqual(['data', 'error', 'meta', 'success']);
  expect([body.success, body.data]).toEqual([false, null]);
  expect(Object.keys(body.meta).sort()).toEqual(['request_id', 'timestamp']);
  expect(body.meta.request_id).toBe(answer.headers.get('x-request-id'));
  expect(body.meta.timestamp).toMatch(TIME);
  expect(codes, label).toContain(body.error.code);
  expect(body.error.message).toMatch(/^[A-Z].+[^.]$/);
  expect(Object.keys(body.error).filter((key) => !['code', 'message', 'details'].includes(key))).toEqual([]);
  return body.error;
}
