/** What a WebSocket is told: subscriptions, what comes without them, and who falls behind. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Scope } from '../../contracts/wire.ts';
import { LONG_SESSIONS, openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { connect, type TestSocket } from '../setup/socket.ts';
import { running } from '../setup/tasks.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let app: TestApp;
/** Another process on the same database. */
let other: TestApp;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp({ env: LONG_SESSIONS });
  other = await openApp({ env: LONG_SESSIONS, databaseUrl: app.databaseUrl });
});
beforeEach(async () => {
  user = await app.makeUser();
  device = await app.makeDevice(user);
});
afterAll(async () => {
  await other.close();
  await app.close();
});

const open = (url = app.url, token = user.token) => connect(url, { token });

const keyWith = async (scopes: Scope[]): Promise<{ id: string; key: string }> =>
  user.client.apiKeys.create({ name: 'program', scopes });

const typesOf = ({ frames }: TestSocket) => frames.map(({ type }) => type).filter((type) => type !== 'pong');

/** Without the messages that go with them. */
const changesIn = ({ frames }: TestSocket) => frames.filter(({ type }) => !['pong', 'message.new'].includes(type));

describe('a subscription', () => {
  test('is answered, also when it is there already, and tells what happens until it is given up', async () => {
    const socket = await open();
    const task = await running(user, device);
    const channel = `task:${task.id}`;
    await socket.subscribe(channel.toUpperCase().replace('TASK', 'task'));
    await socket.subscribe(channel);
    await device.client.daemon.heartbeat({ current_tasks: [{ task_id: task.id, progress: 50 }] });
    expect(await socket.next('task.updated')).toEqual({
      type: 'task.updated',
      data: { task_id: task.id, status: 'running', progress: 50 },
    });
    socket.send({ type: 'unsubscribe', channel });
    expect(await socket.next('unsubscribed')).toEqual({ type: 'unsubscribed', channel });
    await device.client.daemon.heartbeat({ current_tasks: [{ task_id: task.id, progress: 60 }] });
    await socket.settled();
    expect(typesOf(socket).filter((type) => type === 'task.updated')).toHaveLength(1);
  });

  test.each([
    ['device', 'DEVICE_NOT_FOUND'],
    ['task', 'TASK_NOT_FOUND'],
  ])("to another user's %s and to a random one fail alike, and tell nothing", async (kind, code) => {
    const stranger = await open(app.url, (await app.makeUser()).token);
    const task = await running(user, device);
    for (const id of [kind === 'device' ? device.id : task.id, randomUUID()]) {
      stranger.send({ type: 'subscribe', channel: `${kind}:${id}` });
      expect(await stranger.next('error')).toMatchObject({ code, channel: `${kind}:${id}` });
    }
    await device.client.daemon.result(task.id, { status: 'completed' });
    await stranger.settled();
    expect(typesOf(stranger)).toEqual(['error', 'error']);
  });

  test('to a device tells of its tasks, and ends with the device', async () => {
    const socket = await open(other.url);
    const channel = `device:${device.id}`;
    await socket.subscribe(channel);
    const task = await running(user, device);
    await socket.next('task.updated', ({ data }) => data.task_id === task.id && data.status === 'running');
    await user.client.devices.remove(device.id);
    expect(await socket.next('device.updated')).toMatchObject({ data: { device_id: device.id, status: 'deleted' } });
    expect(await socket.next('unsubscribed')).toEqual({ type: 'unsubscribed', channel, code: 'DEVICE_NOT_FOUND' });
    socket.send({ type: 'subscribe', channel });
    expect(await socket.next('error')).toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  });
});

describe('without subscribing', () => {
  test('a user hears once of each change that a device comes or goes', async () => {
    const socket = await open(other.url);
    for (let beat = 0; beat < 3; beat += 1) await device.client.daemon.heartbeat({ status: 'online' });
    await device.client.daemon.heartbeat({ status: 'busy' });
    await device.client.daemon.offline();
    await device.client.daemon.offline();
    await socket.next('device.offline');
    await socket.settled();
    const timestamp = other.clock.now().toISOString();
    expect(changesIn(socket)).toEqual([
      { type: 'device.online', data: { device_id: device.id, timestamp } },
      { type: 'device.updated', data: { device_id: device.id, timestamp, status: 'busy' } },
      { type: 'device.offline', data: { device_id: device.id, timestamp } },
    ]);
  });

  test('many heartbeats at once make a device come online once', async () => {
    const socket = await open();
    await Promise.all(
      [app, other, app, other].map(({ clientOf }) => clientOf(device.key).daemon.heartbeat({ status: 'online' })),
    );
    await user.client.devices.remove(device.id);
    await socket.next('device.updated');
    expect(changesIn(socket).map(({ type }) => type)).toEqual(['device.online', 'device.updated']);
  });

  test('a user hears of a new message, and of no task', async () => {
    const socket = await open(other.url);
    const task = await running(user, device);
    const { data } = await socket.next('message.new');
    const { items } = await user.client.messages.list();
    const message = items.find(({ task_id }) => task_id === task.id);
    expect(data).toEqual({ message_id: message?.id, title: message?.title, content: message?.content });
    expect(typesOf(socket)).toEqual(['message.new']);
  });
});

