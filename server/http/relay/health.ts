import type { health } from '../../../contracts/relay/health.ts';
import type { Handlers } from '../contract.ts';
import { reachDatabase } from '../ops.ts';

export const healthHandlers = (isStopping: () => boolean): Handlers<typeof health> => ({
  health: async (ctx) => ({
    status: 200,
    data: { status: 'healthy', timestamp: ctx.now().toISOString(), uptime: process.uptime() },
  }),

  ready: async (ctx) => {
    const timestamp = ctx.now().toISOString();
    const isReached = (await reachDatabase(ctx)) === 'reached';
    const checks = {
      database: isReached ? ('ok' as const) : ('failed' as const),
      process: isStopping() ? ('stopping' as const) : ('ok' as const),
    };
    if (isReached && !isStopping()) return { status: 200, data: { status: 'ready', timestamp, checks } };
    return { status: 503, data: { status: 'not ready', timestamp, checks } };
  },
});
