/**
 * The guard: enforces the access rule that each route's contract declares. Before a body is read it finds out who calls,
 * counts the call against their budget, and refuses a credential of the wrong kind, without the scope, or for another
 * device.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accessOf } from '../../contracts/declared.ts';
import { type Family, familyOf } from '../../contracts/families.ts';
import type { Access, Permission } from '../../contracts/wire.ts';
import type { Actor, Service } from '../context.ts';
import { mayUse } from '../domain/api-keys.ts';
import { requireMachine } from '../domain/machine-ids.ts';
import { Failed } from '../failed.ts';
import { routeOf } from './contract.ts';
import { resolveControlCredential, resolveCredential, resolveRelayCredential } from './credentials.ts';
import type { RateLimits } from './rate-limits.ts';
import { isReconnect } from './relay/last-event.ts';
import { openTimeLimit } from './time-limit.ts';
import { traceparentOf } from './tracing.ts';

const ANONYMOUS: Actor = { kind: 'anonymous' };

const permits = (permissions: readonly Permission[], needed: Permission): boolean =>
  permissions.includes(needed) || permissions.includes('admin');

/** What to send where the usual header is not what callers know. */
const hintOf = ({ auth }: Access, family: Family): { message?: string } => {
  if (auth.includes('relayKey')) {
    return { message: 'Send a key of the relay in X-API-Key, or as Authorization: Bearer <key>' };
  }
  if (family === 'control' && auth.includes('device')) {
    return { message: 'Send the key of the device in X-Device-Token' };
  }
  return {};
};

type Circumstances = { family: Family; mayBeOpen: boolean };

/** @throws Failed AUTH_REQUIRED | WRONG_CREDENTIAL | INSUFFICIENT_SCOPE */
function authorize(rule: Access, actor: Actor, { family, mayBeOpen }: Circumstances): void {
  if (rule.auth.length === 0) return;
  if (actor.kind === 'anonymous') {
    if (rule.isOpen && mayBeOpen) return;
    throw new Failed('AUTH_REQUIRED', hintOf(rule, family));
  }
  // A relay key makes no keys: there it counts as none.
  if (actor.kind === 'relayKey' && !rule.auth.includes('relayKey')) throw new Failed('AUTH_REQUIRED');
  if (!rule.auth.some((kind) => kind === actor.kind)) {
    throw new Failed('WRONG_CREDENTIAL', { details: { sent: actor.kind, accepted: rule.auth } });
  }
  if (actor.kind === 'apiKey' && !rule.anyScope && !(rule.scope && mayUse(actor.scopes, rule.scope))) {
    throw new Failed('INSUFFICIENT_SCOPE', { details: { needed: rule.scope } });
  }
  if (actor.kind === 'relayKey' && rule.permission && !permits(actor.permissions, rule.permission)) {
    throw new Failed('INSUFFICIENT_SCOPE', {
      message: `The key lacks the permission ${rule.permission}`,
      details: { needed: rule.permission },
    });
  }
}

/** Puts `request.ctx` on every request and lets only those through that their route's rule admits. */
export function registerGuard(app: FastifyInstance, service: Service, limits: RateLimits): void {
  app.decorateRequest('ctx');
  app.decorateRequest('timeLimit');

  const identify = async (request: FastifyRequest, rule: Access | undefined): Promise<Actor> => {
    if (!rule || rule.auth.length === 0) return ANONYMOUS;
    const family = familyOf(request.routeOptions.url ?? '');
    if (family === 'relay') return resolveRelayCredential(service, request, rule);
    if (family === 'control') return resolveControlCredential(service, request);
    const { identify: identifyBy } = request.routeOptions.config;
    if (identifyBy) return identifyBy(request);
    return resolveCredential(service, request.headers.authorization);
  };

  app.addHook('onRequest', async (request, reply) => {
    const timeLimit = openTimeLimit();
    request.timeLimit = timeLimit;
    request.ctx = {
      ...service,
      log: request.log,
      actor: ANONYMOUS,
      requestId: request.id,
      traceparent: request.span?.traceparent ?? traceparentOf(request.headers.traceparent),
      ipAddress: request.ip,
      userAgent: request.headers['user-agent']?.slice(0, 255) ?? null,
      timeLimit,
    };
    const route = routeOf(request);
    const rule = route ? accessOf(route) : request.routeOptions.config?.access;
    if (rule?.rate !== 'none') await timeLimit.within(() => admit(request, reply, rule));
  });

  const admit = async (request: FastifyRequest, reply: FastifyReply, rule: Access | undefined): Promise<void> => {
    try {
      request.ctx.actor = await identify(request, rule);
    } catch (error) {
      // A wrong credential counts against the address that tries it.
      if (error instanceof Failed) await limits.check(request, reply, ANONYMOUS, rule?.rate);
      throw error;
    }
    const isCounted = rule?.rate !== 'subscribe' || !isReconnect(request);
    if (isCounted) await limits.check(request, reply, request.ctx.actor, rule?.rate);
    if (!rule) return;
    const { actor } = request.ctx;
    const family = familyOf(request.routeOptions.url ?? '');
    authorize(rule, actor, { family, mayBeOpen: !service.config.RELAY_REQUIRE_KEY });
    const machineId = request.headers['x-device-id'];
    if (actor.kind === 'device' && machineId !== undefined) await requireMachine(request.ctx, String(machineId));
  };
}
