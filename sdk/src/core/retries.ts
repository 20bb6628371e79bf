/**
 * Which failures are tried again, and when.
 *
 * A call that may be repeated is tried again after a connection error, a timeout, 408, 429, 500, 502, 503 and 504. Any
 * other call only where the service certainly did not carry it out: the connection was never made, 429, 503. The wait is
 * what `Retry-After` says, else half a second that doubles, with jitter.
 */
import { ApiError, ConnectionError } from './errors.ts';

/** Milliseconds before the first retry, before jitter. */
export const BACKOFF_MS = 500;

/** Milliseconds; a longer wait helps nobody who waits for an answer. */
const MAX_BACKOFF_MS = 8000;

/** A longer `Retry-After` is the caller's to decide about: the error is thrown at once. */
const MAX_RETRY_AFTER_MS = 60_000;

const PASSING = new Set([408, 429, 500, 502, 503, 504]);
const NOT_CARRIED_OUT = new Set([429, 503]);

/** The connection was never made, as Node and Bun name it. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
]);

/** The code that the runtime gave a failure of `fetch`, such as ECONNREFUSED; undefined when it gave none. */
export const connectionCode = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : connectionCode(error.cause);
};

/** Whether the call may go well the next time. */
export const isPassing = (error: unknown, repeatable: boolean): boolean => {
  if (error instanceof ApiError) return (repeatable ? PASSING : NOT_CARRIED_OUT).has(error.status);
  if (error instanceof ConnectionError) return repeatable || NOT_CONNECTED.has(connectionCode(error.cause) ?? '');
  return false;
};

/** Milliseconds to wait before try number `attempt` + 2, or undefined when `error` is final. */
export const retryDelayMs = (
  error: unknown,
  attempt: number,
  repeatable: boolean,
  backoffMs: number,
): number | undefined => {
  if (!isPassing(error, repeatable)) return undefined;
  if (askedMs(error) > MAX_RETRY_AFTER_MS) return undefined;
  return waitMs(error, attempt, backoffMs, MAX_BACKOFF_MS);
};

/**
 * Milliseconds to wait after a failure: as long as the service asks for, else `firstMs`, doubled `attempt` times, and at most
 * `longestMs`. Between a quarter and the whole of it: clients that failed together do not come back together.
 */
export const waitMs = (error: unknown, attempt: number, firstMs: number, longestMs: number): number =>
  Math.max(askedMs(error), Math.min(longestMs, firstMs * 2 ** attempt) * (0.25 + 0.75 * Math.random()));

const askedMs = (error: unknown): number => ((error instanceof ApiError && error.retryAfterSeconds) || 0) * 1000;

/** Seconds that a `Retry-After` asks for, given as seconds or as a date; undefined when there is none or it is nonsense. */
export const retryAfterSeconds = (header: string | null, nowMs: number): number | undefined => {
  if (!header?.trim()) return undefined;
  const seconds = Number.isNaN(Number(header)) ? (Date.parse(header) - nowMs) / 1000 : Number(header);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
};

/**
 * Waits `ms` milliseconds; an abort ends the wait at once with the reason of the signal. The timer holds the process,
 * because a call is under way.
 */
export const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> => {
  let timer: ReturnType<typeof setTimeout>;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return waitFor(elapsed, signal).finally(() => clearTimeout(timer));
};

/** Waits for `shared`; an abort ends this wait and leaves the work to those who still wait for it. */
export const waitFor = <T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  let abort: () => void;
  return new Promise<T>((resolve, reject) => {
    abort = () => reject(signal?.reason);
    shared.then(resolve, reject);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
  }).finally(() => signal?.removeEventListener('abort', abort));
};
