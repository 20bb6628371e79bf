/** Devices as their owner sees them: settings, the list, going offline and being deleted. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiError } from '../../sdk/src/index.ts';
import type { DomainEvent } from '../../server/ports.ts';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp } from '../setup/app.ts';
import { assigned, create, end, running, stepsIn } from '../setup/tasks.ts';

let app: TestApp;
const { inSeconds, newOwner, whenWaiting } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

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

  test('that are not named stay as they are, and with them their version', async () => {
    const { owner, machine } = await newOwner();
    const told: DomainEvent[] = [];
    const leave = app.service.events.subscribe(`device:${machine.id}`, (event) => void told.push(event));
    expect(await owner.client.devices.updateConfig(machine.id, {})).toMatchObject({ config_version: 1 });
    leave();
    expect(told).toEqual([]);
    const nowhere = await refusalOf(owner.client.devices.updateConfig(randomUUID(), {}));
    expect(nowhere).toMatchObject({ status: 404, code: 'DEVICE_NOT_FOUND' });
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

  test('that calls at that moment is answered as before or as after', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { owner, machine } = await newOwner();
      const { id, lease_id } = await running(owner, machine);
      const { daemon } = machine.client;
      const outcomes = await Promise.all(
        [
          owner.client.devices.remove(machine.id),
          daemon.heartbeat({ current_tasks: [{ task_id: id, lease_id }] }),
          daemon.backupConfig({ config_name: 'settings', config_data: {} }),
          daemon.backupConfig({ config_name: 'settings', config_data: {} }),
          daemon.syncConfig(),
          daemon.claim(),
          daemon.output(id, { lease_id, stream: 'stdout', offset: 0, chunk: 'x' }),
          daemon.result(id, { status: 'completed', lease_id }),
          daemon.offline(),
          owner.client.config.backup({ device_id: machine.id, config_name: 'settings', config_data: {} }),
          owner.client.email.saveConfig({ device_id: machine.id, email_address: 'a@example.com' }),
          owner.client.devices.updateConfig(machine.id, { heartbeat_interval: 60 }),
        ].map(async (call) =>
          call.then(
            () => 'ok',
            (error) => (error as ApiError).code as string,
          ),
        ),
      );
      expect(outcomes).not.toContain('INTERNAL_ERROR');
    }
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
