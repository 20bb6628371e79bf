/** What a daemon calls: register, claim, start, heartbeat, result, and what comes of it when answers get lost. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError, type HandedTask, type NewTask, type TaskResult } from '../../sdk/src/index.ts';
import type { DomainEvent } from '../../server/context.ts';
import type { Plan } from '../../server/domain/plans.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import { openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Nobody is signed out while a test moves the clock. */
const LONG_SESSIONS = { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' };

let app: TestApp;
let bus: Bus;

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
  bus = app.service.events as Bus;
});
afterAll(() => app.close());

async function newOwner(plan: Plan = 'enterprise'): Promise<{ owner: TestUser; machine: TestDevice }> {
  const owner = await app.makeUser();
  await app.service.db.updateTable('users').set({ plan }).where('id', '=', owner.id).execute();
  return { owner, machine: await app.makeDevice(owner) };
}

const inSeconds = (seconds: number): string => new Date(app.clock.now().getTime() + seconds * 1000).toISOString();

const create = async (owner: TestUser, machine: TestDevice, more: Partial<NewTask> = {}): Promise<string> =>
  (await owner.client.tasks.create({ device_id: machine.id, command: 'true', ...more })).task_id;

const claimOne = async (machine: TestDevice): Promise<HandedTask> => {
  const { tasks } = await machine.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  expect(tasks).toHaveLength(1);
  return tasks[0] as HandedTask;
};

const start = (machine: TestDevice, { id, lease_id }: HandedTask) => machine.client.daemon.start(id, { lease_id });

const end = (machine: TestDevice, { id, lease_id }: HandedTask, status: TaskResult['status'], more = {}) =>
  machine.client.daemon.result(id, { status, lease_id, ...more });

async function assigned(owner: TestUser, machine: TestDevice, more: Partial<NewTask> = {}): Promise<HandedTask> {
  const id = await create(owner, machine, more);
  const task = await claimOne(machine);
  expect(task.id).toBe(id);
  return task;
}

async function running(owner: TestUser, machine: TestDevice, more: Partial<NewTask> = {}): Promise<HandedTask> {
  const task = await assigned(owner, machine, more);
  await start(machine, task);
  return task;
}

/** Waits until one more waits or listens than before `begin` was called. */
async function whenWaiting<T>(begin: () => Promise<T>): Promise<{ answer: Promise<T> }> {
  const before = bus.subscriptions();
  const answer = begin();
  await expect.poll(() => bus.subscriptions()).toBeGreaterThan(before);
  return { answer };
}

