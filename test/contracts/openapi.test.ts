import { readFileSync } from 'node:fs';
import type { AppRoute } from '@ts-rest/core';
import type { LinkObject, OperationObject, ReferenceObject, ResponseObject, SchemaObject } from 'openapi3-ts/oas31';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { componentSchemas } from '../../contracts/component-schemas.ts';
import { controlFailure } from '../../contracts/control.ts';
import { accessOf, declaredCodes, declaredFailures } from '../../contracts/declared.ts';
import { codeOnTheWire, type FailureCode } from '../../contracts/failures.ts';
import { contract } from '../../contracts/index.ts';
import { namedRoutes, openApiDocument } from '../../contracts/openapi.ts';
import { relayFailure } from '../../contracts/relay/wire.ts';
import { failure, Issue } from '../../contracts/wire.ts';

const document = openApiDocument();
const routes = [...namedRoutes()];
const operations = Object.entries(document.paths!).flatMap(([path, item]) =>
  Object.entries(item as Record<string, OperationObject>).map(([method, operation]) => ({ path, method, operation })),
);
const operationOf = (id: string): OperationObject =>
  operations.find(({ operation }) => operation.operationId === id)!.operation;

const responseOf = (operation: OperationObject, status: string): ResponseObject => {
  const response: ResponseObject | ReferenceObject = operation.responses![status];
  return (
    '$ref' in response ? document.components!.responses![response.$ref.split('/').at(-1)!] : response
  ) as ResponseObject;
};

/** Status and codes of every failure that the document declares for an operation. */
const failuresInDocument = (operation: OperationObject): [number, string[]][] =>
  Object.keys(operation.responses!).flatMap((status): [number, string[]][] => {
    const { description, content } = responseOf(operation, status);
    const { allOf, $ref } = (content!['application/json']?.schema ?? {}) as {
      allOf?: [unknown, { properties: { error: { properties: { code: { enum: string[] } } } } }];
      $ref?: string;
    };
    if (allOf) return [[Number(status), allOf[1].properties.error.properties.code.enum]];
    // Where no code goes over the wire, the words of the response have it.
    const codes = [...description.matchAll(/^- `(\w+)`/gm)].map(([, code]) => code!);
    return $ref === '#/components/schemas/ControlFailure' ? [[Number(status), codes]] : [];
  });

test('openapi.json on disk is what the contract says today', () => {
  const onDisk = readFileSync(new URL('../../contracts/openapi.json', import.meta.url), 'utf8');
  expect(onDisk === `${JSON.stringify(document, null, 2)}\n`, 'stale: run `npm run generate`').toBe(true);
});

test('the document has every route of the contract, and no other', () => {
  const inContract = routes.map(({ operationId, route }) => [
    operationId,
    route.method.toLowerCase(),
    route.path.replace(/:(\w+)/g, '{$1}'),
  ]);
  const inDocument = operations.map(({ path, method, operation }) => [operation.operationId, method, path]);
  expect(inDocument.sort()).toEqual(inContract.sort());
});

test.each(routes)('$operationId declares exactly the failures that it can answer', ({ operationId, route }) => {
  const declared = [...declaredFailures(route)].map(([status, codes]) => [status, codes.map(codeOnTheWire)]);
  expect(failuresInDocument(operationOf(operationId))).toEqual(declared);
});

test.each(operations)('$operation.operationId has a summary, a description and a tag', ({ operation }) => {
  expect(operation.summary).toMatch(/^[A-Z].{5,}[^.]$/);
  expect(operation.description).toMatch(/^[A-Z].{10,}\n\n\*\*Who:\*\* /s);
  const [tag] = document.tags!.filter(({ name }) => operation.tags!.includes(name));
  expect(tag?.description).toMatch(/\.$/);
});

test.each(routes)('$operationId asks for the credentials and the scope of its access rule', ({
  operationId,
  route,
}) => {
  const { auth, isOpen, scope, permission, idempotent, rate } = accessOf(route);
  const operation = operationOf(operationId);
  const schemes = {
    user: ['userToken'],
    apiKey: ['apiKey'],
    device: route.path.startsWith('/api/control/') ? ['deviceToken', 'deviceKey'] : ['deviceKey'],
    relayKey: ['relayKey'],
    admin: ['adminKey'],
  };
  const credentials = auth.flatMap((kind) => schemes[kind].map((scheme) => ({ [scheme]: [] })));
  expect(operation.security).toEqual(isOpen ? [...credentials, {}] : credentials);
  expect(operation['x-required-permission']).toBe(permission);
  expect(operation['x-required-scope']).toBe(scope);
  expect(operation['x-rate-class']).toBe(rate);
  const takesKey = JSON.stringify(operation.parameters).includes('#/components/parameters/IdempotencyKey');
  expect(takesKey).toBe(idempotent);
});

