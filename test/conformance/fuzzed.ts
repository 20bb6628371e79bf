/**
 * Requests of an operation as nobody thought of them: with any values that the document allows, and half of them damaged
 * somewhere on the way. Each is a change to a request that is right.
 */
import fc from 'fast-check';
import type { Contract, Operation, Parameter, Schema } from './document.ts';
import { changedQuery, type Sent } from './exchange.ts';
import { allowedBy, ODD_TEXTS, ODD_VALUES } from './values.ts';

export type Fuzzed = {
  /** What was done to it besides; empty: the document allows it. */
  damage: string;
  /** Its address or its method may name another operation now, or none. */
  isElsewhere: boolean;
  /** The request, from one that is right. */
  from(sent: Sent): Sent;
};

/** Waiting is no subject here, and takes seconds. */
const PATIENT: readonly string[] = ['wait'];

export function fuzzed(contract: Contract, operation: Operation): fc.Arbitrary<Fuzzed> {
  const allowed = allowedRequest(contract, operation);
  const damages = damagesOf(operation);
  return fc.oneof(
    allowed.map((from) => ({ damage: '', isElsewhere: false, from })),
    // Of the right one as well: what is right but for one thing gets further.
    fc
      .tuple(
        fc.oneof(
          allowed,
          fc.constant((sent: Sent) => sent),
        ),
        fc.oneof(...damages),
      )
      .map(([from, { name, isElsewhere = false, change }]) => ({
        damage: name,
        isElsewhere,
        from: (sent: Sent) => change(from(sent)),
      })),
  );
}

type Change = (sent: Sent) => Sent;

// ---- What the document allows ---------------------------------------------------------------------------------------

/** New values for some parameters and fields; the others keep what is right, so that ids lead to something. */
function allowedRequest(contract: Contract, operation: Operation): fc.Arbitrary<Change> {
  const queries = operation.parameters.filter((each) => each.in === 'query' && !PATIENT.includes(each.name));
  const query = fc.record(Object.fromEntries(queries.map((each) => [each.name, textFor(contract, each)])), {
    requiredKeys: [],
  });
  const json = operation.body?.content['application/json']?.schema;
  const body = json ? allowedBy(contract, json) : fc.constant(undefined);
  return fc.tuple(query, body, fc.nat()).map(([values, made, kept]) => (sent) => ({
    ...sent,
    path: changedQuery(sent.path, (all) => {
      for (const [name, value] of Object.entries(values)) all.set(name, String(value));
    }),
    ...(made === undefined ? {} : { body: JSON.stringify(mixed(parsed(sent.body), made, kept)) }),
  }));
}

const textFor = (contract: Contract, { schema }: Parameter): fc.Arbitrary<string> =>
  allowedBy(contract, schema).map((value) => String(value));

/** Fields of `made`, and those of `right` that `kept` has a bit for. */
function mixed(right: unknown, made: unknown, kept: number): unknown {
  if (!isObject(right) || !isObject(made)) return made;
  const stays = Object.entries(right).filter((_, at) => kept & (1 << (at % 30)));
  return { ...made, ...Object.fromEntries(stays) };
}

// ---- Damage ---------------------------------------------------------------------------------------------------------

type Damage = { name: string; isElsewhere?: boolean; change: Change };

const pick = fc.nat();
const oddValue = fc.constantFrom(...ODD_VALUES);
/** A head has 16 KiB; more of it is for bare sockets. */
const oddText = fc.constantFrom(...ODD_TEXTS.map((text) => text.slice(0, 1_000).toWellFormed()));

const HEADERS = [
  'content-type',
  'content-encoding',
  'authorization',
  'x-api-key',
  'x-device-token',
  'x-device-id',
  'x-admin-key',
  'x-cron-secret',
  'idempotency-key',
  'last-event-id',
  'range',
  'if-range',
  'origin',
  'traceparent',
  'accept',
  'x-forwarded-for',
  'x-email-signature',
  'x-email-timestamp',
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];

