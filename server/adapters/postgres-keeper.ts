/**
 * Keeping the embedded PostgreSQL alive: it is watched, and started again where it was when it has ended.
 *
 * PostgreSQL comes back from most crashes by itself. It gives up where it cannot recover, above all when the disk has no room
 * for its WAL, and the kernel may kill it for want of memory. Whoever makes room again need not think of us.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isDiskFull, lacksRoom } from './full-disk.ts';
import type { EmbeddedPostgres } from './postgres-embedded.ts';

/** Between two looks: with it and a start, all is back within 10 s of the end of what ended it. */
const LOOK_MS = 1_000;
const TRY_AGAIN_MS = 2_000;
/** Of the tries that fail, one of so many is told: one in a minute. */
const TOLD_EVERY = 30;

type Log = Pick<Logger, 'error' | 'warn'>;

/** From now on, until its `stop` is called. */
export function keepPostgres(postgres: EmbeddedPostgres, log: Log): Pick<EmbeddedPostgres, 'url' | 'area' | 'stop'> {
  const stopping = new AbortController();
  const kept = keep(postgres, log, stopping.signal);
  return {
    url: postgres.url,
    area: postgres.area,
    async stop() {
      stopping.abort();
      // A start that is under way comes to its end, so that nothing runs that nobody stops.
      await kept;
      await postgres.stop();
    },
  };
}

async function keep(postgres: EmbeddedPostgres, log: Log, stopping: AbortSignal): Promise<void> {
  while (await passes(LOOK_MS, stopping)) {
    if (postgres.isRunning()) continue;
    log.error({ area: postgres.area }, 'PostgreSQL has ended: it is started again; its last words are in postgres.log');
    for (let failures = 0; !stopping.aborted; failures += 1) {
      try {
        await postgres.startAgain();
        log.warn({ failures }, 'PostgreSQL runs again');
        break;
      } catch (error) {
        if (failures % TOLD_EVERY === 0) log.error({ err: error }, complaintOf(error, postgres.area));
      }
      await passes(TRY_AGAIN_MS, stopping);
    }
  }
}

const complaintOf = (error: unknown, area: string): string =>
  isDiskFull(error) || lacksRoom(area)
    ? 'PostgreSQL does not start, because its disk is full: make room there, and it starts by itself'
    : `PostgreSQL does not start; it is tried again every ${TRY_AGAIN_MS / 1000} s`;

/** Tells whether the time passed before the end came. It holds up no process. */
const passes = (ms: number, stopping: AbortSignal): Promise<boolean> =>
  pause(ms, true, { signal: stopping, ref: false }).catch(() => false);
