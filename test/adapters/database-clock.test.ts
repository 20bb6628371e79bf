/** Time as the processes of a deployment share it. */
import { sql } from 'kysely';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { openDatabaseClock } from '../../server/adapters/database-clock.ts';
import { openParts, takeAway } from '../setup/parts.ts';

const MINUTE = 60_000;

/** What two clocks on one machine may differ by while it is busy, in milliseconds. */
const NEAR = 500;

type Parts = Awaited<ReturnType<typeof openParts>>;

const openClock = async ({ ctx }: Parts, everyMs = MINUTE) => {
  const clock = await openDatabaseClock(ctx, { everyMs });
  onTestFinished(clock.close);
  return clock;
};

/** Sets the clock of this machine; what runs here sees that, PostgreSQL does not. */
const setMachine = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

afterEach(() => void vi.useRealTimers());

test.each([
  ['ahead', MINUTE],
  ['behind', -MINUTE],
])('a process whose clock is a minute %s goes by that of the database, and says so', async (_, skew) => {
  const real = Date.now();
  const parts = await openParts();
  setMachine(skew);
  const clock = await openClock(parts);
  expect(Math.abs(clock.now().getTime() - real)).toBeLessThan(NEAR);
  expect(parts.lines).toEqual([
    expect.objectContaining({
      aheadSeconds: expect.closeTo(skew / 1000, 0),
      msg: expect.stringContaining('whose time counts'),
    }),
  ]);
});

test('a process whose clock is right has nothing to say', async () => {
  const parts = await openParts();
  await openClock(parts);
  expect(parts.lines).toEqual([]);
});

test('when the clock of the machine is set, the time goes on as it was', async () => {
  const clock = await openClock(await openParts());
  const before = clock.now().getTime();
  setMachine(-60 * MINUTE);
  const passed = clock.now().getTime() - before;
  expect(passed).toBeGreaterThanOrEqual(0);
  expect(passed).toBeLessThan(NEAR);
});

test('a database that has another clock since is followed, also after it was away', async () => {
  const parts = await openParts();
  const clock = await openClock(parts, 10);
  const before = clock.now().getTime();
  const bringBack = await takeAway(parts.url);
  await bringBack();
  // Found before PostgreSQL's own where the search path says so, as it does for new connections.
  await sql`create function clock_timestamp() returns timestamptz language sql
            as $$ select pg_catalog.clock_timestamp() + interval '1 hour' $$`.execute(parts.ctx.db);
  const { pathname } = new URL(parts.url);
  await sql.raw(`alter database ${pathname.slice(1)} set search_path to public, pg_catalog`).execute(parts.ctx.db);
  await (await takeAway(parts.url))();
  await vi.waitUntil(() => clock.now().getTime() - before > 59 * MINUTE, { timeout: 5_000 });
});