describe('registering', () => {
  test('makes a device of a new machine (201); the same machine again gets a new key (200), and the old one dies', async () => {
    const owner = await app.makeUser();
    const machineId = randomUUID();
    const facts = { device_name: 'MacBook Pro', os_type: 'darwin', os_version: '23.1.0', arch: 'arm64' };
    const metadata = { disks: [{ size: 1 }] };
    const first = await owner.client.daemon.register(machineId, { ...facts, ccjk_version: '3.7.0' }).withResponse();
    expect(first.response.status).toBe(201);
    const config = {
      heartbeat_interval: 30,
      task_check_interval: 10,
      log_upload_enabled: true,
      max_concurrent_tasks: 3,
    };
    expect(first.data).toEqual({
      device_id: first.data.device_id,
      device_key: expect.stringMatching(/^dk_[\w-]{43,}$/),
      config,
    });
    await owner.client.devices.updateConfig(first.data.device_id, { max_concurrent_tasks: 7 });

    const second = await owner.client.daemon
      .register(machineId, { ...facts, device_name: 'Mac', metadata })
      .withResponse();
    expect(second.response.status).toBe(200);
    expect(second.data.device_id).toBe(first.data.device_id);
    expect(second.data.config).toEqual({ ...config, max_concurrent_tasks: 7 });
    expect(second.data.device_key).not.toBe(first.data.device_key);

    const dead = await refusalOf(app.clientOf(first.data.device_key).daemon.syncConfig());
    expect(dead).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    await app.clientOf(second.data.device_key).daemon.syncConfig();
    expect(await owner.client.devices.get(first.data.device_id)).toMatchObject({
      device_name: 'Mac',
      machine_id: machineId,
      os_type: 'darwin',
      arch: 'arm64',
      metadata,
      daemon_status: 'offline',
    });
  });

  test('again frees nothing: the tasks that the machine holds stay held, and the new key goes on with them', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    const { device_key } = await owner.client.daemon.register(machine.machineId, { device_name: 'again' });
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'running', attempt: 1 });
    const { client } = { client: app.clientOf(device_key) };
    expect((await client.daemon.heartbeat({ current_tasks: [task.id] })).lost_tasks).toEqual([]);
    await client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id });
  });

  test('keeps the machines of two users apart, though they call themselves the same', async () => {
    const [one, two] = [await app.makeUser(), await app.makeUser()];
    const register = async ({ client }: TestUser) =>
      (await client.daemon.register('the-same-machine', { device_name: 'x' }).withResponse()).response.status;
    expect([await register(one), await register(two), await register(one)]).toEqual([201, 201, 200]);
  });

  test('at the same moment makes one device of one machine', async () => {
    const { client } = await app.makeUser();
    const machineId = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => client.daemon.register(machineId, { device_name: 'x' })),
    );
    expect(new Set(answers.map(({ device_id }) => device_id)).size).toBe(1);
    expect((await client.devices.list()).pagination.total).toBe(1);
  });

  test('under one Idempotency-Key shows the key once', async () => {
    const { client } = await app.makeUser();
    const options = { idempotencyKey: randomUUID() };
    const register = () => client.daemon.register('machine', { device_name: 'x' }, options);
    const { device_key } = await register();
    expect(await refusalOf(register())).toMatchObject({ status: 409, code: 'SECRET_ALREADY_SHOWN' });
    await app.clientOf(device_key).daemon.syncConfig();
  });

  test('more machines than the plan allows is refused, whichever way, and never overshot', async () => {
    const { client, id } = await app.makeUser();
    await app.service.db.updateTable('users').set({ plan: 'pro' }).where('id', '=', id).execute();
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) =>
        at % 2
          ? client.devices.createKey({ device_name: `${at}` })
          : client.daemon.register(`machine ${at}`, { device_name: `${at}` }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const result of results)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({
          status: 403,
          code: 'PLAN_LIMIT_REACHED',
          details: { limit: 5, plan: 'pro' },
        });
    const { items } = await client.devices.list();
    expect(items).toHaveLength(5);
    const known = items.find(({ machine_id }) => machine_id);
    await client.daemon.register(known?.machine_id as string, { device_name: 'known' });
    await client.devices.remove(items[0]?.id as string);
    await client.devices.createKey({ device_name: 'in its place' });
  });
});

describe('X-Device-ID', () => {
  const beat = (key: string, id: string | undefined) =>
    app.clientOf(key).daemon.heartbeat({}, { headers: { 'x-device-id': id } });

  test('may be left out, or be the machine’s own id or the device’s', async () => {
    const { machine } = await newOwner();
    for (const id of [undefined, machine.machineId, machine.id, machine.id.toUpperCase()]) await beat(machine.key, id);
  });

  test('of another device is refused on every call, also of the same user', async () => {
    const { owner, machine } = await newOwner();
    const other = await app.makeDevice(owner);
    const daemon = machine.client.daemon;
    for (const id of [other.id, other.machineId, 'made up', `${machine.id} `.repeat(2)]) {
      const options = { headers: { 'x-device-id': id } };
      const calls = [
        () => daemon.heartbeat({}, options),
        () => daemon.claim({}, options),
        () => daemon.syncConfig(options),
        () => daemon.offline(options),
        () => daemon.start(randomUUID(), { lease_id: randomUUID() }, options),
        () => daemon.result(randomUUID(), { status: 'completed' }, options),
      ];
      for (const call of calls) expect(await refusalOf(call())).toMatchObject({ status: 403, code: 'DEVICE_MISMATCH' });
    }
  });

  test('of a device that was made ahead of time is its id, as its machine has none yet', async () => {
    const owner = await app.makeUser();
    const { device_id, device_key } = await owner.client.devices.createKey({ device_name: 'Build server' });
    expect(await owner.client.devices.get(device_id)).toMatchObject({ machine_id: null, daemon_status: 'offline' });
    await beat(device_key, undefined);
    await beat(device_key, device_id);
    expect(await refusalOf(beat(device_key, 'null'))).toMatchObject({ code: 'DEVICE_MISMATCH' });
    expect(await owner.client.devices.get(device_id)).toMatchObject({ daemon_status: 'online' });
  });
});

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

