/** Output over 1 MiB counts against the storage of its user: to the byte, whatever comes at once. */
import { randomInt, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HandedTask } from '../../sdk/src/index.ts';
import { atomically } from '../../server/context.ts';
import { retentionJob } from '../../server/jobs/retention.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

const MIB = 1024 * 1024;
const PIECE = 256 * 1024;
const DAY = 86_400;

type Stream = 'stdout' | 'stderr';

let app: TestApp;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp({ env: { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' } });
  return app.close;
});
beforeEach(async () => {
  user = await app.makeUser();
  device = await app.makeDevice(user, { max_concurrent_tasks: 100 });
});

async function running(): Promise<HandedTask> {
  await user.client.tasks.create({ device_id: device.id, command: 'true' });
  const { tasks } = await device.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  const task = tasks[0] as HandedTask;
  await device.client.daemon.start(task.id, { lease_id: task.lease_id });
  return task;
}

const send = (task: HandedTask, offset: number, chunk: string, stream: Stream = 'stdout') =>
  device.client.daemon.output(task.id, { lease_id: task.lease_id, stream, offset, chunk });

/** Sends `length` bytes of a stream, piece by piece, until it is cut. */
async function fill(task: HandedTask, length: number, stream: Stream = 'stdout'): Promise<number> {
  let at = 0;
  while (at < length) {
    const { next_offset, truncated } = await send(task, at, 'x'.repeat(Math.min(PIECE, length - at)), stream);
    at = next_offset;
    if (truncated) break;
  }
  return at;
}

/** Sets the quota of the user, in bytes. */
const allow = (bytes: number) =>
  app.service.db.updateTable('users').set({ storage_quota: bytes }).where('id', '=', user.id).execute();

const used = async () => (await user.client.auth.me()).user.storage_used;

/** What the rows say that is used. */
async function recount(): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select (
      coalesce((select sum(size) from config_backups where user_id = ${user.id}), 0)
      + coalesce((select sum(size) from device_logs where user_id = ${user.id}), 0)
      + coalesce((select sum(greatest(0, o.start + octet_length(o.chunk) - greatest(o.start, ${MIB}::int)))
                    from task_outputs o join tasks t on t.id = o.task_id where t.user_id = ${user.id}), 0)
    )::float8 as bytes`.execute(app.service.db);
  return rows[0]?.bytes ?? -1;
}

test('the first MiB of each stream is free, and each byte beyond it counts', async () => {
  const task = await running();
  await fill(task, MIB);
  await fill(task, MIB, 'stderr');
  expect(await used()).toBe(0);
  await send(task, MIB, 'ü');
  expect(await used()).toBe(2);
  await fill(await running(), MIB + PIECE);
  expect(await used()).toBe(2 + PIECE);
});

test('a piece across the line counts from there on, and repeated it counts once', async () => {
  const task = await running();
  await fill(task, MIB - 10);
  await Promise.all([1, 2, 3, 4].map(() => send(task, MIB - 10, 'y'.repeat(25))));
  expect(await used()).toBe(15);
});

describe('where the storage is full', () => {
  test('a stream is cut at the last whole character that has room, and it is said', async () => {
    await allow(5);
    const task = await running();
    await fill(task, MIB);
    expect(await send(task, MIB, '€€')).toMatchObject({ next_offset: MIB + 3, truncated: true });
    expect(await used()).toBe(3);
    const read = await user.client.tasks.output(task.id, { from: MIB });
    expect(read).toMatchObject({ chunk: '€', truncated: true });
    expect(await send(task, MIB + 3, 'more')).toMatchObject({ next_offset: MIB + 3, truncated: true });
  });

  test('a stream is cut as well where more is used than is allowed since', async () => {
    const task = await running();
    await fill(task, MIB + 10);
    await allow(1);
    expect(await send(task, MIB + 10, 'more')).toMatchObject({ next_offset: MIB + 10, truncated: true });
    const other = await running();
    await fill(other, MIB - 2);
    expect(await send(other, MIB - 2, 'abcd')).toMatchObject({ next_offset: MIB, truncated: true });
    expect(await used()).toBe(10);
  });

  test('the first MiB is still kept, the command goes on, and its result counts whole', async () => {
    await allow(0);
    const task = await running();
    expect(await fill(task, 2 * MIB)).toBe(MIB);
    const stdout = 'z'.repeat(3 * MIB);
    await device.client.daemon.result(task.id, { status: 'completed', exit_code: 0, stdout, lease_id: task.lease_id });
    const ended = await user.client.tasks.get(task.id);
    expect(ended).toMatchObject({ status: 'completed', exit_code: 0, stdout_truncated: true });
    expect(ended.stdout).toHaveLength(MIB);
    expect(await used()).toBe(0);
  });

  test('a stream that was cut stays cut when there is room again: it has no hole', async () => {
    await allow(0);
    const task = await running();
    await fill(task, MIB + 1);
    await allow(10 * MIB);
    expect(await send(task, MIB, 'late')).toMatchObject({ next_offset: MIB, truncated: true });
  });

  test('streams side by side share what is left to the last byte', async () => {
    await allow(PIECE + 7);
    const tasks = await Promise.all([running(), running(), running()]);
    const ends = await Promise.all(tasks.map((task) => fill(task, MIB + PIECE)));
    expect(ends.reduce((sum, end) => sum + end - MIB, 0)).toBe(PIECE + 7);
    expect(await used()).toBe(PIECE + 7);
  });
});

test('what is deleted by age is given back, piece by piece', async () => {
  const task = await running();
  await fill(task, MIB + 100);
  app.clock.advance(DAY);
  await send(task, MIB + 100, 'young');
  app.clock.advance(6 * DAY + 60);
  await retentionJob.handle(app.ctx, {});
  expect(await used()).toBe(5);
  app.clock.advance(DAY);
  await retentionJob.handle(app.ctx, {});
  expect(await used()).toBe(0);
});

test('the output of a deleted device still counts, until its age is over', async () => {
  await fill(await running(), MIB + 9);
  await user.client.devices.remove(device.id);
  expect(await used()).toBe(9);
  app.clock.advance(8 * DAY);
  await retentionJob.handle(app.ctx, {});
  expect(await used()).toBe(0);
});

test('a piece waits for whoever ends its attempt, and neither locks the other out', async () => {
  const task = await running();
  let sent: Promise<unknown> = Promise.resolve();
  await atomically(app.ctx, async (tx) => {
    await tx.db.selectFrom('tasks').select('id').where('id', '=', task.id).forUpdate().execute();
    sent = send(task, 0, 'x').catch((error: unknown) => error);
    await expect.poll(waiting).toBe(1);
    await sql`set local lock_timeout = '500ms'`.execute(tx.db);
    await tx.db.updateTable('task_attempts').set({ ended_at: tx.now() }).where('task_id', '=', task.id).execute();
  });
  expect(await sent).toMatchObject({ code: 'LEASE_LOST' });
});

/** How many statements wait for a lock. */
async function waiting(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`.execute(app.service.db);
  return rows[0]?.count ?? 0;
}

