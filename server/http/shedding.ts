/**
 * Refuses requests while the process cannot keep up, so that those that it takes are still answered in time: when the
 * event loop lags, or more wait for a connection to the database than it can serve in a moment. Probes and metrics are
 * always answered.
 *
 * It looks only while requests come: looking each 10 ms costs half a percent of a core, which an idle process has no
 * use for.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import type { Service } from '../context.ts';
import type { PoolUse } from '../db/orm.ts';
import { Failed } from '../failed.ts';

/** Milliseconds between looks at the event loop. */
const RESOLUTION_MS = 10;
/** Milliseconds over which the lag is a mean: a pause for garbage is no overload. */
const SAMPLE_MS = 500;
const RETRY_AFTER_SECONDS = 2;
/** Per connection. With statements of 10 ms each, whoever comes last waits a second. */
const MOST_WAITING = 100;

const ALWAYS_ANSWERED = new Set(['/livez', '/readyz', '/metrics']);

export function registerShedding(
  app: FastifyInstance,
  { config, meter }: Pick<Service, 'config' | 'meter'>,
  poolUse: () => PoolUse,
): void {
  if (config.MAX_LOOP_DELAY === 0) return;
  const load = watchLoad((lagMs) => {
    const { waiting, most } = poolUse();
    return lagMs > config.MAX_LOOP_DELAY || waiting > most * MOST_WAITING;
  });
  app.addHook('onRequest', (request, _, done) => {
    load.requestCame();
    if (!load.isTooMuch() || ALWAYS_ANSWERED.has(request.routeOptions.url ?? '')) return done();
    meter.note({ what: 'request.shed' });
    done(
      new Failed('SERVICE_UNAVAILABLE', {
        message: 'The service has more to do than it can; try again in a moment',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      }),
    );
  });
  app.addHook('onClose', async () => load.close());
}

/** Samples the load from a request on, until a sample is fine in which none came. */
function watchLoad(judge: (lagMs: number) => boolean) {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let timer: NodeJS.Timeout | undefined;
  let hasCome = false;
  let isTooMuch = false;

  const rest = () => {
    clearInterval(timer);
    timer = undefined;
    loop.disable();
  };
  const sample = () => {
    isTooMuch = judge(loop.count > 0 ? loop.mean / 1e6 - RESOLUTION_MS : 0);
    loop.reset();
    if (!hasCome && !isTooMuch) rest();
    hasCome = false;
  };

  return {
    requestCame() {
      hasCome = true;
      if (timer) return;
      loop.enable();
      timer = setInterval(sample, SAMPLE_MS).unref();
    },
    isTooMuch: () => isTooMuch,
    close: rest,
  };
}
