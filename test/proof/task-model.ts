/**
 * One task as the specification has it, with no database: what each call may answer, and what it leaves behind.
 *
 * Calls that were under way at once are right when there is an order of them, one after the other, in which the model gives
 * every answer that was given, the changes that were written down, and what was found afterwards (Herlihy and Wing,
 * Linearizability, 1990). `explains` looks for that order. The clock stands still meanwhile.
 */
import { isDeepStrictEqual } from 'node:util';

export type Status = 'pending' | 'queued' | 'assigned' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timeout';

export type Attempt = {
  lease: string;
  hasEnded: boolean;
  bytes: { stdout: number; stderr: number };
  isCut: { stdout: boolean; stderr: boolean };
  /** Whether a result is kept on it, and which one if this model saw it come. */
  hasReport: boolean;
  said?: string | undefined;
  /** What the report was recorded as; null: it came too late. */
  recorded: Status | null;
};

/** Times are in milliseconds since 1970. */
export type Task = {
  status: Status;
  lease: string | null;
  leaseUntil: number | null;
  deadline: number | null;
  /** Infinity: begun anew, and not due while the clock stands. */
  readyAt: number | null;
  expiresAt: number;
  isCancelRequested: boolean;
  retryCount: number;
  maxRetries: number;
  retriesWanted: boolean;
  onDisconnect: 'wait' | 'fail' | 'requeue';
  timeoutMs: number;
  isSuccessor: boolean;
  attempts: Attempt[];
};

export type Stream = 'stdout' | 'stderr';

/** A call, as far as it is about this task, with its answer: `ok`, or the code with which it was refused. */
export type Act = { answer: string } & (
  | { act: 'create'; task: Task }
  /** It was in the answer of a claim; without a claim id it runs from then on. */
  | { act: 'hand out'; lease: string; leaseUntil: number; withClaim: boolean }
  | { act: 'start'; lease: string }
  /** `answer`: ok, or lost. */
  | { act: 'renew'; lease: string | undefined }
  /** `answer`: cancel, or none. */
  | { act: 'news' }
  | { act: 'output'; lease: string; stream: Stream; offset: number; bytes: number; next: number; truncated: boolean }
  | {
      act: 'result';
      lease: string | undefined;
      said: string;
      status: 'completed' | 'failed' | 'cancelled' | 'timeout';
      neverStarted: boolean;
      attempt: number;
    }
  | { act: 'cancel' }
  | { act: 'retry' }
);

/** A change of status as it was written down. */
export type Change = { from: Status | null; to: Status; reason: string | null };

export type Round = {
  now: number;
  before: Task | undefined;
  acts: readonly Act[];
  changes: readonly Change[];
  after: Task;
  /** What time does was done meanwhile: the sweep, or the job that releases a task. */
  isSwept: boolean;
  isReleased: boolean;
  /** How the task before this one ended, if it did. */
  predecessor: Status | undefined;
};

/** Three heartbeats of 30 s. Source: DECISIONS.md, section 5. */
const LEASE_MS = 90_000;
const DEADLINE_GRACE_MS = 30_000;
/** Bytes of a stream that never count against a quota, so that they are never cut for one. */
const FREE_BYTES = 1024 * 1024;
const NEVER = Number.POSITIVE_INFINITY;

export const FINISHED: readonly Status[] = ['completed', 'failed', 'cancelled', 'timeout'];
const isFinished = ({ status }: Task): boolean => FINISHED.includes(status);
const isHeld = ({ status }: Task): boolean => status === 'assigned' || status === 'running';

type Step = { task: Task; change?: Change };

/** The task as it is found after the round, with what the model knows of it besides; undefined: no order explains it. */
export function explains(round: Round): Task | undefined {
  return search(round, round.before, round.acts, round.changes);
}

function search(
  round: Round,
  task: Task | undefined,
  acts: readonly Act[],
  changes: readonly Change[],
): Task | undefined {
  if (task && acts.length === 0 && changes.length === 0) return agreed(task, round.after);
  for (const [at, act] of acts.entries()) {
    const step = take(task, act, round.now);
    const found = step && follow(round, step, acts.toSpliced(at, 1), changes);
    if (found) return found;
  }
  // What nobody called changes a status, or nothing.
  if (!task || changes.length === 0) return undefined;
  for (const step of byItself(task, round)) {
    const found = follow(round, step, acts, changes);
    if (found) return found;
  }
  return undefined;
}

function follow(
  round: Round,
  { task, change }: Step,
  acts: readonly Act[],
  changes: readonly Change[],
): Task | undefined {
  if (!change) return search(round, task, acts, changes);
  const [next, ...rest] = changes;
  return isDeepStrictEqual(next, change) ? search(round, task, acts, rest) : undefined;
}

/** Of what is chosen by chance, or counted anew, the found value counts. */
function agreed(task: Task, after: Task): Task | undefined {
  const expected: Task = {
    ...task,
    readyAt: task.readyAt === NEVER ? after.readyAt : task.readyAt,
    expiresAt: task.expiresAt === NEVER ? after.expiresAt : task.expiresAt,
  };
  const unsaid = { ...expected, attempts: expected.attempts.map(({ said, ...rest }) => rest) };
  return isDeepStrictEqual(unsaid, after) ? expected : undefined;
}

