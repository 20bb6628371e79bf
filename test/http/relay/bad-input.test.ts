/**
 * Whatever is sent to `/api`, the answer is `{success: false, error: {code, message}}` with a code that the contract
 * declares, never a 500, and what is refused changes nothing. The cases are made from the contract: a new route is covered
 * by itself.
 */
import { randomUUID } from 'node:crypto';
import type { AppRoute, AppRouter } from '@ts-rest/core';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accessOf, declaredCodes, readsBody } from '../../../contracts/declared.ts';
import { codeOnTheWire } from '../../../contracts/failures.ts';
import { contract } from '../../../contracts/index.ts';
import { ADMIN_KEY, CRON_SECRET, type TestUser } from '../../setup/app.ts';
import { openRelay, type Relay } from '../../setup/relay.ts';

const routesOf = (node: AppRouter, at: string[] = []): { name: string; route: AppRoute }[] =>
  Object.entries(node).flatMap(([name, inner]) =>
    typeof (inner as AppRoute).path === 'string'
      ? [{ name: [...at, name].join('.'), route: inner as AppRoute }]
      : routesOf(inner as AppRouter, [...at, name]),
  );
const ROUTES = routesOf(contract.relay as unknown as AppRouter);
/** All but the probes, which have no envelope. */
const COUNTED = ROUTES.filter(({ route }) => accessOf(route).rate !== 'none');

let relay: Relay;
let user: TestUser;
let device: string;

beforeAll(async () => {
  relay = await openRelay();
  user = await relay.app.makeUser();
  device = (await relay.app.makeDevice(user)).key;
  await relay.publish('c', 'x');
});
afterAll(() => relay.app.close());

type Sent = { headers?: Record<string, string>; text?: string | undefined; query?: string; id?: string };
type Refusal = {
  status: number;
  headers: Headers;
  body: { success: boolean; error?: { code: string; details?: { path: string[] }[] } } | null;
};

const pathOf = ({ path }: AppRoute, id: string = randomUUID()): string => path.replace(':id', id);

const partOf = (route: AppRoute, part: 'body' | 'query'): z.ZodObject | undefined => {
  let schema = part in route ? (route as Record<string, unknown>)[part] : undefined;
  while (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) schema = schema.unwrap();
  return schema instanceof z.ZodObject ? schema : undefined;
};

const exampleOf = (route: AppRoute): Record<string, unknown> | undefined => {
  const own = route as { body?: z.ZodType };
  const schemas = [own.body, partOf(route, 'body')].filter((schema) => schema instanceof z.ZodType);
  const [example] = schemas.flatMap((schema) => (schema.meta()?.examples as Record<string, unknown>[]) ?? []);
  return example;
};

/** What opens the route, whatever it is. */
const openerOf = (route: AppRoute): Record<string, string> =>
  accessOf(route).auth.includes('admin') ? { 'x-admin-key': ADMIN_KEY } : { 'x-cron-secret': CRON_SECRET };

/** Calls the route rightly, but for what `sent` says. */
async function call(route: AppRoute, { headers, text, query = '', id }: Sent = {}): Promise<Refusal> {
  const example = exampleOf(route);
  const body = text ?? (example && JSON.stringify(example));
  const response = await fetch(`${relay.url}${pathOf(route, id)}${query}`, {
    method: route.method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(headers ?? openerOf(route)) },
    ...(body === undefined ? {} : { body }),
  });
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel();
    return { status: response.status, headers: response.headers, body: null };
  }
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Refusal['body'],
  };
}

function expectRefusal(route: AppRoute, { status, headers, body }: Refusal, statuses: readonly number[]): void {
  expect(statuses, `${route.method} ${route.path}: ${status} ${JSON.stringify(body)}`).toContain(status);
  expect(body).toMatchObject({ success: false, error: { message: expect.stringMatching(/^[A-Z].+[^.]$/) } });
  expect(Object.keys(body ?? {})).toEqual(['success', 'error']);
  const declared = [...declaredCodes(route), 'NOT_FOUND', 'METHOD_NOT_ALLOWED'] as Parameters<
    typeof codeOnTheWire
  >[0][];
  expect(declared.map(codeOnTheWire)).toContain(body?.error?.code);
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(headers.get('x-request-id')).toBeTruthy();
}

async function changingNothing(work: () => Promise<void>): Promise<void> {
  const state = async () =>
    (
      await sql`select (select md5(string_agg(c::text, '' order by id)) from channels c) as channels,
                       (select count(*)::int from relay_messages) as messages,
                       (select count(*)::int from public_keys) as public_keys,
                       (select count(*)::int from key_revocations) as revocations,
                       (select md5(string_agg(id::text || is_active, '' order by id)) from api_keys) as keys`.execute(
        relay.app.service.db,
      )
    ).rows;
  const before = await state();
  await work();
  expect(await state()).toEqual(before);
}

