/** What a heartbeat renews, and what it tells the daemon. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DomainEvent } from '../../server/ports.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import { LONG_SESSIONS, openApp, type TestApp } from '../setup/app.ts';
import { assigned, claimOne, create, end, running, stepsIn } from '../setup/tasks.ts';

let app: TestApp;
const { inSeconds, newOwner } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

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
    const leave = (app.service.events as Bus).subscribe(`device:${machine.id}`, (event) => void told.push(event));
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
