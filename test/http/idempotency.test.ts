import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { atomically, type Ctx } from '../../server/context.ts';
import { Failed } from '../../server/failed.ts';
import { type Call, withIdempotency } from '../../server/http/idempotency.ts';
import { cutConnections, openParts, takeAway } from '../setup/parts.ts';

const call = (change: Partial<Call> = {}): Call => ({
  caller: 'user:1',
  operation: 'POST /v1/tasks',
  key: 'key-1',
  body: { command: 'ls', args: { a: 1, b: [2] } },
  showsSecret: false,
  ...change,
});

/** Work that leaves a row, as any create does. */
const makeUser = async (tx: Ctx) => {
  const id = randomUUID();
  await atomically(tx, (inner) =>
    inner.db
      .insertInto('users')
      .values({ id, email: `${id}@example.com`, password_hash: '-' })
      .execute(),
  );
  tx.events.emit({ type: 'slots.freed', userId: id });
  return { status: 201, body: { id, at: tx.now() } };
};

const countUsers = async ({ db }: Ctx): Promise<number> => (await db.selectFrom('users').select('id').execute()).length;

test('a hundred repeats at once have one effect and one answer', async () => {
  const one = await openParts();
  const other = await openParts({ databaseUrl: one.url });
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, at) => withIdempotency((at % 2 ? one : other).ctx, call(), makeUser)),
  );
  expect(await countUsers(one.ctx)).toBe(1);
  const written = answers.map(({ status, body }) => JSON.stringify([status, body.id]));
  expect(new Set(written).size).toBe(1);
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect([...one.told, ...other.told]).toHaveLength(1);
});

test('a repeat gets the first answer, also with its fields in another order; another body is refused', async () => {
  const { ctx } = await openParts();
  const first = await withIdempotency(ctx, call(), makeUser);
  const repeat = await withIdempotency(ctx, call({ body: { args: { b: [2], a: 1 }, command: 'ls' } }), makeUser);
  expect(repeat).toEqual({ ...JSON.parse(JSON.stringify(first)), replayed: true });
  for (const body of [{ command: 'rm' }, undefined, { command: 'ls', args: { a: 1, b: ['2'] } }]) {
    await expect(withIdempotency(ctx, call({ body }), makeUser)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      status: 422,
    });
  }
  expect(await countUsers(ctx)).toBe(1);
});

test('a key belongs to its caller and its operation', async () => {
  const { ctx } = await openParts();
  const long = `POST /v1/${'x'.repeat(300)}`;
  for (const change of [{}, { caller: 'user:2' }, { operation: 'POST /v1/devices' }, { operation: long }]) {
    expect(await withIdempotency(ctx, call(change), makeUser)).toMatchObject({ replayed: false });
  }
  expect(await withIdempotency(ctx, call({ operation: long }), makeUser)).toMatchObject({ replayed: true });
  expect(await countUsers(ctx)).toBe(4);
});

test('after 24 hours the key is as new', async () => {
  const { ctx, clock } = await openParts({ at: '2026-01-20T10:00:00Z' });
  await withIdempotency(ctx, call(), makeUser);
  clock.advance(24 * 3600 - 1);
  expect(await withIdempotency(ctx, call(), makeUser)).toMatchObject({ replayed: true });
  clock.advance(1);
  expect(await withIdempotency(ctx, call({ body: 'another' }), makeUser)).toMatchObject({ replayed: false });
  expect(await withIdempotency(ctx, call({ body: 'another' }), makeUser)).toMatchObject({ replayed: true });
  expect(await countUsers(ctx)).toBe(2);
});

test('a failure is kept as the answer, and what the work wrote or told before it is undone', async () => {
  const { ctx, told } = await openParts();
  const work = vi.fn(async (tx: Ctx) => {
    await makeUser(tx);
    throw new Failed('PLAN_LIMIT_REACHED', { message: 'Two devices at most', details: { limit: 2, plan: 'free' } });
  });
  const refusal = {
    code: 'PLAN_LIMIT_REACHED',
    status: 403,
    message: 'Two devices at most',
    details: { limit: 2, plan: 'free' },
  };
  for (let time = 0; time < 3; time += 1) {
    await expect(withIdempotency(ctx, call(), work)).rejects.toMatchObject(refusal);
  }
  expect(work).toHaveBeenCalledTimes(1);
  expect([await countUsers(ctx), told]).toEqual([0, []]);
});

test('a failure is kept also when the work ran into a refused statement first', async () => {
  const { ctx } = await openParts();
  const work = async (tx: Ctx): Promise<{ status: number; body: unknown }> => {
    await sql`select 1 / 0`.execute(tx.db).catch(() => {});
    throw new Failed('TASK_FINISHED');
  };
  await expect(withIdempotency(ctx, call(), work)).rejects.toMatchObject({ code: 'TASK_FINISHED' });
  await expect(withIdempotency(ctx, call(), makeUser)).rejects.toMatchObject({ code: 'TASK_FINISHED' });
});

