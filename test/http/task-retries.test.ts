/** When a task is run again: by itself, and by hand as a new one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HandedTask } from '../../sdk/src/index.ts';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp } from '../setup/app.ts';
import { assigned, claimOne, create, end, finished, running, start, stepsIn } from '../setup/tasks.ts';

const DAY = 86_400;

let app: TestApp;
const { inSeconds, newOwner } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

describe('a task that did not succeed', () => {
  test.each(['failed', 'timeout'] as const)('and has ended as %s is not run again unasked', async (status) => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    await end(machine, task, status);
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status, max_retries: 3, retry_count: 0 });
  });

  test.each([
    'failed',
    'timeout',
  ] as const)('and has ended as %s is run again as often as its owner said', async (status) => {
    const { owner, machine } = await newOwner();
    let task = await running(owner, machine, { max_retries: 2 });
    for (const retry_count of [1, 2]) {
      await end(machine, task, status, { stdout: `try ${retry_count}` });
      expect(await owner.client.tasks.get(task.id)).toMatchObject({
        status: 'pending',
        reason: 'retry',
        retry_count,
        stdout: null,
        started_at: null,
        completed_at: null,
      });
      app.clock.advance(24);
      await app.sweep();
      task = await claimOne(machine);
      expect(task.attempt).toBe(retry_count + 1);
      await start(machine, task);
    }
    await end(machine, task, status, { stdout: 'the last' });
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status, retry_count: 2, stdout: 'the last' });
  });

  test.each(['completed', 'cancelled'] as const)('because it has ended as %s is never run again', async (status) => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine, { max_retries: 5 });
    await end(machine, task, status);
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status, retry_count: 0 });
  });

  test('and never started is run again by itself, three times unless its owner said otherwise', async () => {
    const { owner, machine } = await newOwner();
    const id = await create(owner, machine);
    for (const retry_count of [1, 2, 3]) {
      await end(machine, await claimOne(machine), 'failed', { never_started: true });
      expect(await owner.client.tasks.get(id)).toMatchObject({ status: 'pending', retry_count });
      app.clock.advance(48);
      await app.sweep();
    }
    await end(machine, await claimOne(machine), 'failed', { never_started: true });
    expect(await owner.client.tasks.get(id)).toMatchObject({ status: 'failed', reason: 'never_started' });
  });

  test('and that its owner wants cancelled is not run again', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine, { max_retries: 5 });
    await owner.client.tasks.cancel(task.id);
    await end(machine, task, 'failed');
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'failed', retry_count: 0 });
  });

  test('waits 10 s · 2ⁿ ± 20 % before it is run again, and at most ten minutes', async () => {
    const { owner, machine } = await newOwner();
    const id = await create(owner, machine, { max_retries: 10 });
    for (let n = 0; n < 9; n++) {
      await end(machine, await claimOne(machine), 'failed', { exit_code: n });
      const least = Math.min(8 * 2 ** n, 600);
      const most = Math.min(12 * 2 ** n, 600);
      app.clock.advance(least - 0.001);
      await app.sweep();
      expect(await owner.client.tasks.get(id), `after ${least} s`).toMatchObject({ status: 'pending' });
      app.clock.advance(most - least + 0.001);
      await app.sweep();
      expect(await owner.client.tasks.get(id), `after ${most} s`).toMatchObject({ status: 'queued' });
    }
  });

  test('comes back apart from others that failed in the same moment', async () => {
    const { owner, machine } = await newOwner();
    await owner.client.devices.updateConfig(machine.id, { max_concurrent_tasks: 10 });
    const tasks = Array.from({ length: 10 }, () => ({ device_id: machine.id, command: 'true', max_retries: 1 }));
    await owner.client.tasks.createBatch({ tasks });
    for (const task of (await machine.client.daemon.claim()).tasks) await end(machine, task, 'failed');
    const rows = await app.service.db.selectFrom('tasks').select('ready_at').where('user_id', '=', owner.id).execute();
    expect(new Set(rows.map(({ ready_at }) => ready_at?.getTime())).size).toBeGreaterThan(5);
  });

  test('is run again though its days would be over meanwhile: it was delivered in time', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine, { max_retries: 1, expires_in: 60 });
    app.clock.advance(59);
    await end(machine, task, 'failed');
    app.clock.advance(12);
    await app.sweep();
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'queued', retry_count: 1 });
    app.clock.advance(60);
    await app.sweep();
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'cancelled', reason: 'expired' });
  });
});

describe('retrying by hand', () => {
  test.each([
    'completed',
    'failed',
    'cancelled',
    'timeout',
  ] as const)('a task that has ended as %s makes a new one with the same words, and names the old one', async (status) => {
    const { owner, machine } = await newOwner();
    const said = { command: 'make', args: { cwd: '/x' }, priority: 9, timeout: 2500, grace_seconds: 3 };
    const task = await finished(status, owner, machine, { ...said, on_disconnect: 'fail', type: 'custom' });
    const retried = await owner.client.tasks.retry(task.id);
    expect(retried).toEqual({ task_id: retried.task_id, status: 'queued', estimated_start: inSeconds(10) });
    expect(retried.task_id).not.toBe(task.id);
    expect(await owner.client.tasks.get(retried.task_id)).toMatchObject({
      ...said,
      type: 'custom',
      on_disconnect: 'fail',
      parent_task_id: task.id,
      batch_id: null,
      after_task_id: null,
      retry_count: 0,
      attempt: 0,
      exit_code: null,
      expires_at: inSeconds(7 * DAY),
    });
    expect((await owner.client.tasks.get(task.id)).status).toBe(status);
  });

  test('a task that has not finished is refused', async () => {
    const { owner, machine } = await newOwner();
    const pending = await owner.client.tasks.create({ device_id: machine.id, command: 'true', run_at: inSeconds(60) });
    const ids = [pending.task_id, (await assigned(owner, machine)).id, (await running(owner, machine)).id];
    ids.push((await owner.client.tasks.create({ device_id: machine.id, command: 'true' })).task_id);
    for (const id of ids) {
      const refused = await refusalOf(owner.client.tasks.retry(id));
      expect(refused).toMatchObject({ status: 409, code: 'TASK_NOT_FINISHED' });
    }
    expect((await owner.client.tasks.list()).pagination.total).toBe(4);
  });

  test('a task whose device has been deleted is refused', async () => {
    const { owner, machine } = await newOwner();
    const task = await finished('failed', owner, machine);
    await owner.client.devices.remove(machine.id);
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'failed', device_id: null });
    const refused = await refusalOf(owner.client.tasks.retry(task.id));
    expect(refused).toMatchObject({ status: 404, code: 'DEVICE_NOT_FOUND' });
  });

  test('a task that never set max_retries still does not run a failed command again by itself', async () => {
    const { owner, machine } = await newOwner();
    const task = await finished('failed', owner, machine);
    await owner.client.tasks.retry(task.id);
    const [again] = (await machine.client.daemon.claim()).tasks as [HandedTask];
    await machine.client.daemon.result(again.id, { status: 'failed', lease_id: again.lease_id });
    expect(await owner.client.tasks.get(again.id)).toMatchObject({ status: 'failed', max_retries: 3, retry_count: 0 });
  });
});
