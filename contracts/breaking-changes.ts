/**
 * What a change of the document would break for a program that was written against the one before.
 *
 * Breaking: an operation, a success, a kind of content, a field or a credential is gone; a request has to say more or may
 * say less; an answer may lack a field or hold another type. Not breaking, as the document says of itself: new
 * operations, optional input, fields, codes, and values of an enum in an answer.
 */
import type {
  OpenAPIObject,
  OperationObject,
  ParameterObject,
  ReferenceObject,
  RequestBodyObject,
  ResponseObject,
  SchemaObject,
} from 'openapi3-ts/oas31';

/** The two documents of a comparison, as they are read from JSON. */
type Pair = { before: OpenAPIObject; after: OpenAPIObject };
type Direction = 'request' | 'answer';

/** One sentence for each break, such as `tasks.get answers 200: data.stdout is gone`. */
export function breakingChanges(before: OpenAPIObject, after: OpenAPIObject): string[] {
  const pair = { before, after };
  const later = new Map([...operationsOf(after)].map((found) => [found.route, found.operation]));
  return [...operationsOf(before)].flatMap(({ route, operation }) => {
    const id = operation.operationId!;
    const now = later.get(route);
    if (!now) return [`${route} (${id}) is gone`];
    const changes = [
      ...(now.operationId === id ? [] : [`${id} is now named ${now.operationId}`]),
      ...parameterChanges(pair, operation, now),
      ...bodyChanges(pair, operation, now),
      ...answerChanges(pair, operation, now),
      ...credentialChanges(operation, now),
    ];
    return changes.map((change) => (change.startsWith(id) ? change : `${id} ${change}`));
  });
}

function* operationsOf(document: OpenAPIObject): Generator<{ route: string; operation: OperationObject }> {
  for (const [path, item] of Object.entries(document.paths ?? {}))
    for (const [method, operation] of Object.entries(item as Record<string, OperationObject>))
      yield { route: `${method.toUpperCase()} ${path}`, operation };
}

// ---- What goes in ---------------------------------------------------------------------------------------------------

function parameterChanges(pair: Pair, before: OperationObject, after: OperationObject): string[] {
  const read = (document: OpenAPIObject, operation: OperationObject) =>
    new Map(
      (operation.parameters ?? []).map((each) => {
        const parameter = follow<ParameterObject>(document, each);
        return [`${parameter.in} ${parameter.name}`, parameter];
      }),
    );
  const [old, now] = [read(pair.before, before), read(pair.after, after)];
  const gone = [...old].flatMap(([name, parameter]) => {
    const other = now.get(name);
    if (!other) return [`takes: ${name} is gone`];
    return schemaChanges(pair, parameter.schema!, other.schema!, 'request', name).map((change) => `takes: ${change}`);
  });
  const wanted = [...now].filter(([name, { required }]) => required && !old.get(name)?.required);
  return [...gone, ...wanted.map(([name]) => `takes: ${name} is required`)];
}

function bodyChanges(pair: Pair, before: OperationObject, after: OperationObject): string[] {
  const [old, now] = [before.requestBody, after.requestBody] as [RequestBodyObject?, RequestBodyObject?];
  if (now?.required && !old?.required) return ['takes: a body is required'];
  return contentChanges(pair, old, now, 'request').map((change) => `takes: ${change}`);
}

// ---- What comes out -------------------------------------------------------------------------------------------------

function answerChanges(pair: Pair, before: OperationObject, after: OperationObject): string[] {
  const successes = Object.entries(before.responses ?? {}).filter(([status]) => status.startsWith('2'));
  return successes.flatMap(([status, response]) => {
    const now = after.responses?.[status] as ResponseObject | ReferenceObject | undefined;
    if (!now) return [`answers ${status}: is gone`];
    const [old, other] = [follow<ResponseObject>(pair.before, response), follow<ResponseObject>(pair.after, now)];
    const headers = Object.keys(old.headers ?? {}).filter((name) => !other.headers?.[name]);
    return [
      ...headers.map((name) => `answers ${status}: header ${name} is gone`),
      ...contentChanges(pair, old, other, 'answer').map((change) => `answers ${status}: ${change}`),
    ];
  });
}

function credentialChanges(before: OperationObject, after: OperationObject): string[] {
  const kinds = ({ security = [] }: OperationObject) => security.map((each) => Object.keys(each).join() || 'nobody');
  const gone = kinds(before).filter((kind) => !kinds(after).includes(kind));
  // Where none was asked for, one is now.
  const closed = kinds(before).length === 0 && kinds(after).length > 0 && !kinds(after).includes('nobody');
  const rights = ['x-required-scope', 'x-required-permission'] as const;
  return [
    ...gone.map((kind) => `is no longer open to ${kind}`),
    ...(closed ? ['asks for a credential'] : []),
    ...rights.flatMap((right) =>
      after[right] && after[right] !== before[right]
        ? [`asks for ${after[right]} where it asked for ${before[right]}`]
        : [],
    ),
  ];
}

