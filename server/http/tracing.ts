/** Traces that come with requests, by the header `traceparent`, and the spans of the requests themselves. */
import type { FastifyInstance } from 'fastify';
import type { Span, Tracer } from '../ports.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Where traces are collected. */
    span?: Span | undefined;
  }
}

/** Makes a span of each request but the probes: by its route, never by what was asked for. */
export function registerTracing(app: FastifyInstance, tracer: Tracer): void {
  app.decorateRequest('span');
  app.addHook('onRequest', (request, _, done) => {
    if (!PROBES.has(request.routeOptions.url ?? ''))
      request.span = tracer.begin('request', traceparentOf(request.headers.traceparent));
    done();
  });
  app.addHook('onResponse', ({ method, span, is404, id, routeOptions }, { statusCode }, done) => {
    const route = is404 ? undefined : routeOptions.url;
    span?.end({
      name: route ? `${method} ${route}` : method,
      attributes: {
        'http.request.method': method,
        ...(route && { 'http.route': route }),
        'http.response.status_code': statusCode,
        'ccjk.request_id': id,
      },
      isError: statusCode >= 500,
    });
    done();
  });
}

const PROBES = new Set(['/livez', '/readyz', '/metrics']);

/** Version, trace, parent and flags. A later version may have more after these. Source: W3C Trace Context, section 3.2. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** The caller's span, as version 00 writes it. What is no `traceparent` is as if it had not been sent. */
export function traceparentOf(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string') return null;
  const [, version, trace, parent, flags, more] = TRACEPARENT.exec(header) ?? [];
  if (trace === undefined || (version === '00' && more !== undefined)) return null;
  return `00-${trace}-${parent}-${flags}`;
}
