/**
 * Whatever is sent to `/api/control`, the answer is `{success: false, error: "text"}` with the status that says it, and
 * what is refused changes nothing. The cases are made from the contract: a new route is covered by itself.
 */
import { randomUUID } from 'node:crypto';
import type { AppRoute } from '@ts-rest/core';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { accessOf, readsBody } from '../../../contracts/declared.ts';
import { contract } from '../../../contracts/index.ts';
import { openApp, openAppForTest, type TestApp, type TestDevice, type TestUser } from '../../setup/app.ts';
import { takeAway } from '../../setup/parts.ts';
import { type Answer, callControl } from '../../setup/released-daemon.ts';

const ROUTES = Object.entries(contract.control).map(([name, route]) => ({ name, route: route as AppRoute }));

let app: TestApp;
let user: TestUser;
let device: TestDevice;
let apiKey: string;

beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  device = await app.makeDevice(user);
  await user.client.tasks.create({ device_id: device.id, command: 'true', run_at: '2099-01-01T00:00:00Z' });
  apiKey = (await user.client.apiKeys.create({ name: 'k', scopes: ['task:read'] })).key;
});
afterAll(() => app.close());

type Sent = Parameters<typeof callControl>[3];

const pathOf = ({ path }: AppRoute): string => path.replace('/api/control', '').replace(':id', randomUUID());
const bodyOf = (route: AppRoute): z.ZodObject | undefined =>
  'body' in route ? (route.body as unknown as z.ZodObject) : undefined;
const exampleOf = (route: AppRoute) => (bodyOf(route)?.meta()?.examples as Record<string, unknown>[] | undefined)?.[0];
const isOfDevice = (route: AppRoute): boolean => accessOf(route).auth.includes('device');

const openerOf = (route: AppRoute): Sent => (isOfDevice(route) ? { token: device.key } : { bearer: user.token });

/** Calls the route rightly, but for what `sent` says. */
const call = (route: AppRoute, sent: Sent = {}): Promise<Answer> =>
  callControl(app.url, route.method, pathOf(route), { body: exampleOf(route), ...openerOf(route), ...sent });

function expectRefusal({ status, headers, body }: Answer, expected: number, text: RegExp = /^[A-Z].+[^.]$/): void {
  expect([status, body], JSON.stringify(body)).toEqual([
    expected,
    { success: false, error: expect.stringMatching(text) },
  ]);
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(headers.get('x-request-id')).toBeTruthy();
}

async function changingNothing(work: () => Promise<void>): Promise<void> {
  const state = async () =>
    (
      await sql`select (select md5(string_agg(t::text, '' order by id)) from tasks t) as tasks,
                       (select md5(string_agg(d::text, '' order by id)) from devices d) as devices,
                       (select count(*)::int from task_events) as events`.execute(app.service.db)
    ).rows;
  const before = await state();
  await work();
  expect(await state()).toEqual(before);
}

const where = (applies: unknown): ((name: string, work: () => Promise<void>) => void) => (applies ? test : () => {});

