/** The released ccjk daemon against this service, as it is: `/api/control`, and what its owner sees of it under `/v1`. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NewTask } from '../../../sdk/src/index.ts';
import type { DomainEvent } from '../../../server/ports.ts';
import type { Bus } from '../../../server/realtime/bus.ts';
import { openApp, type TestApp, type TestUser } from '../../setup/app.ts';
import { type Command, type CommandResult, openReleasedDaemon } from '../../setup/released-daemon.ts';

/** Seconds: three heartbeats of 30. */
const LEASE = 90;

let app: TestApp;

beforeAll(async () => {
  const env = { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' };
  app = await openApp({ at: '2026-01-20T10:00:00Z', env });
});
afterAll(() => app.close());

/** An owner, and a device that was made ahead of time, with its daemon. */
async function begin() {
  const owner = await app.makeUser();
  return { owner, ...(await addDevice(owner)) };
}

async function addDevice(owner: TestUser) {
  const { device_id: id, device_key: key } = await owner.client.devices.createKey({ device_name: 'made ahead' });
  await owner.client.devices.updateConfig(id, { max_concurrent_tasks: 100 });
  const create = async (more: Partial<NewTask> = {}) =>
    (await owner.client.tasks.create({ device_id: id, command: 'git status', ...more })).task_id;
  return {
    id,
    key,
    create,
    daemon: openReleasedDaemon(app.url, key),
    read: (task: string) => owner.client.tasks.get(task),
  };
}

const result = (more: Partial<CommandResult> = {}): CommandResult => ({
  exitCode: 0,
  stdout: 'ok\n',
  stderr: '',
  success: true,
  duration: 1500,
  ...more,
});

const FAILED = result({ exitCode: 1, stdout: '', stderr: 'no\n', success: false, duration: 3 });

const idsOf = (commands: readonly { id: string }[]) => commands.map(({ id }) => id);
const inSeconds = (seconds: number) => new Date(app.clock.now().getTime() + seconds * 1000).toISOString();

test('a command goes to the released daemon and its result comes back to whoever queued it', async () => {
  const { owner, daemon, id, create, read } = await begin();
  const task = await create({
    args: { argv: ['--short'], cwd: '/project', env: { CI: '1' } },
    timeout: 60_000,
    priority: 7,
  });
  expect((await daemon.register('My machine', 'linux')).body).toEqual({
    success: true,
    data: { device: { id, name: 'My machine', platform: 'linux', status: 'offline' } },
  });
  const { status, body } = await daemon.heartbeat();
  const command: Command = {
    id: task,
    deviceId: id,
    commandType: 'shell',
    command: 'git status',
    args: ['--short'],
    cwd: '/project',
    env: { CI: '1' },
    timeout: 60_000,
    priority: 7,
  };
  expect([status, body]).toEqual([200, { success: true, data: { pendingTasks: [command], deviceStatus: 'online' } }]);
  expect(await read(task)).toMatchObject({ status: 'running', attempt: 1, started_at: inSeconds(0) });
  app.clock.advance(2);
  await daemon.process(body.data.pendingTasks, () => result({ stdout: ' M README.md\n', stderr: 'warned\n' }));
  expect(await read(task)).toMatchObject({
    status: 'completed',
    exit_code: 0,
    stdout: ' M README.md\n',
    stderr: 'warned\n',
    started_at: inSeconds(-1.5),
    completed_at: inSeconds(0),
  });
  expect(await owner.client.devices.get(id)).toMatchObject({ daemon_status: 'online', current_tasks: 0 });
});

describe('registering', () => {
  test('says which machine it is, and leaves the key as it was', async () => {
    const { owner, daemon, id } = await begin();
    const { body } = await daemon.register('Windows box', 'win32');
    expect(body.data.device).toMatchObject({ id, name: 'Windows box', platform: 'win32' });
    expect(await owner.client.devices.get(id)).toMatchObject({
      device_name: 'Windows box',
      os_type: 'windows',
      ccjk_version: '3.7.1',
      metadata: { hostname: expect.any(String) },
      machine_id: null,
      ip_address: '127.0.0.1',
    });
    expect((await daemon.heartbeat()).status).toBe(200);
  });

  test('works with a key from /v1 too, and keeps what else was known of the machine', async () => {
    const { owner } = await begin();
    const facts = { device_name: 'known', os_version: '10', metadata: { rack: 7 } };
    const { device_id, device_key } = await owner.client.daemon.register(randomUUID(), facts);
    expect((await openReleasedDaemon(app.url, device_key).register('new name', 'darwin')).status).toBe(200);
    expect(await owner.client.devices.get(device_id)).toMatchObject({
      device_name: 'new name',
      os_type: 'darwin',
      os_version: '10',
      metadata: { rack: 7, hostname: expect.any(String) },
    });
  });

  test('again while it is online takes it offline until its first heartbeat, and tells so once', async () => {
    const { daemon, id } = await begin();
    await daemon.heartbeat();
    const told: DomainEvent[] = [];
    const leave = (app.service.events as Bus).subscribe(`device:${id}`, (event) => void told.push(event));
    expect((await daemon.register()).body.data.device.status).toBe('offline');
    await daemon.register();
    await daemon.heartbeat();
    leave();
    expect(told).toMatchObject([
      { type: 'device.changed', before: 'online', status: 'offline' },
      { type: 'device.changed', before: 'offline', status: 'online' },
    ]);
  });
});

describe('a delivery', () => {
  test('comes once, however many heartbeats and pulls ask for it at the same moment', async () => {
    const { daemon, create } = await begin();
    const tasks = await Promise.all(Array.from({ length: 10 }, () => create()));
    const deliveries = await Promise.all(
      Array.from({ length: 8 }, (_, at) => (at % 2 ? daemon.takeTasks() : daemon.pullTasks())),
    );
    expect(idsOf(deliveries.flat()).sort()).toEqual(tasks.sort());
    expect(await daemon.takeTasks()).toEqual([]);
    expect(await daemon.pullTasks()).toEqual([]);
  });

  test('comes once, also to a daemon that was restarted and has forgotten it', async () => {
    const { key, daemon, create, read } = await begin();
    const task = await create({ timeout: 60_000 });
    expect(idsOf(await daemon.takeTasks())).toEqual([task]);
    const restarted = openReleasedDaemon(app.url, key);
    await restarted.register();
    for (let beats = 0; beats < 4; beats += 1) {
      expect(await restarted.takeTasks()).toEqual([]);
      app.clock.advance(22);
      await app.sweep();
    }
    expect(await read(task)).toMatchObject({ status: 'running', attempt: 1 });
    app.clock.advance(3);
    await app.sweep();
    expect(await read(task)).toMatchObject({ status: expect.stringMatching(/failed|timeout/), attempt: 1 });
    expect(await restarted.takeTasks()).toEqual([]);
  });

  test('has the most urgent first, and no more than the device may hold', async () => {
    const { owner, id, daemon, create } = await begin();
    await owner.client.devices.updateConfig(id, { max_concurrent_tasks: 2 });
    const [low, high, middle] = [await create({ priority: 1 }), await create({ priority: 9 }), await create()];
    const delivery = await daemon.takeTasks();
    expect(idsOf(delivery)).toEqual([high, middle]);
    expect(await daemon.takeTasks()).toEqual([]);
    await daemon.process(delivery, () => result());
    expect(idsOf(await daemon.pullTasks())).toEqual([low]);
  });

  test('is kept back from a daemon that goes offline, which would not look at it', async () => {
    const { owner, id, daemon, create } = await begin();
    await daemon.heartbeat();
    const task = await create();
    const { body } = await daemon.heartbeat('offline');
    expect(body.data).toEqual({ pendingTasks: [], deviceStatus: 'offline' });
    expect(await owner.client.devices.get(id)).toMatchObject({ daemon_status: 'offline' });
    expect(idsOf(await daemon.takeTasks())).toEqual([task]);
  });

  test('never has commands of another device', async () => {
    const { owner, create } = await begin();
    await create();
    expect(await (await addDevice(owner)).daemon.takeTasks()).toEqual([]);
  });
});

describe('a lease', () => {
  test('is renewed while the daemon names its command, and given up when it no longer does', async () => {
    const { daemon, create, read } = await begin();
    const task = await create({ on_disconnect: 'fail', timeout: 3_600_000 });
    const [command] = await daemon.takeTasks();
    daemon.currentTasks.add(command?.id as string);
    for (let beats = 0; beats < 5; beats += 1) {
      app.clock.advance(LEASE - 30);
      await daemon.heartbeat();
      await app.sweep();
    }
    expect(await read(task)).toMatchObject({ status: 'running' });
    daemon.currentTasks.clear();
    app.clock.advance(LEASE + 1);
    await daemon.heartbeat();
    await app.sweep();
    expect(await read(task)).toMatchObject({ status: 'failed', reason: 'lost' });
  });

  test('of a command waits, as its clock does, for those before it in its delivery', async () => {
    const { daemon, create, read } = await begin();
    const tasks: string[] = [];
    for (const timeout of [100_000, 50_000]) {
      tasks.push(await create({ on_disconnect: 'requeue', timeout }));
      app.clock.advance(1);
    }
    const delivery = await daemon.takeTasks();
    expect(idsOf(delivery)).toEqual(tasks);
    const [first, second] = delivery as [Command, Command];
    daemon.currentTasks.add(first.id);
    for (let beats = 0; beats < 5; beats += 1) {
      app.clock.advance(25);
      expect(await daemon.takeTasks()).toEqual([]);
      await app.sweep();
    }
    await daemon.process([first], () => result());
    daemon.currentTasks.add(second.id);
    app.clock.advance(54);
    await daemon.heartbeat();
    await app.sweep();
    expect(await read(second.id)).toMatchObject({ status: 'running', attempt: 1 });
    app.clock.advance(2);
    await app.sweep();
    expect(await read(second.id)).toMatchObject({ status: 'timeout' });
  });
});

describe('a cancellation', () => {
  test('of a command that waits keeps it from the daemon', async () => {
    const { owner, daemon, create } = await begin();
    await owner.client.tasks.cancel(await create());
    expect(await daemon.takeTasks()).toEqual([]);
  });

  test('of one that runs gives way to its result, of which this daemon does not know', async () => {
    const { owner, daemon, create, read } = await begin();
    const task = await create();
    const delivery = await daemon.takeTasks();
    expect(await owner.client.tasks.cancel(task)).toMatchObject({
      status: 'running',
      cancel_requested_at: inSeconds(0),
    });
    await daemon.process(delivery, () => result());
    expect(await read(task)).toMatchObject({ status: 'completed' });
  });

  test('of one of which nothing more is heard ends with its lease, unconfirmed', async () => {
    const { owner, daemon, create, read } = await begin();
    const task = await create();
    await daemon.takeTasks();
    await owner.client.tasks.cancel(task);
    app.clock.advance(LEASE + 1);
    await app.sweep();
    expect(await read(task)).toMatchObject({ status: 'cancelled', reason: 'unconfirmed' });
    const late = await daemon.report(task, result());
    expect([late.status, late.body]).toEqual([409, { success: false, error: expect.stringContaining('lease') }]);
  });
});

describe('a result', () => {
  const running = async (more: Partial<NewTask> = {}) => {
    const begun = await begin();
    const task = await begun.create(more);
    await begun.daemon.takeTasks();
    return { ...begun, task };
  };

  test('given again has the same answer, also later, and nothing happens twice', async () => {
    const { owner, daemon, task, read } = await running();
    const first = await daemon.report(task, result());
    expect([first.status, first.body]).toEqual([
      200,
      { success: true, data: { commandId: task, status: 'completed' } },
    ]);
    const recorded = await read(task);
    app.clock.advance(60);
    const again = await Promise.all(Array.from({ length: 5 }, () => daemon.report(task, result())));
    for (const { status, body } of again) expect([status, body]).toEqual([200, first.body]);
    expect(await read(task)).toEqual(recorded);
    expect((await owner.client.tasks.listEvents(task)).events).toHaveLength(3);
  });

  test('that differs from the one before is a conflict', async () => {
    const { daemon, task, read } = await running();
    await daemon.report(task, result());
    const { status, body } = await daemon.report(task, result({ stdout: 'else' }));
    expect([status, body]).toEqual([409, { success: false, error: expect.stringMatching(/^Another result/) }]);
    expect(await read(task)).toMatchObject({ stdout: 'ok\n' });
  });

  test('that is no success has failed, and is not run again unasked', async () => {
    const { daemon, task, read } = await running();
    expect((await daemon.report(task, FAILED)).body.data).toEqual({ commandId: task, status: 'failed' });
    expect(await read(task)).toMatchObject({ status: 'failed', exit_code: 1, stderr: 'no\n', retry_count: 0 });
  });

  test('of a second attempt counts, though it is the same as that of the first', async () => {
    const { daemon, task, read } = await running({ max_retries: 1 });
    await daemon.report(task, FAILED);
    expect(await read(task)).toMatchObject({ status: 'pending', retry_count: 1 });
    expect((await daemon.report(task, FAILED)).body.data).toEqual({ commandId: task, status: 'failed' });
    app.clock.advance(15);
    await app.sweep();
    expect(idsOf(await daemon.takeTasks())).toEqual([task]);
    expect((await daemon.report(task, FAILED)).body.data).toEqual({ commandId: task, status: 'failed' });
    expect(await read(task)).toMatchObject({ status: 'failed', attempt: 2 });
  });

  test('that took longer than the second attempt has run is of the first, and ends nothing', async () => {
    const { daemon, task, read } = await running({ max_retries: 2 });
    const long = { ...FAILED, duration: 20_000 };
    app.clock.advance(20);
    await daemon.report(task, long);
    app.clock.advance(15);
    await app.sweep();
    expect(idsOf(await daemon.takeTasks())).toEqual([task]);
    app.clock.advance(5);
    expect((await daemon.report(task, long)).body.data).toEqual({ commandId: task, status: 'failed' });
    expect((await daemon.report(task, { ...long, stderr: 'else' })).status).toBe(409);
    expect(await read(task)).toMatchObject({ status: 'running', attempt: 2 });
    await daemon.report(task, result({ duration: 4000 }));
    expect(await read(task)).toMatchObject({ status: 'completed', attempt: 2 });
  });

  test('of an attempt that was given up does not end the one after it', async () => {
    const { daemon, task, read } = await running({ on_disconnect: 'requeue', max_retries: 2, timeout: 3_600_000 });
    app.clock.advance(LEASE + 1);
    await app.sweep();
    app.clock.advance(15);
    await app.sweep();
    expect(idsOf(await daemon.takeTasks())).toEqual([task]);
    app.clock.advance(5);
    const late = await daemon.report(task, result({ duration: (LEASE + 15) * 1000 }));
    expect([late.status, late.body]).toEqual([409, { success: false, error: expect.stringContaining('lease') }]);
    expect(await read(task)).toMatchObject({ status: 'running', attempt: 2 });
    expect((await daemon.report(task, result({ duration: 4000 }))).status).toBe(200);
    expect(await read(task)).toMatchObject({ status: 'completed', attempt: 2 });
  });

  test('began its duration ago; of a clock that cannot be, when it was handed out', async () => {
    const { daemon, task, read } = await running();
    const handedOut = inSeconds(0);
    app.clock.advance(10);
    await daemon.report(task, result({ duration: 1e15 }));
    expect(await read(task)).toMatchObject({ started_at: handedOut, completed_at: inSeconds(0) });
  });

  test('has the exit codes of Windows with their sign', async () => {
    const { daemon, task, read } = await running();
    await daemon.report(task, result({ exitCode: 0xc0000005, success: false }));
    expect(await read(task)).toMatchObject({ status: 'failed', exit_code: -1_073_741_819 });
  });

  test('of a command that there is not, or that is another device’s, is as if there were none', async () => {
    const { owner, daemon, task } = await running();
    const stranger = await begin();
    const sibling = await addDevice(owner);
    for (const [who, id] of [
      [daemon, randomUUID()],
      [daemon, 'no-id'],
      [daemon, '%00'],
      [stranger.daemon, task],
      [sibling.daemon, task],
    ] as const) {
      const { status, body } = await who.report(id, result());
      expect([status, body]).toEqual([404, { success: false, error: 'No task of yours has this id' }]);
    }
  });

  test('may be long: 16 MiB of body, of which the beginning and the end are kept', async () => {
    const { daemon, task, read } = await running();
    const stdout = `begin${'x'.repeat(8 * 1024 * 1024)}end`;
    expect((await daemon.report(task, result({ stdout }))).status).toBe(200);
    const kept = await read(task);
    expect(kept).toMatchObject({ status: 'completed', stdout_truncated: true });
    expect(kept.stdout).toMatch(/^beginx+end$/);
  });
});
