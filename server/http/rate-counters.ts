/**
 * Rate counters — how often each caller called, over all processes.
 *
 * A window begins with a caller's first call and lasts a fixed time. Each process counts for itself and adds its calls
 * to the row in PostgreSQL at the first one of a window and then each fortieth of the limit, when it learns of the
 * others' calls too: as many calls as that may slip through for each further process, and a call costs a quarter of a
 * statement at each. While the database is away each process counts alone.
 */
import { sql } from 'kysely';
import type { Service } from '../context.ts';

/** With four processes 10 % of the limit can slip through at most. */
const SYNCS_PER_LIMIT = 40;
/** A database that is away is not asked by every call. */
const PAUSE_AFTER_FAILURE_MS = 1_000;
/** Beyond, the oldest are forgotten; PostgreSQL still knows all but their last few calls. About 200 bytes each. */
const MAX_WINDOWS = 100_000;

type Window = {
  startedAt: number;
  /** Calls in this process. */
  own: number;
  /** Of these, the ones that PostgreSQL knows. */
  synced: number;
  /** Calls in other processes, as of the last sync. */
  others: number;
  isShared: boolean;
  syncing: Promise<void> | undefined;
};

export type RateCounters = {
  /** Counts a call: which one of its window it is, and for how many milliseconds the window lasts. */
  count(key: string, windowMs: number, max: number): Promise<{ current: number; ttl: number }>;
  /** How many windows are remembered. */
  size(): number;
};

export function openRateCounters({ db, log, now }: Pick<Service, 'db' | 'log' | 'now'>): RateCounters {
  /** By key; the oldest first, give or take a window. */
  const windows = new Map<string, Window>();
  let pausedUntil = 0;
  let fails = false;

  const forgetEnded = (at: number, windowMs: number) => {
    for (const [key, { startedAt }] of windows) {
      if (startedAt + windowMs > at && windows.size < MAX_WINDOWS) return;
      windows.delete(key);
    }
  };

  const windowOf = (key: string, windowMs: number): Window => {
    const at = now().getTime();
    const known = windows.get(key);
    if (known && known.startedAt + windowMs > at) return known;
    windows.delete(key);
    forgetEnded(at, windowMs);
    const begun = { startedAt: at, own: 0, synced: 0, others: 0, isShared: false, syncing: undefined };
    windows.set(key, begun);
    return begun;
  };

  const sync = async (key: string, windowMs: number, window: Window): Promise<void> => {
    const upTo = window.own;
    try {
      const row = await add(db, key, upTo - window.synced, now(), windowMs);
      window.others = row.hits - upTo;
      window.synced = upTo;
      window.startedAt = Math.min(row.window_start.getTime(), now().getTime());
      window.isShared = true;
      if (fails) log.info('rate limits are shared with the other processes again');
      fails = false;
    } catch (error) {
      if (!fails) log.warn({ err: error }, 'rate limits are counted in this process alone for now');
      fails = true;
      pausedUntil = performance.now() + PAUSE_AFTER_FAILURE_MS;
    }
  };

  return {
    async count(key, windowMs, max) {
      const window = windowOf(key, windowMs);
      const step = Math.max(1, Math.floor(max / SYNCS_PER_LIMIT));
      window.own += 1;
      const own = window.own;
      const isDue = () =>
        own > window.synced &&
        (!window.isShared || window.own - window.synced >= step) &&
        // Over the limit nothing that others did can change the answer.
        window.others + own <= max + step &&
        performance.now() >= pausedUntil;
      while (isDue()) {
        window.syncing ??= sync(key, windowMs, window).finally(() => {
          window.syncing = undefined;
        });
        await window.syncing;
      }
      const ttl = window.startedAt + windowMs - now().getTime();
      return { current: window.others + own, ttl: Math.max(0, ttl) };
    },
    size: () => windows.size,
  };
}

/** Joins the window that is open, or begins one. A row from the future is the work of a clock that was wrong. */
async function add(db: Service['db'], key: string, hits: number, at: Date, windowMs: number) {
  const seconds = windowMs / 1000;
  const { rows } = await sql<{ hits: number; window_start: Date }>`
    insert into rate_counters as known (key, window_start, hits) values (${key}, ${at}, ${hits})
    on conflict (key) do update set (window_start, hits) = (
      select case when is_open then known.window_start else excluded.window_start end,
             case when is_open then known.hits + excluded.hits else excluded.hits end
      from (select known.window_start > excluded.window_start - make_interval(secs => ${seconds})
               and known.window_start < excluded.window_start + make_interval(secs => ${seconds}) as is_open) w
    )
    returning window_start, hits`.execute(db);
  return rows[0] as { hits: number; window_start: Date };
}
