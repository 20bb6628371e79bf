/**
 * Whatever is sent, the answer is a documented one, in the envelope, and what is refused changes nothing. Whom a route lets
 * through is in scopes.test.ts.
 *
 * The cases are made from the contract: a new route is covered by itself. Where a route needs something that only a
 * person knows (how to make one of its things), the test that lacks it says so.
 */
import { randomUUID } from 'node:crypto';
import type { AppRoute, AppRouter } from '@ts-rest/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accessOf, declaredFailures, readsBody } from '../../contracts/declared.ts';
import { codeOnTheWire } from '../../contracts/failures.ts';
import { contract } from '../../contracts/index.ts';
import { type CredentialKind, SCOPES, type Scope } from '../../contracts/wire.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { stateOfEverything } from '../setup/database.ts';
import { type Answer, expectFailure, type Sent, send as sendTo } from '../setup/requests.ts';

// ---- The routes -----------------------------------------------------------------------------------------------------

type Route = { name: string; route: AppRoute };

const routesOf = (router: AppRouter, at: string[] = []): Route[] =>
  Object.entries(router).flatMap(([name, node]) =>
    typeof (node as AppRoute).path === 'string'
      ? [{ name: [...at, name].join('.'), route: node as AppRoute }]
      : routesOf(node as AppRouter, [...at, name]),
  );

/** The relay speaks another form: its own tests are in relay/. */
const ROUTES = routesOf({ cloud: contract.cloud, ops: contract.ops } as unknown as AppRouter);
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

const paramsOf = ({ path }: AppRoute): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isForm = (route: AppRoute): boolean => 'contentType' in route && route.contentType === 'multipart/form-data';

const schemaOf = (route: AppRoute, part: 'body' | 'query' | 'headers'): z.ZodObject | undefined => {
  // A form is no JSON: its own tests are in log-uploads.test.ts.
  if (part === 'body' && isForm(route)) return undefined;
  const schema = part in route ? (route as Record<string, unknown>)[part] : undefined;
  return schema instanceof z.ZodType ? (schema as z.ZodObject) : undefined;
};

/** A body that the contract gives as an example. */
const exampleOf = (route: AppRoute): Record<string, unknown> => {
  const example = (schemaOf(route, 'body')?.meta() as { examples?: unknown[] } | undefined)?.examples?.[0];
  if (!isObject(example)) throw new Error(`Give ${route.method} ${route.path} an example of its body`);
  return example;
};

// ---- The service, and what it knows ---------------------------------------------------------------------------------

let app: TestApp;
let user: TestUser;
let device: TestDevice;
let bearers: Record<CredentialKind, string>;
/** A key that has every scope but that one, and what contains it. */
let withoutScope: Map<Scope, string>;
/** By the name of the path parameter: one that is somebody else's. */
let foreign: Record<string, string>;

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z' });
  user = await app.makeUser();
  device = await app.makeDevice(user);
  await user.client.tasks.create({ device_id: device.id, command: 'true', run_at: '2026-02-01T00:00:00Z' });
  const scopes = Object.keys(SCOPES) as Scope[];
  const keyOf = async (granted: Scope[]) => (await user.client.apiKeys.create({ name: 'k', scopes: granted })).key;
  withoutScope = new Map();
  for (const scope of scopes) {
    const others = scopes.filter((other) => other !== scope && !(other === 'task:admin' && scope.startsWith('task:')));
    withoutScope.set(scope, await keyOf(others));
  }
  bearers = { user: user.token, apiKey: await keyOf(scopes), device: device.key, relayKey: 'sk_live_x', admin: '' };

  const stranger = await app.makeUser();
  const theirs = await app.makeDevice(stranger);
  const { task_id } = await stranger.client.tasks.create({ device_id: theirs.id, command: 'secret' });
  await theirs.client.daemon.claim();
  const { log_id } = await theirs.client.daemon.uploadLog({
    log_file: new Blob(['secret']),
    metadata: { type: 'daemon', date: '2026-01-20' },
  });
  foreign = {
    device_id: theirs.id,
    task_id,
    log_id,
    backup_id: (await theirs.client.daemon.backupConfig({ config_name: 'secret', config_data: {} })).id,
    api_key_id: (await stranger.client.apiKeys.create({ name: 'k', scopes: ['task:read'] })).id,
    message_id: (await stranger.client.messages.list()).items[0]?.id as string,
    session_id: (await stranger.client.auth.listSessions()).sessions[0]?.id as string,
  };
});
afterAll(() => app.close());