// ---- What is called -------------------------------------------------------------------------------------------------

/** The step that answers so; undefined: from here it cannot be answered so. */
function take(task: Task | undefined, act: Act, now: number): Step | undefined {
  if (act.act === 'create')
    return task ? undefined : { task: act.task, change: { from: null, to: act.task.status, reason: null } };
  if (!task) return undefined;
  switch (act.act) {
    case 'hand out':
      return handOut(task, act, now);
    case 'start':
      return start(task, act, now);
    case 'renew': {
      const isOwn = act.lease === undefined || act.lease === task.lease;
      const isRenewed =
        isOwn && (task.status === 'running' || (task.status === 'assigned' && (task.leaseUntil ?? 0) > now));
      if (isRenewed !== (act.answer === 'ok')) return undefined;
      return { task: isRenewed ? { ...task, leaseUntil: now + LEASE_MS } : task };
    }
    case 'news':
      return (isHeld(task) && task.isCancelRequested) === (act.answer === 'cancel') ? { task } : undefined;
    case 'output':
      return output(task, act);
    case 'result':
      return result(task, act);
    case 'cancel':
      return cancel(task, act);
    case 'retry':
      return isFinished(task) === (act.answer !== 'TASK_NOT_FINISHED') ? { task } : undefined;
  }
}

type Of<Name extends Act['act']> = Extract<Act, { act: Name }>;

function handOut(task: Task, { lease, leaseUntil, withClaim }: Of<'hand out'>, now: number): Step | undefined {
  // The same claim again.
  if (task.lease === lease) return isHeld(task) && task.leaseUntil === leaseUntil ? { task } : undefined;
  if (task.status !== 'queued' || task.expiresAt <= now || task.attempts.some((each) => each.lease === lease))
    return undefined;
  // What is delivered without a claim begins after what is delivered with it.
  if (withClaim ? leaseUntil !== now + LEASE_MS : leaseUntil < now + LEASE_MS) return undefined;
  const to = withClaim ? 'assigned' : 'running';
  const fresh: Attempt = {
    lease,
    hasEnded: false,
    bytes: { stdout: 0, stderr: 0 },
    isCut: { stdout: false, stderr: false },
    hasReport: false,
    recorded: null,
  };
  const deadline = withClaim ? null : leaseUntil - LEASE_MS + task.timeoutMs + DEADLINE_GRACE_MS;
  return {
    task: { ...task, status: to, lease, leaseUntil, deadline, attempts: [...task.attempts, fresh] },
    change: { from: 'queued', to, reason: null },
  };
}

function start(task: Task, { lease, answer }: Of<'start'>, now: number): Step | undefined {
  const isOwn = task.lease === lease;
  const { status, leaseUntil, isCancelRequested, timeoutMs } = task;
  if (isOwn && status === 'assigned' && (leaseUntil ?? 0) > now && !isCancelRequested) {
    if (answer !== 'ok') return undefined;
    return {
      task: {
        ...task,
        status: 'running',
        leaseUntil: now + LEASE_MS,
        deadline: now + timeoutMs + DEADLINE_GRACE_MS,
      },
      change: { from: 'assigned', to: 'running', reason: null },
    };
  }
  const isRepeat = isOwn && status === 'running';
  const expected = isCancelRequested && status !== 'running' ? 'TASK_CANCELLED' : isRepeat ? 'ok' : 'LEASE_LOST';
  return answer === expected ? { task } : undefined;
}

function output(task: Task, act: Of<'output'>): Step | undefined {
  const { lease, stream, offset, bytes, answer, next, truncated } = act;
  const at = task.attempts.findIndex((each) => each.lease === lease);
  const attempt = task.attempts[at];
  if (!attempt) return answer === 'LEASE_LOST' ? { task } : undefined;
  const length = attempt.bytes[stream];
  const isCut = attempt.isCut[stream];
  if (offset === length && !attempt.hasEnded && !isCut && bytes > 0) {
    const isWhole = next === offset + bytes && !truncated;
    const isCutHere = truncated && next >= Math.max(offset, FREE_BYTES - 3) && next < offset + bytes;
    if (answer !== 'ok' || !(isWhole || isCutHere)) return undefined;
    const longer: Attempt = {
      ...attempt,
      bytes: { ...attempt.bytes, [stream]: next },
      isCut: { ...attempt.isCut, [stream]: truncated },
    };
    return { task: { ...task, attempts: task.attempts.with(at, longer) } };
  }
  if (answer === 'ok') {
    const isRepeat = offset < length || (!attempt.hasEnded && (isCut || bytes === 0));
    return isRepeat && next === length && truncated === isCut ? { task } : undefined;
  }
  if (offset < length) return undefined;
  if (attempt.hasEnded) return answer === 'LEASE_LOST' ? { task } : undefined;
  return answer === 'OUTPUT_GAP' && !isCut && bytes > 0 && next === length ? { task } : undefined;
}

