/**
 * The contract as an OpenAPI 3.1 document. `npm run generate` writes it to openapi.json, from which the SDK is made.
 */
import { type AppRoute, type AppRouter, isAppRoute, isAppRouteOtherResponse } from '@ts-rest/core';
import {
  type LinkObject,
  type MediaTypeObject,
  type OpenAPIObject,
  OpenApiBuilder,
  type OperationObject,
  type ParameterObject,
  type ReferenceObject,
  type ResponseObject,
  type SchemaObject,
} from 'openapi3-ts/oas31';
import { z } from 'zod';
import pkg from '../package.json' with { type: 'json' };
import { type ComponentSchemas, componentSchemas, type SchemaUse } from './component-schemas.ts';
import { accessOf, declaredFailures, readsBody } from './declared.ts';
import { SocketCommand, SocketFrame } from './events.ts';
import { contract } from './index.ts';
import { answerDescription, describe } from './openapi-descriptions.ts';
import { exampleOf } from './openapi-examples.ts';
import { FAILURE_SCHEMAS, failureExamples, failureReferences, failureResponses } from './openapi-failures.ts';
import { linksOf } from './openapi-links.ts';
import {
  headerComponents,
  headersOf,
  INFO,
  PARAMETERS,
  SECURITY_SCHEMES,
  schemesOf,
  TAGS,
  WEBSOCKETS,
} from './openapi-parts.ts';
import { StreamEvent } from './relay/subscribe.ts';
import { type CredentialKind, MIB } from './wire.ts';

/** No schema of an operation has them: OpenAPI knows neither WebSockets nor Server-Sent Events; extensions name them. */
const EVENT_SCHEMAS: readonly SchemaUse[] = [
  { schema: SocketCommand, direction: 'input' },
  { schema: SocketFrame, direction: 'output' },
  { schema: StreamEvent, direction: 'output' },
];

type NamedRoute = { noun: string; operationId: string; route: AppRoute };

/** Each route of the contract with its name: `tasks.create` for `contract.cloud.tasks.create`. */
export function* namedRoutes(router: AppRouter = contract, names: readonly string[] = []): Generator<NamedRoute> {
  for (const [name, entry] of Object.entries(router)) {
    const path = [...names, name];
    if (isAppRoute(entry)) yield { noun: path.at(-2)!, operationId: path.slice(-2).join('.'), route: entry };
    else yield* namedRoutes(entry, path);
  }
}

export const openApiDocument = (): OpenAPIObject => {
  const named = [...namedRoutes()];
  const routes = named.map(({ route }) => route);
  const components = componentSchemas([...routes.flatMap(schemasOf), ...FAILURE_SCHEMAS, ...EVENT_SCHEMAS]);
  const document = OpenApiBuilder.create({
    openapi: '3.1.1',
    info: { ...INFO, version: pkg.version },
    servers: [{ url: '/', description: 'The server that this document comes from' }],
    tags: Object.values(TAGS),
    paths: {},
    'x-websockets': WEBSOCKETS,
  });
  for (const { noun, operationId, route } of named)
    document.addPath(route.path.replace(/:(\w+)/g, '{$1}'), {
      [route.method.toLowerCase()]: {
        operationId,
        tags: [TAGS[noun as keyof typeof TAGS].name],
        ...operation(route, components, (status) => linksOf(named, operationId, status)),
      },
    });
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) document.addSecurityScheme(name, scheme);
  for (const [name, parameter] of Object.entries(PARAMETERS)) document.addParameter(name, parameter);
  for (const [name, header] of headerComponents()) document.addHeader(name, header);
  for (const [name, schema] of components.schemas) document.addSchema(name, schema);
  for (const [name, response] of failureResponses(routes)) document.addResponse(name, response);
  for (const [name, example] of failureExamples(routes)) document.addExample(name, example);
  return describe(document.getSpec());
};

type Links = (status: number) => Record<string, LinkObject>;

const operation = (
  route: AppRoute,
  components: ComponentSchemas,
  links: Links,
): Omit<OperationObject, 'operationId' | 'tags'> => {
  const { isOpen, scope, permission, rate } = accessOf(route);
  const body = bodyOf(route);
  return {
    ...(route.summary && { summary: route.summary }),
    description: [route.description, accessInWords(route)].filter(Boolean).join('\n\n'),
    security: [...schemesOf(route).map((scheme) => ({ [scheme]: [] })), ...(isOpen ? [{}] : [])],
    // OpenAPI 3.1 lets a requirement list them, but linters and generators take that for OAuth alone.
    ...(scope && { 'x-required-scope': scope }),
    ...(permission && { 'x-required-permission': permission }),
    'x-rate-class': rate,
    parameters: parametersOf(route, components),
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { [bodyKind(route)]: { schema: components.refer(body, 'input') } },
      },
    }),
    responses: { ...answersOf(route, components, links), ...failureReferences(route) },
  };
};

