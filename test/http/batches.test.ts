/** Tasks that are created together, side by side or one after another. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HandedTask, NewTask, TaskResult } from '../../sdk/src/index.ts';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { stepsIn } from '../setup/tasks.ts';

const DAY = 86_400;

let app: TestApp;
const { inSeconds, newOwner, whenWaiting } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

describe('a batch', () => {
  const three = (device_id: string, more: Partial<NewTask> = {}): NewTask[] =>
    ['first', 'second', 'third'].map((command) => ({ device_id, command, ...more }));

  const statusesOf = async (owner: TestUser, ids: string[]) =>
    Promise.all(ids.map(async (id) => (await owner.client.tasks.get(id)).status));

  async function sequence(more: Partial<NewTask> = {}) {
    const { owner, machine } = await newOwner();
    const batch = await owner.client.tasks.createBatch({ tasks: three(machine.id, more), mode: 'sequential' });
    return { owner, machine, ids: batch.tasks.map(({ task_id }) => task_id) as [string, string, string], batch };
  }

  /** Takes the only task that there is to take, and ends it. */
  async function endNext(machine: TestDevice, status: TaskResult['status']): Promise<string> {
    const { tasks } = await machine.client.daemon.claim({ claim_id: randomUUID() });
    const [task] = tasks as [HandedTask];
    expect(tasks).toHaveLength(1);
    await machine.client.daemon.start(task.id, { lease_id: task.lease_id });
    await machine.client.daemon.result(task.id, { status, lease_id: task.lease_id });
    return task.id;
  }

  test('is parallel when nothing else is said: all are queued', async () => {
    const { owner, machine } = await newOwner();
    const batch = await owner.client.tasks.createBatch({ tasks: three(machine.id) });
    expect(batch.mode).toBe('parallel');
    expect(batch.tasks).toEqual(
      batch.tasks.map(({ task_id }) => ({ task_id, status: 'queued', estimated_start: inSeconds(10) })),
    );
    const listed = await owner.client.tasks.list({ batch_id: batch.batch_id });
    expect(new Set(listed.items.map(({ id }) => id))).toEqual(new Set(batch.tasks.map(({ task_id }) => task_id)));
    for (const [at, { task_id }] of batch.tasks.entries())
      expect((await owner.client.tasks.get(task_id)).command).toBe(['first', 'second', 'third'][at]);
    expect((await machine.client.daemon.claim()).count).toBe(3);
  });

  test('takes a hundred tasks, and not one more', async () => {
    const { owner, machine } = await newOwner();
    const tasks = Array.from({ length: 101 }, (_, at) => ({ device_id: machine.id, command: `${at}` }));
    const refused = await refusalOf(owner.client.tasks.createBatch({ tasks }));
    expect(refused).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
    const batch = await owner.client.tasks.createBatch({ tasks: tasks.slice(1), mode: 'sequential' });
    expect(batch.tasks).toHaveLength(100);
  });

  test('in sequence runs one after another, each queued when the one before completed', async () => {
    const { owner, machine, ids, batch } = await sequence();
    expect(batch.tasks.map(({ status }) => status)).toEqual(['queued', 'pending', 'pending']);
    for (const [at, id] of ids.entries()) {
      const { status, after_task_id } = await owner.client.tasks.get(id);
      expect([status, after_task_id]).toEqual(['queued', ids[at - 1] ?? null]);
      expect(await endNext(machine, 'completed')).toBe(id);
    }
    expect(await statusesOf(owner, ids)).toEqual(['completed', 'completed', 'completed']);
  });

  test('in sequence may go over several devices', async () => {
    const { owner, machine } = await newOwner();
    const other = await app.makeDevice(owner);
    const tasks = [machine, other].map(({ id }) => ({ device_id: id, command: 'true' }));
    await owner.client.tasks.createBatch({ tasks, mode: 'sequential' });
    const { answer } = await whenWaiting(() => other.client.daemon.claim({ wait: 30 }));
    const startedAt = performance.now();
    await endNext(machine, 'completed');
    expect((await answer).count).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test.each([
    'failed',
    'timeout',
    'cancelled',
  ] as const)('in sequence ends when one has ended as %s: the rest are cancelled because of it', async (status) => {
    const { owner, machine, ids } = await sequence();
    await endNext(machine, 'completed');
    await endNext(machine, status);
    expect(await statusesOf(owner, ids)).toEqual(['completed', status, 'cancelled']);
    expect((await owner.client.tasks.get(ids[2])).reason).toBe('predecessor');
  });

  test('in sequence ends when its owner cancels one that waits', async () => {
    const { owner, machine, ids } = await sequence();
    await owner.client.tasks.cancel(ids[1]);
    expect(await statusesOf(owner, ids)).toEqual(['queued', 'cancelled', 'cancelled']);
    await endNext(machine, 'completed');
    expect(await statusesOf(owner, ids)).toEqual(['completed', 'cancelled', 'cancelled']);
  });

  test('in sequence ends when the first one expires', async () => {
    const { owner, ids } = await sequence({ expires_in: 60 });
    app.clock.advance(60);
    await app.sweep();
    const tasks = await Promise.all(ids.map((id) => owner.client.tasks.get(id)));
    expect(tasks.map(({ status, reason }) => [status, reason])).toEqual([
      ['cancelled', 'expired'],
      ['cancelled', 'predecessor'],
      ['cancelled', 'predecessor'],
    ]);
  });

  test('in sequence ends when the device of one is deleted, also on other devices', async () => {
    const { owner, machine } = await newOwner();
    const other = await app.makeDevice(owner);
    const tasks = [machine, other, machine].map(({ id }) => ({ device_id: id, command: 'true' }));
    const batch = await owner.client.tasks.createBatch({ tasks, mode: 'sequential' });
    await owner.client.devices.remove(machine.id);
    const ids = batch.tasks.map(({ task_id }) => task_id);
    const after = await Promise.all(ids.map((id) => owner.client.tasks.get(id)));
    expect(after.map(({ status, reason }) => [status, reason])).toEqual([
      ['cancelled', 'device_deleted'],
      ['cancelled', 'predecessor'],
      ['cancelled', 'device_deleted'],
    ]);
  });

  test('in sequence waits while one is tried again', async () => {
    const { owner, machine, ids } = await sequence({ max_retries: 1 });
    await endNext(machine, 'failed');
    expect(await statusesOf(owner, ids)).toEqual(['pending', 'pending', 'pending']);
    app.clock.advance(13);
    await app.sweep();
    expect(await endNext(machine, 'completed')).toBe(ids[0]);
    expect(await statusesOf(owner, ids)).toEqual(['completed', 'queued', 'pending']);
  });

  test('in sequence gives each task its days from when it is queued', async () => {
    const { owner, machine, ids } = await sequence({ expires_in: 60, timeout: DAY * 1000 });
    const [task] = (await machine.client.daemon.claim({ claim_id: randomUUID() })).tasks as [HandedTask];
    await machine.client.daemon.start(task.id, { lease_id: task.lease_id });
    app.clock.advance(3600);
    await machine.client.daemon.heartbeat({ current_tasks: [task.id] });
    await app.sweep();
    expect(await owner.client.tasks.get(ids[1])).toMatchObject({ status: 'pending' });
    await machine.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id });
    expect(await owner.client.tasks.get(ids[1])).toMatchObject({ status: 'queued', expires_at: inSeconds(60) });
  });

  test('in sequence lets a task wait for its own time too, and counts its days from there', async () => {
    const { owner, machine } = await newOwner();
    const runAt = inSeconds(3600);
    const tasks = [
      { device_id: machine.id, command: 'a' },
      { device_id: machine.id, command: 'b', run_at: runAt },
    ];
    const batch = await owner.client.tasks.createBatch({
      tasks: tasks.map((task) => ({ ...task, expires_in: 600 })),
      mode: 'sequential',
    });
    const second = batch.tasks[1]?.task_id as string;
    expect(batch.tasks[1]?.estimated_start).toBe(inSeconds(3610));
    await endNext(machine, 'completed');
    expect(await owner.client.tasks.get(second)).toMatchObject({ status: 'pending', expires_at: inSeconds(4200) });
    app.clock.advance(3600);
    await app.sweep();
    expect(await endNext(machine, 'completed')).toBe(second);
  });

  test('is created whole or not at all', async () => {
    const { owner, machine } = await newOwner();
    const { machine: strange } = await newOwner();
    const batches: NewTask[][] = [
      [...three(machine.id), { device_id: randomUUID(), command: 'true' }],
      [...three(machine.id), { device_id: strange.id, command: 'true' }],
      [...three(machine.id), { device_id: machine.id, command: '' }],
      [],
    ];
    for (const tasks of batches) await refusalOf(owner.client.tasks.createBatch({ tasks }));
    expect((await owner.client.tasks.list()).pagination.total).toBe(0);
  });
});
