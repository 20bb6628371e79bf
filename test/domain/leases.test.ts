/** What happens when time passes and nobody reports: each rule of the sweep, at its second and not before. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HandedTask, NewTask } from '../../sdk/src/index.ts';
import type { DomainEvent } from '../../server/ports.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

/** Seconds: three heartbeats of 30. */
const LEASE = 90;

let app: TestApp;
let owner: TestUser;
let machine: TestDevice;

beforeAll(async () => {
  const env = { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' };
  app = await openApp({ at: '2026-01-20T10:00:00Z', env });
});
afterAll(() => app.close());

/** Each test has a user and a device of its own. */
async function begin(): Promise<void> {
  owner = await app.makeUser();
  machine = await app.makeDevice(owner, { max_concurrent_tasks: 100 });
}

const create = async (more: Partial<NewTask> = {}): Promise<string> =>
  (await owner.client.tasks.create({ device_id: machine.id, command: 'true', ...more })).task_id;

const createMany = async (count: number, more: Partial<NewTask> = {}): Promise<string[]> => {
  const tasks = Array.from({ length: count }, () => ({ device_id: machine.id, command: 'true', ...more }));
  return (await owner.client.tasks.createBatch({ tasks })).tasks.map(({ task_id }) => task_id);
};

async function assigned(more: Partial<NewTask> = {}): Promise<HandedTask> {
  const id = await create(more);
  const { tasks } = await machine.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  expect(tasks.map((task) => task.id)).toEqual([id]);
  return tasks[0] as HandedTask;
}

async function running(more: Partial<NewTask> = {}): Promise<HandedTask> {
  const task = await assigned(more);
  await machine.client.daemon.start(task.id, { lease_id: task.lease_id });
  return task;
}

const read = (id: string) => owner.client.tasks.get(id);
const eventsOf = async (id: string) => (await owner.client.tasks.listEvents(id)).events;
const beat = (...tasks: HandedTask[]) => machine.client.daemon.heartbeat({ current_tasks: tasks.map(({ id }) => id) });

/** Lets `seconds` pass and sweeps one millisecond before their end, then after it: what was found at both moments. */
async function around<T>(seconds: number, look: () => Promise<T>): Promise<{ before: T; after: T }> {
  app.clock.advance(seconds - 0.001);
  await app.sweep();
  const before = await look();
  app.clock.advance(0.002);
  await app.sweep();
  return { before, after: await look() };
}

/** As a device that lives and goes on working, until `seconds` have passed. */
async function workFor(seconds: number, ...tasks: HandedTask[]): Promise<void> {
  for (let left = seconds; left > 0; left -= 30) {
    app.clock.advance(Math.min(30, left));
    await beat(...tasks);
    await app.sweep();
  }
}

const inSeconds = (seconds: number): string => new Date(app.clock.now().getTime() + seconds * 1000).toISOString();

describe('an assigned task', () => {
  test('that nobody starts goes back to the queue when its lease ends, and is handed out anew', async () => {
    await begin();
    const task = await assigned();
    const { before, after } = await around(LEASE, () => read(task.id));
    expect(before).toMatchObject({ status: 'assigned', reason: null });
    expect(after).toMatchObject({ status: 'queued', reason: 'undelivered', attempt: 1, retry_count: 0 });
    const { tasks } = await machine.client.daemon.claim({ claim_id: randomUUID() });
    expect(tasks).toMatchObject([{ id: task.id, attempt: 2 }]);
  });

  test('that its device lists stays its own', async () => {
    await begin();
    const task = await assigned();
    await workFor(3 * LEASE, task);
    expect(await read(task.id)).toMatchObject({ status: 'assigned', attempt: 1 });
  });

  test('that was never started and whose days are over is cancelled', async () => {
    await begin();
    const task = await assigned({ expires_in: 60 });
    app.clock.advance(60);
    await app.sweep();
    expect(await read(task.id)).toMatchObject({ status: 'assigned' });
    app.clock.advance(31);
    await app.sweep();
    expect(await read(task.id)).toMatchObject({ status: 'cancelled', reason: 'expired' });
  });
});

describe('a running task whose device falls silent', () => {
  test('is waited for until its timeout and 30 seconds more, and then has failed, lost', async () => {
    await begin();
    const task = await running({ timeout: 100_000 });
    const { before, after } = await around(130, () => read(task.id));
    expect(before).toMatchObject({ status: 'running', reason: null });
    expect(after).toMatchObject({
      status: 'failed',
      reason: 'lost',
      error_message: expect.stringMatching(/^lost/),
      exit_code: null,
      completed_at: inSeconds(0),
    });
  });

  test('goes on when the device returns in time, whatever is to happen on a disconnect', async () => {
    await begin();
    const tasks = [
      await running(),
      await running({ on_disconnect: 'fail' }),
      await running({ on_disconnect: 'requeue' }),
    ];
    app.clock.advance(LEASE + 60);
    expect(await beat(...tasks)).toMatchObject({ lost_tasks: [] });
    await app.sweep();
    for (const { id } of tasks) expect(await read(id)).toMatchObject({ status: 'running', attempt: 1 });
  });

  test('has failed at the end of its lease when it is to fail', async () => {
    await begin();
    const task = await running({ on_disconnect: 'fail' });
    const { before, after } = await around(LEASE, () => read(task.id));
    expect(before).toMatchObject({ status: 'running' });
    expect(after).toMatchObject({ status: 'failed', reason: 'lost', retry_count: 0 });
  });

  test('goes back to the queue at the end of its lease when it is to be requeued, and has its days anew', async () => {
    await begin();
    const task = await running({ on_disconnect: 'requeue', max_retries: 0, expires_in: 60 });
    await machine.client.daemon.heartbeat({ current_tasks: [{ task_id: task.id, progress: 50 }] });
    const { before, after } = await around(LEASE, () => read(task.id));
    expect(before).toMatchObject({ status: 'running', progress: 50 });
    expect(after).toMatchObject({
      status: 'queued',
      reason: 'lost',
      retry_count: 0,
      started_at: null,
      progress: null,
      expires_at: inSeconds(60),
    });
    const { tasks } = await machine.client.daemon.claim({ claim_id: randomUUID() });
    expect(tasks).toMatchObject([{ id: task.id, attempt: 2 }]);
    expect((await eventsOf(task.id)).map(({ to_status, reason }) => [to_status, reason])).toEqual([
      ['queued', null],
      ['assigned', null],
      ['running', null],
      ['queued', 'lost'],
      ['assigned', null],
    ]);
  });

  test('is tried again when its owner asked for that', async () => {
    await begin();
    const [failed, waited] = [
      await running({ max_retries: 1, on_disconnect: 'fail' }),
      await running({ max_retries: 1, timeout: 100_000 }),
    ];
    app.clock.advance(131);
    await app.sweep();
    for (const { id } of [failed, waited])
      expect(await read(id)).toMatchObject({ status: 'pending', reason: 'retry', retry_count: 1, attempt: 1 });
    app.clock.advance(12);
    await app.sweep();
    const { count } = await machine.client.daemon.claim();
    expect(count).toBe(2);
    app.clock.advance(500);
    await app.sweep();
    for (const { id } of [failed, waited])
      expect(await read(id)).toMatchObject({ status: 'failed', reason: 'lost', retry_count: 1, attempt: 2 });
  });
});

describe('a task that waits for those before it in one delivery without claims', () => {
  const deliver = async (more: Partial<NewTask>) => {
    await begin();
    for (const timeout of [100_000, 200_000]) {
      await create({ timeout, ...more });
      app.clock.advance(1);
    }
    return (await machine.client.daemon.claim()).tasks;
  };

  test('is not lost while its device lists only the one that runs', async () => {
    for (const on_disconnect of ['requeue', 'fail'] as const) {
      const [first, second] = (await deliver({ on_disconnect })) as [HandedTask, HandedTask];
      await workFor(99, first);
      expect(await read(second.id)).toMatchObject({ status: 'running', attempt: 1 });
      await machine.client.daemon.result(first.id, { status: 'completed' });
      await workFor(LEASE + 30, second);
      expect(await read(second.id)).toMatchObject({ status: 'running', attempt: 1 });
    }
  });

  test('is lost when its turn has come, its device is silent and its lease is over', async () => {
    const [first, second] = (await deliver({ on_disconnect: 'fail' })) as [HandedTask, HandedTask];
    const { before, after } = await around(100 + LEASE, () => read(second.id));
    expect([before.status, after.status]).toEqual(['running', 'failed']);
    expect(await read(first.id)).toMatchObject({ status: 'failed', reason: 'lost' });
  });
});

describe('a running task whose device lives and reports no end', () => {
  test('has timed out 30 seconds after its timeout', async () => {
    await begin();
    const task = await running({ timeout: 240_000 });
    await workFor(269, task);
    const { before, after } = await around(1, () => read(task.id));
    expect(before).toMatchObject({ status: 'running' });
    expect(after).toMatchObject({ status: 'timeout', reason: 'deadline' });
    expect(await beat(task)).toMatchObject({ lost_tasks: [task.id] });
  });

  test('is tried again when its owner asked for that', async () => {
    await begin();
    const task = await running({ timeout: 1000, max_retries: 3 });
    await workFor(32, task);
    expect(await read(task.id)).toMatchObject({ status: 'pending', reason: 'retry', retry_count: 1 });
  });

  test('counts its time from the start, not from when it was claimed', async () => {
    await begin();
    const task = await assigned({ timeout: 60_000 });
    await workFor(80, task);
    await machine.client.daemon.start(task.id, { lease_id: task.lease_id });
    await workFor(89, task);
    expect(await read(task.id)).toMatchObject({ status: 'running' });
    await workFor(2, task);
    expect(await read(task.id)).toMatchObject({ status: 'timeout' });
  });

  test('is given the time of those before it, where one delivery handed several to a daemon without claims', async () => {
    await begin();
    for (const timeout of [60_000, 120_000, 30_000]) {
      await create({ timeout });
      app.clock.advance(1);
    }
    const { tasks } = await machine.client.daemon.claim();
    expect(tasks.map(({ timeout }) => timeout)).toEqual([60_000, 120_000, 30_000]);
    const statuses = () => Promise.all(tasks.map(async ({ id }) => (await read(id)).status));
    await workFor(91, ...tasks);
    expect(await statuses()).toEqual(['timeout', 'running', 'running']);
    await workFor(118, ...tasks);
    expect(await statuses()).toEqual(['timeout', 'running', 'running']);
    await workFor(2, ...tasks);
    expect(await statuses()).toEqual(['timeout', 'timeout', 'running']);
    await workFor(30, ...tasks);
    expect(await statuses()).toEqual(['timeout', 'timeout', 'timeout']);
  });
});

describe('a task that is to be cancelled', () => {
  test.each([
    'assigned',
    'running',
  ] as const)('and is %s counts as cancelled, unconfirmed, when its lease ends', async (status) => {
    await begin();
    const task = await { assigned, running }[status]({ max_retries: 5, on_disconnect: 'requeue' });
    await owner.client.tasks.cancel(task.id);
    const { before, after } = await around(LEASE, () => read(task.id));
    expect(before).toMatchObject({ status });
    expect(after).toMatchObject({ status: 'cancelled', reason: 'unconfirmed', retry_count: 0 });
  });

  test('is left to its device for as long as that still lists it', async () => {
    await begin();
    const task = await running();
    await owner.client.tasks.cancel(task.id);
    await workFor(2 * LEASE, task);
    expect(await read(task.id)).toMatchObject({ status: 'running' });
    await machine.client.daemon.result(task.id, { status: 'cancelled', lease_id: task.lease_id });
    expect(await read(task.id)).toMatchObject({ status: 'cancelled', reason: 'cancelled' });
  });
});

describe('a sweep', () => {
  /** Every kind of task on which time has something to do, and what is to become of it. */
  async function everything(): Promise<Map<string, string>> {
    await begin();
    const fates = new Map<string, string>();
    fates.set((await assigned()).id, 'queued undelivered');
    fates.set((await running({ on_disconnect: 'requeue' })).id, 'queued lost');
    fates.set((await running({ on_disconnect: 'fail' })).id, 'failed lost');
    fates.set((await running({ on_disconnect: 'fail', max_retries: 1 })).id, 'pending retry');
    fates.set((await running({ timeout: 1000 })).id, 'failed lost');
    const cancelled = await running();
    await owner.client.tasks.cancel(cancelled.id);
    fates.set(cancelled.id, 'cancelled unconfirmed');
    for (const id of await createMany(60, { expires_in: 60 })) fates.set(id, 'cancelled expired');
    fates.set(await create({ run_at: inSeconds(30) }), 'queued null');
    return fates;
  }

  async function check(fates: Map<string, string>): Promise<void> {
    for (const [id, fate] of fates) {
      const { status, reason, attempt } = await read(id);
      expect(`${status} ${reason}`).toBe(fate);
      const last = (await eventsOf(id)).filter(({ actor }) => actor === 'system');
      expect(last, fate).toMatchObject([{ to_status: status, reason, attempt }]);
    }
  }

  test('does everything that is due, and nothing when it runs again', async () => {
    const fates = await everything();
    app.clock.advance(LEASE + 1);
    await app.sweep();
    await check(fates);
    await app.sweep();
    await check(fates);
  });

  test('beside three others does each thing once', async () => {
    const fates = await everything();
    app.clock.advance(LEASE + 1);
    await Promise.all([app.sweep(), app.sweep(), app.sweep(), app.sweep()]);
    // One that was skipped because another sweep held it, which then failed, would be found by the next.
    await app.sweep();
    await check(fates);
  });

  test('takes as many as there are', async () => {
    await begin();
    for (let batch = 0; batch < 5; batch++) await createMany(90, { expires_in: 60 });
    app.clock.advance(60);
    await app.sweep();
    expect((await owner.client.tasks.list({ status: 'cancelled' })).pagination.total).toBe(450);
  });

  test('leaves what another transaction holds to the next one, and does not wait for it', async () => {
    await begin();
    const [held, free] = [await create({ expires_in: 60 }), await create({ expires_in: 60 })];
    app.clock.advance(60);
    await app.service.db.transaction().execute(async (tx) => {
      await tx.selectFrom('tasks').select('id').where('id', '=', held).forUpdate().execute();
      await app.sweep();
    });
    expect([(await read(held)).status, (await read(free)).status]).toEqual(['queued', 'cancelled']);
    await app.sweep();
    expect((await read(held)).status).toBe('cancelled');
  });

  test('at the moment of a result leaves one of the two: the result or the loss', async () => {
    for (let round = 0; round < 15; round++) {
      await begin();
      const task = await running({ on_disconnect: 'fail' });
      app.clock.advance(LEASE + 1);
      const [result] = await Promise.allSettled([
        machine.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id }),
        app.sweep(),
      ]);
      const { status, reason } = await read(task.id);
      if (result.status === 'fulfilled') expect([status, reason]).toEqual(['completed', null]);
      else {
        expect(result.reason).toMatchObject({ status: 409, code: 'LEASE_LOST' });
        expect([status, reason]).toEqual(['failed', 'lost']);
      }
      expect(await eventsOf(task.id)).toHaveLength(4);
    }
  });
});

