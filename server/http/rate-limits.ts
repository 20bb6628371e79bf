/**
 * Rate limits — who may call how often. Each credential has its own budget, whatever address it comes from; calls
 * without one, or with a wrong one, share that of their address.
 */
import { isIP } from 'node:net';
import rateLimit, { type FastifyRateLimitStore, normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import type { Actor, Service } from '../context.ts';
import { PLANS } from '../domain/plans.ts';
import { Failed } from '../failed.ts';
import { openRateCounters, type RateCounters } from './rate-counters.ts';

/** Whoever has one address of IPv6 has all of its /64. */
const IPV6_NETWORK = 64;

export type Limit = { key: string; max: number };

export type RateLimits = {
  /**
   * Counts the request against the budget of `actor` and tells it in the RateLimit headers.
   * @throws Failed RATE_LIMIT_EXCEEDED
   */
  check(request: FastifyRequest, reply: FastifyReply, actor: Actor): Promise<void>;
};

const addressKey = (ip: string): string => {
  const [address = ''] = ip.split('%', 1);
  return isIP(address) ? `ip:${normalizeIP(address, IPV6_NETWORK)}` : 'ip:unknown';
};

/** The budget of `actor`, which calls from `ip`: its name over all processes, and how many calls a window has. */
export function limitOf(actor: Actor, config: Config, ip: string): Limit {
  switch (actor.kind) {
    case 'user':
      return { key: `user:${actor.userId}`, max: config.RATE_LIMIT_MAX };
    case 'apiKey': {
      const perMinute = PLANS[actor.plan].requestsPerMinute;
      return { key: `key:${actor.apiKeyId}`, max: Math.ceil((perMinute * config.RATE_LIMIT_TTL) / 60) };
    }
    case 'device':
      return { key: `device:${actor.deviceId}`, max: config.RATE_LIMIT_DAEMON_MAX };
    default:
      return { key: addressKey(ip), max: config.RATE_LIMIT_ANONYMOUS_MAX };
  }
}

export async function registerRateLimits(
  app: FastifyInstance,
  service: Pick<Service, 'config' | 'db' | 'log' | 'now'>,
): Promise<RateLimits> {
  const { config } = service;
  const budgets = new WeakMap<FastifyRequest, Limit>();
  const budgetOf = (request: FastifyRequest) => budgets.get(request) as Limit;

  await app.register(rateLimit, {
    global: false,
    timeWindow: config.RATE_LIMIT_TTL * 1000,
    store: storeOf(openRateCounters(service)),
  });
  const count = app.createRateLimit({
    keyGenerator: (request) => budgetOf(request).key,
    max: (request) => budgetOf(request).max,
  });

  return {
    async check(request, reply, actor) {
      budgets.set(request, limitOf(actor, config, request.ip));
      const result = await count(request);
      if (result.isAllowed) return;
      const resetSeconds = Math.max(1, result.ttlInSeconds);
      reply.header('RateLimit-Limit', result.max);
      reply.header('RateLimit-Remaining', result.remaining);
      reply.header('RateLimit-Reset', resetSeconds);
      if (result.isExceeded) throw new Failed('RATE_LIMIT_EXCEEDED', { retryAfterSeconds: resetSeconds });
    },
  };
}

/** Our counters in the shape that the plugin takes: a class of which it makes one. */
const storeOf = (counters: RateCounters) =>
  class Store implements FastifyRateLimitStore {
    incr(...[key, callback, timeWindow, max]: Parameters<FastifyRateLimitStore['incr']>): void {
      counters.count(key, timeWindow, max).then((result) => callback(null, result), callback);
    }
    child(): this {
      return this;
    }
  };
