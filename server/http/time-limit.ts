/**
 * Time limit — a call is answered within five seconds, whatever the service waits for: with 503 when its work is not done.
 *
 * The time in which a body comes and an answer goes is not counted. What is too late is not done behind the caller's back:
 * its transaction is undone instead of committed, and its stream does not begin. A call that waits for something to happen
 * has its `wait` on top; routes of which the contract says `takesLong` have no limit, since what they do grows with a file or
 * a stranger's mail server.
 */
import type { AppRoute } from '@ts-rest/core';
import { accessOf } from '../../contracts/declared.ts';
import { Failed } from '../failed.ts';

/** Leaves half a second for what is not waiting. Longer than a statement may take (server/db/orm.ts). */
const LIMIT_MS = 4_500;
/** What is left is rounded up to this: Node keeps timers of one length together. */
const STEP_MS = 100;
const RETRY_AFTER_SECONDS = 2;

export type TimeLimit = {
  /** Done with `work`, or rejects when the time is over; the next call has what this one left. @throws Failed SERVICE_UNAVAILABLE */
  within<Result>(work: () => Promise<Result>, moreMs?: number): Promise<Result>;
  isOver(): boolean;
};

export function openTimeLimit(limitMs = LIMIT_MS): TimeLimit {
  let leftMs = limitMs;
  let isOver = false;
  return {
    async within(work, moreMs = 0) {
      const startedAt = performance.now();
      const { promise: end, reject } = Promise.withResolvers<never>();
      const giveUp = () => {
        isOver = true;
        reject(tooLate());
      };
      const timer = setTimeout(giveUp, Math.ceil(leftMs / STEP_MS) * STEP_MS + moreMs);
      try {
        return await Promise.race([work(), end]);
      } finally {
        clearTimeout(timer);
        leftMs = Math.max(0, leftMs - (performance.now() - startedAt));
      }
    },
    isOver: () => isOver,
  };
}

/** The answer to a call that could not be carried out in time. */
const tooLate = (): Failed => new Failed('SERVICE_UNAVAILABLE', { retryAfterSeconds: RETRY_AFTER_SECONDS });

/** Milliseconds that the caller of a long poll waits on purpose; undefined: the route has no limit. */
export function waitMsOf(route: AppRoute, query: unknown): number | undefined {
  if (accessOf(route).takesLong) return undefined;
  const { wait } = (query ?? {}) as { wait?: unknown };
  return typeof wait === 'number' ? wait * 1000 : 0;
}