describe('a heartbeat', () => {
  const quiet = { cancel_tasks: [], lost_tasks: [], tasks_available: false };

  test('says what time it is, when the next one is due, and that there is nothing else', async () => {
    const { owner, machine } = await newOwner();
    expect(await machine.client.daemon.heartbeat({})).toEqual({
      ...quiet,
      server_time: inSeconds(0),
      next_heartbeat_seconds: 30,
      config_version: 1,
    });
    const { config_version } = await owner.client.devices.updateConfig(machine.id, { heartbeat_interval: 60 });
    expect(await machine.client.daemon.heartbeat({})).toMatchObject({ next_heartbeat_seconds: 60, config_version });
    await create(owner, machine);
    expect((await machine.client.daemon.heartbeat({})).tasks_available).toBe(true);
  });

  test('renews the leases that it names, before it answers, and no others', async () => {
    const { owner, machine } = await newOwner();
    const [byId, byLease, unlisted] = [
      await running(owner, machine),
      await assigned(owner, machine),
      await running(owner, machine),
    ];
    app.clock.advance(60);
    const current_tasks = [byId.id.toUpperCase(), { task_id: byLease.id, lease_id: byLease.lease_id.toUpperCase() }];
    expect(await machine.client.daemon.heartbeat({ current_tasks })).toMatchObject(quiet);
    const rows = await app.service.db
      .selectFrom('tasks')
      .select(['id', 'lease_until'])
      .where('user_id', '=', owner.id)
      .execute();
    const leases = Object.fromEntries(rows.map(({ id, lease_until }) => [id, lease_until?.toISOString()]));
    expect(leases).toEqual({ [byId.id]: inSeconds(90), [byLease.id]: inSeconds(90), [unlisted.id]: inSeconds(30) });
  });

  test('names the tasks to stop, also those that it did not list, until they have ended', async () => {
    const { owner, machine } = await newOwner();
    const [one, two] = [await running(owner, machine, { grace_seconds: 0 }), await assigned(owner, machine)];
    for (const task of [one, two]) await owner.client.tasks.cancel(task.id);
    for (const current_tasks of [[one.id, two.id], []]) {
      const { cancel_tasks } = await machine.client.daemon.heartbeat({ current_tasks });
      expect(cancel_tasks).toHaveLength(2);
      expect(cancel_tasks).toEqual(
        expect.arrayContaining([
          { task_id: one.id, grace_seconds: 0 },
          { task_id: two.id, grace_seconds: 10 },
        ]),
      );
    }
    for (const task of [one, two]) await end(machine, task, 'cancelled');
    expect(await machine.client.daemon.heartbeat({})).toMatchObject(quiet);
    expect(await owner.client.tasks.get(one.id)).toMatchObject({ status: 'cancelled' });
  });

  test('names the tasks that are not, or no longer, its own', async () => {
    const { owner, machine } = await newOwner();
    const { owner: stranger, machine: theirs } = await newOwner();
    const other = await app.makeDevice(owner);
    const finished = await running(owner, machine);
    await end(machine, finished, 'completed');
    const superseded = await assigned(owner, machine);
    app.clock.advance(91);
    await app.sweep();
    const again = await claimOne(machine);
    const lost = [
      randomUUID(),
      finished.id,
      (await running(owner, other)).id,
      (await running(stranger, theirs)).id,
      { task_id: superseded.id, lease_id: superseded.lease_id },
    ];
    const own = { task_id: again.id, lease_id: again.lease_id };
    expect((await machine.client.daemon.heartbeat({ current_tasks: lost })).lost_tasks).toEqual(
      lost.map((item) => (typeof item === 'string' ? item : item.task_id)),
    );
    expect((await machine.client.daemon.heartbeat({ current_tasks: [own] })).lost_tasks).toEqual([]);
  });

  test('in time brings back a running task whose lease ran out; one that was never started has to be claimed anew', async () => {
    const { owner, machine } = await newOwner();
    const [ran, waited] = [await running(owner, machine), await assigned(owner, machine)];
    app.clock.advance(200);
    const current_tasks = [ran, waited].map(({ id, lease_id }) => ({ task_id: id, lease_id }));
    expect((await machine.client.daemon.heartbeat({ current_tasks })).lost_tasks).toEqual([waited.id]);
    await app.sweep();
    expect(await owner.client.tasks.get(ran.id)).toMatchObject({ status: 'running', attempt: 1 });
    expect(await owner.client.tasks.get(waited.id)).toMatchObject({ status: 'queued', reason: 'undelivered' });
    await end(machine, ran, 'completed');
  });

  test('may tell how far a task is', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    await machine.client.daemon.heartbeat({ current_tasks: [{ task_id: task.id, progress: 40 }] });
    expect((await owner.client.tasks.get(task.id)).progress).toBe(40);
    await machine.client.daemon.heartbeat({ current_tasks: [task.id] });
    expect((await owner.client.tasks.get(task.id)).progress).toBe(40);
  });

  test('makes the device online, or what it says it is, and tells of each change once', async () => {
    const { owner, machine } = await newOwner();
    const told: DomainEvent[] = [];
    const leave = bus.subscribe(`device:${machine.id}`, (event) => void told.push(event));
    for (const status of ['online', 'online', 'busy', 'busy', 'error', 'maintenance', 'online'] as const) {
      await machine.client.daemon.heartbeat({ status });
      expect(await owner.client.devices.get(machine.id)).toMatchObject({ daemon_status: status });
    }
    leave();
    expect(told.map((event) => event.type === 'device.changed' && event.status)).toEqual([
      'online',
      'busy',
      'error',
      'maintenance',
      'online',
    ]);
  });

  test('leaves what the machine said of itself, a moment later', async () => {
    const { owner, machine } = await newOwner();
    const system_info = { cpu_usage: 25.5, диск: [1, { free: null }] };
    await machine.client.daemon.heartbeat({ system_info });
    app.clock.advance(30);
    await machine.client.daemon.heartbeat({});
    await expect
      .poll(() => owner.client.devices.get(machine.id))
      .toMatchObject({ last_heartbeat: inSeconds(0), system_info, ip_address: '127.0.0.1' });
  });

  test('beside others of the same device that list the same tasks never ends in a deadlock', async () => {
    const { owner, machine } = await newOwner();
    await owner.client.devices.updateConfig(machine.id, { max_concurrent_tasks: 10 });
    const tasks = Array.from({ length: 10 }, () => ({ device_id: machine.id, command: 'true' }));
    await owner.client.tasks.createBatch({ tasks });
    const { tasks: held } = await machine.client.daemon.claim();
    const ids = held.map(({ id }) => id).sort();
    for (let round = 0; round < 30; round++)
      await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          machine.client.daemon.heartbeat({ current_tasks: at % 2 ? ids : ids.toReversed() }),
        ),
      );
  });
});

