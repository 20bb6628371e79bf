/** The HTTP application: the contract's routes behind the guard. It builds and never listens. */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, maxHeaderSize } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { accessOf } from '../contracts/declared.ts';
import { familyOf } from '../contracts/families.ts';
import { contract } from '../contracts/index.ts';
import { MIB } from '../contracts/wire.ts';
import type { OpenService } from './deps.ts';
import { registerGuard } from './http/access.ts';
import { apiKeyHandlers } from './http/cloud/api-keys.ts';
import { authHandlers } from './http/cloud/auth.ts';
import { configHandlers } from './http/cloud/config.ts';
import { daemonHandlers } from './http/cloud/daemon.ts';
import { deviceHandlers } from './http/cloud/devices.ts';
import { emailHandlers } from './http/cloud/email.ts';
import { logHandlers } from './http/cloud/logs.ts';
import { messageHandlers } from './http/cloud/messages.ts';
import { socketHandlers } from './http/cloud/sockets.ts';
import { statsHandlers } from './http/cloud/stats.ts';
import { taskHandlers } from './http/cloud/tasks.ts';
import { userHandlers } from './http/cloud/users.ts';
import { bind, bindStream, routeOf } from './http/contract.ts';
import { controlHandlers } from './http/control.ts';
import { registerCors } from './http/cors.ts';
import { registerMetrics } from './http/metrics.ts';
import { registerForms } from './http/multipart.ts';
import { opsHandlers } from './http/ops.ts';
import { registerRateLimits } from './http/rate-limits.ts';
import { registerReference } from './http/reference.ts';
import { channelHandlers } from './http/relay/channels.ts';
import { cronHandlers } from './http/relay/cron.ts';
import { healthHandlers } from './http/relay/health.ts';
import { keyHandlers } from './http/relay/keys.ts';
import { publishHandlers } from './http/relay/publish.ts';
import { registerHandlers } from './http/relay/register.ts';
import { subscribeHandler } from './http/relay/subscribe.ts';
import {
  answerBrokenSocket,
  answerFrameworkError,
  inCloudEnvelope,
  inControlEnvelope,
  inRelayEnvelope,
  registerReplies,
} from './http/replies.ts';
import { registerShedding } from './http/shedding.ts';
import { isUpgrade, registerSocketRoute } from './http/socket-route.ts';
import { registerTracing } from './http/tracing.ts';
import { VERSION } from './version.ts';

/** Longer than any request of ours takes to arrive, short enough to shed sockets that only pretend to send one. */
const REQUEST_TIMEOUT_MS = 120_000;

/** A request id that we take over from the caller. Source: DECISIONS.md, section 1. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

const requestIdOf = ({ headers }: IncomingMessage): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
};

type Measured = Pick<OpenService, 'service'> & { metrics?: OpenService['metrics'] };
/** What an application stands on. */
type Served = Measured & Pick<OpenService, 'streams' | 'poolUse'>;

/** Everything that is served: the routes of the contract, the socket, the reference. */
export async function buildApp(
  { service, streams, poolUse, metrics }: Served,
  isStopping: () => boolean = () => false,
): Promise<FastifyInstance> {
  const { config } = service;
  const app = openApp({ service, metrics }, isStopping);
  await registerCors(app, config);
  await registerShedding(app, service, poolUse);
  registerForms(app, routeOf);
  registerGuard(app, service, await registerRateLimits(app, service));

  const { cloud, relay, control, ops } = contract;
  bind(app, cloud.auth, authHandlers, inCloudEnvelope);
  bind(app, cloud.users, userHandlers, inCloudEnvelope);
  bind(app, cloud.apiKeys, apiKeyHandlers, inCloudEnvelope);
  bind(app, cloud.devices, deviceHandlers, inCloudEnvelope);
  bind(app, cloud.daemon, daemonHandlers, inCloudEnvelope);
  bind(app, cloud.tasks, taskHandlers, inCloudEnvelope);
  bind(app, cloud.messages, messageHandlers, inCloudEnvelope);
  bind(app, cloud.email, emailHandlers, inCloudEnvelope);
  bind(app, cloud.config, configHandlers, inCloudEnvelope);
  bind(app, cloud.logs, logHandlers, inCloudEnvelope);
  bind(app, cloud.stats, statsHandlers, inCloudEnvelope);
  bind(app, cloud.sockets, socketHandlers, inCloudEnvelope);
  if (config.ENABLE_WEBSOCKET) registerSocketRoute(app, service);
  bind(app, relay.register, registerHandlers, inRelayEnvelope);
  bind(app, relay.channels, channelHandlers, inRelayEnvelope);
  bind(app, relay.publish, publishHandlers, inRelayEnvelope);
  bindStream(app, relay.subscribe.open, subscribeHandler(streams));
  bind(app, relay.keys, keyHandlers, inRelayEnvelope);
  bind(app, relay.cron, cronHandlers, inRelayEnvelope);
  bind(app, relay.health, healthHandlers(isStopping), (_, data) => data);
  bind(app, control, controlHandlers, inControlEnvelope);
  bind(app, ops, opsHandlers(VERSION, isStopping), (_, data) => data);
  registerReference(app);

  await app.ready();
  return app;
}

