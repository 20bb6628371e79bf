/**
 * The OpenAPI document as the calls of the client: what each method is named, takes and gives.
 *
 * A schema that has no name of its own gets one here, made from the operation (`TasksListQuery`, `ApiKeysListData`), so
 * that each signature is made of names alone.
 */
import type { Operation, Parameter, Reference, Response, Schema, ServiceDocument } from './document.ts';

export type Call = {
  name: string;
  method: string;
  path: string;
  pathParameters: string[];
  /** Headers that the service demands: the argument for each. */
  headers: { name: string; argument: string }[];
  /** The name of its type. */
  body?: string;
  /** Such a body; a form has none. */
  bodyExample?: object;
  /** The body is sent as a form. */
  isForm: boolean;
  /** The answer is no JSON: the response itself is given, with its body unread. */
  isRaw: boolean;
  /** `example` has what it demands. */
  query?: { type: string; isOptional: boolean; example: object };
  /** The name of the type of the answer's data; of one item, when the answer is a page. */
  data: string;
  /** The fields of that which say something; a list or a choice has none of its own. */
  fields?: string[];
  /** What it gives, in words. */
  gives: string;
  /** The key of the items, when the answer is a page of them. */
  list?: string;
  idempotent: boolean;
  summary: string;
  description: string;
  failures: { status: string; codes: string[] }[];
};

export type Noun = { name: string; description: string; calls: Call[] };

/** The parts of the client: `CcjkCloud`, and its `relay`. The rest are probes of a supervisor. */
export type Family = 'cloud' | 'relay';

const RELAY_TAG = /^Relay: (?!probes$)/;

/** A stream, and calls that answer with one thing or another: written by hand, in `sdk/src/relay`. */
const BY_HAND = ['subscribe.open', 'channels.list', 'register.find', 'keys.remove'];

/** Where the words of the paths make no good names. */
const NAMES: Record<string, string> = {
  'publish.send': 'messages.publish',
  'publish.list': 'messages.queue',
  'register.create': 'publicKeys.register',
};

const belongsTo = (family: Family, path: string, { operationId, tags }: Operation): boolean =>
  family === 'cloud'
    ? path.startsWith('/v1/')
    : tags.some((tag) => RELAY_TAG.test(tag)) && !BY_HAND.includes(operationId);

/** The nouns of a part of the client, and all schemas that their calls name. */
export const readCalls = (
  document: ServiceDocument,
  family: Family,
): { nouns: Noun[]; schemas: Record<string, Schema> } => {
  const schemas = { ...document.components.schemas };
  const nouns = new Map<string, Noun>();
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item)) {
      if (!belongsTo(family, path, operation)) continue;
      const { operationId } = operation;
      const [noun, name] = (NAMES[operationId] ?? operationId).split('.') as [string, string];
      const { description } = document.tags.find((tag) => operation.tags.includes(tag.name))!;
      if (!nouns.has(noun)) nouns.set(noun, { name: pascalCase(noun), description, calls: [] });
      nouns
        .get(noun)!
        .calls.push({ name, method: method.toUpperCase(), path, ...readCall(document, schemas, operation) });
    }
  return { nouns: [...nouns.values()], schemas };
};

