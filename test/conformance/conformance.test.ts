/** The contract test, against our own service; and against one that is not as documented, which it has to find. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import document from '../../contracts/openapi.json' with { type: 'json' };
import { type Finished, Running } from '../acceptance/process.ts';
import { openApp, type TestApp } from '../setup/app.ts';
import { type RawDocument, readContract } from './document.ts';
import { walk } from './walk.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

const contract = readContract(document as unknown as RawDocument);

const run = (...args: string[]): Promise<Finished> =>
  new Running(process.execPath, [path.join(import.meta.dirname, 'main.ts'), ...args]).finished;

test('our own service answers every operation as documented', { timeout: 120_000 }, async () => {
  const { code, stdout } = await run(app.url);
  const lines = stdout.trim().split('\n');
  expect(lines.at(-1)).toMatch(/^\d{3,} passed, 0 failed$/);
  expect(lines.at(-2)).toMatch(
    new RegExp(`^${contract.operations.length} operations × \\d+\\.\\d cases = \\d+ cases$`),
  );
  expect(code).toBe(0);
  // What takes a mailed token or the secret of the operator; everything else succeeded.
  const refused = lines.filter((line) => line.startsWith('refused')).map((line) => line.split(': ').at(-1));
  expect(refused).toEqual([
    'auth.resetPassword 401',
    'auth.verifyEmail 401',
    'cron.cleanupChannels 401',
    'cron.cleanupKeys 401',
    'email.incoming 401',
    'email.verify 400',
  ]);
  const left = app.service.db.selectFrom('users').select('id').where('is_active', '=', true);
  expect(await left.execute(), 'it deletes its accounts').toEqual([]);
});

type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

/** The service behind a proxy that changes what tasks.create answers. */
async function openWrong(change: (answer: Answer) => void): Promise<string> {
  const server = createServer(async (request: IncomingMessage, response) => {
    const { host: _, connection: __, ...headers } = request.headers as Record<string, string>;
    const sent = await buffer(request);
    const answered = await fetch(app.url + request.url, {
      method: request.method ?? 'GET',
      headers,
      ...(sent.length > 0 && { body: sent }),
    });
    const answer: Answer = {
      status: answered.status,
      headers: new Headers(answered.headers),
      body: (await answered.json()) as Answer['body'],
    };
    answer.headers.delete('content-length');
    if (request.url === '/v1/tasks' && answered.status === 201) change(answer);
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each<[string, (answer: Answer) => void, RegExp]>([
  ['a field that is missing', ({ body }) => delete (body.data as { status?: string }).status, /property 'status'/],
  [
    'a value of another kind',
    ({ body }) => Object.assign(body.data as object, { task_id: 7 }),
    /task_id must be string/,
  ],
  [
    'a status that is not listed',
    (answer) => Object.assign(answer, { status: 202 }),
    /answered 202, which the document/,
  ],
  ['a header that is missing', ({ headers }) => headers.delete('ratelimit-limit'), /header RateLimit-Limit is missing/],
  ['another content type', ({ headers }) => headers.set('content-type', 'text/plain'), /content type is text\/plain/],
  ['the id of another request', ({ headers }) => headers.set('x-request-id', 'other'), /X-Request-Id is other/],
])('%s is found', async (_, change, sentence) => {
  const { failed, passed } = await walk(contract, { baseUrl: await openWrong(change), only: 'tasks.create' });
  expect(failed.filter((failure) => failure.startsWith('tasks.create rightly: '))).toEqual([
    expect.stringMatching(sentence),
  ]);
  expect(passed).toBeGreaterThan(20);
});

test('a service that is not as documented ends it with 1, and a wrong call with 2', async () => {
  const url = await openWrong(({ body }) => Object.assign(body, { success: 'yes' }));
  const { code, stdout } = await run(url, '--only', 'tasks.create');
  expect(stdout).toMatch(/^FAIL tasks\.create rightly: .+\/success/m);
  expect(stdout).toMatch(/^\d+ passed, [1-9]\d* failed\n$/m);
  expect(code).toBe(1);
  expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: ') });
  expect((await run(app.url, '--only', 'nothing')).code).toBe(1);
});

test('with a token it uses that account and leaves it alive', async () => {
  const user = await app.makeUser();
  const { failed } = await walk(contract, { baseUrl: app.url, token: user.token, only: 'users' });
  expect(failed).toEqual([]);
  const { user: after } = await user.client.auth.me();
  expect(after).toMatchObject({ email: user.email, display_name: 'John Doe' });
  await expect(app.anonymous.auth.login({ email: user.email, password: app.password })).resolves.toBeTruthy();
});
