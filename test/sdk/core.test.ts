import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { expect, expectTypeOf, test } from 'vitest';
import {
  ApiError,
  CcjkCloud,
  CcjkError,
  ConnectionError,
  type ErrorCode,
  type Issue,
  TimeoutError,
} from '../../sdk/src/index.ts';
import { closedAddress, openService } from './service.ts';

const task = { id: '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa', status: 'queued' };

test('a call gives the data of its answer', async () => {
  const { client, received } = await openService(() => ({ data: task }));
  await expect(client().tasks.get(task.id, { wait: 5 })).resolves.toEqual(task);
  expect(received[0]).toMatchObject({ method: 'GET', path: `/v1/tasks/${task.id}`, query: { wait: '5' } });
  expect(received[0]?.headers).toMatchObject({ authorization: 'Bearer ck_live_test', accept: 'application/json' });
  expect(received[0]?.headers['user-agent']).toMatch(/^ccjk-cloud-sdk\/\d/);
});

test('a path prefix and a slash at the end of baseUrl are kept apart from the path', async () => {
  const { client, baseUrl, received } = await openService(() => ({ data: task }));
  await client({ baseUrl: `${baseUrl}/cloud/` }).tasks.get(task.id);
  expect(received[0]?.path).toBe(`/cloud/v1/tasks/${task.id}`);
});

test('a baseUrl that is no http address, or holds a password, is refused without being repeated', () => {
  for (const baseUrl of ['cloud.example.com', 'ftp://cloud.example.com', 'https://:hunter2@cloud.example.com'])
    expect(() => new CcjkCloud({ baseUrl })).toThrow(/^baseUrl must be a plain http or https address/);
});

test('a JSON content type is sent with a body only', async () => {
  const { client, received } = await openService(() => ({ data: {} }));
  await client().devices.remove(task.id);
  await client().tasks.cancel(task.id);
  await client().devices.createKey({ device_name: 'Build server' });
  expect(received.map(({ headers }) => headers['content-type'])).toEqual([undefined, undefined, 'application/json']);
  expect(received[2]?.body).toBe('{"device_name":"Build server"}');
});

test('a query leaves out what is not given, repeats lists and writes dates as ISO 8601', async () => {
  const { client, received } = await openService(() => ({ data: {} }));
  const query = { none: undefined, nothing: null, since: new Date(0), limit: 0, q: 'a b&c' };
  await client().request({ method: 'GET', path: '/v1/logs', query });
  expect(received[0]?.query).toEqual({ since: '1970-01-01T00:00:00.000Z', limit: '0', q: 'a b&c' });
});

test('withResponse gives the data with the response and the request id', async () => {
  const { client } = await openService(() => ({ data: task, headers: { 'ratelimit-remaining': '9' } }));
  const { data, response, requestId } = await client().tasks.get(task.id).withResponse();
  expect(data).toEqual(task);
  expect(requestId).toBe('request-1');
  expect(response.status).toBe(200);
  expect(response.headers.get('ratelimit-remaining')).toBe('9');
});

test('a call is under way at once and answered once, however often it is awaited', async () => {
  const { client, received } = await openService(() => ({ data: task }));
  const call = client().tasks.get(task.id);
  await Promise.all([call, call.withResponse(), call.finally(() => {}), call.catch(() => {})]);
  expect(received).toHaveLength(1);
});

test('a failure carries status, code, sentence, details, request id and headers', async () => {
  const details = [{ path: ['body', 'command'], message: 'is missing', code: 'invalid_type' }];
  const headers = { 'retry-after': '7', 'x-more': 'yes' };
  const { client } = await openService(() => ({ status: 400, fails: 'VALIDATION_ERROR', details, headers }));
  const error = await client()
    .tasks.get(task.id)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toBeInstanceOf(CcjkError);
  expect(error).toMatchObject({ name: 'ApiError', status: 400, code: 'VALIDATION_ERROR', details });
  expect(error).toMatchObject({ requestId: 'request-1', retryAfterSeconds: 7 });
  expect((error as ApiError).headers.get('x-more')).toBe('yes');
  expect((error as ApiError).message).toBe('VALIDATION_ERROR (400): VALIDATION_ERROR happened [request request-1]');
});

