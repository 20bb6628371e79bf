/**
 * Binds the contract to Fastify. The only file that knows `@ts-rest/fastify`.
 *
 * A handler gets its context and the validated input, and returns a status of its contract with the data; the envelope
 * is put around it here, and the whole is validated against the contract before it leaves.
 */
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import {
  type AppRoute,
  type AppRouter,
  ContractNoBody,
  type ContractOtherResponse,
  type ServerInferRequest,
} from '@ts-rest/core';
import { initServer, RequestValidationError } from '@ts-rest/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { accessOf } from '../../contracts/declared.ts';
import type { Access } from '../../contracts/wire.ts';
import { type Actor, type Ctx, type Once, userIdOf } from '../context.ts';
import { type NamedCall, onceFor, withIdempotency } from './idempotency.ts';
import { formOf, type Receive, takesForm } from './multipart.ts';
import { type TimeLimit, waitMsOf } from './time-limit.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard before anything else sees the request. */
    ctx: Ctx;
    /** Set with it. */
    timeLimit: TimeLimit;
    /** The body as it came, where the route's body is signed. */
    rawBody?: string;
  }
  interface FastifyContextConfig {
    tsRestRoute?: AppRoute;
    /** The rule of a route that no contract describes, and how else than by the header it learns who calls. */
    access?: Access;
    identify?: (request: FastifyRequest) => Promise<Actor>;
    /** Its answer lasts for as long as somebody listens. */
    isHeld?: true;
  }
}

/** The statuses with which a handler may answer itself; other failures are thrown. */
type OwnStatus = 200 | 201 | 206 | 503;

type DataOf<Schema> = Schema extends z.ZodType
  ? z.input<Schema> extends { data: infer Data }
    ? Data
    : z.input<Schema>
  : never;

/** What an envelope carries beside the data, other than what is put there for all. */
type BesideData<Schema> = Schema extends z.ZodType
  ? z.input<Schema> extends { data: unknown }
    ? Omit<z.input<Schema>, 'success' | 'data' | 'error' | 'meta'>
    : unknown
  : never;

/** An answer of another kind than JSON, without the envelope. */
type FileAnswer<Status> = { status: Status; headers: Record<string, string>; stream: Readable };

type Answer<Route extends AppRoute> = {
  [Status in keyof Route['responses'] & OwnStatus]: Route['responses'][Status] extends ContractOtherResponse<
    infer _Body
  >
    ? FileAnswer<Status>
    : { status: Status; data: DataOf<Route['responses'][Status]> } & BesideData<Route['responses'][Status]>;
}[keyof Route['responses'] & OwnStatus];

/** What a form brings beside its file, and what is done once for each `Idempotency-Key`. */
type FieldsOf<Route extends AppRoute> = Route extends { contentType: 'multipart/form-data'; body: infer Body }
  ? {
      form: Receive<{
        [Name in keyof OutputOf<Body> as OutputOf<Body>[Name] extends File ? never : Name]: OutputOf<Body>[Name];
      }>;
      once: Once;
    }
  : object;
type OutputOf<Body> = Body extends z.ZodType ? z.output<Body> : never;

export type Input<Route extends AppRoute> = ServerInferRequest<Route> &
  FieldsOf<Route> & {
    /** The body as it came, where it is signed; else empty. */
    rawBody: string;
    /** Fires when the client has gone away: stop waiting on its behalf. */
    signal: AbortSignal;
  };

type Handler<Route extends AppRoute> = (ctx: Ctx, input: Input<Route>) => Promise<Answer<Route>>;

/** One handler for each route of a router. */
export type Handlers<Router extends AppRouter> = {
  [Name in keyof Router]: Router[Name] extends AppRoute
    ? Handler<Router[Name]>
    : Router[Name] extends AppRouter
      ? Handlers<Router[Name]>
      : never;
};

/** Puts data into the envelope of its family. */
type Present = (ctx: Ctx, data: unknown, beside: object) => unknown;

/** The contract's route that a request matched; undefined for pages outside the contract. */
export const routeOf = (request: FastifyRequest): AppRoute | undefined => request.routeOptions.config?.tsRestRoute;

type AnyAnswer = { status: number; data: unknown } | FileAnswer<number>;
type AnyHandler = (ctx: Ctx, input: object) => Promise<AnyAnswer>;
type Exchange = {
  request: FastifyRequest;
  reply: FastifyReply;
  params?: unknown;
  query?: unknown;
  headers?: unknown;
  body?: unknown;
};

const inputOf = ({ request, reply, params, query, headers, body }: Exchange, route: AppRoute) => ({
  params,
  query,
  headers,
  body,
  rawBody: request.rawBody ?? '',
  get form() {
    const { body: schema } = route as AppRoute & { body: z.ZodObject };
    return formOf(request, schema, accessOf(route).bodyLimit);
  },
  get once() {
    return onceFor(request.ctx, callOf(request, accessOf(route)));
  },
  get signal() {
    const gone = new AbortController();
    // An answer that was sent whole closes too, and an abort that nobody needs is not cheap.
    reply.raw.once('close', () => reply.raw.writableFinished || gone.abort());
    return gone.signal;
  },
});

/** A user's credentials share their keys; each device has its own, since two of one user may well send the same. */
const callerOf = (actor: Actor): string =>
  actor.kind === 'device' ? `device:${actor.deviceId}` : `user:${userIdOf(actor)}`;