test('the examples of request bodies pass the validation of their routes', () => {
  const bodies = routes.flatMap(({ operationId, route }) => {
    // No JSON shows a file; what stands beside it has its own example.
    const isForm = 'contentType' in route && route.contentType === 'multipart/form-data';
    const body = 'body' in route && !isForm && route.body instanceof z.ZodType ? route.body : undefined;
    return body ? [{ operationId, body, examples: (body.meta()?.examples ?? []) as unknown[] }] : [];
  });
  for (const { operationId, body, examples } of bodies) {
    expect(examples.length, `${operationId} has no example`).toBeGreaterThan(0);
    for (const example of examples) expect(body.safeParse(example).error, operationId).toBeUndefined();
  }
});

test('each request body is shown by an example, also where the service transforms it', () => {
  for (const { operation } of operations) {
    const { content } = (operation.requestBody ?? { content: {} }) as { content: Record<string, { schema: never }> };
    const reference = content['application/json']?.schema as ReferenceObject | undefined;
    if (!reference) continue;
    const named = JSON.stringify(reference).match(/schemas\/(\w+)/)?.[1];
    const schema = 'examples' in reference ? reference : document.components!.schemas![named!];
    expect(schema, operation.operationId).toHaveProperty('examples');
  }
});

test('the example of each answer passes the validation of its route', () => {
  const isJson = (response: unknown) => response instanceof z.ZodType;
  const answers = routes.flatMap(({ operationId, route }) => {
    const own = Object.entries(route.responses).filter(
      ([status, response]) => isJson(response) && !declaredFailures(route).has(Number(status)),
    );
    return own.map(([status, schema]) => ({ operationId, status, schema: schema as z.ZodType }));
  });
  expect(answers.length).toBeGreaterThan(70);
  for (const { operationId, status, schema } of answers) {
    const { example } = responseOf(operationOf(operationId), status).content!['application/json']!;
    expect(schema.safeParse(example).error, `${operationId} ${status}`).toBeUndefined();
  }
});

test('a link leads to each id in a path, from an answer that has it', () => {
  const links = operations.flatMap(({ operation }) =>
    Object.keys(operation.responses!).flatMap((status) => {
      const { links = {}, content } = responseOf(operation, status);
      const answer = content!['application/json']?.example as unknown;
      return Object.values(links as Record<string, LinkObject>).map((link) => ({ ...link, answer }));
    }),
  );
  for (const { path, operation } of operations)
    for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
      const link = links.find(
        ({ operationId, parameters }) => operationId === operation.operationId && parameters![name!],
      );
      const [, pointer] = String(link?.parameters?.[name!]).split('#/');
      const found = pointer?.split('/').reduce((value, key) => Reflect.get(Object(value), key), link?.answer);
      expect(found, `${name} of ${operation.operationId}`).toEqual(expect.any(String));
    }
});

test('the example of each failure is an answer with that code', () => {
  const examples = Object.entries(document.components!.examples!) as [string, { value: unknown }][];
  expect(examples.length).toBeGreaterThan(20);
  for (const [name, { value }] of examples) {
    const [, family = '', code] = /^(RELAY_|CONTROL_)?(.*)$/.exec(name) as unknown as [string, string, FailureCode];
    const schema = { '': failure, RELAY_: relayFailure, CONTROL_: controlFailure }[family]!([code]);
    expect(schema.strict().parse(value)).toEqual(value);
  }
  const { error } = examples.find(([code]) => code === 'VALIDATION_ERROR')![1].value as { error: { details: unknown } };
  expect(z.array(Issue).parse(error.details)).toEqual(error.details);
});

// ---- Which failures an access rule implies --------------------------------------------------------------------------

const sorted = (route: AppRoute) => [...declaredCodes(route)].sort();
const ALWAYS = ['INTERNAL_ERROR', 'RATE_LIMIT_EXCEEDED', 'SERVICE_UNAVAILABLE'];
const WITH_BODY = ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
const WITH_CREDENTIAL = ['AUTH_FAILED', 'AUTH_REQUIRED', 'TOKEN_EXPIRED', 'WRONG_CREDENTIAL'];

test('an open route fails by its input and by what is its own', () => {
  expect(sorted(contract.cloud.auth.register)).toEqual(
    [...ALWAYS, ...WITH_BODY, 'EMAIL_TAKEN', 'VALIDATION_ERROR'].sort(),
  );
});

test('a route that takes nothing has nothing to validate', () => {
  expect(sorted(contract.cloud.auth.me)).toEqual([...ALWAYS, ...WITH_CREDENTIAL, 'INSUFFICIENT_SCOPE'].sort());
});

test('a route for devices knows no scopes', () => {
  expect(sorted(contract.cloud.daemon.heartbeat)).toEqual(
    [...ALWAYS, ...WITH_BODY, ...WITH_CREDENTIAL, 'DEVICE_MISMATCH', 'VALIDATION_ERROR'].sort(),
  );
});

test('an idempotency key can be malformed even where nothing else can be wrong, and reused', () => {
  const { pathParams: _, ...retry } = contract.cloud.tasks.retry;
  const codes = declaredCodes({ ...retry, path: '/v1/tasks/again' });
  expect(codes).toContain('VALIDATION_ERROR');
  expect(codes).toContain('IDEMPOTENCY_KEY_REUSED');
});