// ---- Schemas --------------------------------------------------------------------------------------------------------

type WithContent = Partial<Pick<ResponseObject, 'content'>>;

function contentChanges(
  pair: Pair,
  before: WithContent | undefined,
  after: WithContent | undefined,
  direction: Direction,
): string[] {
  return Object.entries(before?.content ?? {}).flatMap(([type, { schema }]) => {
    const now = after?.content?.[type];
    if (!now) return [`${type} is gone`];
    return schema && now.schema ? schemaChanges(pair, schema, now.schema, direction, '') : [];
  });
}

type Schema = SchemaObject | ReferenceObject;

/** Schemas of the two documents that name each other are compared once. */
function schemaChanges(
  pair: Pair,
  before: Schema,
  after: Schema,
  direction: Direction,
  at: string,
  seen: ReadonlySet<string> = new Set(),
): string[] {
  const name = '$ref' in before ? `${before.$ref} ${'$ref' in after ? after.$ref : ''}` : undefined;
  if (name && seen.has(name)) return [];
  const within = name ? new Set([...seen, name]) : seen;
  const [old, now] = [follow<SchemaObject>(pair.before, before), follow<SchemaObject>(pair.after, after)];
  const inner = (a: Schema, b: Schema, path: string) => schemaChanges(pair, a, b, direction, path, within);
  const label = at || 'the whole';
  return [
    ...typeChanges(old, now, direction).map((change) => `${label} ${change}`),
    ...(direction === 'request' ? boundChanges(old, now).map((change) => `${label} ${change}`) : []),
    ...requiredChanges(old, now, direction).map((field) => `${join(at, field.name)} ${field.change}`),
    ...Object.entries(old.properties ?? {}).flatMap(([field, schema]) => {
      const other = now.properties?.[field];
      return other ? inner(schema, other, join(at, field)) : [`${join(at, field)} is gone`];
    }),
    ...(old.items && now.items ? inner(old.items, now.items, `${at}[]`) : []),
    ...variantsOf(old).flatMap((variant, index) => {
      const other = variantsOf(now)[index];
      if (!other) return direction === 'request' ? [`${label} has one form less`] : [];
      return inner(variant, other, at);
    }),
  ];
}

const join = (at: string, field: string): string => (at ? `${at}.${field}` : field);

const variantsOf = ({ oneOf, anyOf, allOf }: SchemaObject): Schema[] => oneOf ?? anyOf ?? allOf ?? [];

const typesOf = ({ type, format }: SchemaObject): string[] =>
  [type ?? []].flat().map((each) => (format && each === 'string' ? `${each} (${format})` : each));

/** A request may take more types and values than before, an answer may hold fewer types. */
function typeChanges(before: SchemaObject, after: SchemaObject, direction: Direction): string[] {
  const [old, now] = [typesOf(before), typesOf(after)];
  const [promised, kept] = direction === 'request' ? [old, now] : [now, old];
  const isOpen = kept.length === 0;
  const types = promised.filter(
    (type) => !isOpen && !kept.includes(type) && !(type === 'integer' && kept.includes('number')),
  );
  const [values, taken] = direction === 'request' ? [before.enum ?? [], after.enum] : [[], undefined];
  const gone = taken ? values.filter((value) => !taken.includes(value)) : [];
  return [
    ...(types.length > 0 ? [`is ${now.join(' or ')} where it was ${old.join(' or ')}`] : []),
    ...gone.map((value) => `no longer takes ${JSON.stringify(value)}`),
    ...(direction === 'request' && after.enum && !before.enum ? ['takes a list of values only'] : []),
  ];
}

const LEAST = ['minimum', 'minLength', 'minItems'] as const;
const MOST = ['maximum', 'maxLength', 'maxItems'] as const;

function boundChanges(before: SchemaObject, after: SchemaObject): string[] {
  return [
    ...LEAST.filter((bound) => (after[bound] ?? -Infinity) > (before[bound] ?? -Infinity)),
    ...MOST.filter((bound) => (after[bound] ?? Infinity) < (before[bound] ?? Infinity)),
  ].map((bound) => `has a ${bound} of ${after[bound]} where it had ${before[bound] ?? 'none'}`);
}

function requiredChanges(before: SchemaObject, after: SchemaObject, direction: Direction) {
  const [old, now] = [before.required ?? [], after.required ?? []];
  if (direction === 'request')
    return now.filter((name) => !old.includes(name)).map((name) => ({ name, change: 'is required' }));
  return old
    .filter((name) => !now.includes(name) && after.properties?.[name])
    .map((name) => ({ name, change: 'may be missing' }));
}

const follow = <T extends object>(document: OpenAPIObject, thing: T | ReferenceObject): T => {
  if (!('$ref' in thing)) return thing;
  const [kind, name] = thing.$ref.split('/').slice(2) as ['schemas', string];
  return document.components![kind]![name] as T;
};
