/**
 * Results — how an attempt ended, recorded exactly once.
 *
 * A report is judged in this order: the same result again is answered as the first time; another result for an attempt
 * that has one is a conflict; a result under a lease that has been superseded is kept on its attempt but changes nothing;
 * a lease that was never issued is refused; without a lease the report counts while the device holds the task. A report
 * that tells a length and no lease may be the same for two attempts, and of either: while the device holds the task, it is
 * of the last attempt that was handed out before what it tells of began.
 */
import { createHash } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { atomically, type Ctx } from '../context.ts';
import { columnsOf } from '../db/columns.ts';
import type { Tables } from '../db/orm.ts';
import type { TaskStatus } from '../db/task.ts';
import { TaskAttempt } from '../db/task-attempt.ts';
import { together } from '../db/together.ts';
import { Failed } from '../failed.ts';
import { deviceOf } from './dispatch.ts';
import { clip } from './output-clip.ts';
import {
  assigned,
  isHeld,
  isTriedAgain,
  LIFE_COLUMNS,
  move,
  type Report,
  retryOrFinish,
  type TaskLife,
} from './task-states.ts';

export type Result = {
  status: 'completed' | 'failed' | 'cancelled' | 'timeout';
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  errorMessage: string | null;
  startedAt: string | null;
  completedAt: string | null;
  neverStarted: boolean;
  /** Milliseconds that it ran until now, from a device that tells no times. */
  durationMs?: number | undefined;
};

export type Recorded = { taskId: string; attempt: number; status: TaskStatus };

type Attempt = Selectable<Tables['task_attempts']>;
const ATTEMPT = columnsOf(TaskAttempt);

/** How far the clocks of the process that handed a task out and of the one that is told its result may be apart. */
const CLOCKS_APART_MS = 1000;

/** @throws Failed TASK_NOT_FOUND | RESULT_CONFLICT | LEASE_LOST */
export async function recordResult(ctx: Ctx, taskId: string, result: Result, shownLease?: string): Promise<Recorded> {
  const digest = digestOf(result);
  const verdict = await atomically(ctx, async (tx): Promise<Recorded | Failed> => {
    const { task, attempts } = await lockTask(tx, taskId);
    const leaseId = shownLease ?? leaseByLength(task, attempts, result, tx.now());
    const same = attempts.find((a) => a.result_digest === digest && (!leaseId || a.lease_id === leaseId));
    if (same)
      return same.result_status
        ? { taskId, attempt: same.number, status: same.result_status }
        : new Failed('LEASE_LOST');
    const attempt = leaseId ? attempts.find((a) => a.lease_id === leaseId) : attempts.at(-1);
    if (!attempt) throw new Failed('LEASE_LOST');
    if (attempt.result_digest) throw new Failed('RESULT_CONFLICT');
    if (isHeld(task.status) && task.lease_id === attempt.lease_id) return end(tx, task, attempt, result, digest);
    await note(tx, attempt, reportOf(digest, null, result));
    return new Failed('LEASE_LOST');
  });
  if (verdict instanceof Failed) throw verdict;
  return verdict;
}

/** Under which lease a command ran that ended now and took so long. A length that fits no attempt says nothing. */
function leaseByLength(
  task: TaskLife,
  attempts: readonly Attempt[],
  { durationMs }: Result,
  now: Date,
): string | undefined {
  if (durationMs === undefined || task.lease_id === null) return undefined;
  const latest = now.getTime() - durationMs + CLOCKS_APART_MS;
  return attempts.findLast(({ assigned_at }) => assigned_at.getTime() <= latest)?.lease_id ?? task.lease_id;
}

/** Of everything that the device said, so that a repeat is known from a change of mind. */
const digestOf = (result: Result): string => createHash('sha256').update(JSON.stringify(result)).digest('hex');

/** The attempts are read once the task is locked, so that none comes after them. */
async function lockTask(tx: Ctx, id: string): Promise<{ task: TaskLife; attempts: Attempt[] }> {
  const [[task], attempts] = await together(
    tx.db,
    sql<TaskLife>`
      select ${LIFE_COLUMNS} from tasks where id = ${id} and device_id = ${deviceOf(tx).deviceId} for update`,
    sql<Attempt>`select ${ATTEMPT} from task_attempts where task_id = ${id} order by number`,
  );
  if (!task) throw new Failed('TASK_NOT_FOUND');
  return { task, attempts };
}

/** Ends the attempt and, unless it is tried again, the task. A result that arrives wins over a cancellation. */
async function end(tx: Ctx, task: TaskLife, attempt: Attempt, result: Result, digest: string): Promise<Recorded> {
  const { status, neverStarted } = result;
  const shortfall = status === 'failed' || status === 'timeout';
  const again = shortfall && isTriedAgain(task, { neverStarted });
  const report = reportOf(digest, status, again ? result : null);
  const set = outcomeOf(result, task, tx.now());
  if (shortfall) {
    const reason = neverStarted ? 'never_started' : null;
    await retryOrFinish(tx, task, { status, reason, neverStarted, set, report });
  } else await move(tx, [task], status, { reason: status === 'cancelled' ? 'cancelled' : null, set, report });
  return { taskId: task.id, attempt: attempt.number, status };
}

/** What is kept on the attempt: no status when it came too late; whole where the task will not show it. */
function reportOf(digest: string, status: TaskStatus | null, whole: Result | null): Report {
  const kept = whole && { ...whole, stdout: clip(whole.stdout).text, stderr: clip(whole.stderr).text };
  return { result_digest: digest, result_status: status, result: kept && JSON.stringify(kept) };
}

async function note(tx: Ctx, { task_id, number }: Attempt, report: Report): Promise<void> {
  await sql`
    update task_attempts set ${assigned(report)} where task_id = ${task_id} and number = ${number}`.execute(tx.db);
}

/** The last moment that can be written in the usual length. */
const END_OF_CALENDAR = Date.parse('9999-12-31T23:59:59.999Z');

/** A time of the device's own clock; not of one that has lost its century, whose result counts all the same. */
const reported = (written: string | null): Date | null =>
  plausible(written === null ? Number.NaN : Date.parse(written));

const plausible = (epochMs: number): Date | null =>
  epochMs >= 0 && epochMs <= END_OF_CALENDAR ? new Date(epochMs) : null;

const beginningOf = ({ startedAt, durationMs }: Result, now: Date): Date | null =>
  reported(startedAt) ?? plausible(now.getTime() - (durationMs ?? Number.NaN));

const outcomeOf = (result: Result, task: TaskLife, now: Date) => {
  const stdout = clip(result.stdout);
  const stderr = clip(result.stderr);
  return {
    exit_code: result.exitCode,
    signal: result.signal,
    error_message: result.errorMessage,
    stdout: stdout.text,
    stderr: stderr.text,
    stdout_truncated: stdout.truncated,
    stderr_truncated: stderr.truncated,
    started_at: beginningOf(result, now) ?? task.started_at,
    completed_at: reported(result.completedAt) ?? now,
    ...(result.status === 'completed' ? { progress: 100 } : {}),
  };
};
