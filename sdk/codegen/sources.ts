/** The generated half of the SDK, as files of `sdk/src/generated`. */
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { type Call, camelCase, codesIn, type Noun, readCalls } from './calls.ts';
import type { Operation, Response, Schema, ServiceDocument } from './document.ts';
import { exampleOf } from './examples.ts';

const NOTICE = '// Generated from contracts/openapi.json by `npm run generate`. Do not edit.\n';

/** @param json the text of contracts/openapi.json */
export const sdkSources = async (json: string): Promise<Record<'types' | 'resources' | 'relay' | 'codes', string>> => {
  const document = withoutReleasedDaemon(JSON.parse(json));
  const [cloud, relay] = [readCalls(document, 'cloud'), readCalls(document, 'relay')];
  return {
    types: await typesSource(document, { ...cloud.schemas, ...relay.schemas }),
    resources: resourcesSource(cloud.nouns, ({ name }) => `client.${lowerFirst(name)}`),
    relay: resourcesSource(relay.nouns, ({ name }) => (name === 'Messages' ? 'relay' : `relay.${lowerFirst(name)}`)),
    codes: codesSource(document),
  };
};

/** `/api/control` is for the daemon that is released already, which speaks it without this SDK. */
const withoutReleasedDaemon = (document: ServiceDocument): ServiceDocument => {
  const { ControlFailure: _, ...schemas } = document.components.schemas;
  const paths = Object.entries(document.paths).filter(([path]) => !path.startsWith('/api/control/'));
  return { ...document, paths: Object.fromEntries(paths), components: { ...document.components, schemas } };
};

const BLOB = ts.factory.createTypeReferenceNode('Blob');

// ---- types.ts -------------------------------------------------------------------------------------------------------

const typesSource = async (document: ServiceDocument, schemas: Record<string, Schema>): Promise<string> => {
  // Each member says with a constant which it is; a mapping besides would put the generator's own words into the types.
  const json = JSON.stringify(withoutFailures(document, schemas), (key, value) =>
    key === 'discriminator' && value.mapping ? undefined : value,
  );
  const nodes = await openapiTS(json, {
    defaultNonNullable: false,
    silent: true,
    // Blob is what a form carries: a file, or bytes in memory.
    transform: (schema) => ((schema as Schema).contentMediaType ? BLOB : undefined),
  });
  const kept = nodes.filter((node) =>
    ['components', 'operations'].includes((node as ts.InterfaceDeclaration).name.text),
  );
  const aliases = Object.keys(schemas)
    .sort()
    .map((name) => `export type ${name} = components['schemas']['${name}'];`);
  return `${NOTICE}\n${astToString(kept)}\n${aliases.join('\n')}\n`;
};

/** An operation keeps what it takes and what it gives: a call that fails throws, and its type is `ApiError`. */
const withoutFailures = (document: ServiceDocument, schemas: Record<string, Schema>): ServiceDocument => {
  const succeeding = (operation: Operation): Operation => ({
    ...operation,
    responses: Object.fromEntries(
      Object.entries(operation.responses)
        .filter(([status]) => status.startsWith('2'))
        .map(([status, response]) => [status, onlySchemas(response as Response)]),
    ),
  });
  return {
    ...document,
    paths: mapValues(document.paths, (item) => mapValues(item, succeeding)),
    components: { schemas, parameters: document.components.parameters, responses: {} },
  };
};

/** Of an answer the types need no header, example or link. */
const onlySchemas = ({ content }: Response): Response => ({
  content: mapValues(content, ({ schema }) => (schema ? { schema } : {})),
});

const mapValues = <T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

// ---- codes.ts -------------------------------------------------------------------------------------------------------

const codesSource = (document: ServiceDocument): string => {
  const codes = codesIn(document.components.schemas.Failure!);
  return `${NOTICE}
/** What \`error.code\` can be. A newer service may know more codes. */
export type FailureCode =
${codes.map((code) => `  | '${code}'`).join('\n')};
`;
};

// ---- resources.ts ---------------------------------------------------------------------------------------------------

/** @param receiverOf where an example finds the methods of a noun */
const resourcesSource = (nouns: readonly Noun[], receiverOf: (noun: Noun) => string): string => {
  const calls = nouns.flatMap((noun) => noun.calls);
  const types = new Set(
    calls.flatMap(({ body, query, data, isRaw }) =>
      [body, query?.type, isRaw ? undefined : data].filter((name) => name !== undefined),
    ),
  );
  const imports = calls.some(({ list }) => list) ? "import type { PagePromise } from '../core/paging.ts';\n" : '';
  return `${NOTICE}
${imports}import { type ApiPromise, at, type RequestOptions, Resource } from '../core/resource.ts';
import type {
${[...types]
  .sort()
  .map((name) => `  ${name},`)
  .join('\n')}
} from './types.ts';

${nouns.map((noun) => resourceClass(noun, receiverOf(noun))).join('\n')}`;
};

const resourceClass = ({ name, description, calls }: Noun, receiver: string): string => {
  const methods = calls.map((call) => method(call, receiver)).join('\n');
  return `${comment([description], '')}export class ${name} extends Resource {\n${methods}}\n`;
};

const method = (call: Call, receiver: string): string => {
  const { list, data, name } = call;
  const takes = [
    ...call.pathParameters.map((parameter) => `${camelCase(parameter)}: string`),
    ...call.headers.map(({ argument }) => `${argument}: string`),
    ...(call.body ? [`body: ${call.body}`] : []),
    ...(call.query ? [`query: ${call.query.type}${call.query.isOptional ? ' = {}' : ''}`] : []),
    'options?: RequestOptions',
  ];
  const spec = [
    `method: '${call.method}'`,
    `path: ${pathSource(call.path)}`,
    ...(call.query ? ['query'] : []),
    ...(call.body ? [call.isForm ? 'form: body' : 'body'] : []),
    ...(call.isRaw ? ['raw: true'] : []),
    ...(call.headers.length > 0
      ? [`headers: { ${call.headers.map((header) => `'${header.name}': ${header.argument}`).join(', ')} }`]
      : []),
    ...(call.idempotent ? ['idempotent: true'] : []),
  ].join(', ');
  return `${documentation(call, receiver)}  ${name}(${takes.join(', ')}): ${list ? 'PagePromise' : 'ApiPromise'}<${data}> {
    return this.${list ? `page({ ${spec} }, '${list}', options)` : `call({ ${spec} }, options)`};
  }
`;
};

const pathSource = (path: string): string =>
  path.includes('{')
    ? `\`${path.replace(/\{(\w+)\}/g, (_, name: string) => `\${at(${camelCase(name)})}`)}\``
    : `'${path}'`;

const documentation = (call: Call, receiver: string): string => {
  const { summary, description, method, path, failures, gives } = call;
  return comment(
    [
      `${summary}.`,
      '',
      ...description.split('\n'),
      '',
      `\`${method} ${path}\``,
      '',
      `@returns ${gives}`,
      ...failures.map(({ status, codes }) => `@throws {ApiError} ${status} ${codes.join(', ')}`),
      '@example',
      ...exampleOf(call, receiver),
    ],
    '  ',
  );
};

const comment = (lines: readonly string[], indent: string): string =>
  lines.length === 1
    ? `${indent}/** ${escaped(lines[0]!)} */\n`
    : `${indent}/**\n${lines.map((line) => `${indent} * ${escaped(line)}`.trimEnd()).join('\n')}\n${indent} */\n`;

const lowerFirst = (name: string): string => name[0]!.toLowerCase() + name.slice(1);

const escaped = (line: string): string => line.replaceAll('*/', '*\\/');
