import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import type { TaskSummary } from '../../sdk/src/index.ts';
import { openApp, openAppForTest, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: { JWT_EXPIRES_IN: '365d' } });
  return app.close;
});

type Status = 'completed' | 'failed' | 'timeout';

/** Queues `count` tasks, takes them, and reports them so after `seconds`. */
async function runTasks(user: TestUser, device: TestDevice, count: number, status: Status = 'completed', seconds = 2) {
  const tasks = Array.from({ length: count }, () => ({ device_id: device.id, command: 'true' }));
  await user.client.tasks.createBatch({ tasks });
  const claimed = await device.client.daemon.claim({ limit: 100 });
  app.clock.advance(seconds);
  await Promise.all(
    claimed.tasks.map(({ id, lease_id }) =>
      device.client.daemon.result(id, { status, lease_id, exit_code: status === 'completed' ? 0 : 1 }),
    ),
  );
}

/** What the statistics would be if they were counted from the tasks now, and what they are. */
async function recount(userId: string) {
  const counted = await sql`
    select device_id, stat_date, stat_type, sum(stat_value)::bigint as value
      from statistics where user_id = ${userId} group by 1, 2, 3 order by 1, 2, 3`.execute(app.service.db);
  const fromTasks = await sql`
    select device_id, day as stat_date, type as stat_type, sum(value)::bigint as value
      from (select device_id, (completed_at at time zone 'UTC')::date as day, 'tasks_' || status as type, 1 as value
              from tasks where user_id = ${userId} and completed_at is not null
            union all
            select device_id, (completed_at at time zone 'UTC')::date, 'execution_time',
                   greatest(0, extract(epoch from completed_at - started_at) * 1000)::bigint
              from tasks where user_id = ${userId} and completed_at is not null) t
     where value > 0 group by 1, 2, 3 order by 1, 2, 3`.execute(app.service.db);
  return { counted: counted.rows, fromTasks: fromTasks.rows };
}

test('finished tasks are counted by status, with the seconds that they ran', async () => {
  const user = await app.makeUser();
  const device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
  await runTasks(user, device, 3, 'completed', 2);
  await runTasks(user, device, 1, 'failed', 5);
  const waiting = await user.client.tasks.create({ device_id: device.id, command: 'true' });
  await user.client.tasks.cancel(waiting.task_id);

  expect(await user.client.stats.summary()).toMatchObject({
    tasks_completed: 3,
    tasks_failed: 1,
    tasks_cancelled: 1,
    total_execution_time: 11,
    storage_used: 0,
  });
  expect(await user.client.stats.device(device.id)).toMatchObject({ device_id: device.id, tasks_completed: 3 });
});

test('a task that ran out of time counts as failed', async () => {
  const user = await app.makeUser();
  const device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
  await runTasks(user, device, 2, 'timeout');
  expect(await user.client.stats.summary()).toMatchObject({ tasks_completed: 0, tasks_failed: 2 });
});

test('days without tasks appear with 0, the oldest first, and today is the last', async () => {
  const user = await app.makeUser();
  const device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
  const today = app.clock.now().toISOString().slice(0, 10);
  await runTasks(user, device, 2, 'completed', 0);
  const { daily_breakdown: days } = await user.client.stats.summary({ period: '365d' });
  expect(days).toHaveLength(365);
  expect(days.at(-1)).toEqual({ date: today, count: 2 });
  expect(days.slice(0, -1).every(({ count }) => count === 0)).toBe(true);
  expect(days.map(({ date }) => date)).toEqual([...days.map(({ date }) => date)].sort());
});

test('a task belongs to the UTC day on which it ended', async () => {
  const late = await openAppForTest({ at: '2026-01-20T23:59:59Z' });
  const user = await late.makeUser();
  const device = await late.makeDevice(user, { max_concurrent_tasks: 100 });
  await user.client.tasks.create({ device_id: device.id, command: 'true' });
  const { tasks } = await device.client.daemon.claim();
  late.clock.advance(2);
  await device.client.daemon.result(tasks[0]!.id, { status: 'completed' });
  expect((await user.client.stats.summary({ period: '2d' })).daily_breakdown).toEqual([
    { date: '2026-01-20', count: 0 },
    { date: '2026-01-21', count: 1 },
  ]);
});

test('the numbers of the period are those of its days alone', async () => {
  const user = await app.makeUser();
  const device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
  await runTasks(user, device, 4);
  app.clock.advance(3 * 86_400);
  await runTasks(user, device, 1);
  expect(await user.client.stats.summary({ period: '3d' })).toMatchObject({ tasks_completed: 1 });
  expect(await user.client.stats.summary({ period: '4d' })).toMatchObject({ tasks_completed: 5 });
});