describe.each(ROUTES)('$name', ({ route }) => {
  const none = { token: undefined, bearer: undefined } as unknown as Sent;

  test('wants a credential, and one that is', () =>
    changingNothing(async () => {
      const missing = await call(route, none);
      expectRefusal(missing, 401, isOfDevice(route) ? /X-Device-Token$/ : /Authorization/);
      expect(missing.headers.get('www-authenticate')).toBe('Bearer');
      for (const token of ['', 'x', 'dk_x', `${device.key}x`, user.token, apiKey, 'é'])
        expectRefusal(await call(route, { ...none, token }), 401, /^X-Device-Token/);
      for (const bearer of ['x', 'dk_x', 'ck_live_x', `sk_live_${'x'.repeat(43)}`])
        expectRefusal(await call(route, { ...none, bearer }), 401);
      expectRefusal(await call(route, { ...none, headers: { Authorization: 'Basic dTpw' } }), 401);
      expectRefusal(await call(route, { ...none, headers: { 'X-API-Key': apiKey } }), 401);
    }));

  test('refuses the credentials of others', () =>
    changingNothing(async () => {
      if (isOfDevice(route)) {
        for (const bearer of [user.token, apiKey]) expectRefusal(await call(route, { ...none, bearer }), 403);
        const headers = { 'X-Device-ID': 'another machine' };
        expectRefusal(await call(route, { headers }), 403, /X-Device-ID/);
      } else {
        for (const credential of [{ token: device.key }, { bearer: device.key }, { bearer: apiKey }])
          expectRefusal(await call(route, { ...none, ...credential }), 403);
      }
    }));

  where(bodyOf(route))('refuses a body with a field that is missing or wrong, and names it', () =>
    changingNothing(async () => {
      const [schema, example] = [bodyOf(route) as z.ZodObject, exampleOf(route)];
      for (const name of Object.keys(schema.shape))
        for (const wrong of [
          undefined,
          null,
          true,
          -1,
          0.5,
          1e308,
          '',
          'a\0b',
          '\ud800',
          'x'.repeat(300_000),
          [[]],
          {},
        ]) {
          const body = { ...example, [name]: wrong };
          if (schema.safeParse(body).success) continue;
          expectRefusal(await call(route, { body }), 400, new RegExp(`^Some fields .* body\\.${name}`));
        }
      for (const text of ['null', '[]', '0', '"text"']) expectRefusal(await call(route, { text }), 400, /body: /);
    }),
  );

  where(readsBody(route))('refuses what is no JSON, of another type, or too long', () =>
    changingNothing(async () => {
      for (const text of ['{', 'nul', '<xml/>', '', `${'['.repeat(100_000)}${']'.repeat(100_000)}`])
        expectRefusal(await call(route, { text }), 400);
      expectRefusal(await call(route, { headers: { 'Content-Type': 'text/plain' } }), 415);
      const text = JSON.stringify('x'.repeat(accessOf(route).bodyLimit));
      expectRefusal(await call(route, { text }), 413);
    }),
  );

  test('says which methods its path takes', () =>
    changingNothing(async () => {
      for (const method of ['PUT', 'DELETE', 'PATCH']) {
        const answer = await callControl(app.url, method, pathOf(route), { ...openerOf(route), text: '{' });
        expectRefusal(answer, 405);
        expect(answer.headers.get('allow')).toContain(route.method);
      }
    }));
});

test.each([
  '',
  '/',
  '/nothing',
  '/devices/',
  '/devices//pending',
  '/commands',
  '/execute/x',
  '/%',
  '/devices/%ff',
])('an address that is none is told in the envelope: /api/control%s', async (path) => {
  for (const method of ['GET', 'POST', 'DELETE'])
    expectRefusal(await callControl(app.url, method, path, method === 'GET' ? {} : { text: '{' }), 404);
  const { status, body } = await callControl(app.url, 'HEAD', path);
  expect([status, body]).toEqual([404, null]);
});

test('an address beside it is of the relay, in its envelope', async () => {
  const response = await fetch(`${app.url}/api/controls`);
  expect(await response.json()).toMatchObject({ success: false, error: { code: 'NOT_FOUND' } });
});

test('a query that is wrong is named', async () => {
  for (const query of ['limit=0', 'limit=101', 'limit=abc', 'offset=-1', 'offset=1e10', 'limit=1&limit=2']) {
    const answer = await callControl(app.url, 'GET', `/devices?${query}`, { bearer: user.token });
    expectRefusal(answer, 400, new RegExp(`query\\.${query.split('=')[0]}`));
  }
});

test('the key of a device that was deleted opens nothing any more', async () => {
  const gone = await app.makeDevice(user);
  await user.client.devices.remove(gone.id);
  expectRefusal(await callControl(app.url, 'GET', '/devices/pending', { token: gone.key }), 401);
});

test('the key of a device opens it as Authorization: Bearer, too', async () => {
  const { status, body } = await callControl(app.url, 'GET', '/devices/pending', { bearer: device.key });
  expect([status, body]).toEqual([200, { success: true, data: { commands: [] } }]);
});

test('while the database is away, each call says so and when to try again', async () => {
  const other = await openAppForTest();
  const { key } = await other.makeDevice(await other.makeUser());
  const restore = await takeAway(other.databaseUrl);
  try {
    const answer = await callControl(other.url, 'POST', '/devices/heartbeat', { token: key, body: {} });
    expectRefusal(answer, 503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  } finally {
    await restore();
  }
  await expect
    .poll(async () => (await callControl(other.url, 'POST', '/devices/heartbeat', { token: key, body: {} })).status)
    .toBe(200);
});