/** In the order in which a report is judged. */
function result(task: Task, act: Of<'result'>): Step | undefined {
  const { attempts } = task;
  const same = attempts.findIndex(
    ({ said, lease }) => said === act.said && (act.lease === undefined || act.lease === lease),
  );
  if (same >= 0) {
    const { recorded } = attempts[same] as Attempt;
    if (recorded === null) return act.answer === 'LEASE_LOST' ? { task } : undefined;
    return act.answer === 'ok' && act.attempt === same + 1 && recorded === act.status ? { task } : undefined;
  }
  const at = act.lease === undefined ? attempts.length - 1 : attempts.findIndex(({ lease }) => lease === act.lease);
  const attempt = attempts[at];
  if (!attempt) return act.answer === 'LEASE_LOST' ? { task } : undefined;
  if (attempt.hasReport) return act.answer === 'RESULT_CONFLICT' ? { task } : undefined;
  const isLive = isHeld(task) && task.lease === attempt.lease;
  const reported: Task = {
    ...task,
    attempts: attempts.with(at, {
      ...attempt,
      hasReport: true,
      said: act.said,
      recorded: isLive ? act.status : null,
    }),
  };
  if (!isLive) return act.answer === 'LEASE_LOST' ? { task: reported } : undefined;
  if (act.answer !== 'ok' || act.attempt !== at + 1) return undefined;
  if (act.status === 'completed' || act.status === 'cancelled')
    return moved(reported, act.status, act.status === 'cancelled' ? 'cancelled' : null);
  return shortfall(reported, act.status, act.neverStarted ? 'never_started' : null, act.neverStarted);
}

function cancel(task: Task, { answer }: Of<'cancel'>): Step | undefined {
  if (task.status === 'cancelled') return answer === 'ok' ? { task } : undefined;
  if (isFinished(task)) return answer === 'TASK_FINISHED' ? { task } : undefined;
  if (answer !== 'ok') return undefined;
  const asked: Task = { ...task, isCancelRequested: true };
  return isHeld(task) ? { task: asked } : moved(asked, 'cancelled', null);
}

// ---- What happens by itself -----------------------------------------------------------------------------------------

/** The steps that time and the task before this one may take now. */
function* byItself(task: Task, { now, isSwept, isReleased, predecessor }: Round): Generator<Step> {
  const isReady = task.status === 'pending' && task.readyAt !== null && task.readyAt <= now;
  if ((isSwept || isReleased) && isReady) yield moved(task, 'queued', null);
  if (task.isSuccessor && task.status === 'pending' && task.readyAt === null && predecessor) {
    if (predecessor === 'completed') yield moved(begunAnew(task), 'queued', null);
    else if (FINISHED.includes(predecessor)) yield moved(task, 'cancelled', 'predecessor');
  }
  if (isSwept) yield* swept(task, now);
}

/** What the sweep may do with it. Empty: nothing of it is due. */
export function* swept(task: Task, now: number): Generator<Step> {
  const { status, onDisconnect, leaseUntil, deadline, readyAt } = task;
  const isOver = isHeld(task) && leaseUntil !== null && leaseUntil < now;
  if (isOver && task.isCancelRequested) yield moved(task, 'cancelled', 'unconfirmed');
  if (isOver && status === 'assigned') yield moved(task, 'queued', 'undelivered');
  if (isOver && status === 'running') {
    if (onDisconnect === 'requeue') yield moved(begunAnew(task), 'queued', 'lost');
    if (onDisconnect === 'fail') yield shortfall(task, 'failed', 'lost', false);
  }
  if (status === 'running' && deadline !== null && deadline < now)
    yield isOver ? shortfall(task, 'failed', 'lost', false) : shortfall(task, 'timeout', 'deadline', false);
  const isWaiting = status === 'queued' || (status === 'pending' && readyAt !== null);
  if (isWaiting && task.expiresAt <= now) yield moved(task, 'cancelled', 'expired');
  if (status === 'pending' && readyAt !== null && readyAt <= now) yield moved(task, 'queued', null);
}

const begunAnew = (task: Task): Task => ({ ...task, readyAt: NEVER, expiresAt: NEVER });

/** A command is not blindly run again: what never ran is, and what ran only when the caller set max_retries. */
function shortfall(task: Task, to: 'failed' | 'timeout', reason: string | null, neverStarted: boolean): Step {
  const isAgain = !task.isCancelRequested && task.retryCount < task.maxRetries && (neverStarted || task.retriesWanted);
  if (!isAgain) return moved(task, to, reason);
  return moved({ ...begunAnew(task), retryCount: task.retryCount + 1 }, 'pending', 'retry');
}

/** To a status in which nobody holds it. */
function moved(task: Task, to: Status, reason: string | null): Step {
  const attempts = isHeld(task)
    ? task.attempts.with(-1, { ...(task.attempts.at(-1) as Attempt), hasEnded: true })
    : task.attempts;
  return {
    task: { ...task, status: to, lease: null, leaseUntil: null, deadline: null, attempts },
    change: { from: task.status, to, reason },
  };
}