test('a repeated request for a secret is a failure of its own', () => {
  expect(declaredCodes(contract.cloud.apiKeys.create)).toContain('SECRET_ALREADY_SHOWN');
  expect(declaredCodes(contract.cloud.tasks.create)).not.toContain('SECRET_ALREADY_SHOWN');
});

test('an open route of the relay still refuses a key that is wrong, and says its own when the body is too large', () => {
  expect(sorted(contract.relay.publish.send)).toEqual(
    [
      ...ALWAYS,
      ...WITH_CREDENTIAL,
      'CHANNEL_NOT_FOUND',
      'INSUFFICIENT_SCOPE',
      'INVALID_CHANNEL_FORMAT',
      'INVALID_JSON',
      'KEY_EXPIRED',
      'MESSAGE_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'VALIDATION_ERROR',
    ].sort(),
  );
});

test('probes answer plainly and declare no failures', () => {
  expect(sorted(contract.ops.livez)).toEqual([]);
  expect(sorted(contract.ops.readyz)).toEqual([]);
  expect(sorted(contract.relay.health.ready)).toEqual([]);
});

// ---- Events ---------------------------------------------------------------------------------------------------------

test.each([
  'SocketCommand',
  'SocketFrame',
  'StreamEvent',
])('each member of %s has a name and says which it is', (name) => {
  const { oneOf, discriminator } = document.components!.schemas![name] as SchemaObject;
  const names = oneOf!.map((member) => (member as ReferenceObject).$ref);
  expect(names.length).toBeGreaterThan(1);
  expect(Object.values(discriminator!.mapping!)).toEqual(names);
});

test('the document says what goes through a WebSocket and through a subscription', () => {
  const { '/v1/ws': socket } = document['x-websockets'] as Record<string, { send: object; receive: object }>;
  expect(socket).toMatchObject({
    send: { $ref: '#/components/schemas/SocketCommand' },
    receive: { $ref: '#/components/schemas/SocketFrame' },
  });
  const { content } = responseOf(operationOf('subscribe.open'), '200');
  expect(content!['text/event-stream']).toMatchObject({ 'x-events': { $ref: '#/components/schemas/StreamEvent' } });
});

// ---- Components -----------------------------------------------------------------------------------------------------

test('a schema has a second form for requests only where defaults make it differ, inside too', () => {
  const Same = z.object({ a: z.string() }).meta({ id: 'Same' });
  const Inner = z.object({ b: z.string().default('x') }).meta({ id: 'Inner' });
  const Outer = z.object({ inner: Inner, same: Same }).meta({ id: 'Outer' });
  const RequestOnly = z.object({ c: z.int().default(1) }).meta({ id: 'RequestOnly' });
  const { schemas, refer } = componentSchemas([
    { schema: Outer, direction: 'input' },
    { schema: Outer, direction: 'output' },
    { schema: RequestOnly, direction: 'input' },
  ]);
  expect(schemas.map(([name]) => name)).toEqual(['Inner', 'InnerInput', 'Outer', 'OuterInput', 'RequestOnly', 'Same']);
  expect(refer(Outer, 'input')).toEqual({ $ref: '#/components/schemas/OuterInput' });
  expect(Object.fromEntries(schemas).OuterInput).toMatchObject({
    properties: { inner: { $ref: '#/components/schemas/InnerInput' }, same: { $ref: '#/components/schemas/Same' } },
  });
});

test('two schemas that differ cannot share an id', () => {
  const uses = [z.object({ a: z.string() }), z.object({ a: z.int() })].map((schema) => ({
    schema: z.object({ data: schema.meta({ id: 'Twice' }) }),
    direction: 'output' as const,
  }));
  expect(() => componentSchemas(uses)).toThrow('Twice');
});

type Field = { path: string; schema: SchemaObject };

/** The fields of a schema and of what it holds; those of a component it refers to are the component's. */
function* fieldsOf(schema: SchemaObject | ReferenceObject, path: string): Generator<Field> {
  if ('$ref' in schema) return;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (!('$ref' in field)) yield { path: `${path}.${name}`, schema: field };
    yield* fieldsOf(field, `${path}.${name}`);
  }
  const inner = [schema.items, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  for (const one of inner) if (one) yield* fieldsOf(one, path);
}

test.each(
  Object.entries(document.components!.schemas!),
)('%s and each of its fields has a description', (name, schema) => {
  const nameless = [...fieldsOf(schema, name)].filter(
    ({ schema: field }) => !field.description && field.const === undefined,
  );
  expect(nameless.map(({ path }) => path)).toEqual([]);
  expect((schema as SchemaObject).description).toMatch(/^[A-Z].{5,}/s);
});

test.each(operations)('$operation.operationId says what each parameter is and what it answers with', ({
  operation,
}) => {
  for (const parameter of operation.parameters!)
    if (!('$ref' in parameter)) expect(parameter.description, parameter.name).toMatch(/./);
  for (const [status, response] of Object.entries(operation.responses!))
    if (status.startsWith('2')) expect((response as ResponseObject).description).toMatch(/^[A-Z][^`]{7,}$/);
});
