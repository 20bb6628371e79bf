/** The service as it runs in production, in a process of its own, and who calls it: users with a device each. */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type MeasuredProcess, startProcess } from './measured-process.ts';

/** Of ours and of each peer. */
export const POOL = 20;
/** Of ours and of each peer: neither writes a line for each request. */
export const LOG_LEVEL = 'warn';

/** Rates that nobody reaches, and a plan without daily tasks: these refuse, and refusals are not measured. */
const ENV = {
  HOST: '127.0.0.1',
  PORT: '0',
  JWT_SECRET: 'the secret of the bench, of which 32 characters',
  JWT_EXPIRES_IN: '1h',
  DEFAULT_PLAN: 'enterprise',
  DATABASE_POOL: String(POOL),
  RATE_LIMIT_MAX: '1000000000',
  RATE_LIMIT_DAEMON_MAX: '1000000000',
  RATE_LIMIT_ANONYMOUS_MAX: '1000000000',
  RATE_LIMIT_SOCKET_MAX: '1000000000',
  RELAY_PUBLISH_MAX: '1000000000',
  RELAY_SUBSCRIBE_MAX: '1000000000',
  RELAY_READ_MAX: '1000000000',
  LOG_LEVEL,
};

/** `more`: environment variables. */
export const startService = (
  databaseUrl: string,
  profileDir?: string,
  more: Record<string, string> = {},
): Promise<MeasuredProcess> =>
  startProcess({ script: 'server/main.ts', env: { ...ENV, ...more, DATABASE_URL: databaseUrl }, profileDir });

/** A process that is `all` of the service, or a part of it. */
export const startRole = (role: string, databaseUrl: string, more: Record<string, string> = {}) =>
  startProcess({
    script: 'server/main.ts',
    args: ['--role', role],
    env: { ...ENV, ...more, DATABASE_URL: databaseUrl },
  });

/** The service with a part of it exchanged: `script` does that and starts it. */
export const startVariant = (script: string, databaseUrl: string): Promise<MeasuredProcess> =>
  startProcess({ script, env: { ...ENV, DATABASE_URL: databaseUrl } });

/** A user with one device, and what their credentials say. */
export type Caller = {
  userId: string;
  sessionId: string;
  token: string;
  deviceId: string;
  deviceKey: string;
  /** What is stored of the key. */
  keyHash: string;
};

export async function makeCallers(url: string, count: number): Promise<Caller[]> {
  const callers: Caller[] = [];
  while (callers.length < count) callers.push(await makeCaller(url));
  return callers;
}

async function makeCaller(url: string): Promise<Caller> {
  const account = { email: `${randomUUID()}@example.com`, password: 'correct horse battery staple' };
  const { user, token } = await call<{ user: { id: string }; token: string }>(url, 'POST', '/v1/auth/register', {
    body: account,
  });
  const { device_id: deviceId, device_key: deviceKey } = await call<{ device_id: string; device_key: string }>(
    url,
    'POST',
    '/v1/daemon/register',
    { credential: token, headers: { 'x-device-id': randomUUID() }, body: { device_name: 'bench' } },
  );
  const keyHash = createHash('sha256').update(deviceKey).digest('hex');
  return { userId: user.id, sessionId: claimsOf(token).sid, token, deviceId, deviceKey, keyHash };
}

/** What an access token says, without asking who signed it. */
export const claimsOf = (token: string): { sub: string; sid: string } =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

type Content = {
  credential?: string;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
};

/** Connections stay open between calls. */
const agent = new Agent({ keepAlive: true });

/**
 * The data of the answer. Anything but success is a fault of the bench. By `node:http`, because `fetch` takes two and a half
 * times the CPU, and the service is measured on the same cores.
 */
export async function call<Data>(
  url: string,
  method: string,
  path: string,
  { credential, headers = {}, body, signal }: Content = {},
): Promise<Data> {
  const sent = request(url + path, {
    agent,
    method,
    headers: { ...headers, ...headersOf(credential, body) },
    ...(signal && { signal }),
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const answer = await text(response);
  const { statusCode: status = 0 } = response;
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${answer}`);
  return (JSON.parse(answer) as { data: Data }).data;
}

export const headersOf = (credential: string | undefined, body?: unknown): Record<string, string> => ({
  ...(credential ? { authorization: `Bearer ${credential}` } : {}),
  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
});
