import Fastify from 'fastify';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Actor } from '../../server/context.ts';
import { openRateCounters } from '../../server/http/rate-counters.ts';
import { limitOf, registerRateLimits } from '../../server/http/rate-limits.ts';
import { answerFrameworkError, registerReplies } from '../../server/http/replies.ts';
import { openAppForTest, type TestApp } from '../setup/app.ts';
import { openParts, takeAway } from '../setup/parts.ts';

const WINDOW_MS = 60_000;

const count = async (calls: number, call: () => Promise<{ current: number }>, max: number) => {
  const results = await Promise.all(Array.from({ length: calls }, call));
  return results.filter(({ current }) => current <= max).length;
};

test.each([10, 100, 1000])('four processes together let %i calls through, and less than a tenth more', async (max) => {
  const one = await openParts();
  const all = [one, ...(await Promise.all([1, 2, 3].map(() => openParts({ databaseUrl: one.url }))))];
  const processes = all.map(({ ctx }) => openRateCounters(ctx));
  let passed = 0;
  for (let round = 0; round < max; round += 10) {
    const some = await Promise.all(
      processes.map((counters) => count(10, () => counters.count('user:a', WINDOW_MS, max), max)),
    );
    passed += some.reduce((sum, each) => sum + each, 0);
  }
  expect(passed).toBeGreaterThanOrEqual(max);
  expect(passed).toBeLessThan(max * 1.1);
});

test('calls at the same time are told apart, so that exactly the limit passes in one process', async () => {
  const counters = openRateCounters((await openParts()).ctx);
  expect(await count(300, () => counters.count('user:a', WINDOW_MS, 100), 100)).toBe(100);
});

test('a process that comes new into a window knows what the others counted', async () => {
  const one = await openParts();
  const first = openRateCounters(one.ctx);
  for (let call = 0; call < 10; call += 1) await first.count('user:a', WINDOW_MS, 10);
  const second = openRateCounters((await openParts({ databaseUrl: one.url })).ctx);
  expect((await second.count('user:a', WINDOW_MS, 10)).current).toBe(11);
  expect((await second.count('user:b', WINDOW_MS, 10)).current).toBe(1);
});

test('a window begins with the first call, ends for every process at once, and is forgotten', async () => {
  const at = '2026-01-20T10:00:00Z';
  const one = await openParts({ at });
  const other = await openParts({ at, databaseUrl: one.url });
  const [mine, others] = [openRateCounters(one.ctx), openRateCounters(other.ctx)];
  const both = async () => [await mine.count('user:a', WINDOW_MS, 10), await others.count('user:a', WINDOW_MS, 10)];
  const advance = (seconds: number) => {
    for (const { clock } of [one, other]) clock.advance(seconds);
  };
  expect(await both()).toEqual([
    { current: 1, ttl: 60_000 },
    { current: 2, ttl: 60_000 },
  ]);
  advance(59);
  expect(await both()).toEqual([
    { current: 3, ttl: 1_000 },
    { current: 4, ttl: 1_000 },
  ]);
  advance(1);
  expect(await both()).toEqual([
    { current: 1, ttl: 60_000 },
    { current: 2, ttl: 60_000 },
  ]);
  advance(60);
  await mine.count('user:b', WINDOW_MS, 10);
  expect(mine.size()).toBe(1);
});

test('a call costs a fraction of a statement where the limit is high', async () => {
  const parts = await openParts();
  const counters = openRateCounters(parts.ctx);
  for (let call = 0; call < 1000; call += 1) await counters.count('device:a', WINDOW_MS, 1000);
  const { hits } = await parts.ctx.db.selectFrom('rate_counters').select('hits').executeTakeFirstOrThrow();
  expect(hits).toBeGreaterThan(1000 - 25);
  expect(hits).toBeLessThan(1000);
});

