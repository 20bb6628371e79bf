/** Liveness and readiness. Neither needs a credential, and liveness needs nothing at all. */
import type { ops } from '../../contracts/ops.ts';
import type { Ctx } from '../context.ts';
import { lacksMigrations } from '../db/migrate.ts';
import type { Handlers } from './contract.ts';

/** Whoever asks waits hardly longer. */
const PATIENCE_MS = 3_000;

export type Reach = 'reached' | 'lacks migrations' | 'does not answer';

/** A database with more migrations than ours is that of a newer release, beside which this one still works. */
export const reachDatabase = async ({ db }: Pick<Ctx, 'db'>): Promise<Reach> => {
  const { promise: tooLate, resolve } = Promise.withResolvers<Reach>();
  const timer = setTimeout(resolve, PATIENCE_MS, 'does not answer');
  const asked = lacksMigrations(db).then(
    (lacks): Reach => (lacks ? 'lacks migrations' : 'reached'),
    (): Reach => 'does not answer',
  );
  return Promise.race([asked, tooLate]).finally(() => clearTimeout(timer));
};

export const opsHandlers = (version: string, isStopping: () => boolean): Handlers<typeof ops> => {
  const notReady = (ctx: Ctx, reason: string) => ({
    status: 503 as const,
    data: { status: 'not ready' as const, reason, version, timestamp: ctx.now().toISOString() },
  });
  return {
    livez: async (ctx) => ({ status: 200, data: { status: 'ok', timestamp: ctx.now().toISOString() } }),
    readyz: async (ctx) => {
      if (isStopping()) return notReady(ctx, 'stopping');
      const reach = await reachDatabase(ctx);
      if (reach !== 'reached') return notReady(ctx, `the database ${reach}`);
      return { status: 200, data: { status: 'ready', version, timestamp: ctx.now().toISOString() } };
    },
  };
};