test.each([
  ['device:read', ['device.online', 'device.updated']],
  ['task:read', ['task.updated', 'task.completed']],
  ['task:admin', ['task.updated', 'task.completed']],
  ['user:read', ['message.new']],
  ['stats:read', []],
] as const)('the socket of an API key with the scope %s hears of %j', async (scope, heard) => {
  const { key } = await keyWith([scope]);
  const socket = await open(app.url, key);
  const task = await running(user, device);
  for (const channel of [`device:${device.id}`, `task:${task.id}`]) socket.send({ type: 'subscribe', channel });
  await socket.settled();
  await device.client.daemon.heartbeat({ status: 'online' });
  await device.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id });
  await user.client.devices.remove(device.id);
  for (const type of heard) await socket.next(type);
  await socket.settled();
  const events = typesOf(socket).filter((type) => /\./.test(type));
  expect(new Set(events)).toEqual(new Set(heard));
});

describe('a task that ends', () => {
  test('is told with its exit code and the last 16 KiB of its output, in every process', async () => {
    const sockets = await Promise.all([open(), open(other.url)]);
    const task = await running(user, device);
    for (const socket of sockets) await socket.subscribe(`task:${task.id}`);
    const stdout = `${'a'.repeat(20 * KIB)}€${'b'.repeat(16 * KIB - 2)}`;
    await device.client.daemon.result(task.id, { status: 'completed', exit_code: 0, stdout, lease_id: task.lease_id });
    for (const socket of sockets) {
      expect(await socket.next('task.completed')).toEqual({
        type: 'task.completed',
        data: {
          task_id: task.id,
          status: 'completed',
          exit_code: 0,
          stdout: 'b'.repeat(16 * KIB - 2),
          stdout_truncated: true,
        },
      });
      const types = changesIn(socket).map(({ type }) => type);
      expect(types.slice(-2)).toEqual(['task.updated', 'task.completed']);
    }
  });

  test.each(['failed', 'timeout', 'cancelled'] as const)('as %s is told too', async (status) => {
    const socket = await open();
    const task = await running(user, device);
    await socket.subscribe(`task:${task.id}`);
    await device.client.daemon.result(task.id, { status, stdout: 'short', lease_id: task.lease_id });
    expect(await socket.next('task.completed')).toMatchObject({
      data: { status, exit_code: null, stdout: 'short', stdout_truncated: false },
    });
  });
});

test('output comes in its order to every process, also what is too long for a notification', async () => {
  const sockets = await Promise.all([open(), open(other.url)]);
  const task = await running(user, device);
  for (const socket of sockets) await socket.subscribe(`task:${task.id}`);
  const chunks = ['short', 'ü'.repeat(10 * KIB), 'and\0short', 'x'.repeat(100 * KIB), 'end'];
  let offset = 0;
  for (const chunk of chunks) {
    const body = { lease_id: task.lease_id, stream: 'stdout', offset, chunk } as const;
    offset = (await device.client.daemon.output(task.id, body)).next_offset;
  }
  for (const socket of sockets) {
    await socket.next('task.output', ({ data }) => data.chunk === 'end');
    const got = socket.frames.flatMap((frame) => (frame.type === 'task.output' ? [frame.data] : []));
    expect(got.map(({ chunk }) => chunk)).toEqual(chunks);
    expect(got.at(-1)).toEqual({
      task_id: task.id,
      attempt: 1,
      stream: 'stdout',
      offset: offset - 3,
      chunk: 'end',
      truncated: false,
    });
  }
});

test('a reader that falls behind is let go, and the others are not', async () => {
  const [slow, quick] = await Promise.all([open(), open()]);
  const task = await running(user, device);
  for (const socket of [slow, quick]) await socket.subscribe(`task:${task.id}`);
  slow.ws.pause();
  const chunk = 'x'.repeat(250 * KIB);
  let sent = 0;
  for (; sent < 48; sent += 1)
    await device.client.daemon.output(task.id, {
      lease_id: task.lease_id,
      stream: 'stdout',
      offset: sent * chunk.length,
      chunk,
    });
  await quick.next('task.output', ({ data }) => data.offset === (sent - 1) * chunk.length);
  slow.ws.resume();
  expect(await slow.closed).toMatchObject({ code: 1013 });
  const received = slow.frames.filter(({ type }) => type === 'task.output').length;
  expect(received).toBeLessThan(sent);
  expect(received * chunk.length).toBeGreaterThan(MIB / 2);
  await quick.settled();
});
