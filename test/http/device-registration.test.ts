/** How a machine becomes a device, and by which of its names a daemon may call itself. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError } from '../../sdk/src/index.ts';
import type { DomainEvent } from '../../server/ports.ts';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp, type TestUser } from '../setup/app.ts';
import { running, stepsIn } from '../setup/tasks.ts';

let app: TestApp;
const { newOwner } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

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

  test('again while it is online takes it offline, and tells so once', async () => {
    const { owner, machine } = await newOwner();
    await machine.client.daemon.heartbeat({});
    app.clock.advance(1);
    const told: DomainEvent[] = [];
    const leave = app.service.events.subscribe(`device:${machine.id}`, (event) => void told.push(event));
    for (const name of ['again', 'and again'])
      await owner.client.daemon.register(machine.machineId, { device_name: name });
    leave();
    expect(told.filter(({ type }) => type === 'device.changed')).toEqual([
      { type: 'device.changed', userId: owner.id, deviceId: machine.id, status: 'offline', before: 'online' },
    ]);
    const { items } = await owner.client.messages.list();
    expect(items.map(({ message_type, title }) => [message_type, title])).toEqual([
      ['device_offline', 'Device offline: again'],
      ['device_online', expect.any(String)],
    ]);
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

  describe('of a device that was made ahead of time', () => {
    async function madeAhead() {
      const owner = await app.makeUser();
      const { device_id: id, device_key: key } = await owner.client.devices.createKey({ device_name: 'Build server' });
      return { owner, id, key, machineId: async () => (await owner.client.devices.get(id)).machine_id };
    }

    test('is the device’s id, or the first machine id that its key presents, which it keeps', async () => {
      const { owner, id, key, machineId } = await madeAhead();
      expect(await owner.client.devices.get(id)).toMatchObject({ machine_id: null, daemon_status: 'offline' });
      await beat(key, undefined);
      await beat(key, id);
      expect(await machineId()).toBeNull();
      await beat(key, 'build-server-1');
      expect(await machineId()).toBe('build-server-1');
      for (const own of ['build-server-1', id, undefined]) await beat(key, own);
      expect(await refusalOf(beat(key, 'build-server-2'))).toMatchObject({ status: 403, code: 'DEVICE_MISMATCH' });
      expect(await machineId()).toBe('build-server-1');
    });

    test('is one alone, of several that come at once', async () => {
      const { key, machineId } = await madeAhead();
      const ids = Array.from({ length: 8 }, (_, at) => `machine-${at % 4}`);
      const outcomes = await Promise.allSettled(ids.map((id) => beat(key, id)));
      const taken = await machineId();
      expect(ids).toContain(taken);
      expect(outcomes.map(({ status }) => status)).toEqual(ids.map((id) => (id === taken ? 'fulfilled' : 'rejected')));
    });

    test('is registered from then on: the machine gets a new key, and no second device', async () => {
      const { owner, id, key } = await madeAhead();
      await beat(key, 'build-server-1');
      const again = await owner.client.daemon.register('build-server-1', { device_name: 'again' });
      expect(again.device_id).toBe(id);
      expect(await refusalOf(beat(key, undefined))).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    });

    test('that another device of the user has, or is, is refused and says so; another user’s is no matter', async () => {
      const { owner, key, machineId } = await madeAhead();
      const other = await app.makeDevice(owner);
      for (const id of [other.machineId, other.id, other.id.toUpperCase()]) {
        const message = expect.stringContaining('Another device of yours has this X-Device-ID');
        expect(await refusalOf(beat(key, id))).toMatchObject({ status: 403, code: 'DEVICE_MISMATCH', message });
      }
      expect(await machineId()).toBeNull();
      const { machine: foreign } = await newOwner();
      await beat(key, foreign.machineId);
      expect(await machineId()).toBe(foreign.machineId);
    });

    test('at the moment in which the same machine registers is the id of one of the two', async () => {
      const { owner, key } = await madeAhead();
      const [presented] = await Promise.allSettled([
        beat(key, 'the-machine'),
        owner.client.daemon.register('the-machine', { device_name: 'registered' }),
      ]);
      const { items } = await owner.client.devices.list();
      expect(items.filter(({ machine_id }) => machine_id === 'the-machine')).toHaveLength(1);
      // Refused because the other has it, or, registered itself, because its key was replaced.
      if (presented.status === 'rejected') expect(presented.reason).toBeInstanceOf(ApiError);
    });

    test('that no column holds is refused', async () => {
      const { key, machineId } = await madeAhead();
      for (const id of ['', 'x'.repeat(101)])
        expect(await refusalOf(beat(key, id))).toMatchObject({ status: 403, code: 'DEVICE_MISMATCH' });
      expect(await machineId()).toBeNull();
    });
  });
});

test('a refusal of a device says which request it was', async () => {
  const { machine } = await newOwner();
  const refused = await refusalOf(machine.client.daemon.start(randomUUID(), { lease_id: randomUUID() }));
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused.requestId).toMatch(/^[0-9a-f-]{36}$/);
});
