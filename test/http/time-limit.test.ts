/** How long a caller is kept waiting, and what becomes of work that was too late. */
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { atomically } from '../../server/context.ts';
import { openTimeLimit, type TimeLimit } from '../../server/http/time-limit.ts';
import { openParts } from '../setup/parts.ts';

const AWAY = { status: 503, code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 2 };

/** Until it is resolved, `work` lasts. */
const held = () => Promise.withResolvers<void>();

test('work in time is answered with what it made, or how it failed', async () => {
  const limit = openTimeLimit();
  await expect(limit.within(async () => 'made')).resolves.toBe('made');
  await expect(limit.within(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  limit.requireLeft();
});

test('the next step has what the ones before it left', async () => {
  const limit = openTimeLimit(300);
  await limit.within(() => delay(250));
  const next = limit.within(() => held().promise);
  await expect(Promise.race([next, delay(290)])).rejects.toMatchObject(AWAY);
});

test('who waits on purpose has that on top', async () => {
  const limit = openTimeLimit(1);
  await expect(limit.within(() => delay(200, 'found'), 1_000)).resolves.toBe('found');
});

test('what has patience of its own is not counted', async () => {
  const limit = openTimeLimit(200);
  const whole = limit.within(async () => {
    await limit.uncounted(() => delay(400));
    return 'made';
  });
  await expect(whole).resolves.toBe('made');
  const rest = limit.within(async () => {
    await limit.uncounted(() => delay(10));
    await held().promise;
  });
  await expect(rest).rejects.toMatchObject(AWAY);
});

test('a transaction that ends when its caller has been refused is undone', async () => {
  const { ctx } = await openParts();
  const { promise, resolve } = held();
  const insert = (key: string, limit: TimeLimit) =>
    atomically({ ...ctx, timeLimit: limit }, async (tx) => {
      await sql`insert into rate_counters (key, window_start, hits) values (${key}, now(), 1)`.execute(tx.db);
      if (key === 'late') await promise;
    });
  const ample = openTimeLimit();
  await ample.within(() => insert('in time', ample));
  let ended: Promise<void> | undefined;
  const short = openTimeLimit(100);
  const late = short.within(() => {
    ended = insert('late', short);
    return ended;
  });
  await expect(late).rejects.toMatchObject(AWAY);
  resolve();
  await expect(ended).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  const { rows } = await sql<{ key: string }>`select key from rate_counters`.execute(ctx.db);
  expect(rows).toEqual([{ key: 'in time' }]);
});