describe('a result', () => {
  const lost = { status: 409, code: 'LEASE_LOST' };
  const conflict = { status: 409, code: 'RESULT_CONFLICT' };

  /** A task that was lost, with the lease of its first attempt, and is handed out again. */
  async function superseded(more: Partial<NewTask> = {}) {
    const { owner, machine } = await newOwner();
    const first = await running(owner, machine, { on_disconnect: 'requeue', ...more });
    app.clock.advance(91);
    await app.sweep();
    const second = await claimOne(machine);
    expect(second).toMatchObject({ id: first.id, attempt: 2 });
    return { owner, machine, first, second };
  }

  const attemptsOf = (taskId: string) =>
    app.service.db.selectFrom('task_attempts').selectAll().where('task_id', '=', taskId).orderBy('number').execute();

  test('is recorded whole', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    app.clock.advance(40);
    const said = {
      exit_code: -1,
      signal: 'SIGKILL',
      stdout: 'вывод 🚀\n',
      stderr: 'oh',
      error_message: 'it broke',
      started_at: '2026-01-20T10:01:00.000Z',
      completed_at: '2026-01-20T10:01:30.500Z',
    };
    expect(await end(machine, task, 'failed', said)).toEqual({ task_id: task.id, attempt: 1, status: 'failed' });
    expect(await owner.client.tasks.get(task.id)).toMatchObject({
      ...said,
      status: 'failed',
      reason: null,
      stdout_truncated: false,
    });
  });

  test('without times ends now, and began when the start was', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    app.clock.advance(40);
    await end(machine, task, 'completed');
    const times = { started_at: inSeconds(-40), completed_at: inSeconds(0), stdout: '', stderr: '', exit_code: null };
    expect(await owner.client.tasks.get(task.id)).toMatchObject(times);
  });

  test('with times of a clock that has lost its century is still recorded, with our own times', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    const times = { started_at: '0000-01-01T00:00:00+23:00', completed_at: '9999-12-31T23:59:59-01:00' };
    await end(machine, task, 'completed', times);
    expect(await owner.client.tasks.get(task.id)).toMatchObject({
      status: 'completed',
      started_at: inSeconds(0),
      completed_at: inSeconds(0),
    });
  });

  test('given again has the same answer, and nothing happens twice', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    const report = () => end(machine, task, 'completed', { exit_code: 0, stdout: 'x' });
    const first = await report();
    const after = await owner.client.tasks.get(task.id);
    app.clock.advance(10);
    expect(await report()).toEqual(first);
    expect(await machine.client.daemon.result(task.id, { status: 'completed', exit_code: 0, stdout: 'x' })).toEqual(
      first,
    );
    expect(await owner.client.tasks.get(task.id)).toEqual(after);
    expect((await owner.client.tasks.listEvents(task.id)).events).toHaveLength(4);
  });

  test('given twenty times at once is recorded once', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    const answers = await Promise.all(Array.from({ length: 20 }, () => end(machine, task, 'completed')));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await owner.client.tasks.listEvents(task.id)).events).toHaveLength(4);
  });

  test('of several different ones at once counts alone; the others are a conflict', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    const results = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((exit_code) => end(machine, task, 'failed', { exit_code })),
    );
    const won = results.findIndex(({ status }) => status === 'fulfilled');
    expect((await owner.client.tasks.get(task.id)).exit_code).toBe(won + 1);
    for (const [at, result] of results.entries())
      if (at !== won) expect(result).toMatchObject({ status: 'rejected', reason: conflict });
  });

  test('that differs from the one that its attempt has is a conflict, and changes nothing', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    await end(machine, task, 'completed', { exit_code: 0 });
    const after = await owner.client.tasks.get(task.id);
    expect(await refusalOf(end(machine, task, 'completed', { exit_code: 1 }))).toMatchObject(conflict);
    expect(await refusalOf(machine.client.daemon.result(task.id, { status: 'failed' }))).toMatchObject(conflict);
    expect(await owner.client.tasks.get(task.id)).toEqual(after);
  });

  test('of an attempt that was tried again still has its first answer while the next one runs', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine, { max_retries: 2 });
    const first = await end(machine, task, 'failed', { exit_code: 3 });
    expect(first).toEqual({ task_id: task.id, attempt: 1, status: 'failed' });
    app.clock.advance(12);
    await app.sweep();
    const second = await claimOne(machine);
    await start(machine, second);
    expect(await end(machine, task, 'failed', { exit_code: 3 })).toEqual(first);
    expect(await refusalOf(end(machine, task, 'failed', { exit_code: 4 }))).toMatchObject(conflict);
    expect(await end(machine, second, 'failed', { exit_code: 3 }), 'the same words, another attempt').toMatchObject({
      attempt: 2,
    });
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'pending', retry_count: 2 });
  });

  test('under a superseded lease is refused each time, and kept on its attempt', async () => {
    const { owner, machine, first, second } = await superseded();
    const late = { exit_code: 0, stdout: 'late\0' };
    for (let time = 0; time < 2; time++)
      expect(await refusalOf(end(machine, first, 'completed', late))).toMatchObject(lost);
    expect(await refusalOf(end(machine, first, 'failed', late))).toMatchObject(conflict);
    const [attempt] = await attemptsOf(first.id);
    expect(attempt).toMatchObject({
      number: 1,
      result_status: null,
      result: { status: 'completed', exitCode: 0, stdout: 'late\u{fffd}' },
    });
    expect(await owner.client.tasks.get(first.id)).toMatchObject({ status: 'assigned', attempt: 2, stdout: null });
    await start(machine, second);
    expect(await end(machine, second, 'completed')).toMatchObject({ attempt: 2 });
    expect(await refusalOf(end(machine, first, 'completed', late))).toMatchObject(lost);
  });

  test('of a task that was given up meanwhile is refused, and kept on its attempt', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine, { on_disconnect: 'fail' });
    app.clock.advance(91);
    await app.sweep();
    for (let time = 0; time < 2; time++) expect(await refusalOf(end(machine, task, 'completed'))).toMatchObject(lost);
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'failed', reason: 'lost' });
    expect(await attemptsOf(task.id)).toMatchObject([{ result: { status: 'completed' }, result_status: null }]);
  });

  test('under a lease that was never issued is refused, and kept nowhere', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    const madeUp = { ...task, lease_id: randomUUID() };
    expect(await refusalOf(end(machine, madeUp, 'completed'))).toMatchObject(lost);
    expect(await attemptsOf(task.id)).toMatchObject([{ result: null, result_digest: null }]);
    const neverHanded = await create(owner, machine);
    expect(await refusalOf(machine.client.daemon.result(neverHanded, { status: 'completed' }))).toMatchObject(lost);
    expect(await owner.client.tasks.get(neverHanded)).toMatchObject({ status: 'queued' });
  });

  test('without a lease counts while the device holds the task, and not when it no longer does', async () => {
    const { owner, machine } = await newOwner();
    const id = await create(owner, machine, { on_disconnect: 'requeue' });
    await machine.client.daemon.claim();
    expect(await machine.client.daemon.result(id, { status: 'completed' })).toMatchObject({ status: 'completed' });

    const other = await create(owner, machine, { on_disconnect: 'requeue' });
    await machine.client.daemon.claim();
    app.clock.advance(91);
    await app.sweep();
    expect(await refusalOf(machine.client.daemon.result(other, { status: 'completed' }))).toMatchObject(lost);
    expect(await owner.client.tasks.get(other)).toMatchObject({ status: 'queued', reason: 'lost' });
  });

  test('of another device’s task is as if there were none', async () => {
    const { owner, machine } = await newOwner();
    const other = await app.makeDevice(owner);
    const task = await running(owner, machine);
    expect(await refusalOf(end(other, task, 'completed'))).toMatchObject({ status: 404, code: 'TASK_NOT_FOUND' });
  });

  test('of a task that was not started, because it could not be, counts', async () => {
    const { owner, machine } = await newOwner();
    const task = await assigned(owner, machine, { max_retries: 0 });
    await end(machine, task, 'failed', { never_started: true, error_message: 'no such directory' });
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'failed', reason: 'never_started' });
  });

  test('has its NULs and half surrogates replaced, and the rest as it was', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    await end(machine, task, 'completed', { stdout: 'a\0b\ud800c\u{1f680}\r\n\u0007', stderr: '\udc00' });
    expect(await owner.client.tasks.get(task.id)).toMatchObject({
      stdout: 'a\u{fffd}b\u{fffd}c\u{1f680}\r\n\u0007',
      stderr: '\u{fffd}',
    });
  });

  test('keeps 1 MiB whole, and of more the first 64 KiB and the last 960 KiB, in whole characters', async () => {
    const { owner, machine } = await newOwner();
    const whole = await running(owner, machine);
    await end(machine, whole, 'completed', { stdout: 'é'.repeat(MIB / 2), stderr: 'x'.repeat(MIB) });
    const kept = await owner.client.tasks.get(whole.id);
    expect([kept.stdout_truncated, kept.stderr_truncated]).toEqual([false, false]);
    expect(kept.stdout === 'é'.repeat(MIB / 2) && kept.stderr === 'x'.repeat(MIB)).toBe(true);

    const clipped = await running(owner, machine);
    const stdout = `a${'🚀'.repeat(600_000)}z`;
    await end(machine, clipped, 'completed', { stdout, stderr: `begin${'x'.repeat(MIB)}end` });
    const task = await owner.client.tasks.get(clipped.id);
    expect([task.stdout_truncated, task.stderr_truncated]).toEqual([true, true]);
    expect(/^a🚀+z$/u.test(task.stdout ?? '')).toBe(true);
    const bytes = Buffer.byteLength(task.stdout ?? '');
    expect(bytes).toBeLessThanOrEqual(MIB);
    expect(bytes).toBeGreaterThan(MIB - 8);
    expect(task.stderr?.length).toBe(MIB);
    expect(task.stderr?.startsWith('beginx') && task.stderr.endsWith('xend')).toBe(true);
  });

  test('may be 16 MiB; one byte more is refused and changes nothing', async () => {
    const { owner, machine } = await newOwner();
    const task = await running(owner, machine);
    const frame = JSON.stringify({ status: 'completed', lease_id: task.lease_id, stdout: '' }).length;
    const report = (bytes: number) =>
      machine.client.daemon.result(task.id, {
        status: 'completed',
        lease_id: task.lease_id,
        stdout: 'x'.repeat(bytes - frame),
      });
    expect(await refusalOf(report(16 * MIB + 1))).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'running' });
    await report(16 * MIB);
    expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'completed', stdout_truncated: true });
  });
});

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

