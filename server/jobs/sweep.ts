/**
 * The sweep — applies what time alone does to tasks and devices, every 2 s, in one process at a time.
 *
 * The process that sweeps holds an advisory lock in a transaction that does nothing else: the sweep's own transactions
 * commit one by one on other connections, and the lock ends with the connection, however the process ends. A process that
 * only stands still (a machine that was paused, a network that was cut) keeps its connection: so the holder says from time
 * to time that it is there, and PostgreSQL ends it when it does not. Should the lock be lost midway, two may sweep at once,
 * which does no harm: each transition looks at the row that it locks.
 */
import { sql } from 'kysely';
import { BY_ITSELF, type Service } from '../context.ts';
import { sweep } from '../domain/leases.ts';

const EVERY_MS = 2_000;
/** Any fixed number: it names the lock. */
const SWEEP_LOCK = 7_220_419;
/** A holder that says nothing for as long is gone: another sweeps at its next turn, within 10 s in all. */
const MAX_SILENCE_MS = 6_000;

export type Sweeper = {
  /** After the one that is under way. Rejects when it fails; does nothing while another process sweeps. */
  runNow(): Promise<void>;
  /** Waits for the one that is under way. */
  close(): Promise<void>;
};

export function startSweep(
  service: Service,
  { intervalMs = EVERY_MS, maxSilenceMs = MAX_SILENCE_MS, work = sweep } = {},
): Sweeper {
  const ctx = { ...service, ...BY_ITSELF };
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let fails = false;
  let closed = false;

  const underLock = () =>
    ctx.db.transaction().execute(async (holder) => {
      const { rows } = await sql<{ is_ours: boolean }>`
        select pg_try_advisory_xact_lock(${SWEEP_LOCK}) as is_ours,
               set_config('idle_in_transaction_session_timeout', ${String(maxSilenceMs)}, true)`.execute(holder);
      if (!rows[0]?.is_ours) return;
      // When it fails the transaction is gone, and its commit says so.
      const saying = setInterval(() => void sql`select`.execute(holder).catch(() => {}), maxSilenceMs / 3);
      await work(ctx).finally(() => clearInterval(saying));
      ctx.meter.note({ what: 'swept' });
    });

  const runNow = (): Promise<void> => {
    const mine = running.then(underLock);
    running = mine.catch(() => {});
    return mine;
  };

  const schedule = () => {
    timer = setTimeout(async () => {
      try {
        await runNow();
        if (fails) ctx.log.info('the sweep works again');
        fails = false;
      } catch (error) {
        if (!fails) ctx.log.error({ err: error }, 'the sweep failed and is tried again');
        fails = true;
      }
      if (!closed) schedule();
    }, intervalMs);
  };

  schedule();
  return {
    runNow,
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