test('while the database is away each process counts alone, says so once, and catches up', async () => {
  const parts = await openParts();
  const counters = openRateCounters(parts.ctx);
  const bringBack = await takeAway(parts.url);
  expect(await count(20, () => counters.count('user:a', WINDOW_MS, 10), 10)).toBe(10);
  await bringBack();
  let next = 0;
  const callAnother = () => counters.count(`user:${next++}`, WINDOW_MS, 10);
  await vi.waitUntil(async () => (await callAnother()) && parts.lines.length > 1, { timeout: 5_000 });
  expect(parts.lines.map(({ msg }) => msg)).toEqual([
    'rate limits are counted in this process alone for now',
    'rate limits are shared with the other processes again',
  ]);
});

test('each kind of caller has the budget of its kind, and an address of IPv6 that of its network', async () => {
  const { config } = (await openParts({ env: { RATE_LIMIT_TTL: '30' } })).ctx;
  const actor = { userId: 'u', plan: 'pro' } as const;
  const limits = (
    [
      { kind: 'user', ...actor, sessionId: 's' },
      { kind: 'apiKey', ...actor, apiKeyId: 'k', scopes: [] },
      { kind: 'device', ...actor, deviceId: 'd' },
      { kind: 'anonymous' },
    ] as Actor[]
  ).map((who) => limitOf(who, config, '192.0.2.1'));
  expect(limits).toEqual([
    { key: 'user:u', max: 100 },
    { key: 'key:k', max: 50 },
    { key: 'device:d', max: 1000 },
    { key: 'ip:192.0.2.1', max: 100 },
  ]);
  const keyOf = (ip: string) => limitOf({ kind: 'anonymous' }, config, ip).key;
  expect(keyOf('2001:db8:0:1:a::1')).toBe(keyOf('2001:db8:0:1:b::2'));
  expect(keyOf('2001:db8:0:1:a::1')).not.toBe(keyOf('2001:db8:0:2:a::1'));
  expect(keyOf('::ffff:192.0.2.1')).toBe('ip:192.0.2.1');
  expect(keyOf('fe80::1%eth0')).toBe(keyOf('fe80::2'));
  expect(keyOf('x'.repeat(500))).toBe('ip:unknown');
});

test('every answer says what is left, and over the limit when to come back', async () => {
  const parts = await openParts({ at: '2026-01-20T10:00:00Z', env: { RATE_LIMIT_ANONYMOUS_MAX: '2' } });
  const app = Fastify({ frameworkErrors: answerFrameworkError });
  onTestFinished(() => app.close());
  registerReplies(app, () => []);
  const limits = await registerRateLimits(app, parts.ctx);
  app.addHook('onRequest', (request, reply) => limits.check(request, reply, { kind: 'anonymous' }));
  app.get('/', () => 'ok');

  const ask = async () => {
    const { statusCode, headers } = await app.inject('/');
    const names = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'];
    return [statusCode, ...names.map((name) => headers[name])];
  };
  expect(await ask()).toEqual([200, '2', '1', '60', undefined]);
  parts.clock.advance(20);
  expect(await ask()).toEqual([200, '2', '0', '40', undefined]);
  expect(await ask()).toEqual([429, '2', '0', '40', '40']);
  parts.clock.advance(40);
  expect(await ask()).toEqual([200, '2', '1', '60', undefined]);
});

test('X-Forwarded-For names the caller where its proxy is trusted, and nowhere else', async () => {
  const env = { RATE_LIMIT_ANONYMOUS_MAX: '1' };
  const behind = await openAppForTest({ env: { ...env, TRUSTED_PROXIES: '127.0.0.1' } });
  const open = await openAppForTest({ env });
  const askAs = async (app: TestApp, address: string) =>
    (await fetch(`${app.url}/v1/auth/me`, { headers: { 'x-forwarded-for': address } })).status;
  const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.1'];
  const statuses = async (app: TestApp) => {
    const all: number[] = [];
    for (const address of addresses) all.push(await askAs(app, address));
    return all;
  };
  expect(await statuses(behind)).toEqual([401, 401, 429]);
  expect(await statuses(open)).toEqual([401, 429, 429]);
});
