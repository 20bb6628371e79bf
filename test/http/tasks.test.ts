/** Tasks as their owner sees them: queue, read, cancel, retry, batches, limits. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HandedTask, NewTask, TaskResult, TaskSummary } from '../../sdk/src/index.ts';
import type { Plan } from '../../server/domain/plans.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import { openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

const DAY = 86_400;
/** Nobody is signed out while a test moves the clock. */
const LONG_SESSIONS = { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' };

let app: TestApp;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
  user = await app.makeUser();
  device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
});
afterAll(() => app.close());

/** A user of their own, whose tasks no other test sees. */
async function newOwner(plan: Plan = 'enterprise'): Promise<{ owner: TestUser; machine: TestDevice }> {
  const owner = await app.makeUser();
  await app.service.db.updateTable('users').set({ plan }).where('id', '=', owner.id).execute();
  return { owner, machine: await app.makeDevice(owner, { max_concurrent_tasks: 100 }) };
}

const inSeconds = (seconds: number): string => new Date(app.clock.now().getTime() + seconds * 1000).toISOString();

/** A queued task of `on`, claimed by its device as a daemon of ours does. */
async function assigned(on = device, by = user, more: Partial<NewTask> = {}): Promise<HandedTask> {
  const { task_id } = await by.client.tasks.create({ device_id: on.id, command: 'true', priority: 10, ...more });
  const { tasks } = await on.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  expect(tasks.map(({ id }) => id)).toEqual([task_id]);
  return tasks[0] as HandedTask;
}

async function running(on = device, by = user, more: Partial<NewTask> = {}): Promise<HandedTask> {
  const task = await assigned(on, by, more);
  await on.client.daemon.start(task.id, { lease_id: task.lease_id });
  return task;
}

async function finished(status: TaskResult['status'], on = device, by = user, more: Partial<NewTask> = {}) {
  const task = await running(on, by, more);
  await on.client.daemon.result(task.id, { status, lease_id: task.lease_id });
  return task;
}

