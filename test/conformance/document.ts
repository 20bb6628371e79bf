/** The OpenAPI document as a program that knows nothing else reads it: its operations, and a judge for every schema. */
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export type Schema = {
  $ref?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  anyOf?: Schema[];
  oneOf?: Schema[];
  examples?: unknown[];
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  contentMediaType?: string;
};

export type Parameter = { name: string; in: 'path' | 'query' | 'header'; required?: boolean; schema: Schema };
type Content = Record<string, { schema?: Schema; 'x-events'?: Schema }>;
type Link = { operationId: string; parameters: Record<string, string> };
export type Response = { headers?: Record<string, { schema: Schema }>; content: Content; links?: Record<string, Link> };

export type Operation = {
  id: string;
  method: string;
  path: string;
  /** The names of the schemes, one of which opens it; empty: it takes none. */
  schemes: string[];
  /** It can be called without a credential. */
  isOpen: boolean;
  parameters: Parameter[];
  body?: { required?: boolean; content: Content };
  responses: Record<string, Response>;
};

type Reference = { $ref: string };
type RawOperation = {
  operationId: string;
  security?: Record<string, string[]>[];
  parameters?: (Parameter | Reference)[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, Response | Reference>;
};
export type RawDocument = {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, RawOperation>>;
  components: Record<string, Record<string, unknown>>;
  'x-websockets'?: Record<string, { send: Schema; receive: Schema }>;
};

export type Contract = {
  operations: Operation[];
  operation(id: string): Operation;
  sockets: Record<string, { send: Schema; receive: Schema }>;
  follow<T extends object>(thing: T | Reference): T;
  /** What is wrong with `value`, in a few words; undefined when nothing is. */
  faultOf(schema: Schema, value: unknown): string | undefined;
  /** Where the id that `operation` takes in its path comes from. */
  sourceOf(operation: Operation, parameter: string): { operation: Operation; pointer: string } | undefined;
};

export function readContract(document: RawDocument): Contract {
  const follow = <T extends object>(thing: T | Reference): T => {
    if (!('$ref' in thing) || typeof thing.$ref !== 'string') return thing as T;
    const [kind, name] = thing.$ref.split('/').slice(2) as [string, string];
    return follow(document.components[kind]?.[name] as T | Reference);
  };
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, raw]) => readOperation(method, path, raw, follow)),
  );
  const operation = (id: string): Operation => {
    const found = operations.find((each) => each.id === id);
    if (!found) throw new Error(`The document has no operation ${id}`);
    return found;
  };
  return {
    operations,
    operation,
    sockets: document['x-websockets'] ?? {},
    follow,
    faultOf: faultFinder(document),
    sourceOf(target, parameter) {
      for (const source of operations)
        for (const { links = {} } of Object.values(source.responses))
          for (const { operationId, parameters } of Object.values(links))
            if (operationId === target.id && parameters[parameter])
              return { operation: source, pointer: parameters[parameter].replace('$response.body#', '') };
      return undefined;
    },
  };
}

const readOperation = (method: string, path: string, raw: RawOperation, follow: Contract['follow']): Operation => {
  const security = raw.security ?? [];
  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    path,
    schemes: security.flatMap((each) => Object.keys(each)),
    isOpen: security.length === 0 || security.some((each) => Object.keys(each).length === 0),
    parameters: (raw.parameters ?? []).map((each) => follow<Parameter>(each)),
    ...(raw.requestBody && { body: raw.requestBody }),
    responses: Object.fromEntries(
      Object.entries(raw.responses).map(([status, response]) => {
        const { headers = {}, ...rest } = follow<Response>(response);
        const followed = Object.entries(headers).map(([name, header]) => [name, follow(header)]);
        return [status, { ...rest, headers: Object.fromEntries(followed) }];
      }),
    ),
  };
};

/** Compiles each schema once, with the whole document as what its references reach into. */
const faultFinder = (document: RawDocument): Contract['faultOf'] => {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  // Under a name that no schema has: what a reference says after the # is found in it.
  ajv.addSchema({ ...document, $id: 'document' });
  const compiled = new Map<string, ValidateFunction>();
  return (schema, value) => {
    const text = JSON.stringify(schema);
    let validate = compiled.get(text);
    if (!validate) {
      validate = ajv.compile(JSON.parse(text.replaceAll('"$ref":"#/', '"$ref":"document#/')));
      compiled.set(text, validate);
    }
    if (validate(value)) return undefined;
    const [error] = validate.errors ?? [];
    return `${error?.instancePath || 'the whole'} ${error?.message}`;
  };
};
