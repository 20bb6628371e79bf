/**
 * An account of the service under test, with one device and whatever else an operation needs: made through the document
 * when it is first asked for. Each operation is walked in an account of its own, so that no order matters and nothing
 * that one of them ends is missed by another.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { Contract, Operation, Schema } from './document.ts';
import { type Answer, exchange, type Sent } from './exchange.ts';
import { PREPARED } from './prepared.ts';

const PASSWORD = `contract ${randomUUID()}`;

/** What an operation is called with; what is left out comes from the document. */
export type Given = { path?: Record<string, string>; query?: Record<string, string>; body?: Record<string, unknown> };

export type Account = {
  password: string;
  /** Calls an operation rightly. */
  call(operation: Operation, given?: Given): Promise<Answer>;
  /** The same, by its id. @returns the `data` of its answer. @throws Error where it was refused */
  done(id: string, given?: Given): Promise<Record<string, unknown>>;
  /** A right request, not yet sent. */
  request(operation: Operation, given?: Given): Promise<Sent>;
  /** The headers of a credential for one of these schemes. */
  credential(schemes: readonly string[]): Promise<Record<string, string>>;
  device(): Promise<{ device_id: string; device_key: string }>;
  /** Deletes the account, if this program made it. */
  leave(): Promise<void>;
};

export function openAccount(contract: Contract, baseUrl: string, givenToken?: string): Account {
  const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  let isRegistered = false;
  const signedIn = once(async () => {
    if (givenToken) return { token: givenToken, refresh_token: '', email: '' };
    const data = await done('auth.register');
    isRegistered = true;
    const { user, ...tokens } = data as { user: { email: string }; token: string; refresh_token: string };
    return { ...tokens, email: user.email };
  });
  const device = once(
    async () => (await done('devices.createKey')) as unknown as { device_id: string; device_key: string },
  );
  const relayKey = once(async () => (await done('keys.create')).key as string);

  const credential: Account['credential'] = async (schemes) => {
    if (schemes.includes('relayKey')) return { 'x-api-key': await relayKey() };
    if (schemes.includes('userToken')) return { authorization: `Bearer ${(await signedIn()).token}` };
    if (schemes.includes('deviceToken')) return { 'x-device-token': (await device()).device_key };
    if (schemes.includes('deviceKey')) return { authorization: `Bearer ${(await device()).device_key}` };
    return {};
  };

  /** A value for a field of a body, or of a path, that names a thing. */
  const known: Record<string, () => Promise<unknown> | unknown> = {
    device_id: async () => (await device()).device_id,
    deviceId: async () => (await device()).device_id,
    backup_id: async () => (await done('config.backup')).id,
    refresh_token: async () => (await signedIn()).refresh_token,
    password: () => PASSWORD,
    old_password: () => PASSWORD,
    new_password: () => PASSWORD,
  };
  const filled = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map(filled));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(async ([name, inner]) => [
      name,
      await (known[name]?.() ?? filled(inner)),
    ]);
    return Object.fromEntries(await Promise.all(entries));
  };

  const idFor = async (operation: Operation, parameter: string): Promise<string> => {
    const own = known[parameter];
    if (own) return String(await own());
    const source = contract.sourceOf(operation, parameter);
    if (!source) throw new Error(`No link of the document leads to the ${parameter} of ${operation.id}`);
    const answer = JSON.parse((await call(source.operation)).text);
    return String(at(answer, source.pointer));
  };

  const request: Account['request'] = async (operation, given = {}) => {
    const path: Record<string, string> = {};
    for (const { name } of operation.parameters.filter((each) => each.in === 'path'))
      path[name] = given.path?.[name] ?? (await idFor(operation, name));
    const query = { ...requiredOf(contract, operation, 'query'), ...given.query };
    const body = await bodyOf(contract, operation, async (example) => ({
      ...((await filled(example)) as object),
      ...UNIQUE[operation.id]?.(),
      ...given.body,
    }));
    return {
      method: operation.method,
      path: urlOf(operation, path, query),
      headers: {
        ...requiredOf(contract, operation, 'header'),
        ...(await credential(operation.schemes)),
        ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      },
      ...(body === undefined ? {} : { body }),
    };
  };

  const call: Account['call'] = async (operation, given) => {
    const prepared = given ?? (await PREPARED[operation.id]?.(account));
    return exchange(baseUrl, await request(operation, prepared));
  };
  const done: Account['done'] = async (id, given = {}) => {
    const answer = await call(contract.operation(id), given);
    if (answer.status >= 300) throw new Error(`${id} was refused with ${answer.status}: ${answer.text.slice(0, 300)}`);
    return JSON.parse(answer.text).data;
  };
  const account: Account = {
    password: PASSWORD,
    call,
    done,
    request,
    credential,
    device,
    async leave() {
      if (!isRegistered) return;
      // The operation may have ended the session.
      const answer = await call(contract.operation('auth.login'), { body: { email: (await signedIn()).email } });
      if (answer.status === 200) await removeAccount(contract, baseUrl, JSON.parse(answer.text).data.token);
    },
  };
  return account;
}