test('after anything at once, the count is that of the rows', { timeout: 60_000 }, async () => {
  await allow(3 * MIB);
  const doomed = await app.makeDevice(user);
  const write = async () => {
    const task = await running();
    for (let at = 0, sends = 0; sends < 9; sends += 1) {
      const chunk = 'x'.repeat(randomInt(PIECE / 2, PIECE));
      const twins = await Promise.all([send(task, at, chunk), send(task, at, chunk)]);
      at = Math.max(...twins.map(({ next_offset }) => next_offset));
    }
    await device.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id });
  };
  const backUp = async () => {
    const data = { config_name: 'random', config_data: { text: 'b'.repeat(randomInt(200_000)) } };
    const { id } = await device.client.daemon.backupConfig(data);
    if (randomInt(2)) await user.client.config.removeBackup(id);
  };
  const log = async () => {
    const log_file = new Blob(['l'.repeat(randomInt(1, 200_000))]);
    const { log_id } = await device.client.daemon.uploadLog({ log_file, metadata: { type: 't', date: '2026-01-20' } });
    if (randomInt(2)) await user.client.logs.remove(log_id);
  };
  const age = async () => {
    app.clock.advance(4 * DAY);
    await device.client.daemon.heartbeat({});
    await retentionJob.handle(app.ctx, {});
    expect(await used()).toBeLessThanOrEqual(3 * MIB);
  };
  const remove = () => user.client.devices.remove(doomed.id);
  const work = [write, backUp, log, write, age, backUp, remove, write, log, age, write, backUp, log, write, age];
  const done = await Promise.allSettled(work.map((step) => step()));
  // A full storage refuses backups and logs, and time that passes may end a task: nothing else goes wrong.
  const refusals = done.filter((step) => step.status === 'rejected').map(({ reason }) => reason.code ?? reason);
  expect(refusals.filter((code) => !['STORAGE_QUOTA_EXCEEDED', 'LEASE_LOST'].includes(code))).toEqual([]);
  expect(await recount()).toBeGreaterThan(0);
  expect(await used()).toBe(await recount());

  app.clock.advance(8 * DAY);
  await retentionJob.handle(app.ctx, {});
  expect(await used()).toBe(await recount());
});
