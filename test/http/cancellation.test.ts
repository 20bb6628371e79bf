/** What cancelling does to a task, by how far it has come. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { assigned, finished, running, stepsIn } from '../setup/tasks.ts';

let app: TestApp;
let user: TestUser;
let device: TestDevice;
const { inSeconds, newOwner } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
  user = await app.makeUser();
  device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
});
afterAll(() => app.close());

describe('cancelling', () => {
  test('a task that waits for its time ends it at once', async () => {
    const { task_id } = await user.client.tasks.create({
      device_id: device.id,
      command: 'true',
      run_at: inSeconds(60),
    });
    const cancelled = { status: 'cancelled', completed_at: inSeconds(0), cancel_requested_at: inSeconds(0) };
    expect(await user.client.tasks.cancel(task_id)).toMatchObject(cancelled);
  });

  test('a queued task ends it at once, and nobody gets it', async () => {
    const { owner, machine } = await newOwner();
    const { task_id } = await owner.client.tasks.create({ device_id: machine.id, command: 'true' });
    expect(await owner.client.tasks.cancel(task_id)).toMatchObject({ status: 'cancelled' });
    expect((await machine.client.daemon.claim()).count).toBe(0);
  });

  test.each(['assigned', 'running'] as const)('a task that is %s asks its device to stop, once', async (status) => {
    const task = await { assigned, running }[status](user, device);
    const asked = { status, cancel_requested_at: inSeconds(0), completed_at: null };
    expect(await user.client.tasks.cancel(task.id)).toMatchObject(asked);
    app.clock.advance(5);
    const again = { ...asked, cancel_requested_at: inSeconds(-5) };
    expect(await user.client.tasks.cancel(task.id)).toMatchObject(again);
  });

  test.each(['completed', 'failed', 'timeout'] as const)('a task that has ended as %s is refused', async (status) => {
    const task = await finished(status, user, device);
    const refused = await refusalOf(user.client.tasks.cancel(task.id));
    expect(refused).toMatchObject({ status: 409, code: 'TASK_FINISHED' });
    expect(await user.client.tasks.get(task.id)).toMatchObject({ status, cancel_requested_at: null });
  });

  test('a cancelled task again changes nothing and is no error', async () => {
    const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' });
    const first = await user.client.tasks.cancel(task_id);
    app.clock.advance(1);
    expect(await user.client.tasks.cancel(task_id)).toEqual(first);
    expect((await user.client.tasks.listEvents(task_id)).events).toHaveLength(2);
  });

  test('a task that its device completes all the same leaves the result', async () => {
    const task = await running(user, device);
    await user.client.tasks.cancel(task.id);
    await device.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id, exit_code: 0 });
    expect(await user.client.tasks.get(task.id)).toMatchObject({ status: 'completed', exit_code: 0 });
  });

  test('at the same moment as the start either stops the start or reaches the running task', async () => {
    const { owner, machine } = await newOwner();
    for (let round = 0; round < 15; round++) {
      const task = await assigned(owner, machine);
      const [start] = await Promise.allSettled([
        machine.client.daemon.start(task.id, { lease_id: task.lease_id }),
        owner.client.tasks.cancel(task.id),
      ]);
      const now = await owner.client.tasks.get(task.id);
      expect(now.cancel_requested_at).not.toBeNull();
      if (start.status === 'fulfilled') expect(now.status).toBe('running');
      else expect([now.status, start.reason]).toMatchObject(['assigned', { status: 409, code: 'TASK_CANCELLED' }]);
      await machine.client.daemon.result(task.id, { status: 'cancelled', lease_id: task.lease_id });
    }
  });
});
