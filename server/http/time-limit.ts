/**
 * Time limit — a call is answered within five seconds, whatever the service waits for: with 503 when its work is not done.
 *
 * What is too late is not done behind the caller's back: its transaction is undone instead of committed, and its stream does
 * not begin. Not counted is what the caller waits for on purpose (`wait`), a body on its way, and what has patience of its
 * own: the store of files, a mail server.
 */
import { Failed } from '../failed.ts';

/** Leaves half a second for what is not waiting. Longer than a statement may take (server/db/orm.ts). */
const LIMIT_MS = 4_500;
/** What is left is rounded up to this: Node keeps timers of one length together. */
const STEP_MS = 100;
const RETRY_AFTER_SECONDS = 2;

export type TimeLimit = {
  /**
   * Done with `work`, or rejects when the time is over; the next call has what this one left.
   * @throws Failed SERVICE_UNAVAILABLE
   */
  within<Result>(work: () => Promise<Result>, moreMs?: number): Promise<Result>;
  /** Meanwhile the time stands still. */
  uncounted<Result>(work: () => Promise<Result>): Promise<Result>;
  /** @throws Failed SERVICE_UNAVAILABLE when the time is over */
  requireLeft(): void;
};

export function openTimeLimit(limitMs = LIMIT_MS): TimeLimit {
  let leftMs = limitMs;
  let isOver = false;
  let running: { timer: NodeJS.Timeout; since: number } | undefined;
  let giveUp = () => {};
  let uncounted = 0;
  let isWithin = false;

  const run = () => {
    running = { timer: setTimeout(giveUp, Math.ceil(leftMs / STEP_MS) * STEP_MS), since: performance.now() };
  };
  const stop = () => {
    if (!running) return;
    clearTimeout(running.timer);
    leftMs = Math.max(0, leftMs - (performance.now() - running.since));
    running = undefined;
  };

  return {
    async within(work, moreMs = 0) {
      const { promise: end, reject } = Promise.withResolvers<never>();
      giveUp = () => {
        isOver = true;
        reject(tooLate());
      };
      leftMs += moreMs;
      isWithin = true;
      run();
      try {
        return await Promise.race([work(), end]);
      } finally {
        isWithin = false;
        stop();
      }
    },
    async uncounted(work) {
      uncounted += 1;
      stop();
      try {
        return await work();
      } finally {
        uncounted -= 1;
        if (uncounted === 0 && isWithin) run();
      }
    },
    requireLeft() {
      if (isOver) throw tooLate();
    },
  };
}

const tooLate = (): Failed => new Failed('SERVICE_UNAVAILABLE', { retryAfterSeconds: RETRY_AFTER_SECONDS });

/** Milliseconds that the caller of a long poll waits on purpose. */
export function waitMsOf(query: unknown): number {
  const { wait } = (query ?? {}) as { wait?: unknown };
  return typeof wait === 'number' ? wait * 1000 : 0;
}