async function changingNothing(work: () => Promise<void>): Promise<void> {
  const before = await stateOfEverything(app.service.db);
  await work();
  expect(await stateOfEverything(app.service.db)).toEqual(before);
}

// ---- Sending --------------------------------------------------------------------------------------------------------

const send = (path: string, sent?: Sent) => sendTo(app.url + path, sent);

const randomIds = (route: AppRoute) =>
  Object.fromEntries(paramsOf(route).map((name) => [name, randomUUID() as string]));

const pathOf = (route: AppRoute, params: Record<string, string> = randomIds(route)): string =>
  route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] as string));

/** The credential that opens the route. */
const opener = (route: AppRoute): string | null => {
  const [kind] = accessOf(route).auth;
  return kind ? bearers[kind] : null;
};

const requiredHeaders = (route: AppRoute): Record<string, string> =>
  Object.fromEntries(
    Object.entries(schemaOf(route, 'headers')?.shape ?? {})
      .filter(([, schema]) => !(schema as z.ZodType).safeParse(undefined).success)
      .map(([name]) => [name, 'machine']),
  );

/** Calls the route rightly, but for what `sent` says. */
const call = (
  route: AppRoute,
  sent: Sent & { params?: Record<string, string>; query?: string } = {},
): Promise<Answer> => {
  const { params, query = '', headers, ...rest } = sent;
  const body = schemaOf(route, 'body') ? { body: JSON.stringify(exampleOf(route)) } : {};
  return send(pathOf(route, params) + query, {
    method: route.method,
    bearer: opener(route),
    ...body,
    ...rest,
    headers: { ...requiredHeaders(route), ...headers },
  });
};

// ---- Judging --------------------------------------------------------------------------------------------------------

function expectDeclared(route: AppRoute, answer: Answer): void {
  const label = `${route.method} ${route.path}: ${answer.status} ${answer.text.slice(0, 300)}`;
  expect(answer.status, label).toBeLessThan(500);
  if (answer.status < 400) {
    expect(Object.keys(route.responses), label).toContain(String(answer.status));
    return;
  }
  const codes = declaredFailures(route).get(answer.status)?.map(codeOnTheWire) ?? [];
  expectFailure(answer, answer.status, ...codes);
}

// ---- Values that are wrong somewhere ---------------------------------------------------------------------------------

const WRONG = [null, true, -1, 0.5, 1e308, '', 'x', 'a\0b', 'half \ud800', 'x'.repeat(70_000), [], [[]], {}, { a: {} }];

/** The example with each of its fields, and each field of the schema, replaced by something, or left out. */
function* changedExamples(route: AppRoute): Generator<Record<string, unknown>> {
  const example = exampleOf(route);
  const shape: Record<string, z.ZodType> = schemaOf(route, 'body')?.shape ?? {};
  for (const name of new Set([...Object.keys(example), ...Object.keys(shape)])) {
    const { [name]: _, ...without } = example;
    yield without;
    for (const wrong of WRONG) yield { ...example, [name]: wrong };
    // Where no list is taken, each is refused before anybody looks into it.
    const lists = WRONG.map((wrong) => [wrong]);
    for (const list of looksInside(shape[name]) ? lists : lists.slice(0, 1)) yield { ...example, [name]: list };
  }
}

const looksInside = (field: z.ZodType | undefined): boolean => {
  const { success, error } = field?.safeParse([null]) ?? { success: true };
  return success || (error?.issues.some(({ path }) => path.length > 0) ?? false);
};

const DEPTH = 100_000;
const deep = (value = '') => `${'['.repeat(DEPTH)}${value}${']'.repeat(DEPTH)}`;

/** A test for the routes to which it applies. */
const where = (applies: unknown): ((name: string, work: () => Promise<void>) => void) => (applies ? test : () => {});

// ---- Every route ------------------------------------------------------------------------------------------------------

