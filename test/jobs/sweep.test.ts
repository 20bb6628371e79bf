import { expect, onTestFinished, test, vi } from 'vitest';
import { startSweep } from '../../server/jobs/sweep.ts';
import type { Happening } from '../../server/ports.ts';
import { cutConnections, openParts, takeAway } from '../setup/parts.ts';
import { openProxyTo } from '../setup/tcp-proxy.ts';

const NEVER = { intervalMs: 1_000_000 };

test('the sweep comes round by itself, and never two at once in one process', async () => {
  const { ctx } = await openParts();
  let sweeping = 0;
  let most = 0;
  let sweeps = 0;
  const work = async () => {
    sweeping += 1;
    most = Math.max(most, sweeping);
    await ctx.db.selectFrom('users').select('id').execute();
    sweeping -= 1;
    sweeps += 1;
  };
  const { runNow, close } = startSweep(ctx, { intervalMs: 1, work });
  await Promise.all([runNow(), runNow(), runNow()]);
  await vi.waitUntil(() => sweeps > 10);
  await close();
  const atClose = sweeps;
  expect([most, sweeping]).toEqual([1, 0]);
  await ctx.db.selectFrom('users').select('id').execute();
  expect(sweeps).toBe(atClose);
});

test('while one process sweeps the others do not, and when it has gone they do', async () => {
  const one = await openParts();
  const other = await openParts({ databaseUrl: one.url });
  const { sweeping, hasBegun, letEnd } = openHolder(one.ctx);
  const work = vi.fn(async () => {});
  const second = startSweep(other.ctx, { ...NEVER, work });
  onTestFinished(() => second.close());
  await hasBegun;
  await second.runNow();
  expect(work).not.toHaveBeenCalled();
  letEnd();
  await sweeping;
  await second.runNow();
  expect(work).toHaveBeenCalledTimes(1);
});

test('a sweep that was carried out is noted, and none that failed or was another’s', async () => {
  const { ctx } = await openParts();
  const noted: Happening[] = [];
  const meter = { note: (...happenings: Happening[]) => void noted.push(...happenings) };
  const work = vi.fn(async () => {});
  const { runNow, close } = startSweep({ ...ctx, meter }, { ...NEVER, work });
  const elsewhere = startSweep({ ...ctx, meter }, { ...NEVER, work: () => runNow() });
  onTestFinished(async () => {
    await elsewhere.close();
    await close();
  });
  work.mockRejectedValueOnce(new Error('no'));
  await expect(runNow()).rejects.toThrow('no');
  expect(noted).toEqual([]);
  await elsewhere.runNow();
  expect(work).toHaveBeenCalledTimes(1);
  expect(noted).toEqual([{ what: 'swept' }]);
});

test('a process that is cut off in the middle gives the lock up', async () => {
  const one = await openParts();
  const other = await openParts({ databaseUrl: one.url });
  const first = startSweep(one.ctx, { ...NEVER, work: async () => void (await cutConnections(one.url)) });
  onTestFinished(() => first.close());
  await expect(first.runNow()).rejects.toThrow();
  const work = vi.fn(async () => {});
  const second = startSweep(other.ctx, { ...NEVER, work });
  onTestFinished(() => second.close());
  await vi.waitUntil(async () => {
    await second.runNow().catch(() => {});
    return work.mock.calls.length > 0;
  });
});

/** A sweep that has begun and does not end before it may. */
function openHolder(ctx: Parameters<typeof startSweep>[0], options: Parameters<typeof startSweep>[1] = {}) {
  const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>();
  const work = async () => {
    begin();
    await mayEnd;
  };
  const sweeping = startSweep(ctx, { ...NEVER, ...options, work }).runNow();
  sweeping.catch(() => {});
  return { sweeping, hasBegun, letEnd };
}

test('a process that stands still in the middle, its connection open, is replaced within 10 s', {
  timeout: 20_000,
}, async () => {
  const other = await openParts();
  const proxy = await openProxyTo(other.url);
  onTestFinished(() => proxy.close());
  const one = await openParts({ databaseUrl: proxy.url });
  const { sweeping, hasBegun, letEnd } = openHolder(one.ctx);
  await hasBegun;
  const stoodStillAt = Date.now();
  await proxy.cut('is silent');
  const { promise: replaced, resolve: replace } = Promise.withResolvers<number>();
  const second = startSweep(other.ctx, { work: async () => replace(Date.now()) });
  onTestFinished(() => second.close());
  expect((await replaced) - stoodStillAt).toBeLessThan(10_000);
  letEnd();
  await expect(sweeping).rejects.toThrow();
});

test('a sweep that takes longer than a holder may be silent keeps the lock', async () => {
  const one = await openParts();
  const other = await openParts({ databaseUrl: one.url });
  const maxSilenceMs = 300;
  const { sweeping, hasBegun, letEnd } = openHolder(one.ctx, { maxSilenceMs });
  await hasBegun;
  const work = vi.fn(async () => {});
  const second = startSweep(other.ctx, { ...NEVER, work });
  onTestFinished(() => second.close());
  for (const end = Date.now() + 4 * maxSilenceMs; Date.now() < end; ) await second.runNow();
  expect(work).not.toHaveBeenCalled();
  letEnd();
  await sweeping;
  await second.runNow();
  expect(work).toHaveBeenCalledTimes(1);
});

test('an outage is said once, and the sweep comes back by itself', async () => {
  const { ctx, url, lines } = await openParts();
  const work = vi.fn(async () => {});
  const { close } = startSweep(ctx, { intervalMs: 5, work });
  onTestFinished(close);
  await vi.waitUntil(() => work.mock.calls.length > 0);
  const bringBack = await takeAway(url);
  await vi.waitUntil(() => lines.length > 0);
  await bringBack();
  await vi.waitUntil(() => lines.length > 1);
  expect(lines.slice(0, 2).map(({ msg }) => msg)).toEqual([
    'the sweep failed and is tried again',
    'the sweep works again',
  ]);
});

test('the real sweep runs on an empty database', async () => {
  const { ctx } = await openParts();
  const { runNow, close } = startSweep(ctx, NEVER);
  onTestFinished(close);
  await runNow();
});
