/**
 * Failures in the OpenAPI document: one schema and one example per code for each family, and one response per set of codes
 * that some operation answers with one status, so that an operation names its failures by reference.
 */
import type { AppRoute } from '@ts-rest/core';
import type { ExampleObject, ReferenceObject, ResponseObject, SchemaObject } from 'openapi3-ts/oas31';
import type { SchemaUse } from './component-schemas.ts';
import { controlFailure } from './control.ts';
import { accessOf, declaredFailures } from './declared.ts';
import { codeOnTheWire, FAILURES, type FailureCode } from './failures.ts';
import { type Family, familyOf } from './families.ts';
import { headersOf } from './openapi-parts.ts';
import { relayFailure } from './relay/wire.ts';
import { failure, Issue } from './wire.ts';

const ALL_CODES = Object.keys(FAILURES) as FailureCode[];

/** What every failure looks like; each response narrows its codes. */
const Failure = failure(ALL_CODES).meta({
  id: 'Failure',
  description: 'The envelope of an answer that failed. Decide by error.code; error.message is for people.',
});

const RelayFailure = relayFailure(ALL_CODES).meta({
  id: 'RelayFailure',
  description: 'The envelope of an answer under /api that failed. Decide by error.code; error.message is for people.',
});

const ControlFailure = controlFailure(ALL_CODES).meta({
  id: 'ControlFailure',
  description: 'The envelope of an answer under /api/control that failed. Decide by the status.',
});

/** What the names of a family's failures begin with. */
const PREFIX = { cloud: '', ops: '', relay: 'Relay', control: 'Control' } as const satisfies Record<Family, string>;

export const FAILURE_SCHEMAS: readonly SchemaUse[] = [Failure, RelayFailure, ControlFailure, Issue].map((schema) => ({
  schema,
  direction: 'output',
}));

/** The failures of one route, by status. */
export const failureReferences = (route: AppRoute): Record<string, ReferenceObject> =>
  Object.fromEntries(
    [...declaredFailures(route)].map(([status, codes]) => [
      status,
      { $ref: `#/components/responses/${nameOf(route, codes)}` },
    ]),
  );

export const failureResponses = (routes: readonly AppRoute[]): Map<string, ResponseObject> =>
  new Map(
    routes.flatMap((route) =>
      [...declaredFailures(route)].map(([status, codes]) => [nameOf(route, codes), response(route, status, codes)]),
    ),
  );

/** An example of each code that a route of a family answers; on the wire two of them may be one. */
export const failureExamples = (routes: readonly AppRoute[]): [name: string, example: ExampleObject][] =>
  (['cloud', 'relay', 'control'] as const).flatMap((family) => {
    const ofFamily = routes.filter(({ path }) => familyOf(path) === family);
    const used = new Set(ofFamily.flatMap((route) => [...declaredFailures(route).values()].flat()));
    return ALL_CODES.filter((code) => used.has(code)).map((code): [string, ExampleObject] => [
      exampleName(code, family),
      example(code, family),
    ]);
  });

const exampleName = (code: FailureCode, family: Family): string =>
  [PREFIX[family].toUpperCase(), code].filter(Boolean).join('_');

const nameOf = (route: AppRoute, codes: readonly FailureCode[]): string =>
  PREFIX[familyOf(route.path)] +
  codes.map(pascalCase).join('Or') +
  (accessOf(route).rate === 'none' ? 'Uncounted' : '');

const pascalCase = (code: string): string =>
  code.replace(/_?([A-Z])([A-Z]*)/g, (_, first: string, rest: string) => first + rest.toLowerCase());

const response = (route: AppRoute, status: number, codes: readonly FailureCode[]): ResponseObject => {
  const family = familyOf(route.path);
  const envelope = { $ref: `#/components/schemas/${PREFIX[family]}Failure` };
  return {
    description: codes.map((code) => `- \`${codeOnTheWire(code)}\` ${FAILURES[code][1]}`).join('\n'),
    headers: headersOf(route, status),
    content: {
      'application/json': {
        schema: family === 'control' ? envelope : { allOf: [envelope, narrowing(codes)] },
        examples: Object.fromEntries(
          codes.map((code) => [code, { $ref: `#/components/examples/${exampleName(code, family)}` }]),
        ),
      },
    },
  };
};

const narrowing = (codes: readonly FailureCode[]): SchemaObject => ({
  type: 'object',
  properties: { error: { type: 'object', properties: narrowed(codes) } },
});

const narrowed = (codes: readonly FailureCode[]): Record<string, SchemaObject> => ({
  code: { type: 'string', enum: codes.map(codeOnTheWire) },
  ...(codes.includes('VALIDATION_ERROR') && {
    details: { type: 'array', items: { $ref: '#/components/schemas/Issue' } },
  }),
});

const DETAILS: { [Code in FailureCode]?: unknown } = {
  VALIDATION_ERROR: [{ path: ['body', 'email'], message: 'Invalid email address', code: 'invalid_format' }],
};

const example = (code: FailureCode, family: 'cloud' | 'relay' | 'control'): ExampleObject => {
  const error = {
    code: codeOnTheWire(code),
    message: FAILURES[code][1],
    ...(code in DETAILS && { details: DETAILS[code] }),
  };
  const meta = { request_id: '7e0c6a52-2f0b-4f7e-9d0e-3a5f1f1c9b42', timestamp: '2026-01-20T10:00:00.000Z' };
  const values = {
    cloud: { success: false, data: null, error, meta },
    relay: { success: false, error },
    control: { success: false, error: error.message },
  };
  return { summary: error.message, value: values[family] };
};
