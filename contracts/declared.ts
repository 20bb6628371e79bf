/**
 * Which failures a route can answer: those that its contract names and those that its access rule implies. The OpenAPI
 * document and the guard of the server both read them here, so neither knows a failure that the other does not.
 */
import type { AppRoute } from '@ts-rest/core';
import { z } from 'zod';
import { FAILURES, type FailureCode } from './failures.ts';
import { familyOf } from './families.ts';
import { type Access, failureCodes } from './wire.ts';

/** Methods whose body, wanted or not, the server reads. */
const METHODS_WITH_BODY: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE'];

export const accessOf = (route: AppRoute): Access => route.metadata as Access;

export const readsBody = (route: AppRoute): boolean => METHODS_WITH_BODY.includes(route.method);

/** Operations answer plainly, and so do the probes of the relay, which nobody counts. */
const isEnveloped = (route: AppRoute): boolean => {
  const family = familyOf(route.path);
  return family !== 'ops' && (family !== 'relay' || accessOf(route).rate !== 'none');
};

export const declaredCodes = (route: AppRoute): ReadonlySet<FailureCode> =>
  new Set([...ownCodes(route), ...(isEnveloped(route) ? impliedCodes(route) : [])]);

/** By status, ascending; within a status in the order of the table. */
export const declaredFailures = (route: AppRoute): Map<number, FailureCode[]> => {
  const declared = declaredCodes(route);
  const inOrder = (Object.keys(FAILURES) as FailureCode[]).filter((code) => declared.has(code));
  const byStatus = Map.groupBy(inOrder, (code): number => FAILURES[code][0]);
  return new Map([...byStatus].sort(([a], [b]) => a - b));
};

const ownCodes = (route: AppRoute): FailureCode[] =>
  Object.values(route.responses).flatMap((response) =>
    response instanceof z.ZodType ? (failureCodes.get(response)?.codes ?? []) : [],
  );

function* impliedCodes(route: AppRoute): Generator<FailureCode> {
  const { auth, scope, permission, rate, idempotent, showsSecret, tooLarge } = accessOf(route);
  yield* ['INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'] as const;
  if (rate !== 'none') yield 'RATE_LIMIT_EXCEEDED';
  if (takesInput(route) || idempotent) yield 'VALIDATION_ERROR';
  if (readsBody(route)) yield* ['INVALID_JSON', tooLarge, 'UNSUPPORTED_MEDIA_TYPE'] as const;
  // A token that has expired is told so wherever it is sent: which kind it is shows before what the route takes.
  if (auth.length > 0) yield* ['AUTH_REQUIRED', 'AUTH_FAILED', 'TOKEN_EXPIRED', 'WRONG_CREDENTIAL'] as const;
  if ((auth.includes('apiKey') && scope) || (auth.includes('relayKey') && permission)) yield 'INSUFFICIENT_SCOPE';
  if (auth.includes('device')) yield 'DEVICE_MISMATCH';
  if (idempotent) yield 'IDEMPOTENCY_KEY_REUSED';
  if (showsSecret) yield 'SECRET_ALREADY_SHOWN';
}

/** Whether there is something in the request that can be wrong. */
const takesInput = (route: AppRoute): boolean =>
  route.path.includes(':') ||
  [route.query, route.headers, 'body' in route ? route.body : undefined].some((part) => part instanceof z.ZodType);