const accessInWords = (route: AppRoute): string => {
  const { auth, isOpen, scope, permission, rate, bodyLimit } = accessOf(route);
  const words: Record<CredentialKind, string> = {
    user: 'the access token of a user',
    apiKey: scope ? `an API key with the scope \`${scope}\`` : 'an API key',
    device: 'the key of a device',
    relayKey: permission ? `a relay key that may \`${permission}\`` : 'a relay key',
    admin: 'the operator with X-Admin-Key',
  };
  const budget = auth.length > 0 && !isOpen ? 'in the budget of the credential' : 'by IP address';
  const who = auth.map((kind) => words[kind]).join(' or ');
  const budgets = {
    none: 'not counted',
    credential: `counted ${budget}`,
    webhook: 'RATE_LIMIT_WEBHOOK_MAX by IP address',
    publish: 'RELAY_PUBLISH_MAX by key or IP address',
    register: 'RELAY_REGISTER_MAX by key or IP address',
    subscribe: 'RELAY_SUBSCRIBE_MAX by key or IP address; with a last id not counted',
    channels: 'RELAY_CHANNELS_MAX by key or IP address',
    read: 'RELAY_READ_MAX by key or IP address',
  } satisfies Record<typeof rate, string>;
  return [
    `**Who:** ${isOpen ? `anyone; where RELAY_REQUIRE_KEY is set, ${who}` : who || 'anyone'}.`,
    `**Rate:** ${budgets[rate]}.`,
    ...(readsBody(route) && bodyLimit !== MIB ? [`**Body:** at most ${bodyLimit / MIB} MiB.`] : []),
  ].join(' ');
};

// ---- What goes in ---------------------------------------------------------------------------------------------------

const PARTS = [
  ['path', 'pathParams'],
  ['query', 'query'],
  ['header', 'headers'],
] as const;

const bodyOf = (route: AppRoute): z.ZodType | undefined =>
  'body' in route && route.body instanceof z.ZodType ? route.body : undefined;

const bodyKind = (route: AppRoute): string => ('contentType' in route && route.contentType) || 'application/json';

const parametersOf = (route: AppRoute, components: ComponentSchemas): (ParameterObject | ReferenceObject)[] => [
  ...PARTS.flatMap(([where, part]) => {
    const schema = route[part];
    if (!(schema instanceof z.ZodType)) return [];
    const { properties = {}, required = [] } = components.refer(schema, 'input') as SchemaObject;
    return Object.entries(properties).map(([name, property]): ParameterObject => {
      const { description, ...type } = property as SchemaObject;
      return {
        name: where === 'header' ? headerCase(name) : name,
        in: where,
        required: required.includes(name),
        ...(description && { description }),
        schema: type,
      };
    });
  }),
  ...(accessOf(route).idempotent ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  { $ref: '#/components/parameters/RequestId' },
];

/** `x-device-id` as prose writes it: `X-Device-ID`. */
const headerCase = (name: string): string => name.replace(/\bid$|\b\w/g, (letters) => letters.toUpperCase());

// ---- What comes out -------------------------------------------------------------------------------------------------

/** The answers that are no failures of the table. */
const ownAnswers = (route: AppRoute) =>
  Object.entries(route.responses)
    .filter(([status]) => !declaredFailures(route).has(Number(status)))
    .map(([status, response]) => {
      const { contentType, body } = isAppRouteOtherResponse(response)
        ? response
        : { contentType: 'application/json', body: response };
      return { status, contentType, schema: body instanceof z.ZodType ? body : undefined };
    });

const answersOf = (route: AppRoute, components: ComponentSchemas, links: Links): Record<string, ResponseObject> =>
  Object.fromEntries(
    ownAnswers(route).map(({ status, contentType, schema }) => [
      status,
      {
        description: answerDescription(status, schema && components.refer(schema, 'output')),
        headers: headersOf(route, Number(status)),
        content: { [contentType]: schema ? contentOf(components, contentType, schema) : {} },
        ...(Object.keys(links(Number(status))).length > 0 && { links: links(Number(status)) }),
      },
    ]),
  );

const contentOf = (components: ComponentSchemas, contentType: string, schema: z.ZodType): MediaTypeObject => {
  const reference = components.refer(schema, 'output');
  if (contentType === EVENT_STREAM) return { schema: reference, 'x-events': components.refer(StreamEvent, 'output') };
  return { schema: reference, example: exampleOf(reference, new Map(components.schemas)) };
};

const EVENT_STREAM = 'text/event-stream';

const schemasOf = (route: AppRoute): SchemaUse[] => {
  const inputs = [...PARTS.map(([, part]) => route[part]), bodyOf(route)].filter((part) => part instanceof z.ZodType);
  const outputs = ownAnswers(route).flatMap(({ schema }) => schema ?? []);
  return [
    ...inputs.map((schema) => ({ schema, direction: 'input' as const })),
    ...outputs.map((schema) => ({ schema, direction: 'output' as const })),
  ];
};
