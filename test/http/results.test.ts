/** The result of an attempt: recorded once, kept whole, and refused under a lease that was lost. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NewTask } from '../../sdk/src/index.ts';
import { LONG_SESSIONS, openApp, refusalOf, type TestApp } from '../setup/app.ts';
import { assigned, claimOne, create, end, running, start, stepsIn } from '../setup/tasks.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let app: TestApp;
const { inSeconds, newOwner } = stepsIn(() => app);

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

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
