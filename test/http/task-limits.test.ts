/** How many tasks come of many creates: those of a day’s plan, and of one Idempotency-Key. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { finished, stepsIn } from '../setup/tasks.ts';

const DAY = 86_400;

let app: TestApp;
const { newOwner } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

describe('the tasks of a day', () => {
  const secondsToMidnight = () => DAY - ((app.clock.now().getTime() / 1000) % DAY);
  const create = (owner: TestUser, machine: TestDevice, options = {}) =>
    owner.client.tasks.create({ device_id: machine.id, command: 'true' }, options);

  test('are ten on the free plan; then the answer says when there are more, and there are', async () => {
    const { owner, machine } = await newOwner('free');
    for (let count = 0; count < 10; count++) await create(owner, machine);
    const refused = await refusalOf(create(owner, machine));
    expect(refused).toMatchObject({
      status: 429,
      code: 'PLAN_LIMIT_REACHED',
      details: { limit: 10, plan: 'free' },
      retryAfterSeconds: Math.ceil(secondsToMidnight()),
    });
    app.clock.advance(secondsToMidnight() - 0.001);
    expect(await refusalOf(create(owner, machine))).toMatchObject({ status: 429, retryAfterSeconds: 1 });
    app.clock.advance(0.001);
    await create(owner, machine);
  });

  test('are never overshot by creates at the same time', async () => {
    const { owner, machine } = await newOwner('free');
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => create(owner, machine)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PLAN_LIMIT_REACHED' });
    expect((await owner.client.tasks.list()).pagination.total).toBe(10);
  });

  test('count each task of a batch, and a batch that does not fit makes none', async () => {
    const { owner, machine } = await newOwner('free');
    const batch = (count: number) =>
      owner.client.tasks.createBatch({
        tasks: Array.from({ length: count }, () => ({ device_id: machine.id, command: 'true' })),
      });
    expect(await refusalOf(batch(11))).toMatchObject({ status: 429, code: 'PLAN_LIMIT_REACHED' });
    await batch(9);
    expect(await refusalOf(batch(2))).toMatchObject({ status: 429 });
    await batch(1);
    expect((await owner.client.tasks.list()).pagination.total).toBe(10);
  });

  test('count retries by hand, and those that ended', async () => {
    const { owner, machine } = await newOwner('free');
    const { task_id } = await create(owner, machine);
    await owner.client.tasks.cancel(task_id);
    for (let count = 1; count < 10; count++) await owner.client.tasks.retry(task_id);
    expect(await refusalOf(owner.client.tasks.retry(task_id))).toMatchObject({ status: 429 });
  });

  test('are each user’s own', async () => {
    const { owner, machine } = await newOwner('free');
    const { owner: neighbour, machine: theirs } = await newOwner('free');
    for (let count = 0; count < 10; count++) await create(owner, machine);
    await create(neighbour, theirs);
  });

  test('are given back to nobody by a key that was refused: the same key works the next day', async () => {
    const { owner, machine } = await newOwner('free');
    for (let count = 0; count < 10; count++) await create(owner, machine);
    const idempotencyKey = randomUUID();
    expect(await refusalOf(create(owner, machine, { idempotencyKey }))).toMatchObject({ status: 429 });
    app.clock.advance(secondsToMidnight());
    const { task_id } = await create(owner, machine, { idempotencyKey });
    expect(await create(owner, machine, { idempotencyKey })).toMatchObject({ task_id });
  });
});

describe('a hundred creates at once under one Idempotency-Key', () => {
  const hundred = <T>(call: (options: { idempotencyKey: string }) => PromiseLike<T>) => {
    const idempotencyKey = randomUUID();
    return Promise.all(Array.from({ length: 100 }, () => call({ idempotencyKey })));
  };

  test('make one task and give one answer', async () => {
    const { owner, machine } = await newOwner();
    const answers = await hundred((options) =>
      owner.client.tasks.create({ device_id: machine.id, command: 'true' }, options),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await owner.client.tasks.list()).items.map(({ id }) => id)).toEqual([answers[0]?.task_id]);
  });

  test('make one batch', async () => {
    const { owner, machine } = await newOwner();
    const tasks = [1, 2].map(() => ({ device_id: machine.id, command: 'true' }));
    const answers = await hundred((options) => owner.client.tasks.createBatch({ tasks }, options));
    expect(new Set(answers.map(({ batch_id }) => batch_id)).size).toBe(1);
    expect((await owner.client.tasks.list()).pagination.total).toBe(2);
  });

  test('make one retry', async () => {
    const { owner, machine } = await newOwner();
    const task = await finished('failed', owner, machine);
    const answers = await hundred((options) => owner.client.tasks.retry(task.id, options));
    expect(new Set(answers.map(({ task_id }) => task_id)).size).toBe(1);
    expect((await owner.client.tasks.list()).pagination.total).toBe(2);
  });

  test('with another body, or as another kind of create, are told apart', async () => {
    const { owner, machine } = await newOwner();
    const idempotencyKey = randomUUID();
    const task = { device_id: machine.id, command: 'true' };
    await owner.client.tasks.create(task, { idempotencyKey });
    const reused = await refusalOf(owner.client.tasks.create({ ...task, command: 'false' }, { idempotencyKey }));
    expect(reused).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    await owner.client.tasks.createBatch({ tasks: [task] }, { idempotencyKey });
    expect((await owner.client.tasks.list()).pagination.total).toBe(2);
  });
});