describe('a new task', () => {
  test('has the defaults of the document', async () => {
    const created = await user.client.tasks.create({ device_id: device.id, command: 'npm test' });
    expect(created).toEqual({ task_id: created.task_id, status: 'queued', estimated_start: inSeconds(10) });
    expect(await user.client.tasks.get(created.task_id)).toEqual({
      id: created.task_id,
      device_id: device.id,
      type: 'bash',
      command: 'npm test',
      args: null,
      status: 'queued',
      reason: null,
      priority: 5,
      timeout: 300_000,
      timeout_seconds: 300,
      max_retries: 3,
      retry_count: 0,
      attempt: 0,
      progress: null,
      exit_code: null,
      signal: null,
      stdout: null,
      stderr: null,
      stdout_truncated: false,
      stderr_truncated: false,
      error_message: null,
      on_disconnect: 'wait',
      grace_seconds: 10,
      source: 'api',
      parent_task_id: null,
      batch_id: null,
      after_task_id: null,
      run_at: null,
      expires_at: inSeconds(7 * DAY),
      started_at: null,
      completed_at: null,
      cancel_requested_at: null,
      created_at: inSeconds(0),
      updated_at: inSeconds(0),
    });
  });

  test('keeps everything that its creator said', async () => {
    const said = {
      device_id: device.id,
      type: 'workflow',
      command: 'деплой 🚀 "quoted" $HOME',
      args: { cwd: '/project', env: { A: '1' }, list: [1, null, { deep: [true] }], ключ: '値' },
      priority: 1,
      max_retries: 0,
      on_disconnect: 'requeue',
      grace_seconds: 0,
      source: 'cli',
    } as const;
    const { task_id } = await user.client.tasks.create({ ...said, args: { ...said.args, list: [...said.args.list] } });
    expect(await user.client.tasks.get(task_id)).toMatchObject(said);
  });

  test.each([
    { timeout: 1500, args: undefined, ms: 1500, seconds: 2 },
    { timeout: 60_000, args: { timeout: 5000 }, ms: 60_000, seconds: 60 },
    { timeout: undefined, args: { timeout: 5000 }, ms: 5000, seconds: 5 },
    { timeout: undefined, args: { timeout: 'soon' }, ms: 300_000, seconds: 300 },
    { timeout: undefined, args: { timeout: 86_400_001 }, ms: 300_000, seconds: 300 },
  ])('has a timeout of $ms ms when told timeout $timeout and args $args', async ({ timeout, args, ms, seconds }) => {
    const { owner, machine } = await newOwner();
    const { task_id } = await owner.client.tasks.create({
      device_id: machine.id,
      command: 'true',
      ...(timeout ? { timeout } : {}),
      ...(args ? { args } : {}),
    });
    const task = await owner.client.tasks.get(task_id);
    expect([task.timeout, task.timeout_seconds, task.args]).toEqual([ms, seconds, args ?? null]);
    const { tasks } = await machine.client.daemon.claim();
    expect(tasks).toMatchObject([{ timeout: ms, args: { timeout: ms } }]);
  });

  test('may be meant for later: it waits as pending, is not handed out, and is queued when its time has come', async () => {
    const { owner, machine } = await newOwner();
    const runAt = inSeconds(3600);
    const created = await owner.client.tasks.create({ device_id: machine.id, command: 'true', run_at: runAt });
    expect(created).toMatchObject({ status: 'pending', estimated_start: inSeconds(3610) });
    expect(await owner.client.tasks.get(created.task_id)).toMatchObject({
      run_at: runAt,
      expires_at: inSeconds(3600 + 7 * DAY),
    });
    app.clock.advance(3599);
    await app.sweep();
    expect((await machine.client.daemon.claim()).count).toBe(0);
    app.clock.advance(1);
    await app.sweep();
    expect((await machine.client.daemon.claim()).tasks.map(({ id }) => id)).toEqual([created.task_id]);
  });

  test('is queued at once when its time lies behind', async () => {
    const created = await user.client.tasks.create({ device_id: device.id, command: 'true', run_at: inSeconds(-5) });
    expect(created).toMatchObject({ status: 'queued', estimated_start: inSeconds(10) });
  });

  test('has a time that can be said, and so can what follows from it', async () => {
    const { owner, machine } = await newOwner();
    const unspeakable = ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59-12:00', '0000-01-01T00:00:00+23:59'];
    for (const run_at of [...unspeakable, '1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00+00:01']) {
      const refused = await refusalOf(owner.client.tasks.create({ device_id: machine.id, command: 'true', run_at }));
      expect(refused).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
    }
    expect((await owner.client.tasks.list()).items).toEqual([]);
    const last = { device_id: machine.id, command: 'true', run_at: '9998-12-31T23:59:59.999Z', expires_in: 2_592_000 };
    const { task_id } = await owner.client.tasks.create(last);
    expect(await owner.client.tasks.get(task_id)).toMatchObject({ run_at: last.run_at, status: 'pending' });
  });

  test('knows its device by the id in any case', async () => {
    const { owner, machine } = await newOwner();
    const device_id = machine.id.toUpperCase();
    const waiting = machine.client.daemon.claim({ wait: 30 });
    await expect.poll(() => waiters()).toBeGreaterThan(0);
    const [, created] = await Promise.all([
      waiting.then(({ tasks }) => expect(tasks).toHaveLength(1)),
      owner.client.tasks.create({ device_id, command: 'true' }),
    ]);
    expect(created.estimated_start).toBe(inSeconds(10));
    const { tasks } = await owner.client.tasks.createBatch({
      tasks: [
        { device_id, command: 'true' },
        { device_id: machine.id, command: 'true' },
      ],
    });
    expect(tasks).toHaveLength(2);
  }, 4000);

  test('for a device that is not there, or another user’s, is refused', async () => {
    const { machine } = await newOwner();
    for (const device_id of [randomUUID(), machine.id]) {
      const refused = await refusalOf(user.client.tasks.create({ device_id, command: 'true' }));
      expect(refused).toMatchObject({ status: 404, code: 'DEVICE_NOT_FOUND' });
    }
  });

  test('says that it can start after its device’s next look for tasks', async () => {
    const { owner, machine } = await newOwner();
    await owner.client.devices.updateConfig(machine.id, { task_check_interval: 120 });
    const created = await owner.client.tasks.create({ device_id: machine.id, command: 'true' });
    expect(created.estimated_start).toBe(inSeconds(120));
  });

  test('that nobody fetches is cancelled when its days are over, and no sooner', async () => {
    const { owner, machine } = await newOwner();
    const { task_id } = await owner.client.tasks.create({ device_id: machine.id, command: 'true', expires_in: 60 });
    app.clock.advance(59);
    await app.sweep();
    expect(await owner.client.tasks.get(task_id)).toMatchObject({ status: 'queued' });
    app.clock.advance(1);
    expect((await machine.client.daemon.claim()).count, 'before the sweep').toBe(0);
    await app.sweep();
    expect(await owner.client.tasks.get(task_id)).toMatchObject({
      status: 'cancelled',
      reason: 'expired',
      completed_at: inSeconds(0),
    });
  });
});

