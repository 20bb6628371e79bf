import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { retentionJob } from '../../server/jobs/retention.ts';
import { openParts } from '../setup/parts.ts';

test('only what nobody will ask for again is deleted', async () => {
  const { ctx, makeUser } = await openParts({ at: '2026-03-20T10:00:00Z' });
  const userId = await makeUser();
  const ago = (hours: number) => new Date(ctx.now().getTime() - hours * 3_600_000);

  const key = (name: string, createdAt: Date) => ({
    caller: 'user:1',
    operation: 'POST /v1/tasks',
    key: name,
    body_hash: '-',
    created_at: createdAt,
  });
  await ctx.db
    .insertInto('idempotency_keys')
    .values([key('old', ago(24.01)), key('young', ago(23.99))])
    .execute();

  const counter = (name: string, windowStart: Date) => ({ key: name, window_start: windowStart, hits: 1 });
  await ctx.db
    .insertInto('rate_counters')
    .values([counter('old', ago(1.02)), counter('young', ago(1.01))])
    .execute();

  const session = (name: string, expiresAt: Date, revokedAt: Date | null = null) => ({
    id: randomUUID(),
    user_id: userId,
    refresh_hash: name,
    expires_at: expiresAt,
    revoked_at: revokedAt,
  });
  const days = 24;
  await ctx.db
    .insertInto('sessions')
    .values([
      session('expired', ago(30.1 * days)),
      session('revoked', ago(-1), ago(30.1 * days)),
      session('expired lately', ago(29.9 * days)),
      session('revoked lately', ago(-1), ago(29.9 * days)),
      session('alive', ago(-1)),
    ])
    .execute();

  await retentionJob.handle(ctx, {});

  expect(await ctx.db.selectFrom('idempotency_keys').select('key').execute()).toEqual([{ key: 'young' }]);
  expect(await ctx.db.selectFrom('rate_counters').select('key').execute()).toEqual([{ key: 'young' }]);
  const left = await ctx.db.selectFrom('sessions').select('refresh_hash').orderBy('refresh_hash').execute();
  expect(left.map(({ refresh_hash }) => refresh_hash)).toEqual(['alive', 'expired lately', 'revoked lately']);
});

test('more than a batch is deleted batch by batch', async () => {
  const { ctx } = await openParts();
  await sql`
    insert into rate_counters (key, window_start, hits)
    select 'ip:' || n, now() - interval '1 day', 1 from generate_series(1, 12000) n`.execute(ctx.db);
  await retentionJob.handle(ctx, {});
  expect(await ctx.db.selectFrom('rate_counters').select('key').execute()).toEqual([]);
});