describe.each(ROUTES)('$name', ({ route }) => {
  const rule = accessOf(route);
  const body = schemaOf(route, 'body');
  const params = paramsOf(route);
  const takesJson = readsBody(route) && !isForm(route);

  where(rule.auth.length > 0)('wants a credential that is one', () =>
    changingNothing(async () => {
      const none = await call(route, { bearer: null });
      expectFailure(none, 401, 'AUTH_REQUIRED');
      expect(none.headers.get('www-authenticate')).toBe('Bearer');
      for (const authorization of ['Bearer', 'Bearer ', 'Basic dTpw', 'Bearer a b', `bearer ${'x'.repeat(9000)}`])
        expectFailure(await call(route, { bearer: null, headers: { authorization } }), 401, 'AUTH_FAILED');
      const jwt = user.token.slice(0, -3);
      for (const bearer of ['x', 'a.b.c', `${jwt}abc`, 'ck_live_x', 'dk_x', 'sk_live_x', `${device.key}x`])
        expectFailure(await call(route, { bearer }), 401, 'AUTH_FAILED');
    }),
  );

  where(rule.auth.length > 0)('refuses the kinds of credentials that do not open it', () =>
    changingNothing(async () => {
      const wrong = (['user', 'apiKey', 'device'] as const).filter((kind) => !rule.auth.includes(kind));
      for (const kind of wrong) expectFailure(await call(route, { bearer: bearers[kind] }), 403, 'WRONG_CREDENTIAL');
    }),
  );

  where(rule.auth.includes('apiKey') && !rule.anyScope)('refuses an API key without its scope', () =>
    changingNothing(async () => {
      const bearer = withoutScope.get(rule.scope as Scope) as string;
      expectFailure(await call(route, { bearer }), 403, 'INSUFFICIENT_SCOPE');
    }),
  );

  where(params.length > 0)('tells apart neither another’s thing nor one that never was; what is no id is a 400', () =>
    changingNothing(async () => {
      const codes = declaredFailures(route).get(404)?.map(codeOnTheWire) ?? [];
      for (const name of params) {
        expect(foreign, `say in beforeAll how to make a ${name} of somebody else`).toHaveProperty(name);
        const random = await call(route);
        const theirs = await call(route, { params: { ...randomIds(route), [name]: foreign[name] as string } });
        expect(expectFailure(theirs, 404, ...codes)).toEqual(expectFailure(random, 404, ...codes));
        for (const id of [
          '1',
          'null',
          `${randomUUID()}0`,
          '\0',
          "' or 1=1 --",
          '🚀',
          'x'.repeat(90),
          'x'.repeat(300),
        ]) {
          const wrong = await call(route, { params: { ...randomIds(route), [name]: id } });
          const { details } = expectFailure(wrong, 400, 'VALIDATION_ERROR');
          expect(details?.map(({ path }) => path)).toEqual([['path', name]]);
        }
      }
    }),
  );

  where(body)('refuses a body with a field that is missing or wrong, and names it', () =>
    changingNothing(async () => {
      for (const changed of changedExamples(route)) {
        const judged = body?.safeParse(changed);
        if (judged?.success) continue;
        const { details } = expectFailure(
          await call(route, { body: JSON.stringify(changed) }),
          400,
          'VALIDATION_ERROR',
        );
        const expected = judged?.error.issues.map(({ path }) => ['body', ...path]);
        expect(details?.map(({ path }) => path)).toEqual(expected);
        for (const { message, code } of details ?? [])
          expect([typeof message, typeof code]).toEqual(['string', 'string']);
      }
    }),
  );

  where(body)('refuses a body that is no object', () =>
    changingNothing(async () => {
      for (const wrong of ['null', '[]', '[{}]', '0', 'true', '"text"', '1e999'])
        expectFailure(await call(route, { body: wrong }), 400, 'VALIDATION_ERROR');
    }),
  );

  where(takesJson)('refuses what is no JSON', () =>
    changingNothing(async () => {
      for (const broken of ['{', '{"a":1,}', "{'a':1}", 'nul', '\ufeff', '{"a":\u0001}', '<xml/>', '[1', '']) {
        const answer = await call(route, { body: broken });
        expectFailure(answer, 400, 'INVALID_JSON');
      }
      for (const poison of ['{"__proto__":{"isAdmin":true}}', '{"a":{"constructor":{"prototype":{}}}}'])
        expectFailure(await call(route, { body: poison }), 400, 'INVALID_JSON');
      expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    }),
  );

  where(body || (readsBody(route) && params.length > 0))(
    'refuses JSON that nests 100,000 deep wherever it would be read',
    () =>
      changingNothing(async () => {
        const bodies = [deep()];
        for (const name of Object.keys(body?.shape ?? {})) {
          const filler = { ...exampleOf(route), [name]: 'DEEP' };
          bodies.push(JSON.stringify(filler).replace('"DEEP"', deep()));
          bodies.push(JSON.stringify(filler).replace('"DEEP"', '{"a":'.repeat(DEPTH) + 1 + '}'.repeat(DEPTH)));
        }
        for (const nested of bodies) {
          const answer = await call(route, { body: nested, headers: { 'idempotency-key': randomUUID() } });
          if (body) expectFailure(answer, 400, 'VALIDATION_ERROR', 'INVALID_JSON');
          else expectDeclared(route, answer);
        }
      }),
  );

  where(readsBody(route))('refuses a body of another type', () =>
    changingNothing(async () => {
      const types = [
        'text/plain',
        'application/xml',
        isForm(route) ? 'application/json' : 'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        'nonsense',
      ];
      for (const type of types) {
        const answer = await call(route, { body: Buffer.from('{}'), headers: { 'content-type': type } });
        expectFailure(answer, 415, 'UNSUPPORTED_MEDIA_TYPE');
      }
      expectFailure(await call(route, { body: Buffer.from('{}') }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    }),
  );

  where(takesJson)('refuses a body over its limit, whether its length is said before or not', () =>
    changingNothing(async () => {
      const large = Buffer.from(JSON.stringify('x'.repeat(rule.bodyLimit - 1)));
      expect(large.length).toBe(rule.bodyLimit + 1);
      const json = { 'content-type': 'application/json' };
      expectFailure(await call(route, { body: large, headers: json }), 413, 'PAYLOAD_TOO_LARGE');
      expectFailure(await call(route, { body: new Blob([large]).stream(), headers: json }), 413, 'PAYLOAD_TOO_LARGE');
    }),
  );

  where(schemaOf(route, 'headers'))('refuses a header that is missing or wrong, and names it', () =>
    changingNothing(async () => {
      for (const [name, schema] of Object.entries(schemaOf(route, 'headers')?.shape ?? {}))
        for (const wrong of ['x'.repeat(101), undefined]) {
          if ((schema as z.ZodType).safeParse(wrong).success) continue;
          const headers = { ...requiredHeaders(route), ...(wrong ? { [name]: wrong } : {}) };
          if (!wrong) delete headers[name];
          const answer = await send(pathOf(route), {
            method: route.method,
            bearer: opener(route),
            headers,
            ...(body ? { body: JSON.stringify(exampleOf(route)) } : {}),
          });
          // The guard has already compared the header of a device with its key.
          if (rule.auth.includes('device')) expectFailure(answer, 403, 'DEVICE_MISMATCH');
          else expect(expectFailure(answer, 400, 'VALIDATION_ERROR').details?.[0]?.path).toEqual(['header', name]);
        }
    }),
  );

  where(schemaOf(route, 'query'))('refuses a query that is wrong, and names what is', () =>
    changingNothing(async () => {
      const query = schemaOf(route, 'query') as z.ZodObject;
      const values = ['-1', 'abc', '1e9', '', '1.5', 'Infinity', '\0', 'null', 'x'.repeat(600), "'"];
      for (const name of Object.keys(query.shape)) {
        for (const value of values) {
          if (query.safeParse({ [name]: value }).success) continue;
          const answer = await call(route, { query: `?${name}=${encodeURIComponent(value)}` });
          const { details } = expectFailure(answer, 400, 'VALIDATION_ERROR');
          expect(details?.map(({ path }) => path)).toEqual([['query', name]]);
        }
        const twice = await call(route, { query: `?${name}=1&${name}=2` });
        expectFailure(twice, 400, 'VALIDATION_ERROR');
      }
      for (const odd of ['?%', '?%00=%00', '?a[b]=c', '?&&=', `?${'a=1&'.repeat(1000)}`, '?limit', '?__proto__=1'])
        expectDeclared(route, await call(route, { query: odd }));
    }),
  );

  where(rule.idempotent)('refuses an Idempotency-Key that is none', () =>
    changingNothing(async () => {
      for (const key of ['two words', 'x'.repeat(256), 'é']) {
        const type = isForm(route) ? { 'content-type': 'multipart/form-data; boundary=x' } : {};
        const form = isForm(route) ? { body: Buffer.from('--x--\r\n') } : {};
        const answer = await call(route, { ...form, headers: { ...type, 'idempotency-key': key } });
        const { details } = expectFailure(answer, 400, 'VALIDATION_ERROR');
        expect(details?.map(({ path }) => path)).toEqual([['header', 'idempotency-key']]);
      }
    }),
  );

  test('answers other methods with those that it takes, whatever they bring', () =>
    changingNothing(async () => {
      const path = pathOf(route);
      const taken = new Set(
        ROUTES.filter(({ route: other }) => matches(other, path)).map(({ route: { method } }) => method as string),
      );
      for (const method of METHODS.filter((each) => !taken.has(each)))
        for (const extra of method === 'HEAD' || method === 'GET'
          ? [{}]
          : [{}, { body: '{' }, { body: Buffer.from('x') }]) {
          const answer = await send(path, { method, bearer: opener(route), ...extra });
          expect(answer.status, `${method} ${path} ${answer.text}`).toBe(405);
          expect(new Set(answer.headers.get('allow')?.split(', '))).toEqual(taken);
          if (method === 'HEAD') expect(answer.text).toBe('');
          else expectFailure(answer, 405, 'METHOD_NOT_ALLOWED');
        }
    }));
});

const matches = (route: AppRoute, path: string): boolean =>
  new RegExp(`^${route.path.replace(/:\w+/g, '[^/]+')}$`).test(path);

test('of two fields with the same name in JSON the last one counts', async () => {
  const { status } = await send('/v1/tasks', {
    method: 'POST',
    bearer: user.token,
    body: `{"device_id":"x","command":"true","device_id":"${device.id}","run_at":"2026-02-01T00:00:00Z"}`,
  });
  expect(status).toBe(201);
});

test('unknown fields are left out, of nested things too', async () => {
  const body = {
    device_id: device.id,
    command: 'true',
    run_at: '2026-02-01T00:00:00Z',
    user_id: randomUUID(),
    status: 'completed',
  };
  const created = await send('/v1/tasks', { method: 'POST', bearer: user.token, body: JSON.stringify(body) });
  const { task_id } = JSON.parse(created.text).data;
  const task = await user.client.tasks.get(task_id);
  expect(task).toMatchObject({ status: 'pending' });
  expect(task).not.toHaveProperty('user_id');
});

test('a limit that is out of range, a negative offset and a cursor of nobody are refused, on each list', async () => {
  const lists = ROUTES.filter(({ route }) => 'limit' in (schemaOf(route, 'query')?.shape ?? {}));
  expect(lists.length).toBeGreaterThanOrEqual(3);
  for (const { route } of lists) {
    for (const limit of ['-1', '0', '101', 'abc', '1e9', ''])
      expectFailure(await call(route, { query: `?limit=${limit}` }), 400, 'VALIDATION_ERROR');
    if (!('cursor' in (schemaOf(route, 'query')?.shape ?? {}))) continue;
    for (const offset of ['-1', 'abc', '1e10'])
      expectFailure(await call(route, { query: `?offset=${offset}` }), 400, 'VALIDATION_ERROR');
    const made = ['', 'x', '..', btoa('1.x'), btoa(`${'9'.repeat(40)}.${randomUUID()}`), btoa(`-1.${randomUUID()}`)];
    for (const cursor of made)
      expectFailure(await call(route, { query: `?cursor=${encodeURIComponent(cursor)}` }), 400, 'VALIDATION_ERROR');
    // One of another list is only a place in time.
    const elsewhere = btoa(`${Date.UTC(2026, 0, 20)}.${randomUUID()}`);
    expect((await call(route, { query: `?cursor=${elsewhere}` })).status).toBe(200);
  }
});

test('another user’s cursor gives one’s own tasks', async () => {
  const stranger = await app.makeUser();
  const theirs = await app.makeDevice(stranger);
  for (const command of ['1', '2', '3']) await stranger.client.tasks.create({ device_id: theirs.id, command });
  const { nextCursor } = await stranger.client.tasks.list({ limit: 1 });
  const { items } = await user.client.tasks.list({ cursor: nextCursor as string });
  for (const { device_id } of items) expect(device_id).toBe(device.id);
});
