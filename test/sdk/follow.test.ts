/** Following a task through the SDK: live, through cuts, and without a WebSocket. */
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import WebSocket from 'ws';
import { CcjkCloud, type ClientOptions, type FollowEvent, type HandedTask } from '../../sdk/src/index.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { openService } from './service.ts';

let app: TestApp;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp({ env: { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' } });
});
beforeEach(async () => {
  user = await app.makeUser();
  device = await app.makeDevice(user);
});
afterAll(() => app.close());

/** A way to the service that can be cut. */
async function openWay() {
  const open = new Set<net.Socket>();
  let isShut = false;
  const server = net.createServer((near) => {
    if (isShut) return near.destroy();
    const far = net.connect(Number(new URL(app.url).port), '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
    }
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    cut,
    shut: (value: boolean) => {
      isShut = value;
      if (value) cut();
    },
  };
}

const clientTo = (baseUrl: string, options: ClientOptions = {}) =>
  new CcjkCloud({ baseUrl, token: user.token, maxRetries: 0, ...options });

async function queued(): Promise<string> {
  return (await user.client.tasks.create({ device_id: device.id, command: 'true', max_retries: 1 })).task_id;
}

async function started(): Promise<HandedTask> {
  const { tasks } = await device.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  const task = tasks[0] as HandedTask;
  await device.client.daemon.start(task.id, { lease_id: task.lease_id });
  return task;
}

/** Writes to a stream as a daemon does. */
function writer(task: HandedTask, stream: 'stdout' | 'stderr' = 'stdout') {
  let offset = 0;
  return async (chunk: string) => {
    const body = { lease_id: task.lease_id, stream, offset, chunk };
    offset = (await device.client.daemon.output(task.id, body)).next_offset;
  };
}

/** Collects what a follower gets. */
function following(client: CcjkCloud, id: string) {
  const events: FollowEvent[] = [];
  const done = (async () => {
    for await (const event of client.tasks.follow(id)) events.push(event);
  })();
  done.catch(() => {});
  const text = (stream = 'stdout') =>
    events.map((event) => (event.type === 'output' && event.stream === stream ? event.chunk : '')).join('');
  const seen = (ending: string) =>
    vi.waitFor(() => expect(text().endsWith(ending)).toBe(true), { timeout: 10_000, interval: 10 });
  return { events, done, text, seen };
}

const statusesOf = (events: FollowEvent[]) =>
  events.flatMap((event) => (event.type === 'status' ? [event.status] : []));

/** Node 20 has none. */
const NONE = { WebSocket: undefined };

describe.each([
  ['the WebSocket of the runtime', {}],
  ['that of the package ws', { WebSocket }],
])('with %s', (_, options: ClientOptions) => {
  test('output, status and the end come as they happen', async () => {
    const id = await queued();
    const { events, done, text, seen } = following(clientTo(app.url, options), id);
    const task = await started();
    const [out, err] = [writer(task), writer(task, 'stderr')];
    for (const piece of ['one\n', 'zwö\n', '3🚀\n']) {
      await out(piece);
      await seen(piece);
    }
    await err('oh');
    await device.client.daemon.heartbeat({ current_tasks: [{ task_id: id, progress: 40 }] });
    const stdout = 'one\nzwö\n3🚀\n';
    await device.client.daemon.result(id, {
      status: 'completed',
      exit_code: 0,
      stdout,
      stderr: 'oh',
      lease_id: task.lease_id,
    });
    await done;
    expect(text()).toBe(stdout);
    expect(text('stderr')).toBe('oh');
    expect(statusesOf(events).at(-1)).toBe('completed');
    expect(events.at(-1)).toMatchObject({ type: 'end', task: { id, exit_code: 0 } });
  });
});

test('what was cut is resumed, without loss and without repeat', async () => {
  const way = await openWay();
  const id = await queued();
  const { events, done, text, seen } = following(clientTo(way.url), id);
  const task = await started();
  const out = writer(task);
  let stdout = '';
  for (let line = 0; line < 60; line += 1) {
    const piece = `line ${line} ${'ü'.repeat(line)}\n`;
    stdout += piece;
    await out(piece);
    if (line % 20 === 9) way.cut();
    if (line % 20 === 15) await seen(piece);
  }
  way.shut(true);
  await out('while it was away\n');
  await vi.waitFor(() => expect(events.some(({ type }) => type === 'outage')).toBe(true), { timeout: 10_000 });
  way.shut(false);
  await seen('while it was away\n');
  stdout += 'while it was away\n';
  await device.client.daemon.result(id, { status: 'completed', stdout, lease_id: task.lease_id });
  await done;
  expect(text()).toBe(stdout);
});

test('without a WebSocket it is followed by long polls', async () => {
  vi.stubGlobal('WebSocket', undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const client = clientTo(app.url, NONE);
  expect(() => client.connect()).toThrow(/Node has one from version 22 on/);
  const id = await queued();
  const { done, text, seen } = following(client, id);
  const task = await started();
  const out = writer(task);
  await out('one');
  await seen('one');
  await writer(task, 'stderr')('oh');
  await out('two');
  await seen('two');
  await device.client.daemon.result(id, { status: 'completed', exit_code: 0, lease_id: task.lease_id });
  await done;
  expect([text(), text('stderr')]).toEqual(['onetwo', 'oh']);
});

test('a daemon that sends no live output is followed to its result, and one that lost its end is completed from it', async () => {
  for (const live of ['', 'beg']) {
    const id = await queued();
    const { done, text } = following(clientTo(app.url), id);
    const task = await started();
    if (live) await writer(task)(live);
    await device.client.daemon.result(id, { status: 'completed', stdout: 'begin and end', lease_id: task.lease_id });
    await done;
    expect(text()).toBe('begin and end');
  }
});

test('each attempt of a task that is tried again is followed', async () => {
  const id = await queued();
  const { events, done, text, seen } = following(clientTo(app.url), id);
  const first = await started();
  await writer(first)('first');
  await seen('first');
  await device.client.daemon.result(id, { status: 'failed', stdout: 'first', lease_id: first.lease_id });
  app.clock.advance(60);
  await app.sweep();
  const second = await started();
  await writer(second)('second');
  await device.client.daemon.result(id, { status: 'completed', stdout: 'second', lease_id: second.lease_id });
  await done;
  expect(text()).toBe('firstsecond');
  expect(events.flatMap((event) => (event.type === 'output' ? [event.attempt] : []))).toEqual([1, 2]);
});

test('an unknown task and an abort end it at once', async () => {
  await expect(following(clientTo(app.url), randomUUID()).done).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  const abort = new AbortController();
  const follow = clientTo(app.url).tasks.follow(await queued(), { signal: abort.signal });
  await follow.next();
  const waiting = follow.next();
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

describe('a socket of the client', () => {
  test('comes back after a cut and subscribes again', async () => {
    const way = await openWay();
    const socket = clientTo(way.url).connect();
    onTestFinished(() => socket.close());
    const told: string[] = [];
    for (const type of ['open', 'cut', 'subscribed'] as const) socket.on(type, () => told.push(type));
    socket.subscribe(`device:${device.id}`);
    await vi.waitFor(() => expect(told).toEqual(['open', 'subscribed']), { timeout: 5_000 });
    way.cut();
    await vi.waitFor(() => expect(told).toEqual(['open', 'subscribed', 'cut', 'open', 'subscribed']), {
      timeout: 5_000,
    });
    const online = new Promise((resolve) => socket.on('device.online', resolve));
    await device.client.daemon.heartbeat({ status: 'online' });
    expect(await online).toMatchObject({ data: { device_id: device.id } });
  });

  test('comes back also when a listener throws at a close in good order', async () => {
    const sockets: WebSocket[] = [];
    class Kept extends WebSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    }
    const socket = clientTo(app.url, { WebSocket: Kept }).connect();
    onTestFinished(() => socket.close());
    const thrown = new Promise((resolve) => {
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const other of others) process.on('uncaughtException', other);
        resolve(error);
      });
    });
    let connections = 0;
    socket.on('open', () => connections++);
    const stop = socket.on('cut', () => {
      stop();
      throw new Error('of the program');
    });
    await vi.waitFor(() => expect(connections).toBe(1), { timeout: 5_000 });
    sockets[0]?.close();
    expect(await thrown).toMatchObject({ message: 'of the program' });
    await vi.waitFor(() => expect(connections).toBe(2), { timeout: 5_000 });
  });

  test('waits as long as the service asks before it comes back', async () => {
    const busy = { status: 503, fails: 'SERVICE_UNAVAILABLE', headers: { 'retry-after': '1' } };
    const asked: number[] = [];
    const { client } = await openService(() => {
      asked.push(performance.now());
      return busy;
    });
    const socket = client({ maxRetries: 0 }).connect();
    onTestFinished(() => socket.close());
    await vi.waitFor(() => expect(asked).toHaveLength(2), { timeout: 5_000 });
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(990);
  });

  test('ends when its credential is refused', async () => {
    const socket = clientTo(app.url, { token: 'ck_live_nothing' }).connect();
    const reason = await new Promise((resolve) => socket.on('end', resolve));
    expect(reason).toMatchObject({ code: 'AUTH_FAILED' });
  });
});
