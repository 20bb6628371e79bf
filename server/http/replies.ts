/**
 * Every answer in its family's envelope: errors of our own, of validation, of Fastify, of a database that is away, and
 * of sockets that speak no HTTP.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { RequestValidationError } from '@ts-rest/fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accessOf, declaredCodes } from '../../contracts/declared.ts';
import { codeOnTheWire, type FailureCode } from '../../contracts/failures.ts';
import { familyOf } from '../../contracts/families.ts';
import type { Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import { routeOf } from './contract.ts';

// ---- Envelopes ------------------------------------------------------------------------------------------------------

/** The envelope of `/v1`. */
export const inCloudEnvelope = (ctx: Ctx, data: unknown) => ({
  success: true,
  data,
  error: null,
  meta: { request_id: ctx.requestId, timestamp: ctx.now().toISOString() },
});

/** The envelope of `/api`, whose sentences and pages stand beside the data. */
export const inRelayEnvelope = (_: Ctx, data: unknown, beside: object) => ({ success: true, ...beside, data });

/** The envelope of `/api/control`. */
export const inControlEnvelope = (_: Ctx, data: unknown) => ({ success: true, data });

const errorOf = (failed: Failed) => ({
  code: codeOnTheWire(failed.code),
  message: failed.message,
  ...(failed.details === undefined ? {} : { details: failed.details }),
});

/** All that there is to say, where an error is a text. */
const sentenceOf = ({ code, message, details }: Failed): string => {
  if (code !== 'VALIDATION_ERROR' || !Array.isArray(details)) return message;
  const faults = (details as Issue[]).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return `Some fields are missing or wrong: ${faults.join('; ')}`;
};

/**
 * The relay has the shorter form, and one code for all that is not there; the released daemon reads a text; `/v1` and all
 * else carry meta and null data.
 */
const envelope = (path: string, failed: Failed, requestId: string, now: Date) => {
  switch (familyOf(path)) {
    case 'control':
      return { success: false, error: sentenceOf(failed) };
    case 'relay': {
      const isNowhere = failed.code === 'ROUTE_NOT_FOUND';
      return { success: false, error: { ...errorOf(failed), ...(isNowhere && { code: 'NOT_FOUND' }) } };
    }
    default:
      return {
        success: false,
        data: null,
        error: errorOf(failed),
        meta: { request_id: requestId, timestamp: now.toISOString() },
      };
  }
};

// ---- What went wrong ------------------------------------------------------------------------------------------------

type Issue = { path: PropertyKey[]; message: string; code?: string };

const issuesOf = (place: string, fault: unknown) =>
  ((fault as { issues?: Issue[] } | null)?.issues ?? []).map(({ path, message, code }) => ({
    path: [place, ...path.map((step) => (typeof step === 'symbol' ? String(step) : step))],
    message,
    code: code ?? 'invalid',
  }));

const fromValidation = (error: RequestValidationError): Failed => {
  const details = [
    ...issuesOf('path', error.pathParams),
    ...issuesOf('header', error.headers),
    ...issuesOf('query', error.query),
    ...issuesOf('body', error.body),
  ];
  return new Failed('VALIDATION_ERROR', { details, cause: error });
};

const FASTIFY_CODES: Record<string, FailureCode> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'INVALID_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'INVALID_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'INVALID_JSON',
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_BAD_URL: 'ROUTE_NOT_FOUND',
};

/** Seconds after which a caller may try again when the database did not answer. */
const RETRY_AFTER_SECONDS = 2;

/** Classes and codes of PostgreSQL that say «not now»: connection, resources, shutdown, time-out, lock, deadlock. */
const PASSING_STATES = /^(08|53|57P|57014|55P03|40001|40P01|25P0[34])/;
const PASSING_SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const PASSING_MESSAGES =
  /not currently accepting connections|Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/;

/** True when the database is away or overloaded, so that the same call may pass a moment later. */
export const isPassing = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = String((error as { code?: unknown }).code ?? '');
  return PASSING_STATES.test(code) || PASSING_SYSTEM_CODES.has(code) || PASSING_MESSAGES.test(error.message);
};

/** Whatever was thrown, as a failure of the closed table. */
export const asFailed = (error: unknown): Failed => {
  if (error instanceof Failed) return error;
  if (error instanceof RequestValidationError) return fromValidation(error);
  if (isPassing(error))
    return new Failed('SERVICE_UNAVAILABLE', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error });
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>;
  const known = FASTIFY_CODES[code ?? ''];
  if (known) return new Failed(known, { cause: error });
  if (error instanceof SyntaxError && statusCode === 400) return new Failed('INVALID_JSON', { cause: error });
  return new Failed('INTERNAL_ERROR', { cause: error });
};

// ---- Answering ------------------------------------------------------------------------------------------------------

