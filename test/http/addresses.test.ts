/** An address that is none, and the id that every request has. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp, type TestUser } from '../setup/app.ts';
import { expectFailure, type Sent, send as sendTo } from '../setup/requests.ts';

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
});
afterAll(() => app.close());

const send = (path: string, sent?: Sent) => sendTo(app.url + path, sent);

/** JSON that nests too deep for whoever reads it. */
const deep = '['.repeat(100_000) + ']'.repeat(100_000);

describe('an address that is none', () => {
  test.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v1//tasks',
    '/V1/tasks',
    '/v2/tasks',
    '/v1/tasks/batch/x',
  ])('%s is not found, whatever is sent there', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      expectFailure(await send(path, { method, bearer: user.token }), 404, 'ROUTE_NOT_FOUND');
    for (const body of ['{', deep, Buffer.from('x')])
      expectFailure(await send(path, { method: 'POST', body }), 404, 'ROUTE_NOT_FOUND');
    const head = await send(path, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([404, '']);
  });

  test.each(['/v1/tasks/%', '/v1/tasks/%zz', '/v1/tasks/%c3%28', '/%ff'])('%s is no address', async (path) => {
    expectFailure(await send(path, { bearer: user.token }), 404, 'ROUTE_NOT_FOUND');
  });

  test('with a slash at its end is another one: its last part is empty', async () => {
    const { details } = expectFailure(await send('/v1/tasks/', { bearer: user.token }), 400, 'VALIDATION_ERROR');
    expect(details?.map(({ path }) => path)).toEqual([['path', 'task_id']]);
    expectFailure(await send('/v1/tasks/', { method: 'POST', body: '{' }), 404, 'ROUTE_NOT_FOUND');
    expectFailure(await send('/v1/auth/me/', { bearer: user.token }), 404, 'ROUTE_NOT_FOUND');
  });

  test('is not one with an id that is too long, which is a wrong id', async () => {
    for (const id of ['x'.repeat(101), 'x'.repeat(10_000), '🚀'.repeat(500)]) {
      const { details } = expectFailure(
        await send(`/v1/tasks/${encodeURIComponent(id)}`, { bearer: user.token }),
        400,
        'VALIDATION_ERROR',
      );
      expect(details?.map(({ path }) => path)).toEqual([['path', 'task_id']]);
    }
  });

  test('is told in the short form under /api, which is another family', async () => {
    const { status, text } = await send('/api/nothing');
    expect([status, JSON.parse(text)]).toEqual([
      404,
      { success: false, error: { code: 'NOT_FOUND', message: expect.any(String) } },
    ]);
    expect(JSON.parse((await send('/apis')).text)).toHaveProperty('meta');
  });
});

describe('a request id', () => {
  const idOf = async (given: string | undefined, path = '/v1/tasks') => {
    const { headers, text } = await send(path, given === undefined ? {} : { headers: { 'x-request-id': given } });
    expect(JSON.parse(text).meta.request_id).toBe(headers.get('x-request-id'));
    return headers.get('x-request-id');
  };

  test('of the caller comes back when it is a plain word', async () => {
    for (const given of ['a', 'Req-1._x', randomUUID(), 'x'.repeat(128)]) expect(await idOf(given)).toBe(given);
  });

  test('that is none is replaced by a new one', async () => {
    const seen = new Set<string | null>();
    for (const given of [undefined, undefined, 'two words', 'x'.repeat(129), 'é', '"', '../etc', 'a,b']) {
      const id = await idOf(given);
      expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      seen.add(id);
    }
    expect(seen.size).toBe(8);
  });

  test('is there also where there is no such address, or it is none', async () => {
    expect(await idOf('mine', '/nothing')).toBe('mine');
    expect(await idOf('mine', '/v1/tasks/%zz')).toBe('mine');
  });
});
