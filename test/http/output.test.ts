/** Live output: what a device sends while a task runs, and what its owner reads. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HandedTask, NewTask } from '../../sdk/src/index.ts';
import { retentionJob } from '../../server/jobs/retention.ts';
import { openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

const MIB = 1024 * 1024;
const MOST = 16 * MIB;
/** The longest piece that the contract takes. */
const PIECE = 256 * 1024;

let app: TestApp;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp({ env: { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' } });
});
/** Tasks that an earlier test left running hold the slots of another user. */
beforeEach(async () => {
  user = await app.makeUser();
  device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
});
afterAll(() => app.close());

async function running(more: Partial<NewTask> = {}): Promise<HandedTask> {
  await user.client.tasks.create({ device_id: device.id, command: 'true', ...more });
  const { tasks } = await device.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  const task = tasks[0] as HandedTask;
  await device.client.daemon.start(task.id, { lease_id: task.lease_id });
  return task;
}

const finish = (task: HandedTask, status: 'completed' | 'failed' = 'completed') =>
  device.client.daemon.result(task.id, { status, lease_id: task.lease_id });

const send = (task: HandedTask, offset: number, chunk: string, stream: 'stdout' | 'stderr' = 'stdout') =>
  device.client.daemon.output(task.id, { lease_id: task.lease_id, stream, offset, chunk });

const read = (task: HandedTask, query: Parameters<TestUser['client']['tasks']['output']>[1] = {}) =>
  user.client.tasks.output(task.id, query);

/** Sends all of `text`, in the pieces that the contract takes. */
async function sendAll(task: HandedTask, text: string): Promise<{ next_offset: number; truncated: boolean }> {
  let answer = { next_offset: 0, truncated: false };
  for (let at = 0; at < text.length; at += PIECE) answer = await send(task, at, text.slice(at, at + PIECE));
  return answer;
}

/** Reads a stream to its end, as far as there is one now. */
async function readAll(task: HandedTask): Promise<string> {
  let text = '';
  for (let from = 0; ; ) {
    const { chunk, next_offset } = await read(task, { from });
    if (chunk === '') return text;
    text += chunk;
    from = next_offset;
  }
}

test('what is sent piece by piece is read as one, by stream and from any offset', async () => {
  const task = await running();
  expect(await send(task, 0, 'one\n')).toEqual({
    task_id: task.id,
    stream: 'stdout',
    next_offset: 4,
    truncated: false,
  });
  await send(task, 4, 'two\n');
  await send(task, 0, 'oh\n', 'stderr');
  expect(await read(task)).toEqual({
    task_id: task.id,
    attempt: 1,
    stream: 'stdout',
    offset: 0,
    chunk: 'one\ntwo\n',
    next_offset: 8,
    truncated: false,
    complete: false,
  });
  expect(await read(task, { from: 6 })).toMatchObject({ offset: 6, chunk: 'o\n', next_offset: 8 });
  expect(await read(task, { from: 8 })).toMatchObject({ offset: 8, chunk: '', next_offset: 8 });
  expect(await read(task, { stream: 'stderr' })).toMatchObject({ stream: 'stderr', chunk: 'oh\n', next_offset: 3 });
});

test('offsets count bytes of UTF-8, and no character is torn', async () => {
  const task = await running();
  const text = 'день 🚀\0 ok';
  expect(await send(task, 0, text)).toMatchObject({ next_offset: Buffer.byteLength(text) });
  expect((await read(task)).chunk).toBe(text);
  expect(await read(task, { from: 11 })).toMatchObject({ offset: 9, chunk: '🚀\0 ok' });
});

describe('a piece', () => {
  test('that begins before the end of what is there changes nothing', async () => {
    const task = await running();
    await send(task, 0, 'abc');
    for (const [offset, chunk] of [
      [0, 'abc'],
      [0, 'other'],
      [2, 'cdef'],
    ] as const)
      expect(await send(task, offset, chunk)).toMatchObject({ next_offset: 3 });
    expect(await readAll(task)).toBe('abc');
  });

  test('that would leave a hole is refused with the offset that is expected', async () => {
    const task = await running();
    await send(task, 0, 'abc');
    const refusal = await refusalOf(send(task, 4, 'e'));
    expect(refusal).toMatchObject({ status: 409, code: 'OUTPUT_GAP', details: { expected_offset: 3 } });
    expect(await refusalOf(send(task, 1, 'x', 'stderr'))).toMatchObject({ details: { expected_offset: 0 } });
    expect(await readAll(task)).toBe('abc');
  });

  test('without text tells where the next one has to begin', async () => {
    const task = await running();
    expect(await send(task, 0, '')).toMatchObject({ next_offset: 0 });
    await send(task, 0, 'abc');
    expect(await send(task, 0, '')).toMatchObject({ next_offset: 3 });
    expect(await send(task, 99, '')).toMatchObject({ next_offset: 3 });
  });

  test('under another lease is refused', async () => {
    const task = await running();
    const body = { lease_id: randomUUID(), stream: 'stdout', offset: 0, chunk: 'x' } as const;
    expect(await refusalOf(device.client.daemon.output(task.id, body))).toMatchObject({
      status: 409,
      code: 'LEASE_LOST',
    });
  });

  test("of another device's task is refused as one of no task", async () => {
    const task = await running();
    const other = await app.makeDevice(user);
    const body = { lease_id: task.lease_id, stream: 'stdout', offset: 0, chunk: 'x' } as const;
    for (const id of [task.id, randomUUID()])
      expect(await refusalOf(other.client.daemon.output(id, body))).toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  test('that comes after the end of its attempt is refused, and a repeat is not', async () => {
    const task = await running();
    await send(task, 0, 'abc');
    await finish(task);
    expect(await send(task, 0, 'abc')).toMatchObject({ next_offset: 3 });
    expect(await refusalOf(send(task, 3, 'd'))).toMatchObject({ code: 'LEASE_LOST' });
  });
});

test('of many that send the same pieces in any order each is kept once', async () => {
  const task = await running();
  const letters = [...'abcdefghijklmnop'];
  const senders = Array.from({ length: 4 }, async () => {
    for (const [at, letter] of letters.entries()) {
      await send(task, at, letter).catch((error) => expect(error).toMatchObject({ code: 'OUTPUT_GAP' }));
    }
  });
  await Promise.all(senders);
  expect(await readAll(task)).toBe(letters.join(''));
  const pieces = await app.service.db
    .selectFrom('task_outputs')
    .where('task_id', '=', task.id)
    .select('start')
    .execute();
  expect(pieces).toHaveLength(letters.length);
});

test('a piece and the end of the attempt come one after the other', async () => {
  for (let round = 0; round < 10; round += 1) {
    const task = await running();
    const sent = send(task, 0, 'last words').then(
      () => 'last words',
      () => '',
    );
    await finish(task);
    // Whoever reads after the end reads all of it: nothing is taken later.
    const seen = await read(task);
    expect(seen).toMatchObject({ chunk: await sent, complete: true });
  }
});

test('16 MiB of a stream are kept; the rest is cut at a whole character, and it is said', async () => {
  const task = await running();
  expect(await sendAll(task, 'x'.repeat(MOST - PIECE))).toEqual(
    expect.objectContaining({ next_offset: MOST - PIECE, truncated: false }),
  );
  const last = `${'y'.repeat(PIECE - 2)}€z`.slice(0, PIECE);
  expect(await send(task, MOST - PIECE, last)).toMatchObject({ next_offset: MOST - 2, truncated: true });
  expect(await send(task, MOST - 2, 'more')).toMatchObject({ next_offset: MOST - 2, truncated: true });
  expect(await send(task, MOST + 100, 'more')).toMatchObject({ next_offset: MOST - 2, truncated: true });
  expect(await send(task, 0, 'stderr is another', 'stderr')).toMatchObject({ truncated: false });
  const end = await read(task, { from: MOST - 10 });
  expect(end).toMatchObject({ chunk: 'yyyyyyyy', next_offset: MOST - 2, truncated: true, complete: false });
  expect((await readAll(task)).length).toBe(MOST - 2);
});

describe('who waits', () => {
  test('for output is answered when it comes, also through another process', async () => {
    const other = await openApp({ databaseUrl: app.databaseUrl });
    try {
      const task = await running();
      const waiting = other.clientOf(user.token).tasks.output(task.id, { wait: 20 });
      await send(task, 0, 'here');
      expect(await waiting).toMatchObject({ chunk: 'here' });
    } finally {
      await other.close();
    }
  });

  test('is answered when nothing more will come', async () => {
    const task = await running();
    await send(task, 0, 'all');
    const waiting = read(task, { from: 3, wait: 20 });
    await finish(task);
    expect(await waiting).toMatchObject({ chunk: '', complete: true });
  });

  test('and finds nothing is answered when the time is up', async () => {
    const task = await running();
    expect(await read(task, { wait: 1 })).toMatchObject({ chunk: '', complete: false });
  });
});

test('each attempt has its own output', async () => {
  const task = await running({ max_retries: 1 });
  await send(task, 0, 'first');
  await finish(task, 'failed');
  app.clock.advance(60);
  await app.sweep();
  const { tasks } = await device.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  const second = tasks[0] as HandedTask;
  expect(second).toMatchObject({ id: task.id, attempt: 2 });
  await send(second, 0, 'second');
  expect(await read(task, { attempt: 1 })).toMatchObject({ attempt: 1, chunk: 'first', complete: true });
  expect(await read(task)).toMatchObject({ attempt: 2, chunk: 'second', complete: false });
  expect(await read(task, { attempt: 3 })).toMatchObject({ attempt: 3, chunk: '', complete: false });
});

test('a task that never ran has no output, and none will come', async () => {
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' });
  expect(await user.client.tasks.output(task_id)).toMatchObject({ attempt: 0, chunk: '', complete: false });
  await user.client.tasks.cancel(task_id);
  expect(await user.client.tasks.output(task_id)).toMatchObject({ attempt: 0, chunk: '', complete: true });
});

test("another user's task and a random id look the same", async () => {
  const task = await running();
  const stranger = await app.makeUser();
  for (const id of [task.id, randomUUID()])
    expect(await refusalOf(stranger.client.tasks.output(id))).toMatchObject({ status: 404, code: 'TASK_NOT_FOUND' });
});

test('what is older than seven days is deleted, and the reader goes on after it', async () => {
  const task = await running();
  await send(task, 0, 'old');
  app.clock.advance(3600);
  await send(task, 3, 'young');
  app.clock.advance(7 * 86_400 - 1800);
  await retentionJob.handle(app.ctx, {});
  expect(await read(task)).toMatchObject({ offset: 3, chunk: 'young', next_offset: 8 });
  app.clock.advance(3600);
  await retentionJob.handle(app.ctx, {});
  expect(await read(task)).toMatchObject({ offset: 8, chunk: '', next_offset: 8 });
});