test("a proxy's page is an ApiError that says where to look", async () => {
  const { client } = await openService(() => ({
    status: 502,
    text: '<html>Bad Gateway</html>',
    headers: { 'content-type': 'text/html' },
  }));
  await expect(client({ maxRetries: 0 }).tasks.get(task.id)).rejects.toMatchObject({
    status: 502,
    code: 'HTTP_502',
    message: expect.stringContaining('check baseUrl and any proxy'),
  });
});

test.each([
  '',
  '<html>Welcome to the hotel</html>',
  '[]',
  'null',
  '{"hello":1}',
  '{"success":true',
  '{"success":false}',
])('an answer %j that claims success is an ApiError INVALID_RESPONSE', async (text) => {
  const { client } = await openService(() => ({ text }));
  await expect(client().tasks.get(task.id)).rejects.toMatchObject({ status: 200, code: 'INVALID_RESPONSE' });
});

test('a redirect is not followed, because it would turn a POST into a GET', async () => {
  const { client, received } = await openService(() => ({
    status: 301,
    headers: { location: '/elsewhere' },
    text: '',
  }));
  await expect(client().tasks.cancel(task.id)).rejects.toMatchObject({
    code: 'HTTP_301',
    message: expect.stringContaining('set baseUrl to where it leads'),
  });
  expect(received).toHaveLength(1);
});

test('where nothing listens, the error says so and keeps its cause', async () => {
  const client = new CcjkCloud({ baseUrl: await closedAddress(), backoffMs: 1 });
  const error = await client.tasks.get(task.id).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConnectionError);
  expect((error as Error).message).toMatch(/^No answer from http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\); check/);
  expect((error as Error).cause).toBeInstanceOf(TypeError);
});

test('an answer that breaks off is a ConnectionError', async () => {
  const { client } = await openService(() => ({ data: task, breaks: 'midway' }));
  await expect(client({ maxRetries: 0 }).tasks.get(task.id)).rejects.toBeInstanceOf(ConnectionError);
});

test('our own timeout is a TimeoutError with its milliseconds', async () => {
  const { client } = await openService(() => ({ hangs: true }));
  const call = client({ maxRetries: 0 }).tasks.get(task.id, {}, { timeoutMs: 20 });
  const error = await call.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ timeoutMs: 20, message: expect.stringContaining('within 20 ms') });
});

test("the caller's abort rejects with the reason of the signal, whatever it is", async () => {
  const { client } = await openService(() => ({ hangs: true }));
  for (const reason of [undefined, 'enough', new ConnectionError('mine')]) {
    const abort = new AbortController();
    const call = client({ maxRetries: 0 }).tasks.get(task.id, {}, { signal: abort.signal });
    setImmediate(() => abort.abort(reason));
    const caught = await call.catch((error: unknown) => error);
    expect(caught).toBe(abort.signal.reason);
  }
});

