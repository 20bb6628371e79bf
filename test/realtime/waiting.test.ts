import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openWaitingRoom, type Waiter } from '../../server/realtime/waiting.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Waits in `room` and hands out what the bus would hold. */
function waitIn<Found>(
  room: ReturnType<typeof openWaitingRoom>,
  look: () => Promise<Found | undefined>,
  timeoutMs = 60_000,
) {
  let waiter: Waiter | undefined;
  const found = room.wait(
    (entering) => {
      waiter = entering;
      return () => {};
    },
    { timeoutMs },
    look,
  );
  return { found, waiter: waiter as Waiter };
}

const until = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test('a hint that was lost costs five seconds at most', async () => {
  const look = vi.fn(async () => (Date.now() >= start + 1 ? 'found' : undefined));
  const start = Date.now();
  const { found } = waitIn(openWaitingRoom(), look);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await found).toBe('found');
  expect(look).toHaveBeenCalledTimes(2);
});

test('the looks of one waiter never overlap, and all wakes during a look cause one more', async () => {
  let looking = 0;
  let most = 0;
  let looks = 0;
  const { found, waiter } = waitIn(openWaitingRoom(), async () => {
    looking += 1;
    looks += 1;
    most = Math.max(most, looking);
    await until(10);
    looking -= 1;
    return looks === 2 ? 'found' : undefined;
  });
  for (const urgency of ['alone', 'crowd', 'alone'] as const) waiter.wake(urgency);
  await vi.advanceTimersByTimeAsync(20);
  expect(await found).toBe('found');
  expect([most, looks]).toEqual([1, 2]);
});

test('what a look found counts although the time ran out meanwhile', async () => {
  const { found } = waitIn(
    openWaitingRoom(),
    async () => {
      await until(100);
      return 'taken for this waiter';
    },
    50,
  );
  await vi.advanceTimersByTimeAsync(100);
  expect(await found).toBe('taken for this waiter');
});

test('nobody looks again after having found', async () => {
  const look = vi.fn(async () => 'found');
  const { found, waiter } = waitIn(openWaitingRoom(), look);
  await found;
  waiter.wake('alone');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(look).toHaveBeenCalledTimes(1);
});

test('of a thousand that are woken together few look at the same time, and who is meant alone goes first', async () => {
  const room = openWaitingRoom();
  let looking = 0;
  let most = 0;
  let isFirst = true;
  const order: number[] = [];
  const crowd = Array.from({ length: 1_000 }, (_, at) =>
    waitIn(room, async () => {
      if (isFirst) return undefined;
      looking += 1;
      most = Math.max(most, looking);
      order.push(at);
      await until(2);
      looking -= 1;
      return at;
    }),
  );
  await vi.advanceTimersByTimeAsync(0);
  isFirst = false;
  for (const { waiter } of crowd) waiter.wake('crowd');
  crowd[900]?.waiter.wake('alone');
  await vi.advanceTimersByTimeAsync(600);
  expect(await Promise.all(crowd.map(({ found }) => found))).toEqual(crowd.map((_, at) => at));
  expect(order.indexOf(900)).toBeLessThan(5);
  expect(most).toBeLessThanOrEqual(5);
});
