/**
 * `/metrics`: counts each answer, and shows to Prometheus what has been counted. On a port of its own that no balancer
 * leads to, or on the port of the service for who has the token; where neither is set there is no such page.
 */
import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import { access } from '../../contracts/wire.ts';
import type { Config } from '../config.ts';
import type { Service } from '../context.ts';
import { Failed } from '../failed.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { REFUSED_EXPECTATION, registerReplies } from './replies.ts';

const PATH = '/metrics';

type Guarding = Pick<Service, 'tokens'> & { config: Pick<Config, 'METRICS_TOKEN'> };

/**
 * Counts the answers of `app`, and shows the metrics on it where they have no port of their own. What is refused before
 * there is a request runs no hook, and is counted where it is refused.
 */
export function registerMetrics(app: FastifyInstance, service: Service, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { config } = request.routeOptions;
    const route = request.is404 || !config?.url ? undefined : { method: request.method, path: config.url };
    const seconds = config?.isHeld || asksToWait(request) ? undefined : reply.elapsedTime / 1000;
    metrics.answered({ key: config ?? request, route, status: reply.statusCode, seconds });
    done();
  });
  app.server.on('checkExpectation', () => metrics.refused(REFUSED_EXPECTATION));
  if (service.config.METRICS_PORT === undefined) show(app, service, metrics);
}

/** A long poll is answered when there is something to say. */
const asksToWait = ({ query }: FastifyRequest): boolean => {
  const { wait } = query as { wait?: unknown };
  return wait !== undefined && wait !== '0';
};

/** Serves the metrics and nothing else. Returns the port. */
export async function openMetricsPort(
  { config, tokens, log }: Pick<Service, 'config' | 'tokens' | 'log'>,
  metrics: Metrics,
): Promise<{ port: number; close(): Promise<void> }> {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    genReqId: () => crypto.randomUUID(),
  });
  registerReplies(app, (path) => (path === PATH ? ['GET'] : []));
  show(app, { config, tokens }, metrics);
  await app.listen({ host: config.METRICS_HOST, port: config.METRICS_PORT as number });
  const { port } = app.server.address() as AddressInfo;
  return { port, close: () => app.close() };
}

/** Not counted against a budget: Prometheus may come each second, and the token cannot be guessed. */
function show(app: FastifyInstance, guarding: Guarding, metrics: Metrics): void {
  app.get(PATH, { config: { access: access({ auth: [], rate: 'none' }) } }, async (request, reply) => {
    requireToken(guarding, request.headers.authorization);
    const { text, contentType } = await metrics.read();
    return reply.type(contentType).send(text);
  });
}

/** Compares in constant time. @throws Failed AUTH_REQUIRED | AUTH_FAILED */
function requireToken({ config, tokens }: Guarding, authorization: string | undefined): void {
  if (config.METRICS_TOKEN === undefined) return;
  if (authorization === undefined) throw new Failed('AUTH_REQUIRED');
  const expected = `Bearer ${config.METRICS_TOKEN}`;
  const [one, other] = [authorization, expected].map((each) => Buffer.from(tokens.hash(each))) as [Buffer, Buffer];
  if (!timingSafeEqual(one, other)) throw new Failed('AUTH_FAILED');
}
