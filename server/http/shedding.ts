/**
 * Refuses requests while the process cannot keep up, so that those that it takes are still answered in time: when the
 * event loop lags, or more wait for a connection to the database than it can serve in a moment. Probes and metrics are
 * always answered.
 */
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Service } from '../context.ts';
import type { PoolUse } from '../db/orm.ts';
import { Failed } from '../failed.ts';

/** Milliseconds over which the lag is a mean: a pause for garbage is no overload. */
const SAMPLE_MS = 500;
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
  await app.register(underPressure, {
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
