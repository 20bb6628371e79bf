/** Tasks as their owner sees them: queue, read, list. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HandedTask, TaskSummary } from '../../sdk/src/index.ts';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { assigned, running, stepsIn } from '../setup/tasks.ts';

const DAY = 86_400;

let app: TestApp;
let user: TestUser;
let device: TestDevice;
const { inSeconds, newOwner, waiters, whenWaiting } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
  user = await app.makeUser();
  device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
});
afterAll(() => app.close());

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
      request_id: expect.any(String),
      traceparent: null,
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

describe('reading a task', () => {
  test('with wait answers at the moment it finishes', async () => {
    const task = await running(user, device);
    const { answer } = await whenWaiting(() => user.client.tasks.get(task.id, { wait: 30 }));
    const startedAt = performance.now();
    await device.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id, stdout: 'done' });
    expect(await answer).toMatchObject({ status: 'completed', stdout: 'done', progress: 100 });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('with wait answers at that moment also under the id in capitals', async () => {
    const task = await assigned(user, device);
    const { answer } = await whenWaiting(() => user.client.tasks.get(task.id.toUpperCase(), { wait: 30 }));
    const startedAt = performance.now();
    await device.client.daemon.start(task.id.toUpperCase(), { lease_id: task.lease_id });
    await device.client.daemon.result(task.id.toUpperCase(), { status: 'completed', lease_id: task.lease_id });
    expect(await answer).toMatchObject({ id: task.id, status: 'completed' });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('with wait answers with what there is when the time is up', async () => {
    const task = await running(user, device);
    const startedAt = performance.now();
    expect(await user.client.tasks.get(task.id, { wait: 1 })).toMatchObject({ status: 'running' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
  });

  test('nobody waits any more for a client that went away', async () => {
    const task = await running(user, device);
    const before = waiters();
    const leaving = new AbortController();
    const waiting = user.client.tasks.get(task.id, { wait: 30 }, { signal: leaving.signal });
    await expect.poll(waiters).toBeGreaterThan(before);
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    await expect.poll(waiters).toBe(before);
  });

  test('tells each change of its status: who, from, to and why', async () => {
    const task = await assigned(user, device);
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
