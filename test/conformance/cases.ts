/** The cases of one operation: called rightly, and wrongly in every way that the document lets a program think of. */
import { randomUUID } from 'node:crypto';
import type { Account } from './account.ts';
import type { Contract, Operation, Parameter, Schema } from './document.ts';
import { changedQuery, type Sent } from './exchange.ts';
import { PREPARED } from './prepared.ts';

export type Case = {
  name: string;
  /** What may be answered; a case without a list may be answered with anything that is documented. */
  statuses?: readonly number[];
  request(): Promise<Sent>;
};

/** Wrong input first: what is right may end the thing that it is about. */
export function* brokenCases(contract: Contract, operation: Operation, account: Account): Generator<Case> {
  const paths = operation.parameters.filter((each) => each.in === 'path');
  const anyId = Object.fromEntries(paths.map(({ name }) => [name, randomUUID() as string]));
  // Where a secret of the operator is wanted, it may be missed first.
  const isSecret = operation.parameters.some(
    ({ name, in: where }) => where === 'header' && /signature|secret/i.test(name),
  );
  /** Right but for `change`; the ids in its path are of nothing. */
  const but = (name: string, statuses: number[], change: (sent: Sent) => Sent, path = anyId): Case => ({
    name,
    statuses: isSecret ? [...statuses, 401] : statuses,
    request: async () => change(await account.request(operation, { path })),
  });
  const withHeaders = (headers: Record<string, string>) => (sent: Sent) => ({
    ...sent,
    headers: { ...sent.headers, ...headers },
  });

  if (operation.schemes.length > 0) {
    if (!operation.isOpen) yield but('without a credential', [401], withoutCredential);
    yield but('with a credential that is none', [401], (sent) =>
      withHeaders(wrongCredential(operation))(withoutCredential(sent)),
    );
    const other = ['userToken', 'deviceKey'].find((scheme) => !operation.schemes.includes(scheme));
    if (other && operation.path.startsWith('/v1/'))
      yield {
        ...but(`with a ${other}`, [403], (sent) => sent),
        request: async () =>
          withHeaders(await account.credential([other]))(await account.request(operation, { path: anyId })),
      };
  }

  for (const { name, schema } of paths) {
    yield but(`${name} of nothing`, [404], (sent) => sent);
    if (schema.format === 'uuid')
      yield but(`${name} that is no id`, [400], (sent) => sent, { ...anyId, [name]: 'no-id' });
  }

  for (const parameter of operation.parameters.filter((each) => each.in === 'query')) {
    const wrong = wrongText(contract, parameter);
    if (wrong !== undefined)
      yield but(`${parameter.name}=${wrong}`, [400], (sent) => ({
        ...sent,
        path: changedQuery(sent.path, (query) => query.set(parameter.name, wrong)),
      }));
    if (parameter.required)
      yield but(`without ${parameter.name}`, [400], (sent) => ({
        ...sent,
        path: changedQuery(sent.path, (query) => query.delete(parameter.name)),
      }));
  }

  for (const { name, required, schema } of operation.parameters.filter((each) => each.in === 'header')) {
    if (required) yield but(`without ${name}`, [400], without(name));
    if (name === 'Idempotency-Key' && schema)
      yield but('with too long a key', [400], withHeaders({ [name]: 'x'.repeat(300) }));
  }

  const json = operation.body?.content['application/json']?.schema;
  if (!json) return;
  const withBody = (body: unknown) => (sent: Sent) => ({ ...sent, body: JSON.stringify(body) });
  yield but('with half a body', [400], (sent) => ({ ...sent, body: '{"half":' }));
  yield but('with a body of another kind', [415], (sent) => ({
    ...withHeaders({ 'content-type': 'application/xml' })(sent),
    body: '<xml/>',
  }));
  if (!operation.body?.required) return;
  yield but('with a list for a body', [400], withBody([]));
  const schema = contract.follow<Schema>(json);
  for (const [field, raw] of Object.entries(schema.properties ?? {})) {
    if (schema.required?.includes(field))
      yield but(
        `without ${field}`,
        [400],
        changedBody((body) => delete body[field]),
      );
    const wrong = WRONG_VALUES.find((value) => contract.faultOf(raw, value) !== undefined);
    if (wrong === undefined) continue;
    yield but(
      `${field}: ${JSON.stringify(wrong)}`,
      [400],
      changedBody((body) => Object.assign(body, { [field]: wrong })),
    );
  }
}

/** Called rightly: as plainly as can be, and with every parameter that the document gives a value for. */
export function* rightCases(operation: Operation, account: Account): Generator<Case> {
  const query = operation.parameters.flatMap(({ name, in: where, schema }): [string, string][] => {
    const value = schema.default ?? schema.examples?.[0] ?? schema.enum?.[0] ?? schema.minimum;
    return where === 'query' && value !== undefined ? [[name, String(value)]] : [];
  });
  if (query.length > 0 && operation.method === 'GET')
    yield {
      name: 'with every parameter',
      request: async () => {
        const sent = await account.request(operation);
        return {
          ...sent,
          path: changedQuery(sent.path, (all) => {
            for (const [name, value] of query) if (!all.has(name)) all.set(name, value);
          }),
        };
      },
    };
  yield {
    name: 'rightly',
    request: async () => account.request(operation, await PREPARED[operation.id]?.(account)),
  };
}

/** Of every type one, so that some are wrong for any schema that is not open to all. */
const WRONG_VALUES: readonly unknown[] = [[{ a: 1 }], { a: 1 }, 'x', true, -1.5];

const WRONG_TEXTS = ['x', '-1', '1e400'];

/** A text that the parameter does not take: numbers and flags are read from text. */
const wrongText = (contract: Contract, { schema }: Parameter): string | undefined => {
  const types = [contract.follow<Schema>(schema).type ?? []].flat();
  if (types.includes('integer') || types.includes('number')) return 'x';
  return WRONG_TEXTS.find((text) => contract.faultOf(schema, text) !== undefined);
};

const without =
  (name: string) =>
  (sent: Sent): Sent => ({
    ...sent,
    headers: Object.fromEntries(
      Object.entries(sent.headers).filter(([each]) => each.toLowerCase() !== name.toLowerCase()),
    ),
  });

const CREDENTIALS = ['authorization', 'x-api-key', 'x-device-token'];

const withoutCredential = (sent: Sent): Sent => CREDENTIALS.reduce((left, name) => without(name)(left), sent);

const wrongCredential = ({ schemes }: Operation): Record<string, string> => {
  if (schemes.includes('relayKey')) return { 'x-api-key': 'wrong' };
  return schemes.includes('deviceToken') ? { 'x-device-token': 'wrong' } : { authorization: 'Bearer wrong' };
};

const changedBody =
  (change: (body: Record<string, unknown>) => void) =>
  (sent: Sent): Sent => {
    const body = JSON.parse(String(sent.body)) as Record<string, unknown>;
    change(body);
    return { ...sent, body: JSON.stringify(body) };
  };
