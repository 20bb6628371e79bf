/**
 * Refuses requests while the process cannot keep up, so that those that it takes are still answered in time: when the
 * event loop lags, or more wait for a connection to the database than it can serve in a moment. Probes and metrics are
 * always answered.
 */
import perfHooks from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import type { Service } from '../context.ts';
import type { PoolUse } from '../db/orm.ts';
import { Failed } from '../failed.ts';

/** Milliseconds over which the lag is a mean: a pause for garbage is no overload. */
const SAMPLE_MS = 500;
/**
 * Between two looks at the event loop. The plugin has 10 and no option for it, which alone took an idle process 0.8 % of a
 * core. What is shorter is seen as no lag.
 */
const LOOK_MS = 50;
const LOOK_MS_OF_PLUGIN = 10;
const RETRY_AFTER_SECONDS = 2;
/** Per connection. With statements of 10 ms each, whoever comes last waits a second. */
const MOST_WAITING = 100;

const ALWAYS_ANSWERED = new Set(['/livez', '/readyz', '/metrics']);

export async function registerShedding(
  app: FastifyInstance,
  { config, meter }: Pick<Service, 'config' | 'meter'>,
  poolUse: () => PoolUse,
): Promise<void> {
  if (config.MAX_LOOP_DELAY === 0) return;
  await app.register(await loadUnderPressure(), {
    maxEventLoopDelay: config.MAX_LOOP_DELAY,
    sampleInterval: SAMPLE_MS,
    healthCheck: async () => {
      const { waiting, most } = poolUse();
      return waiting <= most * MOST_WAITING;
    },
    healthCheckInterval: SAMPLE_MS,
    pressureHandler: (request) => {
      if (ALWAYS_ANSWERED.has(request.routeOptions.url ?? '')) return;
      meter.note({ what: 'request.shed' });
      throw new Failed('SERVICE_UNAVAILABLE', {
        message: 'The service has more to do than it can; try again in a moment',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    },
  });
}

/** The plugin takes what watches the event loop from Node as it is loaded: it gets one that looks less often. */
async function loadUnderPressure(): Promise<typeof import('@fastify/under-pressure')['default']> {
  const hooks: { monitorEventLoopDelay: typeof perfHooks.monitorEventLoopDelay } = perfHooks;
  const { monitorEventLoopDelay } = hooks;
  hooks.monitorEventLoopDelay = () => {
    const watch = monitorEventLoopDelay({ resolution: LOOK_MS });
    return {
      enable: () => watch.enable(),
      reset: () => watch.reset(),
      // In nanoseconds. The plugin takes its own pause between two looks from it, and what is left is the lag.
      get mean() {
        return watch.mean - (LOOK_MS - LOOK_MS_OF_PLUGIN) * 1e6;
      },
    } as ReturnType<typeof monitorEventLoopDelay>;
  };
  try {
    return (await import('@fastify/under-pressure')).default;
  } finally {
    hooks.monitorEventLoopDelay = monitorEventLoopDelay;
  }
}