const pathOf = (request: FastifyRequest): string => request.raw.url?.split('?', 1)[0] ?? '/';

const sendFailed = (request: FastifyRequest, reply: FastifyReply, failed: Failed) => {
  if (failed.status === 401) reply.header('www-authenticate', 'Bearer');
  if (failed.retryAfterSeconds !== undefined) reply.header('retry-after', Math.ceil(failed.retryAfterSeconds));
  return reply.status(failed.status).send(envelope(pathOf(request), failed, request.id, new Date()));
};

/** A failure that the contract of the route does not declare is our bug, and is answered as one. */
const undeclared = (request: FastifyRequest, failed: Failed): Failed | undefined => {
  const route = routeOf(request);
  if (!route || declaredCodes(route).has(failed.code)) return undefined;
  return new Failed('INTERNAL_ERROR', {
    cause: new Error(`${route.method} ${route.path} failed with ${failed.code}, which its contract does not declare`, {
      cause: failed,
    }),
  });
};

/** A body that is too large has a code of its own on some routes. */
const exact = (request: FastifyRequest, failed: Failed): Failed => {
  const route = routeOf(request);
  const code = route && accessOf(route).tooLarge;
  return code && failed.code === 'PAYLOAD_TOO_LARGE' ? new Failed(code, { cause: failed }) : failed;
};

const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
  const known = exact(request, asFailed(error));
  const failed = undeclared(request, known) ?? known;
  if (failed.code === 'INTERNAL_ERROR') request.log.error({ err: failed.cause ?? error }, 'request failed');
  else if (failed.code === 'SERVICE_UNAVAILABLE')
    request.log.warn({ err: failed.cause ?? error }, 'request refused for now');
  return sendFailed(request, reply, failed);
};

/** Before Fastify knows a route, and without its hooks: malformed URLs. */
export const answerFrameworkError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
  sendFailed(request, reply.header('x-request-id', request.id), asFailed(error));

type RefusedStatus = 400 | 408 | 417 | 431;

/** What Node would refuse with an answer of its own, which knows no envelope. */
const REFUSED: Record<RefusedStatus, string> = {
  400: 'The request is not valid HTTP',
  408: 'The request took too long to arrive',
  417: 'This service knows no expectation but 100-continue',
  431: 'The request headers are too large',
};

function refusalOf(status: RefusedStatus): { headers: Record<string, string | number>; body: string } {
  const requestId = crypto.randomUUID();
  const failed = new Failed('VALIDATION_ERROR', { message: REFUSED[status] });
  const body = JSON.stringify(envelope('/v1', failed, requestId, new Date()));
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    connection: 'close',
  };
  return { headers, body };
}

export const REFUSED_EXPECTATION: RefusedStatus = 417;

const answerExpectation = (_: IncomingMessage, response: ServerResponse): void => {
  const { headers, body } = refusalOf(REFUSED_EXPECTATION);
  response.writeHead(REFUSED_EXPECTATION, headers).end(body);
};

/** HTTP/1.1 wants a Host in each request. */
const lacksHost = ({ raw, headers }: FastifyRequest): boolean =>
  raw.httpVersion === '1.1' && headers.host === undefined;

/** Before there is a request: what came over the socket is no HTTP. Returns the status, unless nobody is there to read it. */
export const answerBrokenSocket = (error: Error & { code?: string }, socket: Socket): RefusedStatus | undefined => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const { headers, body } = refusalOf(status);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map((each) => each.join(': ')),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  return status;
};

/** Which methods a path answers, by the routes that are registered. */
type MethodsOf = (path: string) => readonly string[];

export function registerReplies(app: FastifyInstance, methodsOf: MethodsOf, isStopping = () => false): void {
  app.setErrorHandler(answerError);
  app.server.on('checkExpectation', answerExpectation);
  Object.assign(app.server, { requireHostHeader: false });
  app.addHook('onRequest', async (request, reply) => {
    if (lacksHost(request))
      return sendFailed(request, reply, new Failed('VALIDATION_ERROR', { message: REFUSED[400] }));
  });
  const refuse = (request: FastifyRequest, reply: FastifyReply): never => {
    const methods = methodsOf(pathOf(request));
    if (methods.length === 0) throw new Failed('ROUTE_NOT_FOUND');
    reply.header('allow', methods.join(', '));
    throw new Failed('METHOD_NOT_ALLOWED', { message: `This endpoint takes ${methods.join(' or ')} only` });
  };
  app.setNotFoundHandler(refuse);
  // Before the body is read: what is wrong with a body that nobody wants is beside the point.
  app.addHook('preParsing', async (request, reply) => {
    if (request.is404) refuse(request, reply);
  });
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
    // A connection that stays open would hold up the end of the process.
    if (isStopping()) reply.header('connection', 'close');
  });
}
