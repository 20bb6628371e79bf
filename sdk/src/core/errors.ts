/**
 * What a call can fail with. Every error of this package is a `CcjkError`; the reason of the caller's own abort signal
 * is passed on as it is. No message carries a token, a key or a body.
 */
import type { FailureCode } from '../generated/codes.ts';

/**
 * The root of all errors of this package. Thrown itself for options that cannot work.
 *
 * @example
 * try { await client.tasks.get(id) } catch (error) { if (error instanceof CcjkError) console.error(error.message) }
 */
export class CcjkError extends Error {
  override readonly name: string = 'CcjkError';
}

/** What an `ApiError` is made of. */
export type ApiFailure = {
  status: number;
  code: FailureCode | (string & {});
  /** One sentence that says what to do, without code and status. */
  sentence: string;
  details?: unknown;
  requestId: string | null;
  headers: Headers;
  retryAfterSeconds?: number | undefined;
};

/**
 * The service, or a proxy before it, answered, but not with success.
 *
 * An answer that is not the service's own JSON has the code `HTTP_<status>`, or `INVALID_RESPONSE` when it claims success.
 *
 * @example
 * try { await client.tasks.cancel(id) } catch (error) {
 *   if (error instanceof ApiError && error.code === 'TASK_FINISHED') return;
 *   throw error; // TASK_NOT_FOUND (404): No task of yours has this id [request 0b9bb9a5]
 * }
 */
export class ApiError extends CcjkError {
  override readonly name: string = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  readonly code: FailureCode | (string & {});
  /** `VALIDATION_ERROR`: a list of `{path, message, code}`; limits: `{limit, plan}`; else undefined. */
  readonly details: unknown;
  /** Names this request in the log of the service; null when a proxy answered in its place. */
  readonly requestId: string | null;
  /** Headers of the answer. */
  readonly headers: Headers;
  /** Seconds that the service asks to wait before the next try; undefined when it did not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(failure: ApiFailure) {
    const request = failure.requestId === null ? '' : ` [request ${failure.requestId}]`;
    super(`${failure.code} (${failure.status}): ${failure.sentence}${request}`);
    this.status = failure.status;
    this.code = failure.code;
    this.details = failure.details;
    this.requestId = failure.requestId;
    this.headers = failure.headers;
    this.retryAfterSeconds = failure.retryAfterSeconds;
  }
}

/**
 * No answer came, or it broke off. `cause` is what `fetch` threw. Whether the service carried the request out is unknown,
 * unless the connection was refused.
 *
 * @example
 * if (error instanceof ConnectionError) console.error(error.message, error.cause);
 */
export class ConnectionError extends CcjkError {
  override readonly name: string = 'ConnectionError';
}

/**
 * No complete answer came within `timeoutMs`. An abort by your own signal is not this error: it rejects with the reason
 * of the signal.
 *
 * @example
 * if (error instanceof TimeoutError) console.error(`nothing for ${error.timeoutMs} ms`);
 */
export class TimeoutError extends ConnectionError {
  override readonly name: string = 'TimeoutError';
  /** Milliseconds that one attempt was given. */
  readonly timeoutMs: number;

  constructor(message: string, timeoutMs: number) {
    super(message);
    this.timeoutMs = timeoutMs;
  }
}