describe('the settings of a device', () => {
  test('reach it with the next sync, which is noted', async () => {
    const { owner, machine } = await newOwner();
    const change = { heartbeat_interval: 60, task_check_interval: 1, log_upload_enabled: false };
    const { config, config_version } = await owner.client.devices.updateConfig(machine.id, change);
    expect(config).toEqual({ ...change, max_concurrent_tasks: 3 });
    expect(config_version).toBe(2);
    expect(await machine.client.daemon.syncConfig()).toEqual({ config, config_version, restore: null });
    expect(await owner.client.devices.get(machine.id)).toMatchObject({ last_sync: inSeconds(0) });
  });

  test('have bounds, and what is out of them changes nothing', async () => {
    const { owner, machine } = await newOwner();
    const changes = [
      { heartbeat_interval: 4 },
      { heartbeat_interval: 3601 },
      { task_check_interval: 0 },
      { max_concurrent_tasks: 101 },
      { heartbeat_interval: 60, max_concurrent_tasks: 0 },
    ];
    for (const change of changes) {
      const refused = await refusalOf(owner.client.devices.updateConfig(machine.id, change));
      expect(refused).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
    }
    expect(await owner.client.devices.get(machine.id)).toMatchObject({
      config_version: 1,
      config: { heartbeat_interval: 30, max_concurrent_tasks: 3 },
    });
  });

  test('that allow more tasks at once wake it', async () => {
    const { owner, machine } = await newOwner();
    await owner.client.devices.updateConfig(machine.id, { max_concurrent_tasks: 1 });
    await running(owner, machine);
    const id = await create(owner, machine);
    const { answer } = await whenWaiting(() => machine.client.daemon.claim({ wait: 30 }));
    await owner.client.devices.updateConfig(machine.id, { max_concurrent_tasks: 2 });
    const changedAt = performance.now();
    expect((await answer).tasks.map((task) => task.id)).toEqual([id]);
    expect(performance.now() - changedAt).toBeLessThan(1000);
  });
});

