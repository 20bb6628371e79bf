/**
 * The clock of the service is that of its database: processes on machines whose clocks differ agree on when a lease, a
 * session or the window of a limit ends.
 *
 * Between two looks at the database time is counted by the monotonic clock of the process, so it does not matter when
 * the clock of the machine is set. A look that took long says little: it counts where it differs by more than it may err.
 */
import { sql } from 'kysely';
import type { Service } from '../context.ts';

/** How long a process may differ after the database has moved to a server with another clock. */
const EVERY_MS = 10_000;
/** The first look waits for a connection too, and so errs by more than those after it. */
const FIRST_LOOKS = 3;
/** From here on the operator is told. */
const NOTABLE_MS = 1_000;

export type DatabaseClock = { now(): Date; close(): Promise<void> };

/** Milliseconds: what is added to `performance.now()`, and how wrong that may be. */
type Look = { offset: number; error: number };

/** Looks at the database a few times, and every `everyMs` milliseconds from then on. Rejects when it cannot be reached now. */
export async function openDatabaseClock(
  { db, log }: Pick<Service, 'db' | 'log'>,
  { everyMs = EVERY_MS } = {},
): Promise<DatabaseClock> {
  const look = async (): Promise<Look> => {
    const askedAt = performance.now();
    const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(db);
    const [{ at }] = rows as [{ at: Date }];
    const half = (performance.now() - askedAt) / 2;
    // A time is read in whole milliseconds.
    return { offset: at.getTime() - askedAt - half, error: half + 1 };
  };

  let best = await look();
  for (let count = 1; count < FIRST_LOOKS; count += 1) {
    const next = await look();
    if (next.error < best.error) best = next;
  }
  let { offset } = best;
  const now = () => new Date(performance.now() + offset);

  let isTold = false;
  const tell = () => {
    const aheadMs = Date.now() - now().getTime();
    const isNotable = Math.abs(aheadMs) > NOTABLE_MS;
    if (isNotable && !isTold) {
      const aheadSeconds = Math.round(aheadMs / 100) / 10;
      log.warn({ aheadSeconds }, 'the clock of this machine is not that of the database, whose time counts');
    }
    isTold = isNotable;
  };
  tell();

  let looking: Promise<void> = Promise.resolve();
  const lookAgain = async (): Promise<void> => {
    try {
      const next = await look();
      if (Math.abs(next.offset - offset) > next.error) ({ offset } = next);
      tell();
    } catch {
      // The database is away, which others tell of. Until it is back the time goes on from what it was.
    }
  };
  const timer = setInterval(() => {
    looking = looking.then(lookAgain);
  }, everyMs);
  timer.unref();

  return {
    now,
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}
