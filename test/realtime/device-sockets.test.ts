/** WebSockets of devices: what they are told, that they count as presence, and what happens when events are lost. */
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';
import { openAppForTest, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { cutConnections } from '../setup/parts.ts';
import { connect } from '../setup/socket.ts';

const LISTENERS = 'ccjk-cloud-listen';
/** Twice the time in which presence is written. */
const SOON = { timeout: 3_000 };

let app: TestApp;
let user: TestUser;
let device: TestDevice;

beforeEach(async () => {
  app = await openAppForTest({ env: { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' } });
  user = await app.makeUser();
  device = await app.makeDevice(user);
});

const open = (url = app.url, of = device) => connect(url, { token: of.key });

const queue = async (on = device): Promise<string> =>
  (await user.client.tasks.create({ device_id: on.id, command: 'true' })).task_id;

const presence = async () => {
  const { daemon_status, presence: kind } = await user.client.devices.get(device.id);
  return `${daemon_status} ${kind}`;
};

test('a device is told of tasks, cancellations and settings of its own, through any process', async () => {
  const other = await openAppForTest({ databaseUrl: app.databaseUrl });
  const neighbour = await app.makeDevice(user);
  const [socket, silent] = [await open(other.url), await open(app.url, neighbour)];
  const taskId = await queue();
  expect(await socket.next('task.available')).toEqual({ type: 'task.available', data: { device_id: device.id } });
  await device.client.daemon.claim({ claim_id: randomUUID() });
  await user.client.tasks.cancel(taskId);
  expect(await socket.next('task.cancel')).toEqual({
    type: 'task.cancel',
    data: { task_id: taskId, grace_seconds: 10 },
  });
  await user.client.devices.updateConfig(device.id, { heartbeat_interval: 20 });
  expect(await socket.next('config.updated')).toEqual({
    type: 'config.updated',
    data: { device_id: device.id, config_version: 2 },
  });
  await silent.settled();
  expect(silent.frames.map(({ type }) => type)).toEqual(['pong']);
});

test('a device that connects is told what it has missed', async () => {
  const cancelled = await queue();
  await device.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  await user.client.tasks.cancel(cancelled);
  await queue();
  const socket = await open();
  await socket.next('task.available');
  expect(await socket.next('task.cancel')).toMatchObject({ data: { task_id: cancelled } });
});

test('a device subscribes to nothing', async () => {
  const socket = await open();
  socket.send({ type: 'subscribe', channel: `task:${await queue()}` });
  expect(await socket.next('error')).toMatchObject({ code: 'WRONG_CREDENTIAL' });
});

test('socket, heartbeat and offline are told apart, and each change is told once', async () => {
  const owner = await connect(app.url, { token: user.token });
  expect(await presence()).toBe('offline offline');
  const socket = await open();
  await owner.next('device.online');
  await vi.waitFor(async () => expect(await presence()).toBe('online socket'), SOON);

  await device.client.daemon.heartbeat({ status: 'online' });
  socket.ws.close();
  await vi.waitFor(async () => expect(await presence()).toBe('online heartbeat'), SOON);

  app.clock.advance(91);
  await app.sweep();
  await owner.next('device.offline');
  expect(await presence()).toBe('offline offline');
  await owner.settled();
  const told = owner.frames.map(({ type }) => type).filter((type) => type.startsWith('device.'));
  expect(told).toEqual(['device.online', 'device.offline']);
});

test('a device with a socket stays online without heartbeats', async () => {
  await user.client.devices.updateConfig(device.id, { heartbeat_interval: 5 });
  const socket = await open();
  const owner = await connect(app.url, { token: user.token });
  await vi.waitFor(async () => expect(await presence()).toBe('online socket'), SOON);
  for (let minute = 0; minute < 3; minute += 1) {
    app.clock.advance(12);
    const at = app.clock.now().toISOString();
    await vi.waitFor(async () => expect((await user.client.devices.get(device.id)).last_heartbeat).toBe(at), SOON);
    await app.sweep();
  }
  await Promise.all([socket.settled(), owner.settled()]);
  expect(owner.frames.map(({ type }) => type)).not.toContain('device.offline');
});

test('a socket does not make busy what calls itself so', async () => {
  await device.client.daemon.heartbeat({ status: 'busy' });
  await (await open()).settled();
  await vi.waitFor(async () => expect(await presence()).toBe('busy socket'), SOON);
});

test('a new key ends the sockets of the old one, and not its own', async () => {
  const old = await open();
  const { device_key } = await user.client.daemon.register(device.machineId, { device_name: 'again' });
  const fresh = await connect(app.url, { token: device_key });
  expect(await old.closed).toMatchObject({ code: 4401 });
  await fresh.settled();
});

test('a deleted device loses its socket', async () => {
  const socket = await open();
  await user.client.devices.remove(device.id);
  expect(await socket.closed).toMatchObject({ code: 4401 });
});

test('after a gap in what other processes tell, users are told to read again and devices what they missed', async () => {
  const [socket, owner] = [await open(), await connect(app.url, { token: user.token })];
  await cutConnections(app.databaseUrl, LISTENERS);
  await app.service.db
    .insertInto('tasks')
    .values({
      id: randomUUID(),
      user_id: user.id,
      device_id: device.id,
      task_type: 'bash',
      command: 'true',
      status: 'queued',
      expires_at: new Date(Date.now() + 86_400_000),
    })
    .execute();
  await owner.next('resync');
  await socket.next('task.available');
});

test('after a gap a subscription to what is gone has ended, and so has a socket whose session is over', async () => {
  const second = await app.anonymous.auth.login({ email: user.email, password: app.password });
  const [owner, over] = [
    await connect(app.url, { token: user.token }),
    await connect(app.url, { token: second.token }),
  ];
  await owner.subscribe(`device:${device.id}`);
  const { sessions } = await user.client.auth.listSessions();
  const { id } = sessions.find(({ current }) => !current) as { id: string };
  await app.service.db.deleteFrom('devices').where('id', '=', device.id).execute();
  await app.service.db.updateTable('sessions').set({ revoked_at: new Date() }).where('id', '=', id).execute();
  await cutConnections(app.databaseUrl, LISTENERS);
  expect(await owner.next('unsubscribed')).toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  expect(await over.closed).toMatchObject({ code: 4401 });
});
