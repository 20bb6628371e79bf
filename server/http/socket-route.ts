/**
 * `GET /v1/ws`: lets a WebSocket in that the guard has let pass. Besides the header a token of a user or a ticket in the
 * query opens it, since browsers send no header with it; a page may connect only from our own host or an origin that
 * CORS_ORIGINS names.
 */
import type { IncomingMessage } from 'node:http';
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { access } from '../../contracts/wire.ts';
import type { Actor, Service } from '../context.ts';
import { redeemSocketTicket } from '../domain/socket-tickets.ts';
import { Failed } from '../failed.ts';
import { type BearerCtx, openSockets } from '../realtime/sockets.ts';
import { resolveCredential } from './credentials.ts';

const PATH = '/v1/ws';

/** Of one inbound frame; a longer one ends the socket with 1009. Source: DECISIONS.md, section 7. */
const MAX_FRAME_BYTES = 64 * 1024;
/** How long a peer may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 10_000;

/** A constant of its own: the types of ws do not know `closeTimeout` yet. */
const SERVER_OPTIONS = { maxPayload: MAX_FRAME_BYTES, closeTimeout: CLOSE_TIMEOUT_MS };

/** Whether a request with `Upgrade` is one of ours; any other is answered as if it had none. */
export const isUpgrade = ({ url, headers }: Pick<IncomingMessage, 'url' | 'headers'>): boolean =>
  url?.split('?', 1)[0] === PATH && headers.upgrade?.toLowerCase() === 'websocket';

export function registerSocketRoute(app: FastifyInstance, service: Service): void {
  const sockets = openSockets(service);
  app.addHook('preClose', () => sockets.close());
  // Node has let go of the connection of an upgrade: one that was refused stays open unless we end it.
  app.addHook('onResponse', async ({ raw }) => {
    if (isUpgrade(raw)) raw.socket.destroy();
  });
  app.register(async (scope) => {
    await scope.register(websocket, {
      options: SERVER_OPTIONS,
      // Ours is above: the sockets have heard why they end when this is called.
      preClose: (done) => done(),
      // The socket ends itself; what the peer did wrong is no fault of ours.
      errorHandler: (error, _socket, request) => request.log.info({ err: error }, 'a socket failed'),
    });
    scope.route({
      method: 'GET',
      url: PATH,
      config: {
        access: access({ auth: ['user', 'apiKey', 'device'], anyScope: true }),
        identify: (request) => identify(service, request),
        isHeld: true,
      },
      wsHandler: (socket, { ctx, log }) => {
        log.info({ path: PATH, kind: ctx.actor.kind }, 'socket opened');
        socket.once('close', (code) => log.info({ path: PATH, kind: ctx.actor.kind, code }, 'socket closed'));
        sockets.open(socket, ctx as BearerCtx);
      },
      handler: () => {
        throw new Failed('VALIDATION_ERROR', { message: 'This endpoint speaks WebSocket: send Upgrade: websocket' });
      },
    });
  });
}

/** @throws Failed VALIDATION_ERROR | ORIGIN_NOT_ALLOWED | AUTH_FAILED | TOKEN_EXPIRED | WRONG_CREDENTIAL */
async function identify(service: Service, request: FastifyRequest): Promise<Actor> {
  requireHandshake(request);
  requireOrigin(service, request);
  const { authorization } = request.headers;
  if (authorization !== undefined) return resolveCredential(service, authorization);
  const { token, ticket } = request.query as Record<string, unknown>;
  if (typeof ticket === 'string') {
    const bearer = await redeemSocketTicket(service, ticket);
    if (!bearer)
      throw new Failed('AUTH_FAILED', { message: 'The ticket was used or is older than 30 seconds; get a new one' });
    return bearer;
  }
  if (typeof token !== 'string') return { kind: 'anonymous' };
  if (/^(ck_live_|sk_live_|dk_)/.test(token)) {
    throw new Failed('WRONG_CREDENTIAL', {
      message: 'A permanent key has no place in a URL; send it as a header or get a ticket',
    });
  }
  return resolveCredential(service, `Bearer ${token}`);
}

/** Source: RFC 6455, 4.1. */
const HANDSHAKE_KEY = /^[+/0-9A-Za-z]{22}==$/;
const HANDSHAKE_VERSIONS = ['13', '8'];
const PROTOCOL = /^[!#$%&'*+.^`|~\w-]+$/;

/**
 * Before anything is spent on it: `ws` would refuse it in words of its own, outside the envelope.
 * @throws Failed VALIDATION_ERROR
 */
function requireHandshake({ raw, headers }: FastifyRequest): void {
  const message = isUpgrade(raw) ? handshakeFault(headers) : undefined;
  if (message) throw new Failed('VALIDATION_ERROR', { message });
}

function handshakeFault(headers: IncomingMessage['headers']): string | undefined {
  if (!HANDSHAKE_KEY.test(headers['sec-websocket-key'] ?? '')) return 'Sec-WebSocket-Key has to be 16 bytes in base64';
  if (!HANDSHAKE_VERSIONS.includes(headers['sec-websocket-version'] ?? ''))
    return `Sec-WebSocket-Version has to be ${HANDSHAKE_VERSIONS.join(' or ')}`;
  const protocols = headers['sec-websocket-protocol']?.split(',').map((each) => each.trim()) ?? [];
  if (!protocols.every((each) => PROTOCOL.test(each)) || new Set(protocols).size < protocols.length)
    return 'Sec-WebSocket-Protocol has to be a list of different names';
  return undefined;
}

/** Programs send no Origin; browsers always do. @throws Failed ORIGIN_NOT_ALLOWED */
function requireOrigin({ config }: Service, request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  const isOwn = url !== undefined && (url.host === request.host || url.origin === originOf(config.PUBLIC_URL));
  const isNamed = config.CORS_ORIGINS.some((named) => named === '*' || originOf(named) === url?.origin);
  if (!url || !(isOwn || isNamed)) throw new Failed('ORIGIN_NOT_ALLOWED');
}

const originOf = (address: string | undefined): string | undefined =>
  address !== undefined && URL.canParse(address) ? new URL(address).origin : undefined;
