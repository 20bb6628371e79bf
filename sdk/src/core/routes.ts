/**
 * What the core must know of single routes, beyond what their methods say. Tests hold both lists against the contract.
 */
import type { CallSpec } from './resource.ts';

/** Routes that take no credential, so that a dead session never stands in the way of a new login. */
const PUBLIC = /^\/v1\/(auth\/(register|login|refresh|verify-email|forgot-password|reset-password)|email\/incoming)$/;

/**
 * POSTs without an idempotency key that the service answers alike when they come twice: they set a state or carry a
 * lease, and a refresh token whose answer was lost gets the same successor for 60 s.
 */
const REPEATABLE_POST =
  /^\/v1\/(auth\/refresh|daemon\/(heartbeat|offline|config\/restored|tasks\/[^/]+\/(start|output|result))|tasks\/[^/]+\/cancel|config\/restore\/[^/]+|messages\/(read-all|[^/]+\/read))$/;

/** A claim without `claim_id` starts what it delivers: repeated after a lost answer, it would lose those tasks. */
const CLAIM = '/v1/daemon/tasks/pending';

/** Whether `path` is open to anyone. */
export const isPublic = (path: string): boolean => PUBLIC.test(path);

/** Whether the call may be sent again when nobody knows if the first one was carried out. */
export const isRepeatable = (spec: CallSpec): boolean => {
  if (spec.path === CLAIM) return Boolean((spec.query as { claim_id?: string } | undefined)?.claim_id);
  if (spec.method === 'POST') return spec.idempotent === true || REPEATABLE_POST.test(spec.path);
  return spec.method !== 'PATCH';
};
