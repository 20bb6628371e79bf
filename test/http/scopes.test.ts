/**
 * Every endpoint of `/v1` and `/api/control` × every kind of credential × each scope, against the table of DECISIONS.md (section 3), which is
 * written out here. The endpoints come from the contract: a new one is tried by itself, and one that no line of the table
 * covers fails.
 */
import { randomUUID } from 'node:crypto';
import type { AppRoute } from '@ts-rest/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessOf } from '../../contracts/declared.ts';
import { FAILURES } from '../../contracts/failures.ts';
import { contract } from '../../contracts/index.ts';
import { type CredentialKind, SCOPES, type Scope } from '../../contracts/wire.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

type Rule = {
  anyone?: true;
  kinds?: readonly CredentialKind[];
  /** What an API key needs; left out, and `apiKey` among the kinds: any scope will do. */
  scope?: Scope;
};

const ANYONE: Rule = { anyone: true };
const USER: Rule = { kinds: ['user'] };
const DEVICE: Rule = { kinds: ['device'] };
const scoped = (scope: Scope): Rule => ({ kinds: ['user', 'apiKey'], scope });

/** The first line that matches counts. */
const TABLE: readonly (readonly [RegExp, Rule])[] = [
  [/^POST \/auth\/(register|login|refresh|verify-email|forgot-password|reset-password)$/, ANYONE],
  [/^GET \/auth\/me$/, scoped('user:read')],
  [/^(POST \/auth\/(logout|resend-verification)|(GET|DELETE) \/auth\/sessions.*)$/, USER],
  [/^PATCH \/users\/me$/, scoped('user:write')],
  [/^(POST \/users\/me\/password|DELETE \/users\/me)$/, USER],
  [/^[A-Z]+ \/api-keys/, USER],
  [/^GET \/messages/, scoped('user:read')],
  [/^(POST|DELETE) \/messages\//, scoped('user:write')],
  [/^POST \/daemon\/register$/, scoped('device:write')],
  [/^[A-Z]+ \/daemon\//, DEVICE],
  [/^GET \/devices/, scoped('device:read')],
  [/^(PATCH|DELETE|POST) \/devices\//, scoped('device:write')],
  [/^POST \/tasks(\/batch|\/:task_id\/retry)?$/, scoped('task:create')],
  [/^POST \/tasks\/:task_id\/cancel$/, scoped('task:cancel')],
  [/^GET \/tasks/, scoped('task:read')],
  [/^GET \/(config|email)\//, scoped('config:read')],
  [/^POST \/email\/incoming$/, ANYONE],
  [/^(POST|DELETE) \/(config|email)\//, scoped('config:write')],
  [/^GET \/logs/, scoped('log:read')],
  // No scope is for deleting logs.
  [/^DELETE \/logs/, USER],
  [/^GET \/stats\//, scoped('stats:read')],
  [/^POST \/ws\/ticket$/, { kinds: ['user', 'apiKey', 'device'] }],
  [/^POST \/api\/control\/execute$/, scoped('task:create')],
  [/^GET \/api\/control\/devices$/, scoped('device:read')],
  [/^[A-Z]+ \/api\/control\//, DEVICE],
];

const nameOf = (route: AppRoute): string => `${route.method} ${route.path.replace('/v1', '')}`;
const ruleOf = (route: AppRoute): Rule | undefined => TABLE.find(([pattern]) => pattern.test(nameOf(route)))?.[1];

const routes = [...Object.values(contract.cloud), contract.control]
  .flatMap((router): AppRoute[] => Object.values(router))
  .map((route) => ({ name: nameOf(route), route }));

const ALL_SCOPES = Object.keys(SCOPES) as Scope[];

let app: TestApp;
let user: TestUser;
let device: TestDevice;
const keys = new Map<Scope, string>();

beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  device = await app.makeDevice(user);
  for (const scope of ALL_SCOPES) {
    keys.set(scope, (await user.client.apiKeys.create({ name: scope, scopes: [scope] })).key);
  }
});
afterAll(() => app.close());

const GUARD = ['AUTH_REQUIRED', 'AUTH_FAILED', 'WRONG_CREDENTIAL', 'INSUFFICIENT_SCOPE'];

/** What the guard says; `open` when it let the call through, to whatever its empty body and unknown ids came to. */
async function verdict(route: AppRoute, token?: string): Promise<string> {
  const path = route.path.replaceAll(/:\w+/g, () => randomUUID());
  const hasBody = route.method !== 'GET';
  const response = await fetch(`${app.url}${path}`, {
    method: route.method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(hasBody ? { body: '{}' } : {}),
  });
  const { error } = (await response.json()) as { error?: { code: string } | string | null };
  if (error && response.status >= 500) throw new Error(`${nameOf(route)} answers ${response.status}`);
  const code = typeof error === 'string' ? CODES[error] : error?.code;
  return code && GUARD.includes(code) ? code : 'open';
}

/** The code of each sentence, where that is all there is. */
const CODES: Record<string, string> = {
  ...Object.fromEntries(Object.entries(FAILURES).map(([code, [, sentence]]) => [sentence, code])),
  'Send the key of the device in X-Device-Token': 'AUTH_REQUIRED',
};

/** A session of its own for each call: some end it. */
const newToken = async (): Promise<string> =>
  (await app.anonymous.auth.login({ email: user.email, password: app.password })).token;

const opensTo = (rule: Rule, scope: Scope): boolean =>
  rule.scope === undefined || rule.scope === scope || (scope === 'task:admin' && rule.scope.startsWith('task:'));

test('the contract has endpoints of every noun', () => {
  expect(routes.length).toBeGreaterThan(35);
});

test.each(routes)('$name stands in the table, and its contract says the same', ({ route }) => {
  const { anyone, kinds = [], scope } = ruleOf(route) ?? {};
  const { auth, scope: declared } = accessOf(route);
  expect(anyone || kinds.length > 0, 'no line of DECISIONS.md, section 3, covers it').toBe(true);
  expect({ auth: [...auth].sort(), scope: declared }).toEqual({ auth: [...kinds].sort(), scope });
});

test.each(routes)('$name opens to whom the table says, and to nobody else', async ({ route }) => {
  const rule = ruleOf(route) as Rule;
  const { anyone, kinds = [] } = rule;
  const expected: Record<string, string> = {};
  const found: Record<string, string> = {};
  const tell = async (who: string, token: string | undefined, hopes: string) => {
    expected[who] = anyone ? 'open' : hopes;
    found[who] = await verdict(route, token);
  };
  const byKind = (kind: CredentialKind) => (kinds.includes(kind) ? 'open' : 'WRONG_CREDENTIAL');

  await tell('nobody', undefined, 'AUTH_REQUIRED');
  await tell('an unknown key', app.service.tokens.newApiKey(), 'AUTH_FAILED');
  await tell('a key of the relay', `sk_live_${'x'.repeat(43)}`, 'AUTH_FAILED');
  await tell('a user', await newToken(), byKind('user'));
  await tell('a device', device.key, byKind('device'));
  for (const scope of ALL_SCOPES) {
    const hopes = byKind('apiKey') === 'open' && !opensTo(rule, scope) ? 'INSUFFICIENT_SCOPE' : byKind('apiKey');
    await tell(`a key for ${scope}`, keys.get(scope), hopes);
  }
  expect(found).toEqual(expected);
});

test('the table of scopes has the twelve of the document', () => {
  const inTable = new Set(TABLE.flatMap(([, { scope }]) => scope ?? []));
  expect(ALL_SCOPES.filter((scope) => !inTable.has(scope))).toEqual(['task:admin']);
  expect(ALL_SCOPES).toHaveLength(12);
});