test('a device that goes offline is so at once, keeps its leases, and is back with its next heartbeat', async () => {
  const { owner, machine } = await newOwner();
  await machine.client.daemon.heartbeat({});
  const task = await running(owner, machine);
  for (let time = 0; time < 2; time++)
    expect(await machine.client.daemon.offline()).toEqual({ device_id: machine.id, daemon_status: 'offline' });
  expect(await owner.client.devices.get(machine.id)).toMatchObject({ daemon_status: 'offline', current_tasks: 1 });
  expect(await owner.client.tasks.get(task.id)).toMatchObject({ status: 'running' });
  expect((await machine.client.daemon.heartbeat({ current_tasks: [task.id] })).lost_tasks).toEqual([]);
  expect(await owner.client.devices.get(machine.id)).toMatchObject({ daemon_status: 'online' });
});

describe('a deleted device', () => {
  test('has its key refused, its open tasks cancelled, and leaves its history', async () => {
    const { owner, machine } = await newOwner();
    const done = await running(owner, machine);
    await end(machine, done, 'completed', { stdout: 'kept' });
    const open = [
      (await running(owner, machine)).id,
      (await assigned(owner, machine)).id,
      await create(owner, machine),
      await create(owner, machine, { run_at: inSeconds(60) }),
    ];
    await owner.client.devices.remove(machine.id);
    expect(await refusalOf(machine.client.daemon.heartbeat({}))).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    expect(await refusalOf(owner.client.devices.get(machine.id))).toMatchObject({
      status: 404,
      code: 'DEVICE_NOT_FOUND',
    });
    expect(await refusalOf(owner.client.devices.remove(machine.id))).toMatchObject({ status: 404 });
    for (const id of open)
      expect(await owner.client.tasks.get(id)).toMatchObject({
        status: 'cancelled',
        reason: 'device_deleted',
        device_id: null,
      });
    expect(await owner.client.tasks.get(done.id)).toMatchObject({
      status: 'completed',
      device_id: null,
      stdout: 'kept',
    });
    expect((await owner.client.tasks.listEvents(done.id)).events).toHaveLength(4);
  });

  test('makes room: the same machine can be registered anew', async () => {
    const { owner, machine } = await newOwner('free');
    await owner.client.devices.remove(machine.id);
    const { device_id } = await owner.client.daemon.register(machine.machineId, { device_name: 'again' });
    expect(device_id).not.toBe(machine.id);
  });
});

test('the list of devices has the newest first, filters by status, and says how many tasks each holds', async () => {
  const { owner, machine } = await newOwner();
  app.clock.advance(1);
  const other = await app.makeDevice(owner);
  await other.client.daemon.heartbeat({});
  await running(owner, machine);
  await assigned(owner, machine);
  await create(owner, machine);
  const { items, pagination } = await owner.client.devices.list();
  expect(items.map(({ id, current_tasks }) => [id, current_tasks])).toEqual([
    [other.id, 0],
    [machine.id, 2],
  ]);
  expect(pagination).toEqual({ total: 2, limit: 20, offset: 0, has_more: false });
  expect((await owner.client.devices.list({ status: 'online' })).items.map(({ id }) => id)).toEqual([other.id]);
  const [first] = (await owner.client.devices.list({ limit: 1 })).items;
  expect(first?.id).toBe(other.id);
  for (const device of items) expect(JSON.stringify(device)).not.toMatch(/key|hash/);
});

test('a refusal of a device says which request it was', async () => {
  const { machine } = await newOwner();
  const refused = await refusalOf(machine.client.daemon.start(randomUUID(), { lease_id: randomUUID() }));
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused.requestId).toMatch(/^[0-9a-f-]{36}$/);
});