/** Deletes an account that this program made. */
export async function removeAccount(contract: Contract, baseUrl: string, token: string): Promise<void> {
  const { method, path } = contract.operation('users.remove');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  await exchange(baseUrl, { method, path, headers, body: JSON.stringify({ password: PASSWORD }) });
}

/** What has to be new with each call, or be real, where an example cannot. */
const UNIQUE: Record<string, () => Record<string, unknown>> = {
  'auth.register': () => ({ email: `contract-${randomUUID()}@example.com` }),
  'channels.create': () => ({ id: `contract-${randomUUID()}` }),
  'publish.send': () => ({ channel: `contract-${randomUUID()}` }),
  // An address that nobody else claims, and no server that somebody runs.
  'email.saveConfig': () => ({
    email_address: `contract-${randomUUID()}@example.com`,
    imap_host: null,
    smtp_host: null,
  }),
  // Whose it is, only the operator may say.
  'keys.create': () => ({ userId: undefined, permissions: ['admin'] }),
  // At once, and not as the second phase of two.
  'keys.remove': () => ({ confirmationCode: undefined }),
  'register.create': () => ({
    publicKey: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ type: 'spki', format: 'pem' }),
    algorithm: 'ECC-SECP256K1',
  }),
};

const urlOf = ({ path }: Operation, params: Record<string, string>, query: Record<string, string>): string => {
  const filledIn = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  return search ? `${filledIn}?${search}` : filledIn;
};

const requiredOf = (contract: Contract, operation: Operation, where: 'query' | 'header'): Record<string, string> =>
  Object.fromEntries(
    operation.parameters
      .filter((each) => each.in === where && each.required)
      .map(({ name, schema }) => [name, String(contract.follow<Schema>(schema).examples?.[0] ?? 'contract')]),
  );

/** JSON as text; a form with its file and its JSON; undefined where none is taken. */
async function bodyOf(
  contract: Contract,
  { body }: Operation,
  fill: (example: unknown) => Promise<unknown>,
): Promise<string | FormData | undefined> {
  const json = body?.content['application/json']?.schema;
  if (json) return JSON.stringify(await fill(contract.follow<Schema>(json).examples?.[0]));
  const form = body?.content['multipart/form-data']?.schema;
  if (!form) return undefined;
  const data = new FormData();
  for (const [name, raw] of Object.entries(contract.follow<Schema>(form).properties ?? {})) {
    const schema = contract.follow<Schema>(raw);
    if (schema.contentMediaType) data.append(name, new Blob(['one line\n']), 'file.log');
    else data.append(name, JSON.stringify({ ...(schema.examples?.[0] as object), compressed: false }));
  }
  return data;
}

const at = (value: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce((inner, key) => Reflect.get(Object(inner), key), value);