/** Each kind as often as any other. */
function damagesOf({ body, parameters }: Operation): fc.Arbitrary<Damage>[] {
  const inQuery = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  const isJson = body?.content['application/json'] !== undefined;
  return [
    ...(isJson ? [fieldDamage, fieldDamage, unstorableDamage, unstorableDamage, textDamage, manyDamage] : []),
    ...(body ? [byteDamage] : []),
    ...(inQuery.length > 0 ? [queryDamage(inQuery)] : [queryDamage(['limit', 'a', '__proto__'])]),
    ...(parameters.some((each) => each.in === 'path') ? [pathDamage] : []),
    headerDamage,
    methodDamage,
  ];
}

/** Something odd in the place of any value, however deep; or the value is gone, or has company. */
const fieldDamage = fc
  .tuple(pick, oddValue, fc.constantFrom('replace', 'replace', 'replace', 'wrap', 'remove', 'add'))
  .map(
    ([at, odd, how]): Damage => ({
      name: `${how} a value with ${brief(odd)}`,
      change: withJson((value) => {
        const places = placesIn(value);
        const place = places[at % Math.max(1, places.length)];
        if (!place) return odd;
        const { holder, key } = place;
        if (how === 'remove') Reflect.deleteProperty(holder, key);
        else if (how === 'add') Reflect.set(holder, `${key}_2`, odd);
        else Reflect.set(holder, key, how === 'wrap' ? [Reflect.get(holder, key)] : odd);
        return value;
      }),
    }),
  );

/** A text that is right but for a character that PostgreSQL does not take. */
const unstorableDamage = fc.tuple(pick, fc.constantFrom('\0', '\0', '\ud800')).map(
  ([at, odd]): Damage => ({
    name: `${brief(odd)} at the end of a text`,
    change: withJson((value) => {
      const places = placesIn(value).filter(({ holder, key }) => isFree(Reflect.get(holder, key)));
      const place = places[at % Math.max(1, places.length)];
      if (place) Reflect.set(place.holder, place.key, `${Reflect.get(place.holder, place.key)}${odd}`);
      return value;
    }),
  }),
);

/** Not a value but its text: cut, doubled, with something in between. */
const textDamage = fc
  .tuple(
    pick,
    fc.constantFrom('cut', 'insert', 'replace'),
    fc.constantFrom('"', '{', ']', ',', '\\', '\0', '\ufeff', '\\ud800', '1e999', 'null'),
  )
  .map(
    ([at, how, odd]): Damage => ({
      name: `${how} its text with ${brief(odd)}`,
      change: (sent) => {
        const text = String(sent.body);
        const place = at % (text.length + 1);
        if (how === 'cut') return { ...sent, body: text.slice(0, place) };
        return { ...sent, body: text.slice(0, place) + odd + text.slice(how === 'insert' ? place : place + 1) };
      },
    }),
  );