const readCall = (
  document: ServiceDocument,
  schemas: Record<string, Schema>,
  operation: Operation,
): Omit<Call, 'name' | 'method' | 'path'> => {
  const typeOf = (schema: Schema, suffix: string): string => {
    if (schema.$ref) return schema.$ref.split('/').at(-1)!;
    const name = operation.operationId.split('.').map(pascalCase).join('') + suffix;
    schemas[name] = schema;
    return name;
  };
  const all = operation.parameters.map((parameter) => follow(document, parameter));
  const parameters = (where: Parameter['in']) => all.filter((parameter) => parameter.in === where);
  const query = asSchema(parameters('query'));
  const isForm = operation.requestBody?.content[FORM] !== undefined;
  const body = operation.requestBody && schemaOf(operation.requestBody, isForm ? FORM : JSON_TYPE);
  const isRaw = responses(document, operation).some(({ hasSucceeded, schema }) => hasSucceeded && !schema);
  const answer = isRaw ? {} : answerData(document, operation);
  const items = Object.entries(answer.properties ?? {}).find(([, { type }]) => type === 'array');
  const list = answer.properties?.pagination && items;
  return {
    pathParameters: parameters('path').map(({ name }) => name),
    headers: parameters('header')
      .filter(({ required }) => required)
      .map(({ name }) => ({ name, argument: camelCase(name.replace(/^X-/, '')) })),
    ...(body && { body: typeOf(body, 'Body'), bodyExample: resolve(document, body).examples?.[0] as object }),
    ...(query && {
      query: {
        type: typeOf(query, 'Query'),
        isOptional: query.required?.length === 0,
        example: Object.fromEntries(query.required!.map((name) => [name, query.properties![name]!.examples?.[0]])),
      },
    }),
    isForm,
    isRaw,
    ...fieldsOf(resolve(document, list ? list[1].items! : answer)),
    gives: responses(document, operation).find(({ hasSucceeded }) => hasSucceeded)!.description!,
    ...(list
      ? { list: list[0], data: typeOf(list[1].items!, 'Item') }
      : { data: isRaw ? 'Response' : typeOf(answer, 'Data') }),
    idempotent: all.some(({ name }) => name === 'Idempotency-Key'),
    summary: operation.summary,
    description: operation.description,
    failures: responses(document, operation)
      .filter(({ hasSucceeded }) => !hasSucceeded)
      .map(({ status, schema }) => ({ status, codes: codesIn(schema!) })),
  };
};

/** What lies under `data` in the answers that succeed, which must agree on it. */
const answerData = (document: ServiceDocument, operation: Operation): Schema => {
  const answers = responses(document, operation)
    .filter(({ hasSucceeded }) => hasSucceeded)
    .map(({ schema }) => schema!.properties!.data!);
  if (new Set(answers.map((data) => JSON.stringify(data))).size !== 1)
    throw new Error(`${operation.operationId} gives different data with different statuses: one method cannot`);
  return answers[0]!;
};

const responses = (document: ServiceDocument, operation: Operation) =>
  Object.entries(operation.responses).map(([status, response]) => ({
    status,
    hasSucceeded: status.startsWith('2'),
    description: follow(document, response).description,
    schema: follow(document, response).content[JSON_TYPE]?.schema,
  }));

/** The values of `error.code` that a failure allows. */
export const codesIn = ({ properties, allOf = [] }: Schema): string[] => [
  ...new Set([...(properties?.error?.properties?.code?.enum ?? []), ...allOf.flatMap(codesIn)]),
];

const JSON_TYPE = 'application/json';
const FORM = 'multipart/form-data';

const schemaOf = ({ content }: Response, mediaType: string): Schema => content[mediaType]!.schema!;

const resolve = (document: ServiceDocument, schema: Schema): Schema =>
  schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!]! : schema;

const fieldsOf = ({ properties }: Schema): Pick<Call, 'fields'> =>
  properties ? { fields: Object.keys(properties).filter((name) => properties[name]!.const === undefined) } : {};

const asSchema = (parameters: Parameter[]): Schema | undefined =>
  parameters.length === 0
    ? undefined
    : {
        type: 'object',
        properties: Object.fromEntries(
          parameters.map(({ name, schema, description }) => [name, { ...schema, ...(description && { description }) }]),
        ),
        required: parameters.filter(({ required }) => required).map(({ name }) => name),
      };

const follow = <T extends object>(document: ServiceDocument, thing: T | Reference): T => {
  if (!('$ref' in thing)) return thing;
  const [kind, name] = thing.$ref.split('/').slice(2) as ['parameters' | 'responses', string];
  return document.components[kind][name] as T;
};

const pascalCase = (name: string): string => name[0]!.toUpperCase() + name.slice(1);

/** `task_id` and `Device-ID` as an argument is named: `taskId`, `deviceId`. */
export const camelCase = (name: string): string =>
  name.toLowerCase().replace(/[-_](\w)/g, (_, letter: string) => letter.toUpperCase());
