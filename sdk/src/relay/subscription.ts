/**
 * A subscription: the messages of one channel, each once and in order, through cuts, outages and restarts.
 *
 * Each event has an id, `connected` too, and the next connection goes on after the last one that came. What the service
 * has no longer is a gap, and is told. It ends when the caller leaves the loop or aborts, and when the service refuses.
 */
import { dataOf } from '../core/answers.ts';
import { CcjkError, ConnectionError, TimeoutError } from '../core/errors.ts';
import { BACKOFF_MS, isPassing, sleep, waitMs } from '../core/retries.ts';
import { EventStream, type ServerSentEvent } from '../core/sse.ts';
import type { Transport } from '../core/transport.ts';
import type { QueuedMessage } from '../generated/types.ts';

/** What happens in a subscription. */
export type RelayEvent =
  /** From here on nothing that is published is missed. Comes again after each cut. */
  | { type: 'connected' }
  /** Messages that the channel keeps no longer were missed; all that it keeps follows. Comes after `connected`. */
  | { type: 'gap' }
  /** A message; a later subscription goes on after it with `lastEventId: event.eventId`. `timestamp` is epoch milliseconds. */
  | ({ type: 'message'; eventId: string; channel: string } & QueuedMessage)
  /** The connection was cut or does not come about; it is tried again. Told once for each outage. */
  | { type: 'outage'; error: Error };

export type SubscribeOptions = {
  /** Ends the subscription, and each wait in it, at once; the iteration rejects with the reason of the signal. */
  signal?: AbortSignal | undefined;
  /** All that is kept after this event comes first; `event-0`: all that is kept. Left out: only what is published from now on. */
  lastEventId?: string | undefined;
  /** `priority`: what is kept comes by priority, the most urgent first; by default in the order of publishing. */
  order?: 'sequence' | 'priority' | undefined;
  /** Milliseconds without a byte after which the connection counts as cut; by default 75000, as the service sends a comment each 30 s. */
  silenceMs?: number | undefined;
};

const SILENCE_MS = 75_000;
/** As long as the service has not said it: what it says in the first frame. */
const LONGEST_WAIT_MS = 15_000;
/** A channel keeps no more messages, so no older one comes again. */
const KEPT_COUNT = 1000;

/** @throws ApiError for a refusal that does not pass, such as CHANNEL_NOT_FOUND; or the reason of `options.signal` */
export async function* openSubscription(
  transport: Pick<Transport, 'send'>,
  channel: string,
  { signal, lastEventId, order, silenceMs = SILENCE_MS }: SubscribeOptions = {},
): AsyncGenerator<RelayEvent, void, undefined> {
  const given = new Set<string>();
  let position = lastEventId;
  let longestWaitMs = LONGEST_WAIT_MS;
  let isAway = false;
  for (let failures = 0; ; failures++) {
    let cause: unknown;
    try {
      const send = { method: 'GET', path: '/api/subscribe', query: { channel, order }, raw: true } as const;
      const headers = { accept: 'text/event-stream', 'last-event-id': position };
      for await (const event of eventsOf(transport, { ...send, headers }, silenceMs, signal)) {
        longestWaitMs = event.retryMs ?? longestWaitMs;
        position = event.id || position;
        const data = parse(event.data) as { gap?: boolean; id?: string };
        if (event.event === 'connected') {
          failures = 0;
          isAway = false;
          yield { type: 'connected' };
          if (data.gap) yield { type: 'gap' };
        } else if (event.event === 'message' && isNew(given, data.id)) {
          yield { ...data, type: 'message', eventId: position } as RelayEvent;
        }
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof Error && isPassing(error, true))) throw error;
      cause = error;
      if (!isAway) yield { type: 'outage', error };
      isAway = true;
    }
    await sleep(waitMs(cause, failures, BACKOFF_MS, longestWaitMs), signal);
  }
}

/** By priority, what came before a cut may come again: its number says only up to where everything came. */
const isNew = (given: Set<string>, id = ''): boolean => {
  if (given.has(id)) return false;
  given.add(id);
  if (given.size > KEPT_COUNT) given.delete(given.values().next().value as string);
  return true;
};

/** The events of one connection, which ends with the iteration. */
async function* eventsOf(
  transport: Pick<Transport, 'send'>,
  spec: Parameters<Transport['send']>[0],
  silenceMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerSentEvent & { retryMs: number | undefined }> {
  // Of its own, so that nothing stays with a signal that outlives many connections.
  const connection = new AbortController();
  const abort = () => connection.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    const options = { signal: connection.signal, maxRetries: 0 };
    const { data: response, requestId } = await transport.send<Response>(spec, options);
    const { body, headers } = response;
    if (!body || !headers.get('content-type')?.startsWith('text/event-stream')) dataOf(response, '', requestId);
    const reader = (body as NonNullable<typeof body>).getReader();
    const stream = new EventStream();
    for (;;) {
      const bytes = await readWithin(reader, silenceMs);
      if (!bytes) return;
      for (const event of stream.push(bytes)) yield { ...event, retryMs: stream.retryMs };
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    connection.abort();
  }
}

/** The next bytes; undefined at the end. */
async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  silenceMs: number,
): Promise<Uint8Array | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    const message = `Nothing came for ${silenceMs} ms, so the connection is taken for cut`;
    timer = setTimeout(() => reject(new TimeoutError(message, silenceMs)), silenceMs);
  });
  try {
    return (await Promise.race([reader.read(), silence])).value;
  } catch (cause) {
    if (cause instanceof TimeoutError) throw cause;
    throw new ConnectionError('The connection to the relay was cut', { cause });
  } finally {
    clearTimeout(timer);
  }
}

const parse = (data: string): unknown => {
  try {
    return JSON.parse(data);
  } catch {
    throw new CcjkError('What answered is not the relay of CCJK Cloud; check baseUrl and any proxy before it');
  }
};
