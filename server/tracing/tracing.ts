/**
 * Tracing — spans of requests and jobs, sent to an OpenTelemetry collector as OTLP over HTTP in JSON.
 *
 * OpenTelemetry's own exporter brings its SDKs for metrics and logs with it, while what is sent is one documented object
 * (opentelemetry-proto, trace/v1): so it is written here. Only a process with OTEL_EXPORTER_OTLP_ENDPOINT loads this room.
 *
 * Spans wait in memory for a few seconds and are sent together. A collector that is away or hangs loses them and slows
 * nothing: at the end of the process it has two seconds for all that waits.
 */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Service } from '../context.ts';
import type { SpanEnd, Tracer } from '../ports.ts';

const SEND_EVERY_MS = 5_000;
const MOST_IN_A_REQUEST = 512;
/** Of spans that wait; about 500 bytes each. Beyond, new ones are lost. */
const MOST_WAITING = 4_096;
const PATIENCE_MS = 10_000;
/** Of the time in which a process has to stop, as little as a collector that works needs. */
const CLOSING_MS = 2_000;

/** Numbers of the protocol. */
const KINDS = { request: 2, job: 5 } as const;
const STATUS_ERROR = 2;

type Written = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: object }[];
  status?: { code: number };
};

export type Tracing = Tracer & {
  /** Sends what waits, as far as the collector takes it. */
  close(): Promise<void>;
};

export function openTracing(
  { config, log }: Pick<Service, 'config' | 'log'>,
  version: string,
  { closingMs = CLOSING_MS } = {},
): Tracing {
  const url = `${(config.OTEL_EXPORTER_OTLP_ENDPOINT as string).replace(/\/+$/, '')}/v1/traces`;
  const headers = { 'content-type': 'application/json', ...config.OTEL_EXPORTER_OTLP_HEADERS };
  const resource = {
    attributes: attributesOf({ 'service.name': config.OTEL_SERVICE_NAME, 'service.version': version }),
  };
  const scope = { name: 'ccjk-cloud', version };
  const waiting: Written[] = [];
  let sending: Promise<void> | undefined;
  let giveUp = () => {};
  let fails = false;

  /** Returns whether the collector has them. */
  const post = async (spans: Written[]): Promise<boolean> => {
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] });
    const patience = new AbortController();
    giveUp = () => patience.abort(new Error('The collector does not answer'));
    const timer = setTimeout(giveUp, PATIENCE_MS);
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, signal: patience.signal });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`The collector answered ${answer.status}`);
      if (fails) log.info('spans reach the collector again');
      fails = false;
    } catch (error) {
      if (!fails) log.warn({ err: error }, 'spans do not reach the collector and are lost');
      fails = true;
    } finally {
      clearTimeout(timer);
    }
    return !fails;
  };

  /** Until one is refused: what waits then goes the next time, if the collector is back by then. */
  const sendAll = async (): Promise<void> => {
    while (waiting.length > 0 && (await post(waiting.splice(0, MOST_IN_A_REQUEST))));
  };

  const send = (): Promise<void> => {
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  };

  const timer = setInterval(() => void send(), SEND_EVERY_MS);

  return {
    begin(kind, parent) {
      const [, parentTrace, parentSpan, flags] = parent?.split('-') ?? [];
      const traceId = parentTrace ?? randomBytes(16).toString('hex');
      const spanId = randomBytes(8).toString('hex');
      const isSampled =
        flags === undefined ? Math.random() < config.OTEL_TRACES_SAMPLER_ARG : (Number.parseInt(flags, 16) & 1) === 1;
      const startedAt = epochMs();
      return {
        traceparent: `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`,
        end({ name, attributes, isError }: SpanEnd) {
          if (!isSampled || waiting.length >= MOST_WAITING) return;
          waiting.push({
            traceId,
            spanId,
            ...(parentSpan && { parentSpanId: parentSpan }),
            name,
            kind: KINDS[kind],
            startTimeUnixNano: nanoseconds(startedAt),
            endTimeUnixNano: nanoseconds(epochMs()),
            attributes: attributesOf(attributes),
            ...(isError && { status: { code: STATUS_ERROR } }),
          });
        },
      };
    },
    async close() {
      clearInterval(timer);
      const deadline = setTimeout(() => {
        waiting.length = 0;
        giveUp();
      }, closingMs);
      await send();
      clearTimeout(deadline);
    },
  };
}

/** Since 1970, and never backwards. */
const epochMs = (): number => performance.timeOrigin + performance.now();

/** More digits than a number keeps: to the microsecond. */
const nanoseconds = (ms: number): string => `${Math.round(ms * 1000)}000`;

const attributesOf = (attributes: Record<string, string | number>) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