/** Undefined: it has no key, or its route takes none. */
function callOf(request: FastifyRequest, { idempotent, showsSecret }: Access): NamedCall | undefined {
  const key = request.headers['idempotency-key'];
  if (!idempotent || key === undefined) return undefined;
  return {
    caller: callerOf(request.ctx.actor),
    operation: `${request.method} ${request.raw.url?.split('?', 1)[0]}`,
    key: String(key),
    showsSecret,
  };
}

/** Carries the handler out once for each `Idempotency-Key`. */
async function once(
  ctx: Ctx,
  call: NamedCall,
  body: unknown,
  handle: (ctx: Ctx) => Promise<AnyAnswer>,
): Promise<AnyAnswer> {
  const kept = await withIdempotency(ctx, { ...call, body }, async (tx) => {
    const answer = await handle(tx);
    if ('stream' in answer) throw new Error('An answer that is no JSON cannot be kept for a repeat');
    return { status: answer.status, body: answer.data };
  });
  return { status: kept.status, data: kept.body };
}

/** Whatever was thrown, as an error: Fastify would send anything else as an answer. */
const throwError = (thrown: unknown): never => {
  throw thrown instanceof Error ? thrown : new Error('A handler threw what is no error', { cause: thrown });
};

const run = (route: AppRoute, handler: AnyHandler, present: Present) => {
  const isForm = takesForm(route);
  const hasBody = 'body' in route && route.body !== ContractNoBody;
  return async (exchange: Exchange) => {
    const { ctx, timeLimit } = exchange.request;
    // A route that takes no body has none, whatever was sent.
    if (!hasBody) exchange.body = undefined;
    const input = inputOf(exchange, route);
    const handle = (inner: Ctx) => handler(inner, input).catch(throwError);
    // The handler of a form says itself what is done once: no transaction stays open while a file comes.
    const call = isForm ? undefined : callOf(exchange.request, accessOf(route));
    const carryOut = () => (call ? once(ctx, call, exchange.body, handle) : handle(ctx));
    const answer = await timeLimit.within(carryOut, waitMsOf(exchange.query));
    if (!(answer.status in route.responses)) {
      throw new Error(`${route.method} ${route.path} answered ${answer.status}, which its contract does not declare`);
    }
    if ('stream' in answer) {
      exchange.reply.headers(answer.headers);
      return { status: answer.status, body: answer.stream };
    }
    const { status, data, ...beside } = answer;
    return { status, body: present(ctx, data, beside) };
  };
};

const isRoute = (node: AppRoute | AppRouter): node is AppRoute => typeof (node as AppRoute).path === 'string';

type Tree<Leaf> = { [name: string]: Leaf | Tree<Leaf> };

const wire = (router: AppRouter, handlers: Tree<AnyHandler>, present: Present): Tree<unknown> =>
  Object.fromEntries(
    Object.entries(router).map(([name, node]) => {
      const bound = handlers[name];
      if (!isRoute(node)) return [name, wire(node, bound as Tree<AnyHandler>, present)];
      return [
        name,
        { handler: run(node, bound as AnyHandler, present), hooks: { bodyLimit: accessOf(node).bodyLimit } },
      ];
    }),
  );

/** The body of a form is read by its handler, so ts-rest has nothing to validate. */
const withoutForms = (router: AppRouter): AppRouter =>
  Object.fromEntries(
    Object.entries(router).map(([name, node]) => {
      if (!isRoute(node)) return [name, withoutForms(node)];
      return [name, takesForm(node) ? ({ ...node, body: {} } as AppRoute) : node];
    }),
  );

const server = initServer();

/** Registers every route of `router`. The compiler names a route without a handler. */
export function bind<Router extends AppRouter>(
  app: FastifyInstance,
  router: Router,
  handlers: Handlers<Router>,
  present: Present,
): void {
  const bound = wire(router, handlers as unknown as Tree<AnyHandler>, present);
  const plugin = server.plugin(server.router(withoutForms(router), bound as never));
  app.register(plugin, {
    responseValidation: true,
    logInitialization: false,
    requestValidationErrorHandler: (error) => {
      throw error;
    },
  });
}

/** What a stream is asked for: the validated input, and how to take the connection over. */
type StreamInput<Route extends AppRoute> = ServerInferRequest<Route> & {
  /** From here on the answer is written by whoever gets it, under the headers that are set already. */
  begin(headers: Record<string, string>): ServerResponse;
};

/** Registers a route whose answer is written as things happen. Until it begins it fails like any other. */
export function bindStream<Route extends AppRoute>(
  app: FastifyInstance,
  route: Route,
  handler: (ctx: Ctx, input: StreamInput<Route>) => Promise<void>,
): void {
  app.route({
    method: route.method,
    url: route.path,
    config: { tsRestRoute: route, isHeld: true },
    handler: async (request, reply) => {
      const [query, headers] = [parse(route.query, request.query), parse(route.headers, request.headers)];
      if (query.error || headers.error) {
        throw new RequestValidationError(null, (headers.error ?? null) as never, (query.error ?? null) as never, null);
      }
      const { ctx, timeLimit } = request;
      const begin = (own: Record<string, string>) => {
        timeLimit.requireLeft();
        const shared = reply.getHeaders() as Record<string, string>;
        reply.hijack();
        return reply.raw.writeHead(200, { ...shared, ...own, 'x-request-id': request.id });
      };
      const input = { query: query.data, headers: headers.data, begin } as unknown as StreamInput<Route>;
      await timeLimit.within(() => handler(ctx, input));
    },
  });
}

const parse = (schema: unknown, value: unknown) =>
  schema instanceof z.ZodType ? schema.safeParse(value) : { data: undefined, error: undefined };
