import { expect, test } from 'vitest';
import { ApiError } from '../../sdk/src/core/errors.ts';
import { retryAfterSeconds, retryDelayMs } from '../../sdk/src/core/retries.ts';
import { CcjkCloud } from '../../sdk/src/index.ts';
import { closedAddress, openService, type Reply } from './service.ts';

const id = '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa';
const newTask = { device_id: id, command: 'npm test' };

const failing = (...replies: Reply[]) => openService((_, number) => replies[number - 1] ?? { data: { id } });

test.each([408, 429, 500, 502, 503, 504])('a GET that is answered %i is tried again', async (status) => {
  const { client, received } = await failing({ status, fails: 'PASSING' });
  await expect(client().tasks.get(id)).resolves.toEqual({ id });
  expect(received).toHaveLength(2);
});

test.each([400, 401, 403, 404, 409, 413, 501])('a GET that is answered %i is not', async (status) => {
  const { client, received } = await failing({ status, fails: 'FINAL' });
  await expect(client().tasks.get(id)).rejects.toMatchObject({ status, code: 'FINAL' });
  expect(received).toHaveLength(1);
});

test('a call is tried twice more by default, as often as the client says, and as the call says before that', async () => {
  const { client, received } = await openService(() => ({ status: 503, fails: 'SERVICE_UNAVAILABLE' }));
  const count = async (call: () => Promise<unknown>) => {
    received.length = 0;
    await call().catch(() => {});
    return received.length;
  };
  expect(await count(() => client().tasks.get(id))).toBe(3);
  expect(await count(() => client({ maxRetries: 1 }).tasks.get(id))).toBe(2);
  expect(await count(() => client({ maxRetries: 1 }).tasks.get(id, {}, { maxRetries: 0 }))).toBe(1);
});

test('a lost answer, a broken one and a timeout are tried again', async () => {
  const { client, received } = await failing({ breaks: 'before' }, { breaks: 'midway' }, { hangs: true });
  await client({ maxRetries: 3 }).tasks.get(id, {}, { timeoutMs: 500 });
  expect(received).toHaveLength(4);
});

test('Retry-After is waited for', async () => {
  const { client } = await failing({ status: 429, fails: 'RATE_LIMIT_EXCEEDED', headers: { 'retry-after': '0.1' } });
  const begun = performance.now();
  await client().tasks.get(id);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(95);
});

test('a Retry-After over a minute is thrown at once', async () => {
  const headers = { 'retry-after': '61' };
  const { client, received } = await failing({ status: 429, fails: 'PLAN_LIMIT_REACHED', headers });
  await expect(client().tasks.create(newTask)).rejects.toMatchObject({ retryAfterSeconds: 61 });
  expect(received).toHaveLength(1);
});

test('Retry-After is read as seconds or as a date', () => {
  const now = Date.parse('2026-01-20T10:00:00Z');
  expect(retryAfterSeconds('120', now)).toBe(120);
  expect(retryAfterSeconds('Tue, 20 Jan 2026 10:00:30 GMT', now)).toBe(30);
  expect(retryAfterSeconds('Tue, 20 Jan 2026 09:00:00 GMT', now)).toBe(0);
  for (const nonsense of [null, '', ' ', 'soon', 'Infinity']) expect(retryAfterSeconds(nonsense, now)).toBeUndefined();
});

test('the wait doubles up to 8 s, with jitter, and is never shorter than Retry-After', () => {
  const error = (retryAfter?: number) =>
    new ApiError({
      status: 503,
      code: 'SERVICE_UNAVAILABLE',
      sentence: '',
      requestId: null,
      headers: new Headers(),
      retryAfterSeconds: retryAfter,
    });
  for (const [attempt, longest] of [500, 1000, 2000, 4000, 8000, 8000].entries()) {
    const delays = Array.from({ length: 200 }, () => retryDelayMs(error(), attempt, true, 500) ?? 0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(longest);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(longest / 4);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(longest / 4);
  }
  expect(retryDelayMs(error(60), 0, true, 500)).toBe(60_000);
  expect(retryDelayMs(error(0), 0, true, 500)).toBeGreaterThan(0);
});

test('an idempotent POST keeps its key across its retries, and the next call has another', async () => {
  const { client, received } = await failing({ breaks: 'before' }, { status: 502, text: '<html>' });
  await client().tasks.create(newTask);
  await client().tasks.create(newTask);
  const [first, second, third, other] = received.map(({ headers }) => headers['idempotency-key']);
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  expect([second, third]).toEqual([first, first]);
  expect(other).not.toBe(first);
});

test('the key may be given', async () => {
  const { client, received } = await failing();
  await client().tasks.create(newTask, { idempotencyKey: 'deploy-42' });
  expect(received[0]?.headers['idempotency-key']).toBe('deploy-42');
});

const login = (client: CcjkCloud) => client.auth.login({ email: 'user@example.com', password: 'SecurePassword123!' });
const patch = (client: CcjkCloud) => client.devices.updateConfig(id, { heartbeat_interval: 60 });
const claim = (client: CcjkCloud) => client.daemon.claim();

test.each([
  ['a POST without a key', login],
  ['a PATCH', patch],
  ['a claim without claim_id', claim],
] as const)('%s is not repeated once it may have been carried out', async (_, call) => {
  for (const reply of [
    { breaks: 'before' },
    { status: 502, text: '' },
    { status: 500, fails: 'INTERNAL_ERROR' },
  ] as const) {
    const { client, received } = await failing(reply);
    await expect(call(client())).rejects.toBeInstanceOf(Error);
    expect(received).toHaveLength(1);
    expect(received[0]?.headers).not.toHaveProperty('idempotency-key');
  }
});

test.each([429, 503])('a POST without a key is tried again after %i, which carried nothing out', async (status) => {
  const { client, received } = await failing({ status, fails: 'LATER' });
  await login(client());
  expect(received).toHaveLength(2);
});

test('a POST without a key is tried again when the connection was never made', async () => {
  const retried: string[] = [];
  const logger = { debug: () => {}, warn: (message: string) => void retried.push(message) };
  const client = new CcjkCloud({ baseUrl: await closedAddress(), backoffMs: 1, logger });
  await expect(login(client)).rejects.toThrow('ECONNREFUSED');
  expect(retried).toEqual(Array(2).fill('POST /v1/auth/login is tried again'));
});

test('what a daemon reports is repeated, since the service answers a repeat alike', async () => {
  const lease = { lease_id: id };
  const calls: ((client: CcjkCloud) => Promise<unknown>)[] = [
    (client) => client.daemon.heartbeat({ current_tasks: [] }),
    (client) => client.daemon.start(id, lease),
    (client) => client.daemon.result(id, { status: 'completed', ...lease }),
    (client) => client.daemon.offline(),
    (client) => client.daemon.claim({ claim_id: id }),
    (client) => client.tasks.cancel(id),
  ];
  for (const call of calls) {
    const { client, received } = await failing({ breaks: 'before' }, { status: 502, text: '' });
    await call(client());
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ body, query }) => body + JSON.stringify(query)))).toHaveProperty('size', 1);
  }
});