test('a signal that is aborted already sends nothing', async () => {
  const { client, received } = await openService(() => ({ data: task }));
  await expect(client().tasks.get(task.id, {}, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  expect(received).toHaveLength(0);
});

test('an abort ends the wait before a retry', async () => {
  const { client, received } = await openService(() => ({ status: 503, fails: 'SERVICE_UNAVAILABLE' }));
  const abort = new AbortController();
  const call = client({ backoffMs: 60_000, logger: { debug: () => {}, warn: () => abort.abort('enough') } });
  await expect(call.tasks.get(task.id, {}, { signal: abort.signal })).rejects.toBe('enough');
  expect(received).toHaveLength(1);
});

test('a signal that outlives its calls is left without listeners', async () => {
  const { client } = await openService((_, number) => (number % 2 ? { status: 503, fails: 'BUSY' } : { data: task }));
  const { signal } = new AbortController();
  await client().tasks.get(task.id, {}, { signal });
  await client().tasks.get(task.id, {}, { signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('headers of the call beat those of the client, and an own Authorization stands', async () => {
  const { client, received } = await openService(() => ({ data: task }));
  const headers = { authorization: 'Bearer own', 'x-b': 'call', 'x-c': undefined };
  await client({ headers: { 'x-a': 'client', 'x-b': 'client' } }).tasks.get(task.id, {}, { headers });
  expect(received[0]?.headers).toMatchObject({ authorization: 'Bearer own', 'x-a': 'client', 'x-b': 'call' });
  expect(received[0]?.headers).not.toHaveProperty('x-c');
});

test('a token function is asked for each attempt', async () => {
  const { client, received } = await openService((_, number) =>
    number === 1 ? { status: 503, fails: 'SERVICE_UNAVAILABLE' } : { data: task },
  );
  let asked = 0;
  await client({ token: async () => `ck_live_${++asked}` }).tasks.get(task.id);
  expect(received.map(({ bearer }) => bearer)).toEqual(['ck_live_1', 'ck_live_2']);
});

test('hooks see each attempt, may add headers and never see the credential', async () => {
  const { client, received } = await openService((_, number) =>
    number === 1 ? { status: 503, fails: 'SERVICE_UNAVAILABLE' } : { data: task },
  );
  const seen: unknown[] = [];
  await client({
    onRequest: ({ attempt, headers }) => {
      seen.push([attempt, headers.get('authorization')]);
      headers.set('traceparent', `trace-${attempt}`);
    },
    onResponse: ({ attempt, status, requestId }) => void seen.push([attempt, status, requestId]),
  }).tasks.get(task.id);
  expect(seen).toEqual([
    [0, null],
    [0, 503, 'request-1'],
    [1, null],
    [1, 200, 'request-1'],
  ]);
  expect(received.map(({ headers }) => headers.traceparent)).toEqual(['trace-0', 'trace-1']);
});

test('no secret reaches a log line, an error or the picture of a client', async () => {
  const secrets = ['ck_live_secret', 'hunter2-password', 'rt_secret'];
  const { client } = await openService((_, number) =>
    number === 1 ? { status: 503, fails: 'SERVICE_UNAVAILABLE' } : { breaks: 'before' },
  );
  const written: unknown[] = [];
  const logger = {
    debug: (...line: unknown[]) => void written.push(line),
    warn: (...line: unknown[]) => void written.push(line),
  };
  const mine = client({ token: secrets[0], refreshToken: secrets[2], logger });
  written.push(mine);
  written.push(await mine.tasks.get(task.id).catch((error: unknown) => error));
  written.push(await mine.auth.login({ email: 'a@b.c', password: secrets[1] ?? '' }).catch((error: unknown) => error));
  written.push(
    await client({ token: `${secrets[0]}\nx` })
      .tasks.get(task.id)
      .catch((error: unknown) => error),
  );
  written.push(
    await client({ headers: { 'x-key': `${secrets[0]}\nx` } })
      .tasks.get(task.id)
      .catch((error: unknown) => error),
  );
  const text = inspect(written, { depth: 20, showHidden: true });
  expect(text).toContain('No answer from');
  expect(text).toContain('characters that no header can carry');
  for (const secret of secrets) expect(text).not.toContain(secret);
});

test('no log line and no error has anything of headers, query, path or body', async () => {
  const canary = (place: string) => `canary-in-${place}`;
  const { client } = await openService((_, number) => {
    if (number === 1) return { status: 503, fails: 'SERVICE_UNAVAILABLE' };
    if (number === 2) return { status: 502, text: canary('page'), headers: { 'x-secret': canary('answer-header') } };
    return number === 3 ? { data: { secret: canary('answer') } } : { hangs: true };
  });
  const written: unknown[] = [];
  const log = (...line: unknown[]) => void written.push(line);
  const mine = client({
    token: canary('token'),
    headers: { 'x-client': canary('client-header') },
    onRequest: ({ headers }) => headers.set('x-hook', canary('hook')),
    logger: { debug: log, warn: log },
  });
  const call = (timeoutMs: number) =>
    mine
      .request(
        {
          method: 'PUT',
          path: `/v1/things?a=${canary('path')}`,
          query: { b: canary('query') },
          body: { c: canary('body') },
          headers: { 'x-spec': canary('spec-header') },
        },
        { headers: { 'x-call': canary('call-header') }, idempotencyKey: canary('key'), timeoutMs, maxRetries: 2 },
      )
      .catch((error: unknown) => error);
  await call(5_000);
  const timeout = await call(20);
  expect(timeout).toBeInstanceOf(TimeoutError);
  expect(written.map((line) => (line as unknown[])[0])).toEqual([
    'PUT /v1/things 503',
    'PUT /v1/things is tried again',
    'PUT /v1/things 502',
    'PUT /v1/things is tried again',
    'PUT /v1/things 200',
    'PUT /v1/things is tried again',
    'PUT /v1/things is tried again',
  ]);
  expect(inspect([written, timeout], { depth: 20, showHidden: true })).not.toContain('canary');
});

test('a comparison of the code says what the details are', async () => {
  const details = [{ path: ['body', 'command'], message: 'is missing', code: 'invalid_type' }];
  const { client } = await openService(() => ({ status: 400, fails: 'VALIDATION_ERROR', details }));
  const error: unknown = await client()
    .tasks.get(task.id)
    .catch((reason: unknown) => reason);
  if (!(error instanceof ApiError && error.code === 'VALIDATION_ERROR')) throw error;
  expectTypeOf(error.details).toEqualTypeOf<Issue[]>();
  expect(error.details.map(({ message }) => message)).toEqual(['is missing']);

  const other: unknown = error;
  if (!(other instanceof ApiError)) throw other;
  expectTypeOf(other.code).toEqualTypeOf<ErrorCode>();
  if (other.code === 'OUTPUT_GAP') expectTypeOf(other.details).toEqualTypeOf<{ expected_offset: number }>();
  if (other.code === 'TASK_FINISHED') expectTypeOf(other.details).toBeUnknown();
  if (other.code === 'HTTP_502') expectTypeOf(other.headers).toEqualTypeOf<Headers>();
  // @ts-expect-error No such code: a slip is an error of the compiler.
  expect(other.code === 'VALIDATION_EROR').toBe(false);
});

test('the timers of a call neither end a process in mid-call nor hold it afterwards', async () => {
  const busy = { status: 503, fails: 'SERVICE_UNAVAILABLE' };
  const { baseUrl } = await openService((_, number) => {
    if (number === 2) return { data: task };
    return number === 1 ? busy : { ...busy, headers: { 'retry-after': '60' } };
  });
  const program = `
    const { CcjkCloud } = await import(${JSON.stringify(new URL('../../sdk/src/index.ts', import.meta.url).href)});
    const client = (warn) =>
      new CcjkCloud({ baseUrl: '${baseUrl}', token: 'ck_live_test', backoffMs: 20, logger: { debug() {}, warn } });
    console.log((await client(() => {}).tasks.get('${task.id}')).status);
    const abort = new AbortController();
    const waiting = client(() => setImmediate(() => abort.abort('enough')));
    await waiting.tasks.get('${task.id}', {}, { signal: abort.signal }).catch(console.log);`;
  const output = await new Promise((resolve, reject) =>
    execFile(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );
  expect(output).toBe('queued\nenough\n');
}, 30_000);
