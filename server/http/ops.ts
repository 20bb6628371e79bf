/** Liveness and readiness. Neither needs a credential, and liveness needs nothing at all. */
import type { ops } from '../../contracts/ops.ts';
import type { Ctx } from '../context.ts';
import type { Handlers } from './contract.ts';

export const isDatabaseReached = (ctx: Ctx): Promise<boolean> =>
  ctx.db
    .selectFrom('users')
    .select('id')
    .limit(1)
    .execute()
    .then(
      () => true,
      () => false,
    );

export const opsHandlers = (version: string, isStopping: () => boolean): Handlers<typeof ops> => {
  const notReady = (ctx: Ctx, reason: string) => ({
    status: 503 as const,
    data: { status: 'not ready' as const, reason, version, timestamp: ctx.now().toISOString() },
  });
  return {
    livez: async (ctx) => ({ status: 200, data: { status: 'ok', timestamp: ctx.now().toISOString() } }),
    readyz: async (ctx) => {
      if (isStopping()) return notReady(ctx, 'stopping');
      if (!(await isDatabaseReached(ctx))) return notReady(ctx, 'the database does not answer');
      return { status: 200, data: { status: 'ready', version, timestamp: ctx.now().toISOString() } };
    },
  };
};
