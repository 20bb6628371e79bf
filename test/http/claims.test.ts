/** What a daemon is handed, and the start by which it takes a task as its own. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HandedTask } from '../../sdk/src/index.ts';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp } from '../setup/app.ts';
import { assigned, claimOne, create, end, running, start, stepsIn } from '../setup/tasks.ts';

let app: TestApp;
const { inSeconds, newOwner, whenWaiting } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

describe('a claim', () => {
  test('takes the most urgent first, then the oldest', async () => {
    const { owner, machine } = await newOwner();
    await owner.client.devices.updateConfig(machine.id, { max_concurrent_tasks: 10 });
    const order: [priority: number, age: number][] = [[5, 3], [9, 1], [5, 1], [1, 9], [9, 2], [10, 0], [5, 2]]; // biome-ignore format: a table
    const ids = new Map<string, string>();
    for (const [priority, age] of order.toSorted(([, a], [, b]) => b - a)) {
      ids.set(await create(owner, machine, { priority }), `${priority}/${age}`);
      app.clock.advance(1);
    }
    const two = (await machine.client.daemon.claim({ limit: 2 })).tasks;
    const rest = (await machine.client.daemon.claim()).tasks;
    expect([...two, ...rest].map(({ id }) => ids.get(id))).toEqual(['10/0', '9/2', '9/1', '5/3', '5/2', '5/1', '1/9']);
  });

  test('has the document’s fields, and those of the lease', async () => {
    const { owner, machine } = await newOwner();
    const id = await create(owner, machine, { args: { cwd: '/path' }, priority: 6, grace_seconds: 7, timeout: 60_000 });
    const created = inSeconds(0);
    app.clock.advance(5);
    const { tasks, count } = await machine.client.daemon.claim({ claim_id: randomUUID() });
    expect(count).toBe(1);
    expect(tasks).toEqual([
      {
        id,
        type: 'bash',
        command: 'true',
        args: { cwd: '/path', timeout: 60_000 },
        priority: 6,
        max_retries: 3,
        timeout: 60_000,
        grace_seconds: 7,
        attempt: 1,
        lease_id: expect.any(String),
        lease_expires_at: inSeconds(90),
        created_at: created,
        request_id: expect.any(String),
        traceparent: null,
      },
    ]);
  });

  test('leases for three heartbeats, and never less than 90 seconds', async () => {
    const { owner, machine } = await newOwner();
    const leaseWith = async (heartbeat_interval: number) => {
      await owner.client.devices.updateConfig(machine.id, { heartbeat_interval });
      return (await assigned(owner, machine)).lease_expires_at;
    };
    expect(await leaseWith(5)).toBe(inSeconds(90));
    expect(await leaseWith(31)).toBe(inSeconds(93));
    expect(await leaseWith(3600)).toBe(inSeconds(10_800));
  });

  test('without a claim id is itself the start: the task runs, and never comes again', async () => {
    const { owner, machine } = await newOwner();
    const id = await create(owner, machine);
    expect((await machine.client.daemon.claim()).tasks.map((task) => task.id)).toEqual([id]);
    expect(await owner.client.tasks.get(id)).toMatchObject({ status: 'running', started_at: inSeconds(0), attempt: 1 });
    for (const claim_id of [undefined, randomUUID()])
      expect((await machine.client.daemon.claim(claim_id ? { claim_id } : {})).count).toBe(0);
  });

  test('with a claim id can be repeated, and has the same tasks and leases each time; another gets others', async () => {
    const { owner, machine } = await newOwner();
    for (const command of ['a', 'b', 'c']) await create(owner, machine, { command });
    const claim_id = randomUUID();
    const first = await machine.client.daemon.claim({ limit: 2, claim_id });
    expect(first.count).toBe(2);
    expect(await machine.client.daemon.claim({ limit: 2, claim_id })).toEqual(first);
    const other = await machine.client.daemon.claim({ limit: 2, claim_id: randomUUID() });
    expect(other.count).toBe(1);
    expect(first.tasks.map(({ id }) => id)).not.toContain(other.tasks[0]?.id);
    expect(await machine.client.daemon.claim({ limit: 2, claim_id })).toEqual(first);
    expect(await owner.client.tasks.get(first.tasks[0]?.id as string)).toMatchObject({
      status: 'assigned',
      started_at: null,
    });
  });

  test('repeated at the same moment is carried out once', async () => {
    const { owner, machine } = await newOwner();
    for (const command of ['a', 'b', 'c']) await create(owner, machine, { command });
    const claim_id = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => machine.client.daemon.claim({ limit: 2, claim_id })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.count).toBe(2);
    expect((await owner.client.tasks.list({ status: 'assigned' })).pagination.total).toBe(2);
  });

  test('repeated late has only what is still held under it', async () => {
    const { owner, machine } = await newOwner();
    for (const command of ['a', 'b']) await create(owner, machine, { command });
    const claim_id = randomUUID();
    const { tasks } = await machine.client.daemon.claim({ claim_id });
    const [one, two] = tasks as [HandedTask, HandedTask];
    await start(machine, one);
    await end(machine, one, 'completed');
    expect((await machine.client.daemon.claim({ claim_id })).tasks.map(({ id }) => id)).toEqual([two.id]);
    app.clock.advance(91);
    await app.sweep();
    expect((await machine.client.daemon.claim({ claim_id })).tasks).toEqual([]);
    expect((await claimOne(machine)).id).toBe(two.id);
  });

  test('that waits is answered within milliseconds of a create, and by a task that becomes due', async () => {
    const { owner, machine } = await newOwner();
    const { answer } = await whenWaiting(() => machine.client.daemon.claim({ wait: 30 }));
    const id = await create(owner, machine);
    const createdAt = performance.now();
    expect((await answer).tasks.map((task) => task.id)).toEqual([id]);
    expect(performance.now() - createdAt).toBeLessThan(250);

    const later = await create(owner, machine, { run_at: inSeconds(60) });
    const { answer: second } = await whenWaiting(() => machine.client.daemon.claim({ wait: 30 }));
    app.clock.advance(60);
    await app.sweep();
    const sweptAt = performance.now();
    expect((await second).tasks.map((task) => task.id)).toEqual([later]);
    expect(performance.now() - sweptAt).toBeLessThan(250);
  });

  test('that waits is answered with nothing when the time is up, and gives a task to one alone', async () => {
    const { owner, machine } = await newOwner();
    const startedAt = performance.now();
    const answers = Promise.all([1, 2, 3].map(() => machine.client.daemon.claim({ wait: 1, claim_id: randomUUID() })));
    await create(owner, machine);
    expect((await answers).map(({ count }) => count).sort()).toEqual([0, 0, 1]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
  });

  test('of a device gets no task of another', async () => {
    const { owner, machine } = await newOwner();
    const other = await app.makeDevice(owner);
    await create(owner, machine);
    expect((await other.client.daemon.claim()).count).toBe(0);
  });

  test('at the moment in which its device is deleted leaves nothing held', async () => {
    for (let round = 0; round < 10; round++) {
      const { owner, machine } = await newOwner();
      const tasks = Array.from({ length: 3 }, () => ({ device_id: machine.id, command: 'true' }));
      await owner.client.tasks.createBatch({ tasks });
      const claims = [1, 2, 3].map(() => machine.client.daemon.claim({ limit: 1, claim_id: randomUUID() }));
      const [removed, ...claimed] = await Promise.allSettled([owner.client.devices.remove(machine.id), ...claims]);
      expect(removed).toMatchObject({ status: 'fulfilled' });
      for (const result of claimed)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
      const { items } = await owner.client.tasks.list();
      expect(items.map(({ status, device_id }) => [status, device_id])).toEqual(tasks.map(() => ['cancelled', null]));
    }
  });
});

describe('a start', () => {
  test('makes the task run, and repeated changes nothing', async () => {
    const { owner, machine } = await newOwner();
    const task = await assigned(owner, machine);
    app.clock.advance(10);
    const started = { task_id: task.id, status: 'running', lease_expires_at: inSeconds(90) };
    expect(await start(machine, task)).toEqual(started);
    const startedAt = inSeconds(0);
    app.clock.advance(10);
    expect(await start(machine, task)).toEqual(started);
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'running', started_at: startedAt });
    expect((await owner.client.tasks.listEvents(task.id)).events.map(({ to_status }) => to_status)).toEqual([
      'queued',
      'assigned',
      'running',
    ]);
  });

  test('twenty times at once starts it once', async () => {
    const { owner, machine } = await newOwner();
    const task = await assigned(owner, machine);
    const answers = await Promise.all(Array.from({ length: 20 }, () => start(machine, task)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await owner.client.tasks.listEvents(task.id)).events).toHaveLength(3);
  });

  test('after a cancellation is refused, as long as it was not started before', async () => {
    const { owner, machine } = await newOwner();
    const task = await assigned(owner, machine);
    await owner.client.tasks.cancel(task.id);
    expect(await refusalOf(start(machine, task))).toMatchObject({ status: 409, code: 'TASK_CANCELLED' });
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'assigned', started_at: null });

    const started = await running(owner, machine);
    await owner.client.tasks.cancel(started.id);
    expect(await start(machine, started)).toMatchObject({ status: 'running' });
  });

  test('under a lease that ran out is refused, before the sweep and after, and once it was handed out anew', async () => {
    const { owner, machine } = await newOwner();
    const task = await assigned(owner, machine);
    const lost = { status: 409, code: 'LEASE_LOST' };
    app.clock.advance(91);
    expect(await refusalOf(start(machine, task))).toMatchObject(lost);
    await app.sweep();
    expect(await refusalOf(start(machine, task))).toMatchObject(lost);
    const again = await claimOne(machine);
    expect(again).toMatchObject({ id: task.id, attempt: 2 });
    expect(again.lease_id).not.toBe(task.lease_id);
    expect(await refusalOf(start(machine, task))).toMatchObject(lost);
    await start(machine, again);
  });

  test('under a lease of nobody, and of a task that is finished, is refused', async () => {
    const { owner, machine } = await newOwner();
    const task = await assigned(owner, machine);
    const madeUp = { ...task, lease_id: randomUUID() };
    expect(await refusalOf(start(machine, madeUp))).toMatchObject({ status: 409, code: 'LEASE_LOST' });
    await start(machine, task);
    await end(machine, task, 'completed');
    expect(await refusalOf(start(machine, task))).toMatchObject({ status: 409, code: 'LEASE_LOST' });
  });

  test('of another device’s task is as if there were none', async () => {
    const { owner, machine } = await newOwner();
    const other = await app.makeDevice(owner);
    const task = await assigned(owner, machine);
    expect(await refusalOf(start(other, task))).toMatchObject({ status: 404, code: 'TASK_NOT_FOUND' });
  });
});
