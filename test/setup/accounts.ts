/** Requests of accounts as they are written here, whose answers are held against the envelope that each of `/v1` has. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { TestUser } from './app.ts';

export type Sent = { token?: string | undefined; authorization?: string; body?: unknown; text?: string; type?: string };

type Answer = {
  success: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came is compared as a whole
  data: any;
  error: { code: string; details?: unknown } | null;
  meta: { request_id: string; timestamp: string };
};

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const newAccount = () => ({ email: `${randomUUID()}@example.com`, password: 'SecurePassword123!' });

export const long = (length: number) => 'x'.repeat(length);

/** What asks the service that the file has opened, unless it is told to ask another. */
export function callsTo(app: () => { url: string }) {
  /** Sends it as it is, and looks at the envelope that every answer has. */
  async function send(method: string, path: string, { token, authorization, body, text, type }: Sent = {}, to = app()) {
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const header = authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
    const response = await fetch(`${to.url}/v1${path}`, {
      method,
      headers: {
        ...(payload === undefined ? {} : { 'content-type': type ?? 'application/json' }),
        ...(header === undefined ? {} : { authorization: header }),
      },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const answer = (await response.json()) as Answer;
    expect(Object.keys(answer).sort()).toEqual(['data', 'error', 'meta', 'success']);
    expect(answer.success).toBe(response.ok);
    expect(answer.meta.request_id).toBe(response.headers.get('x-request-id'));
    expect(answer.meta.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    if (!response.ok) expect(answer).toMatchObject({ data: null, error: { message: expect.any(String) } });
    return { status: response.status, data: answer.data, code: answer.error?.code, details: answer.error?.details };
  }

  const makeKey = async (user: TestUser, scopes: string[]): Promise<{ id: string; key: string }> =>
    (await send('POST', '/api-keys', { token: user.token, body: { name: 'CI', scopes } })).data;

  return { send, makeKey };
}