/** Far too much of something. */
const manyDamage = fc
  .constantFrom<[string, (text: string) => string]>(
    [
      'a thousand fields',
      (text) => `{${Array.from({ length: 1000 }, (_, at) => `"f${at}":${at}`).join()}, ${text.slice(1)}`,
    ],
    ['a nest', (text) => text.replace(/:\s*("[^"]*"|\d+)/, `:${'['.repeat(20_000)}${']'.repeat(20_000)}`)],
    ['a list of itself', (text) => `[${text},${text}]`],
    ['too long', (text) => `{"long":"${'x'.repeat(1_200_000)}",${text.slice(1)}`],
    ['each field twice', (text) => `${text.slice(0, -1)},${text.slice(1)}`],
  )
  .map(([name, change]): Damage => ({ name, change: (sent) => ({ ...sent, body: change(String(sent.body)) }) }));

/** Single bytes, so that it is no text any more, and no form. */
const byteDamage = fc.tuple(pick, fc.uint8Array({ minLength: 1, maxLength: 6 })).map(
  ([at, odd]): Damage => ({
    name: `bytes ${odd.join(' ')}`,
    change: (sent) => {
      const { bytes, headers } = bytesOf(sent);
      const place = at % (bytes.length + 1);
      return {
        ...sent,
        headers,
        body: Buffer.concat([bytes.subarray(0, place), odd, bytes.subarray(place + odd.length)]),
      };
    },
  }),
);

const queryDamage = (names: string[]) =>
  fc.tuple(fc.constantFrom(...names), oddText, fc.constantFrom('set', 'set', 'append', 'raw')).map(
    ([name, odd, how]): Damage => ({
      name: `${how} ${name}=${brief(odd)} in the query`,
      change: (sent) =>
        how === 'raw'
          ? {
              ...sent,
              path: `${sent.path}${sent.path.includes('?') ? '&' : '?'}${name}[]=%${encodeURIComponent(odd)}&&=`,
            }
          : {
              ...sent,
              path: changedQuery(sent.path, (all) => (how === 'set' ? all.set(name, odd) : all.append(name, odd))),
            },
    }),
  );

/** One step of the path is something else. */
const pathDamage = fc.tuple(pick, oddText).map(
  ([at, odd]): Damage => ({
    name: `${brief(odd)} in the path`,
    isElsewhere: true,
    change: (sent) => {
      const [path = '', search] = sent.path.split('?');
      const steps = path.split('/');
      const place = 2 + (at % (steps.length - 2));
      const changed = steps.with(place, odd.startsWith('%') ? odd : encodeURIComponent(odd)).join('/');
      return { ...sent, path: search === undefined ? changed : `${changed}?${search}` };
    },
  }),
);

const headerDamage = fc.tuple(fc.constantFrom(...HEADERS), oddText).map(
  ([name, odd]): Damage => ({
    name: `the header ${name}: ${brief(odd)}`,
    // What a header cannot carry, a client does not send: that is for bare sockets.
    change: (sent) => ({ ...sent, headers: { ...sent.headers, [name]: odd.replace(/[^\t -~]/g, '') } }),
  }),
);

const methodDamage = fc.constantFrom(...METHODS).map(
  (method): Damage => ({
    name: `as ${method}`,
    isElsewhere: true,
    change: ({ body, ...sent }) => ({
      ...sent,
      method,
      ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
    }),
  }),
);

// ---- Parts of a request ---------------------------------------------------------------------------------------------

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = (body: Sent['body']): unknown => {
  try {
    return JSON.parse(String(body));
  } catch {
    return undefined;
  }
};

const withJson =
  (change: (value: unknown) => unknown): Change =>
  (sent) => ({ ...sent, body: JSON.stringify(change(parsed(sent.body)) ?? null) });

/** A text that may well have another character: no id, and no word of a list. */
const isFree = (value: unknown): boolean => typeof value === 'string' && !/^([\da-f-]{36}|[a-z_]{1,10})$/.test(value);

type Place = { holder: object; key: string };

const placesIn = (value: unknown): Place[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => [{ holder: value, key }, ...placesIn(inner)]);

/** A form is written out with its boundary. */
function bytesOf({ body, headers }: Sent): { bytes: Buffer; headers: Record<string, string> } {
  if (!(body instanceof FormData)) return { bytes: Buffer.from((body ?? '') as string), headers };
  const boundary = 'a-boundary';
  const parts = [...body].map(([name, value]) => {
    const file = typeof value === 'string' ? '' : '; filename="file.log"';
    const text = typeof value === 'string' ? value : 'one line\n';
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${text}\r\n`;
  });
  return {
    bytes: Buffer.from(`${parts.join('')}--${boundary}--\r\n`),
    headers: { ...headers, 'content-type': `multipart/form-data; boundary=${boundary}` },
  };
}

const brief = (value: unknown): string => JSON.stringify(value).slice(0, 40);

/** What of the body of a request the document forbids; undefined: nothing, or there is no body that it can be asked of. */
export function bodyFault(contract: Contract, operation: Operation, { body }: Sent): string | undefined {
  const schema = operation.body?.content['application/json']?.schema as Schema | undefined;
  const value = typeof body === 'string' ? parsed(body) : undefined;
  return schema && value !== undefined ? contract.faultOf(schema, value) : undefined;
}