const WRONG = [undefined, null, true, -1, 0.5, 1e308, '', 'a\0b', '\ud800', 'x'.repeat(300_000), [[]], {}, [1]];
const WRONG_TEXTS = ['', '-1', 'abc', '1e9', '1.5', '0', '%00', '%ED%A0%80', "'%3B--", 'x'.repeat(300)];

const where = (applies: unknown): ((name: string, work: () => Promise<void>) => void) => (applies ? test : () => {});

describe.each(COUNTED)('$name', ({ route }) => {
  const { auth, isOpen } = accessOf(route);

  where(partOf(route, 'body'))('refuses a body with a field that is wrong, and names it', () =>
    changingNothing(async () => {
      const [schema, example] = [partOf(route, 'body') as z.ZodObject, exampleOf(route)];
      for (const name of Object.keys(schema.shape))
        for (const wrong of WRONG) {
          const body = { ...example, [name]: wrong };
          if (schema.safeParse(body).success) continue;
          const answer = await call(route, { text: JSON.stringify(body) });
          expectRefusal(route, answer, [400]);
          expect(answer.body?.error?.code).toBe('VALIDATION_ERROR');
          const named = answer.body?.error?.details?.map(({ path }) => path.slice(0, 2).join('.'));
          expect(named).toContain(`body.${name}`);
        }
      for (const text of ['[]', '0', '"text"']) expectRefusal(route, await call(route, { text }), [400]);
    }),
  );

  where(readsBody(route))('refuses what is no JSON, of another type, or too long', () =>
    changingNothing(async () => {
      for (const text of ['{', 'nul', '<xml/>', `${'['.repeat(100_000)}${']'.repeat(100_000)}`])
        expectRefusal(route, await call(route, { text }), partOf(route, 'body') ? [400] : [400, 404]);
      const headers = { ...openerOf(route), 'content-type': 'text/plain' };
      expectRefusal(route, await call(route, { text: '{}', headers }), [415]);
      const text = JSON.stringify('x'.repeat(accessOf(route).bodyLimit));
      expectRefusal(route, await call(route, { text }), [413]);
    }),
  );

  where(partOf(route, 'query'))('takes each parameter of the query, or refuses it', () =>
    changingNothing(async () => {
      for (const name of Object.keys((partOf(route, 'query') as z.ZodObject).shape))
        for (const wrong of WRONG_TEXTS)
          for (const query of [`?${name}=${wrong}`, `?${name}=${wrong}&${name}=c`, `?channel=c&${name}=${wrong}`]) {
            const answer = await call(route, { query });
            if (answer.status !== 200) expectRefusal(route, answer, [400, 404]);
          }
    }),
  );

  where(route.path.includes(':id'))('finds nothing under an id that is none', () =>
    changingNothing(async () => {
      for (const id of [
        'nothing',
        '%00',
        '%ff',
        '%ED%A0%80',
        "'--",
        'a%20b',
        'x'.repeat(65),
        'x'.repeat(3000),
        randomUUID(),
      ])
        expectRefusal(route, await call(route, { id }), [400, 404]);
    }),
  );

  where(auth.length > 0)('refuses a credential that is none, or of another kind, in each of its places', () =>
    changingNothing(async () => {
      for (const headers of [
        { 'x-api-key': '' },
        { 'x-api-key': 'sk_live_' },
        { 'x-api-key': `ck_live_${'x'.repeat(43)}` },
        { 'x-api-key': 'x'.repeat(8000) },
        { 'x-admin-key': 'wrong' },
        { authorization: 'Bearer x' },
        { authorization: 'Basic dTpw' },
        { authorization: 'Bearer sk_live_x' },
      ])
        expectRefusal(route, await call(route, { headers: headers as Record<string, string> }), [401]);
      expectRefusal(route, await call(route, { headers: { authorization: `Bearer ${device}` } }), [403]);
      if (!isOpen) expectRefusal(route, await call(route, { headers: {} }), [401]);
    }),
  );

  test('says which methods its path takes', async () => {
    for (const method of ['PUT', 'PATCH']) {
      const response = await fetch(`${relay.url}${pathOf(route)}`, { method, body: '{' });
      const answer = { status: response.status, headers: response.headers, body: await response.json() } as Refusal;
      expectRefusal(route, answer, [405]);
      expect(response.headers.get('allow')).toContain(route.method);
    }
  });
});
