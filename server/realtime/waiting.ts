/**
 * Long polls: who waits looks again when it is woken. The looks of one waiter never overlap, and a wake during a look
 * causes another.
 *
 * A wake that is meant for few looks at once. One that may concern a crowd (all the devices of a user) takes its turn
 * behind a few others, so that a thousand waiters do not ask the database in the same moment.
 */
import type { Urgency } from '../ports.ts';

/** At the same time, of those that were woken together. A look takes about 2 ms: a thousand have looked in half a second. */
const CROWD_LOOKS = 4;
/** What a lost notification costs at most. */
const POLL_MS = 5_000;

export type Waiter = { wake(urgency: Urgency): void };

type Waiting = Waiter & { release(): void; look(urgency?: Urgency): Promise<void> };

export type Wait = { timeoutMs: number; signal?: AbortSignal | undefined };

export type WaitingRoom = {
  /**
   * `enter` subscribes the waiter before its first look and returns how to leave. A look that has begun is always waited
   * for, also when the time is up: what it found may have been taken for this waiter.
   */
  wait<Found>(
    enter: (waiter: Waiter) => () => void,
    wait: Wait,
    look: (urgency?: Urgency) => Promise<Found | undefined>,
  ): Promise<Found | undefined>;
  wakeAll(): void;
  /** Releases everyone; whoever comes later looks once. */
  close(): void;
};

export function openWaitingRoom(): WaitingRoom {
  const everyone = new Set<Waiting>();
  const crowd = new Set<Waiting>();
  let crowdLooks = 0;
  let closed = false;

  const callFromCrowd = () => {
    for (const waiting of crowd) {
      if (crowdLooks >= CROWD_LOOKS) return;
      crowd.delete(waiting);
      crowdLooks += 1;
      void waiting.look('crowd').finally(() => {
        crowdLooks -= 1;
        callFromCrowd();
      });
    }
  };

  function wait<Found>(
    enter: (waiter: Waiter) => () => void,
    { timeoutMs, signal }: Wait,
    look: (urgency?: Urgency) => Promise<Found | undefined>,
  ): Promise<Found | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    const { promise, resolve, reject } = Promise.withResolvers<Found | undefined>();
    let isLooking = false;
    let isOver = closed;
    let again: Urgency | undefined;
    let poll: NodeJS.Timeout | undefined;

    const leave = () => {
      isOver = true;
      clearTimeout(poll);
      clearTimeout(end);
      signal?.removeEventListener('abort', release);
      everyone.delete(waiting);
      crowd.delete(waiting);
      exit();
    };
    const release = () => {
      isOver = true;
      if (isLooking) return;
      leave();
      resolve(undefined);
    };
    const waiting: Waiting = {
      release,
      wake(urgency) {
        if (isOver) return;
        if (isLooking) {
          again = again === 'alone' ? again : urgency;
        } else if (urgency === 'alone') {
          crowd.delete(waiting);
          void waiting.look(urgency);
        } else {
          crowd.add(waiting);
          callFromCrowd();
        }
      },
      async look(urgency) {
        isLooking = true;
        again = undefined;
        clearTimeout(poll);
        try {
          const found = await look(urgency);
          if (found !== undefined || isOver) {
            leave();
            resolve(found);
            return;
          }
        } catch (error) {
          leave();
          reject(error);
          return;
        }
        isLooking = false;
        // Spread, so that those who came together do not poll together for ever.
        poll = setTimeout(() => waiting.wake('crowd'), POLL_MS * (0.8 + Math.random() * 0.2));
        if (again) waiting.wake(again);
      },
    };
    const exit = enter(waiting);
    everyone.add(waiting);
    signal?.addEventListener('abort', release, { once: true });
    const end = setTimeout(release, timeoutMs);
    void waiting.look();
    return promise;
  }

  return {
    wait,
    wakeAll() {
      for (const waiting of [...everyone]) waiting.wake('crowd');
    },
    close() {
      closed = true;
      for (const waiting of [...everyone]) waiting.release();
    },
  };
}