test.each([
  ['429', new Failed('DAILY_TASKS_REACHED')],
  ['5xx', new Failed('SERVICE_UNAVAILABLE')],
  ['an unexpected error', new Error('a bug')],
])('%s is not kept: a repeat tries again', async (_, error) => {
  const { ctx, told } = await openParts();
  const work = async (tx: Ctx) => {
    await makeUser(tx);
    throw error;
  };
  await expect(withIdempotency(ctx, call(), work)).rejects.toBe(error);
  expect([await countUsers(ctx), told]).toEqual([0, []]);
  expect(await withIdempotency(ctx, call(), makeUser)).toMatchObject({ status: 201, replayed: false });
});

test('of an answer with a secret only the fact is kept', async () => {
  const { ctx } = await openParts();
  await withIdempotency(ctx, call({ showsSecret: true }), async (tx) => {
    await makeUser(tx);
    return { status: 201, body: { key: 'dk_very_secret' } };
  });
  await expect(withIdempotency(ctx, call({ showsSecret: true }), makeUser)).rejects.toMatchObject({
    code: 'SECRET_ALREADY_SHOWN',
    status: 409,
  });
  expect(JSON.stringify(await ctx.db.selectFrom('idempotency_keys').selectAll().execute())).not.toContain('secret');
  expect(await countUsers(ctx)).toBe(1);
});

test('of the body nothing is kept by which a password in it could be guessed, and the secret before still counts', async () => {
  const env = { JWT_SECRET: 'o'.repeat(48) };
  const before = await openParts({ env });
  const body = { password: 'guess me' };
  await withIdempotency(before.ctx, call({ body }), makeUser);
  const { body_hash } = await before.ctx.db.selectFrom('idempotency_keys').selectAll().executeTakeFirstOrThrow();
  expect(body_hash).toMatch(/^[0-9a-f]{64}$/);
  expect(body_hash).not.toBe(before.ctx.tokens.hash(JSON.stringify(body)));

  const rotated = { JWT_SECRET: 'n'.repeat(48), JWT_SECRET_PREVIOUS: env.JWT_SECRET };
  const both = await openParts({ databaseUrl: before.url, env: rotated });
  expect(await withIdempotency(both.ctx, call({ body }), makeUser)).toMatchObject({ replayed: true });
  await expect(withIdempotency(both.ctx, call({ body: 'another' }), makeUser)).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  const newOnly = await openParts({ databaseUrl: before.url, env: { JWT_SECRET: rotated.JWT_SECRET } });
  await expect(withIdempotency(newOnly.ctx, call({ body }), makeUser)).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
});

test('a crash in the middle leaves nothing, and the repeat does the work', async () => {
  const { ctx, url, told } = await openParts();
  const crashing = withIdempotency(ctx, call(), async (tx) => {
    const answer = await makeUser(tx);
    await cutConnections(url);
    return answer;
  });
  await expect(crashing).rejects.toThrow();
  expect(told).toEqual([]);
  expect(await withIdempotency(ctx, call(), makeUser)).toMatchObject({ status: 201, replayed: false });
  expect(await countUsers(ctx)).toBe(1);
  expect(told).toHaveLength(1);
});

test('a repeat that waits while the first one fails does the work itself', async () => {
  const { ctx } = await openParts();
  const { promise: mayFail, resolve: letFail } = Promise.withResolvers<void>();
  const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
  const first = withIdempotency(ctx, call(), async (tx) => {
    await makeUser(tx);
    begin();
    await mayFail;
    throw new Error('a bug');
  });
  await hasBegun;
  const repeat = withIdempotency(ctx, call(), makeUser);
  await vi.waitUntil(async () => {
    const { rows } = await sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(ctx.db);
    return rows.length > 0;
  });
  letFail();
  await expect(first).rejects.toThrow('a bug');
  expect(await repeat).toMatchObject({ status: 201, replayed: false });
  expect(await countUsers(ctx)).toBe(1);
});

test('a repeat that has waited too long for the first one is told to come again', async () => {
  const { ctx } = await openParts();
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>();
  const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
  const first = withIdempotency(ctx, call(), async (tx) => {
    begin();
    await mayEnd;
    return makeUser(tx);
  });
  await hasBegun;
  await expect(withIdempotency(ctx, call(), makeUser)).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    retryAfterSeconds: 1,
  });
  letEnd();
  expect(await first).toMatchObject({ replayed: false });
});

test('without the database nothing is done', async () => {
  const { ctx, url } = await openParts();
  await takeAway(url);
  await expect(withIdempotency(ctx, call(), makeUser)).rejects.toThrow();
});

test.each([
  ['nothing', ''],
  ['more than 255 characters', 'x'.repeat(256)],
  ['a space', 'two words'],
  ['a letter beyond ASCII', 'ü'],
  ['a control character', 'a\tb'],
])('%s is no key', async (_, key) => {
  const { ctx } = await openParts();
  await expect(withIdempotency(ctx, call({ key }), makeUser)).rejects.toMatchObject({
    code: 'VALIDATION_ERROR',
    details: [{ path: ['header', 'idempotency-key'], code: 'invalid_format' }],
  });
});