/** How many wait or listen, in the whole service. */
const waiters = (): number => (app.service.events as Bus).subscriptions();

describe('reading a task', () => {
  test('with wait answers at the moment it finishes', async () => {
    const task = await running();
    const before = waiters();
    const waiting = user.client.tasks.get(task.id, { wait: 30 });
    await expect.poll(waiters).toBeGreaterThan(before);
    const startedAt = performance.now();
    await device.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id, stdout: 'done' });
    expect(await waiting).toMatchObject({ status: 'completed', stdout: 'done', progress: 100 });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('with wait answers at that moment also under the id in capitals', async () => {
    const task = await assigned();
    const before = waiters();
    const waiting = user.client.tasks.get(task.id.toUpperCase(), { wait: 30 });
    await expect.poll(waiters).toBeGreaterThan(before);
    const startedAt = performance.now();
    await device.client.daemon.start(task.id.toUpperCase(), { lease_id: task.lease_id });
    await device.client.daemon.result(task.id.toUpperCase(), { status: 'completed', lease_id: task.lease_id });
    expect(await waiting).toMatchObject({ id: task.id, status: 'completed' });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('with wait answers with what there is when the time is up', async () => {
    const task = await running();
    const startedAt = performance.now();
    expect(await user.client.tasks.get(task.id, { wait: 1 })).toMatchObject({ status: 'running' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
  });

  test('nobody waits any more for a client that went away', async () => {
    const task = await running();
    const before = waiters();
    const leaving = new AbortController();
    const waiting = user.client.tasks.get(task.id, { wait: 30 }, { signal: leaving.signal });
    await expect.poll(waiters).toBeGreaterThan(before);
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    await expect.poll(waiters).toBe(before);
  });

  test('tells each change of its status: who, from, to and why', async () => {
    const task = await assigned();
    app.clock.advance(100);
    await app.sweep();
    const [again] = (await device.client.daemon.claim({ limit: 1, claim_id: randomUUID() })).tasks as [HandedTask];
    await device.client.daemon.start(again.id, { lease_id: again.lease_id });
    await device.client.daemon.result(again.id, { status: 'failed', lease_id: again.lease_id, exit_code: 1 });
    const { events } = await user.client.tasks.listEvents(task.id);
    expect(events.map(({ id: _, created_at: __, ...event }) => event)).toEqual([
      { attempt: 0, from_status: null, to_status: 'queued', actor: `user:${user.id}`, reason: null },
      { attempt: 1, from_status: 'queued', to_status: 'assigned', actor: `device:${device.id}`, reason: null },
      { attempt: 1, from_status: 'assigned', to_status: 'queued', actor: 'system', reason: 'undelivered' },
      { attempt: 2, from_status: 'queued', to_status: 'assigned', actor: `device:${device.id}`, reason: null },
      { attempt: 2, from_status: 'assigned', to_status: 'running', actor: `device:${device.id}`, reason: null },
      { attempt: 2, from_status: 'running', to_status: 'failed', actor: `device:${device.id}`, reason: null },
    ]);
  });

  test('names the API key that created it', async () => {
    const key = await user.client.apiKeys.create({ name: 'CI', scopes: ['task:create'] });
    const { task_id } = await app.clientOf(key.key).tasks.create({ device_id: device.id, command: 'true' });
    const { events } = await user.client.tasks.listEvents(task_id);
    expect(events.map(({ actor }) => actor)).toEqual([`api_key:${key.id}`]);
  });
});

describe('the list of tasks', () => {
  let owner: TestUser;
  let machine: TestDevice;
  let other: TestDevice;
  let all: string[];
  let batchId: string;

  beforeAll(async () => {
    ({ owner, machine } = await newOwner());
    other = await app.makeDevice(owner);
    const created: string[] = [];
    for (let at = 0; at < 7; at++) {
      const { task_id } = await owner.client.tasks.create({ device_id: machine.id, command: `number ${at}` });
      created.push(task_id);
      // Two of each millisecond, so that the place in the list must not hang on the time alone.
      if (at % 2) app.clock.advance(0.001);
    }
    app.clock.advance(1);
    const tasks = [0, 1].map((at) => ({ device_id: other.id, command: `batch ${at}` }));
    const batch = await owner.client.tasks.createBatch({ tasks });
    batchId = batch.batch_id;
    await owner.client.tasks.cancel(created[0] as string);
    all = (await owner.client.tasks.list()).items.map(({ id }) => id);
  });

  const idsOf = (items: TaskSummary[]) => items.map(({ id }) => id);

  test('has the newest first, without their output', async () => {
    const { items, pagination } = await owner.client.tasks.list();
    expect(pagination).toEqual({ total: 9, limit: 20, offset: 0, has_more: false });
    const times = items.map(({ created_at }) => created_at);
    expect(times).toEqual([...times].sort().reverse());
    for (const item of items) for (const output of ['stdout', 'stderr']) expect(item).not.toHaveProperty(output);
  });

  test('filters by status, device and batch, and by all of them', async () => {
    const { client } = owner;
    expect((await client.tasks.list({ status: 'cancelled' })).items).toMatchObject([{ command: 'number 0' }]);
    expect((await client.tasks.list({ device_id: other.id })).pagination.total).toBe(2);
    expect((await client.tasks.list({ batch_id: batchId })).pagination.total).toBe(2);
    expect((await client.tasks.list({ batch_id: batchId, device_id: machine.id })).items).toEqual([]);
    expect((await client.tasks.list({ status: 'queued', device_id: machine.id })).pagination.total).toBe(6);
    expect((await client.tasks.list({ device_id: randomUUID() })).items).toEqual([]);
  });

  test('comes in pages by offset', async () => {
    const pages = await Promise.all([0, 4, 8].map((offset) => owner.client.tasks.list({ limit: 4, offset })));
    expect(pages.flatMap(({ items }) => idsOf(items))).toEqual(all);
    expect(pages.map(({ pagination }) => pagination)).toEqual([
      { total: 9, limit: 4, offset: 0, has_more: true },
      { total: 9, limit: 4, offset: 4, has_more: true },
      { total: 9, limit: 4, offset: 8, has_more: false },
    ]);
    expect((await owner.client.tasks.list({ offset: 1000 })).items).toEqual([]);
  });

  test('comes in pages by cursor, of which none repeats or misses one, also while tasks are created', async () => {
    const walked: string[] = [];
    for (let page = await owner.client.tasks.list({ limit: 2 }); ; ) {
      walked.push(...idsOf(page.items));
      const next = await page.nextPage();
      if (!next) break;
      if (walked.length === 4) await owner.client.tasks.create({ device_id: other.id, command: 'meanwhile' });
      page = next;
    }
    expect(walked).toEqual(all);
  });

  test('shows nobody else’s', async () => {
    const { owner: stranger } = await newOwner();
    expect((await stranger.client.tasks.list({ device_id: machine.id })).pagination.total).toBe(0);
    expect((await stranger.client.tasks.list({ batch_id: batchId })).items).toEqual([]);
  });
});

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
    const task = await { assigned, running }[status]();
    const asked = { status, cancel_requested_at: inSeconds(0), completed_at: null };
    expect(await user.client.tasks.cancel(task.id)).toMatchObject(asked);
    app.clock.advance(5);
    const again = { ...asked, cancel_requested_at: inSeconds(-5) };
    expect(await user.client.tasks.cancel(task.id)).toMatchObject(again);
  });

  test.each(['completed', 'failed', 'timeout'] as const)('a task that has ended as %s is refused', async (status) => {
    const task = await finished(status);
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
    const task = await running();
    await user.client.tasks.cancel(task.id);
    await device.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id, exit_code: 0 });
    expect(await user.client.tasks.get(task.id)).toMatchObject({ status: 'completed', exit_code: 0 });
  });

  test('at the same moment as the start either stops the start or reaches the running task', async () => {
    const { owner, machine } = await newOwner();
    for (let round = 0; round < 15; round++) {
      const task = await assigned(machine, owner);
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

describe('retrying by hand', () => {
  test.each([
    'completed',
    'failed',
    'cancelled',
    'timeout',
  ] as const)('a task that has ended as %s makes a new one with the same words, and names the old one', async (status) => {
    const { owner, machine } = await newOwner();
    const said = { command: 'make', args: { cwd: '/x' }, priority: 9, timeout: 2500, grace_seconds: 3 };
    const task = await finished(status, machine, owner, { ...said, on_disconnect: 'fail', type: 'custom' });
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
    const ids = [pending.task_id, (await assigned(machine, owner)).id, (await running(machine, owner)).id];
    ids.push((await owner.client.tasks.create({ device_id: machine.id, command: 'true' })).task_id);
    for (const id of ids) {
      const refused = await refusalOf(owner.client.tasks.retry(id));
      expect(refused).toMatchObject({ status: 409, code: 'TASK_NOT_FINISHED' });
    }
    expect((await owner.client.tasks.list()).pagination.total).toBe(4);
  });

  test('a task whose device has been deleted is refused', async () => {
    const { owner, machine } = await newOwner();
    const task = await finished('failed', machine, owner);
    await owner.client.devices.remove(machine.id);
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'failed', device_id: null });
    const refused = await refusalOf(owner.client.tasks.retry(task.id));
    expect(refused).toMatchObject({ status: 404, code: 'DEVICE_NOT_FOUND' });
  });

  test('a task that never set max_retries still does not run a failed command again by itself', async () => {
    const { owner, machine } = await newOwner();
    const task = await finished('failed', machine, owner);
    await owner.client.tasks.retry(task.id);
    const [again] = (await machine.client.daemon.claim()).tasks as [HandedTask];
    await machine.client.daemon.result(again.id, { status: 'failed', lease_id: again.lease_id });
    expect(await owner.client.tasks.get(again.id)).toMatchObject({ status: 'failed', max_retries: 3, retry_count: 0 });
  });
});

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
    const before = waiters();
    const waiting = other.client.daemon.claim({ wait: 30 });
    await expect.poll(waiters).toBeGreaterThan(before);
    const startedAt = performance.now();
    await endNext(machine, 'completed');
    expect((await waiting).count).toBe(1);
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
    const batches: NewTask[][] = [
      [...three(machine.id), { device_id: randomUUID(), command: 'true' }],
      [...three(machine.id), { device_id: device.id, command: 'true' }],
      [...three(machine.id), { device_id: machine.id, command: '' }],
      [],
    ];
    for (const tasks of batches) await refusalOf(owner.client.tasks.createBatch({ tasks }));
    expect((await owner.client.tasks.list()).pagination.total).toBe(0);
  });
});

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
    const task = await finished('failed', machine, owner);
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
