/**
 * What a call can fail with. Every error of this package is a `CcjkError`; the reason of the caller's own abort signal
 * is passed on as it is. No message carries a token, a key or a body.
 */
import type { FailureCode } from '../generated/codes.ts';
import type { Issue } from '../generated/types.ts';

/**
 * The root of all errors of this package. Thrown itself for options that cannot work.
 *
 * @example
 * try { await client.tasks.get(id) } catch (error) { if (error instanceof CcjkError) console.error(error.message) }
 */
export class CcjkError extends Error {
  override readonly name: string = 'CcjkError';
}

/**
 * What `error.code` can be: a code of the service; `HTTP_<status>` where something before the service answered, or
 * `INVALID_RESPONSE` where that claimed success. A newer service may know more codes, so let a `switch` have a default.
 */
export type ErrorCode = FailureCode | 'INVALID_RESPONSE' | `HTTP_${number}`;

/** What `error.details` holds, by code; of other codes it is undefined. */
export type FailureDetails = {
  /** Each fault of the request, with where it is. */
  VALIDATION_ERROR: Issue[];
  /** `used` with limits that fill up during a day. */
  PLAN_LIMIT_REACHED: { limit: number; plan: string; used?: number };
  /** In bytes. */
  STORAGE_QUOTA_EXCEEDED: { limit: number; used: number; needed: number; plan: string };
  /** The kind of credential that was sent, and the kinds that open the endpoint. */
  WRONG_CREDENTIAL: { sent: string; accepted: string[] };
  /** The scope, or the permission of a relay key. */
  INSUFFICIENT_SCOPE: { needed: string };
  /** Bytes of UTF-8 that have arrived. */
  OUTPUT_GAP: { expected_offset: number };
  /** Bytes of the file. */
  RANGE_NOT_SATISFIABLE: { size: number };
};

type CodeWithDetails = keyof FailureDetails;

/** An `ApiError` whose `details` a comparison of its `code` narrows: what `error instanceof ApiError` gives. */
export type ApiErrorByCode = ApiError &
  (
    | { [Code in CodeWithDetails]: { code: Code; details: FailureDetails[Code] } }[CodeWithDetails]
    | { code: Exclude<ErrorCode, CodeWithDetails>; details: unknown }
  );

/** What an `ApiError` is made of. */
export type ApiFailure = {
  status: number;
  code: ErrorCode;
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
 * There is one class for all failures: decide by `code`, whose comparison says what `details` are. A code that the service
 * does not have is an error of the compiler.
 *
 * @example
 * try { await client.tasks.cancel(id) } catch (error) {
 *   if (!(error instanceof ApiError)) throw error;
 *   if (error.code === 'VALIDATION_ERROR') return error.details.map(({ path, message }) => `${path.join('.')}: ${message}`);
 *   if (error.code !== 'TASK_FINISHED') throw error; // TASK_NOT_FOUND (404): No task of yours has this id [request 0b9bb9a5]
 * }
 */
export class ApiError extends CcjkError {
  /** For the compiler alone: it lets `instanceof` lead to what `code` narrows. */
  declare static readonly [Symbol.hasInstance]: (error: unknown) => error is ApiErrorByCode;
  override readonly name: string = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  readonly code: ErrorCode;
  /** By code, see `FailureDetails`. */
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