describe('a device', () => {
  const statusOf = async () => (await owner.client.devices.get(machine.id)).daemon_status;

  /** What is told of the device while `work` runs. */
  async function toldDuring(work: () => Promise<unknown>): Promise<string[]> {
    const told: DomainEvent[] = [];
    const leave = (app.service.events as Bus).subscribe(`device:${machine.id}`, (event) => void told.push(event));
    await work();
    leave();
    return told.map((event) => (event.type === 'device.changed' ? event.status : event.type));
  }

  test('that misses three heartbeats is offline, which is told once, however many sweep', async () => {
    await begin();
    await beat();
    const told = await toldDuring(async () => {
      const { before, after } = await around(90, statusOf);
      expect([before, after]).toEqual(['online', 'offline']);
      await Promise.all([app.sweep(), app.sweep()]);
    });
    expect(told).toEqual(['offline']);
    expect(await toldDuring(() => beat())).toEqual(['online']);
  });

  test('falls silent by its own interval', async () => {
    await begin();
    await owner.client.devices.updateConfig(machine.id, { heartbeat_interval: 300 });
    await machine.client.daemon.heartbeat({ status: 'busy' });
    const { before, after } = await around(900, statusOf);
    expect([before, after]).toEqual(['busy', 'offline']);
  });

  test('that was never there, or said that it leaves, is not told of again', async () => {
    await begin();
    expect(await toldDuring(() => app.sweep())).toEqual([]);
    await beat();
    await machine.client.daemon.offline();
    app.clock.advance(200);
    expect(await toldDuring(() => app.sweep())).toEqual([]);
    expect(await statusOf()).toBe('offline');
  });

  test('that falls silent keeps its tasks until their leases and their own rules say otherwise', async () => {
    await begin();
    await owner.client.devices.updateConfig(machine.id, { heartbeat_interval: 10 });
    await beat();
    const task = await running({ on_disconnect: 'fail' });
    app.clock.advance(31);
    await app.sweep();
    expect([await statusOf(), (await read(task.id)).status]).toEqual(['offline', 'running']);
  });
});