/** What a supervisor asks of a process that serves nothing else. */
export async function buildHealth(
  { service, metrics }: Measured,
  isStopping: () => boolean = () => false,
): Promise<FastifyInstance> {
  const app = openApp({ service, metrics }, isStopping);
  registerGuard(app, service, await registerRateLimits(app, service));
  bind(app, contract.ops, opsHandlers(VERSION, isStopping), (_, data) => data);
  await app.ready();
  return app;
}

/** Without a route yet. */
function openApp({ service, metrics }: Measured, isStopping: () => boolean): FastifyInstance {
  const { config, log } = service;
  const app = Fastify({
    loggerInstance: log,
    // One line for each answer is ours (logRequests), so that no query reaches a log.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: config.TRUSTED_PROXIES.length > 0 ? config.TRUSTED_PROXIES : false,
    // Else Node stops reading the body of any request that wants an upgrade.
    http: { shouldUpgradeCallback: (request) => config.ENABLE_WEBSOCKET && isUpgrade(request) },
    bodyLimit: MIB,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // An id of any length is an id, and a wrong one; a head has its own end.
    routerOptions: { maxParamLength: maxHeaderSize },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    // Neither of these two runs a hook.
    clientErrorHandler: (error, socket) => {
      const status = answerBrokenSocket(error, socket);
      if (status !== undefined) metrics?.refused(status);
    },
    frameworkErrors: (error, request, reply) => {
      answerFrameworkError(error, request, reply);
      metrics?.refused(reply.statusCode);
    },
  });
  app.removeContentTypeParser('text/plain');
  takeJson(app);
  logRequests(app);
  dropUnusedConnections(app);
  registerReplies(app, collectMethods(app), isStopping);
  if (service.tracer) registerTracing(app, service.tracer);
  if (metrics) registerMetrics(app, service, metrics);
  return app;
}

/**
 * Clients of the relay say that they send JSON, and then send nothing: there it is no body. A body that is signed is kept
 * as it came.
 */
function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const route = routeOf(request);
    if (route && accessOf(route).isSigned) request.rawBody = body as string;
    if (body.length === 0 && familyOf(request.routeOptions.url ?? '') === 'relay') done(null, undefined);
    else parse(request, body as string, done);
  });
}

/**
 * One line for each answer. The path is logged without its query, which may carry a token. What is left holds no secret, so
 * this line is written without looking for one.
 */
function logRequests(app: FastifyInstance): void {
  const lines = app.log.child({}, { formatters: { log: (line) => line } });
  app.addHook('onResponse', (request, reply, done) => {
    lines.info(
      {
        request_id: request.id,
        method: request.method,
        path: request.raw.url?.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...traceOf(request.ctx?.traceparent),
      },
      'answered',
    );
    done();
  });
}

/** The trace to which a request belongs, where its caller said so. */
const traceOf = (traceparent: string | null | undefined): { trace_id?: string | undefined } =>
  traceparent ? { trace_id: traceparent.split('-')[1] } : {};

/**
 * Lets go, when the process stops, of connections on which no request has come. Node takes them for busy ones, and they
 * would hold up the end for as long as they like.
 */
function dropUnusedConnections(app: FastifyInstance): void {
  const unused = new Set<Socket>();
  let isClosing = false;
  app.server.on('connection', (socket) => {
    if (isClosing) return void socket.destroy();
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  for (const used of ['request', 'upgrade']) {
    app.server.prependListener(used, ({ socket }: IncomingMessage) => unused.delete(socket));
  }
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const socket of unused) socket.destroy();
  });
}

/** Notes each route as it is registered; gives the methods that a path answers. */
function collectMethods(app: FastifyInstance): (path: string) => string[] {
  const routes: { method: string; matches: RegExp }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    // Preflights of every path.
    if (url === '*') return;
    const matches = new RegExp(`^${url.replace(/:[^/]+/g, '[^/]+')}$`);
    for (const each of [method].flat()) routes.push({ method: each, matches });
  });
  return (path) => [...new Set(routes.filter(({ matches }) => matches.test(path)).map(({ method }) => method))];
}