test.each(['0d', '366d', '7', '7w', '-1d', '1e2d', ''])('a period of «%s» is refused', async (period) => {
  const user = await app.makeUser();
  expect(await refusalOf(user.client.stats.summary({ period }))).toMatchObject({ code: 'VALIDATION_ERROR' });
});

test('every status but offline counts as online', async () => {
  const user = await app.makeUser();
  const [first, second] = [await app.makeDevice(user), await app.makeDevice(user), await app.makeDevice(user)];
  await first.client.daemon.heartbeat({ status: 'error' });
  await second.client.daemon.heartbeat({ status: 'busy' });
  expect(await user.client.stats.summary()).toMatchObject({ devices_online: 2 });
});

test('what deleted devices did stays in the sum, though they did it on the same day', async () => {
  const user = await app.makeUser();
  for (let n = 0; n < 3; n++) {
    const device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
    await runTasks(user, device, 2);
    await user.client.devices.remove(device.id);
    expect(await refusalOf(user.client.stats.device(device.id))).toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  }
  expect(await user.client.stats.summary()).toMatchObject({ tasks_completed: 6 });
  expect((await user.client.tasks.list({ status: 'completed' })).pagination.total).toBe(6);
});

test("another user's device has no statistics", async () => {
  const [owner, stranger] = [await app.makeUser(), await app.makeUser()];
  const device = await app.makeDevice(owner);
  expect(await refusalOf(stranger.client.stats.device(device.id))).toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  expect(await refusalOf(owner.client.stats.device(randomUUID()))).toMatchObject({ code: 'DEVICE_NOT_FOUND' });
});

test('after anything that can happen at once, the statistics are what a recount of the tasks gives', async () => {
  const user = await app.makeUser();
  const devices = await Promise.all([1, 2, 3].map(() => app.makeDevice(user, { max_concurrent_tasks: 100 })));
  const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;
  const maybe = (call: Promise<unknown>): Promise<void> => call.then(() => {}).catch(() => {});

  for (let round = 0; round < 6; round++) {
    const made: string[] = [];
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const tasks = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => ({
          device_id: pick(devices).id,
          command: 'true',
          on_disconnect: pick(['wait', 'fail', 'requeue'] as const),
        }));
        const batch = await user.client.tasks.createBatch({ tasks, mode: pick(['parallel', 'sequential'] as const) });
        made.push(...batch.tasks.map(({ task_id }) => task_id));
      }),
    );
    await Promise.all(
      devices
        .map(async (device) => {
          const { tasks } = await device.client.daemon.claim({ limit: 20 });
          app.clock.advance(Math.random() * 3);
          await Promise.all(
            tasks
              .filter(() => Math.random() < 0.8)
              .map(({ id, lease_id }) =>
                maybe(
                  device.client.daemon.result(id, {
                    status: pick(['completed', 'completed', 'failed', 'timeout', 'cancelled'] as const),
                    lease_id,
                  }),
                ),
              ),
          );
        })
        .concat(made.filter(() => Math.random() < 0.3).map((id) => maybe(user.client.tasks.cancel(id)))),
    );
    app.clock.advance(pick([60, 600, 90_000]));
    await app.sweep();
  }

  const { counted, fromTasks } = await recount(user.id);
  expect(counted).toEqual(fromTasks);
  expect(counted.length).toBeGreaterThan(6);

  const all: TaskSummary[] = [];
  for await (const task of user.client.tasks.list({ limit: 100 })) all.push(task);
  expect((await user.client.tasks.list()).pagination.total).toBe(all.length);
  for (const status of ['pending', 'queued', 'running', 'completed', 'failed', 'cancelled', 'timeout'] as const) {
    for (const device of [undefined, ...devices.map(({ id }) => id)]) {
      const listed = await user.client.tasks.list({ status, limit: 1, ...(device ? { device_id: device } : {}) });
      const there = all.filter((task) => task.status === status && (!device || task.device_id === device));
      expect(listed.pagination.total).toBe(there.length);
    }
  }
});

test('a batch has its own total', async () => {
  const user = await app.makeUser();
  const device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
  await runTasks(user, device, 3);
  const { batch_id } = (await user.client.tasks.list({ limit: 1 })).items[0]!;
  await user.client.tasks.create({ device_id: device.id, command: 'true' });
  expect((await user.client.tasks.list({ batch_id: batch_id! })).pagination.total).toBe(3);
  expect((await user.client.tasks.list({ batch_id: batch_id!, status: 'queued' })).pagination.total).toBe(0);
});
