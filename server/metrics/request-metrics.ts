/**
 * Requests by method, route and status, and how long they took.
 *
 * A route is its template, never what was asked for, and whatever matches none is one route: what clients send makes no
 * series. Counts are plain numbers until somebody reads them, because this runs with each request.
 */
import { Counter, Histogram, type Registry } from 'prom-client';

/** A route, as Fastify holds it: the same object for each of its requests. */
export type RouteKey = object;

export type Answered = {
  key: RouteKey;
  /** `GET` and `/v1/tasks/:task_id`; undefined where no route matched. */
  route: { method: string; path: string } | undefined;
  status: number;
  /** Undefined where the client wanted to wait, so that the time says nothing about the service. */
  seconds: number | undefined;
};

const NO_ROUTE = { method: 'any', path: 'unknown' };

type Counted = { labels: { method: string; route: string }; byStatus: Map<number, number> };

export type RequestMetrics = {
  answered(answer: Answered): void;
  /** What was refused before there was a request: no HTTP, or no address. */
  refused(status: number): void;
  update(): void;
};

export function openRequestMetrics(registry: Registry): RequestMetrics {
  const requests = new Counter({
    name: 'ccjk_http_requests_total',
    help: 'Answered requests; a route is its template',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'ccjk_http_request_duration_seconds',
    help: 'Time to answer, without requests that asked to wait',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const byRoute = new Map<RouteKey, Counted>();

  const count = (key: RouteKey, { method, path }: { method: string; path: string }, status: number): Counted => {
    const counted = byRoute.get(key) ?? { labels: { method, route: path }, byStatus: new Map() };
    byRoute.set(key, counted);
    counted.byStatus.set(status, (counted.byStatus.get(status) ?? 0) + 1);
    return counted;
  };

  return {
    answered({ key, route, status, seconds }) {
      const { labels } = route ? count(key, route, status) : count(NO_ROUTE, NO_ROUTE, status);
      if (seconds !== undefined) durations.observe(labels, seconds);
    },
    refused: (status) => void count(NO_ROUTE, NO_ROUTE, status),
    update() {
      requests.reset();
      for (const { labels, byStatus } of byRoute.values())
        for (const [status, count] of byStatus) requests.inc({ ...labels, status }, count);
    },
  };
}
