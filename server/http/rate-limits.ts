/**
 * Rate limits — who may call how often. Each credential has its own budget, whatever address it comes from; calls
 * without one, or with a wrong one, share that of their address.
 */
import { isIP } from 'node:net';
import rateLimit, { type FastifyRateLimitStore, normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isUnderApi } from '../../contracts/families.ts';
import type { Access, RelayRate } from '../../contracts/wire.ts';
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
  check(request: FastifyRequest, reply: FastifyReply, actor: Actor, rate?: Access['rate']): Promise<void>;
};

const addressKey = (ip: string): string => {
  const [address = ''] = ip.split('%', 1);
  return isIP(address) ? `ip:${normalizeIP(address, IPV6_NETWORK)}` : 'ip:unknown';
};

/** The budget of `actor`, which calls from `ip`: its name over all processes, and how many calls a window has. */
export function limitOf(actor: Actor, config: Config, ip: string, rate: Access['rate'] = 'credential'): Limit {
  if (rate === 'webhook') return { key: `${addressKey(ip)}:webhook`, max: config.RATE_LIMIT_WEBHOOK_MAX };
  if (rate !== 'credential' && rate !== 'none') return relayLimitOf(actor, config, ip, rate);
  switch (actor.kind) {
    case 'user':
      return { key: `user:${actor.userId}`, max: config.RATE_LIMIT_MAX };
    case 'apiKey':
      return { key: `key:${actor.apiKeyId}`, max: inWindow(PLANS[actor.plan].requestsPerMinute, config) };
    case 'device':
      return { key: `device:${actor.deviceId}`, max: config.RATE_LIMIT_DAEMON_MAX };
    default:
      return { key: addressKey(ip), max: config.RATE_LIMIT_ANONYMOUS_MAX };
  }
}

/** The relay counts by what is called. With a credential it is the larger of that and the credential's own budget. */
function relayLimitOf(actor: Actor, config: Config, ip: string, rate: RelayRate): Limit {
  const max = config[RELAY_LIMITS[rate]];
  switch (actor.kind) {
    case 'relayKey': {
      const own = inWindow(PLANS[actor.plan].requestsPerMinute, config);
      return { key: `key:${actor.apiKeyId}:${rate}`, max: Math.max(max, own) };
    }
    case 'user':
      return { key: `user:${actor.userId}:${rate}`, max: Math.max(max, config.RATE_LIMIT_MAX) };
    case 'admin':
      return { key: `admin:${rate}`, max: Math.max(max, inWindow(PLANS.enterprise.requestsPerMinute, config)) };
    default:
      return { key: `${addressKey(ip)}:${rate}`, max };
  }
}

const RELAY_LIMITS = {
  publish: 'RELAY_PUBLISH_MAX',
  register: 'RELAY_REGISTER_MAX',
  subscribe: 'RELAY_SUBSCRIBE_MAX',
  channels: 'RELAY_CHANNELS_MAX',
  read: 'RELAY_READ_MAX',
} as const satisfies Record<RelayRate, keyof Config>;

const inWindow = (perMinute: number, config: Config): number => Math.ceil((perMinute * config.RATE_LIMIT_TTL) / 60);

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
    async check(request, reply, actor, rate) {
      budgets.set(request, limitOf(actor, config, request.ip, rate));
      const result = await count(request);
      if (result.isAllowed) return;
      const resetSeconds = Math.max(1, result.ttlInSeconds);
      // Clients of `/api` know the headers by their older names.
      for (const prefix of isUnderApi(request.url) ? ['RateLimit', 'X-RateLimit'] : ['RateLimit']) {
        reply.header(`${prefix}-Limit`, result.max);
        reply.header(`${prefix}-Remaining`, result.remaining);
        reply.header(`${prefix}-Reset`, resetSeconds);
      }
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
