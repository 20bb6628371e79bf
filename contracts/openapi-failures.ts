/**
 * Failures in the OpenAPI document: one schema and one example per code for each family, and one response per set of codes
 * that some operation answers with one status, so that an operation names its failures by reference.
 */
import type { AppRoute } from '@ts-rest/core';
import type { ExampleObject, ReferenceObject, ResponseObject, SchemaObject } from 'openapi3-ts/oas31';
import type { SchemaUse } from './component-schemas.ts';
import { accessOf, declaredFailures, isRelay } from './declared.ts';
import { codeOnTheWire, FAILURES, type FailureCode } from './failures.ts';
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

export const FAILURE_SCHEMAS: readonly SchemaUse[] = [Failure, RelayFailure, Issue].map((schema) => ({
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
  [false, true].flatMap((ofRelay) => {
    const ofFamily = routes.filter((route) => isRelay(route) === ofRelay);
    const used = new Set(ofFamily.flatMap((route) => [...declaredFailures(route).values()].flat()));
    return ALL_CODES.filter((code) => used.has(code)).map((code): [string, ExampleObject] => [
      exampleName(code, ofRelay),
      example(code, ofRelay),
    ]);
  });

const exampleName = (code: FailureCode, ofRelay: boolean): string => (ofRelay ? `RELAY_${code}` : code);

const nameOf = (route: AppRoute, codes: readonly FailureCode[]): string =>
  (isRelay(route) ? 'Relay' : '') +
  codes.map(pascalCase).join('Or') +
  (accessOf(route).rate === 'none' ? 'Uncounted' : '');

const pascalCase = (code: string): string =>
  code.replace(/_?([A-Z])([A-Z]*)/g, (_, first: string, rest: string) => first + rest.toLowerCase());

const response = (route: AppRoute, status: number, codes: readonly FailureCode[]): ResponseObject => ({
  description: codes.map((code) => `- \`${codeOnTheWire(code)}\` ${FAILURES[code][1]}`).join('\n'),
  headers: headersOf(route, status),
  content: {
    'application/json': {
      schema: {
        allOf: [
          { $ref: `#/components/schemas/${isRelay(route) ? 'RelayFailure' : 'Failure'}` },
          {
            type: 'object',
            properties: { error: { type: 'object', properties: narrowed(codes) } },
          },
        ],
      },
      examples: Object.fromEntries(
        codes.map((code) => [code, { $ref: `#/components/examples/${exampleName(code, isRelay(route))}` }]),
      ),
    },
  },
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

const example = (code: FailureCode, ofRelay: boolean): ExampleObject => {
  const error = {
    code: codeOnTheWire(code),
    message: FAILURES[code][1],
    ...(code in DETAILS && { details: DETAILS[code] }),
  };
  const meta = { request_id: '7e0c6a52-2f0b-4f7e-9d0e-3a5f1f1c9b42', timestamp: '2026-01-20T10:00:00.000Z' };
  return {
    summary: FAILURES[code][1],
    value: ofRelay ? { success: false, error } : { success: false, data: null, error, meta },
  };
};
