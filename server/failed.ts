import { FAILURES, type FailureCode } from '../contracts/failures.ts';

type Extra = {
  /** Instead of the table's sentence. */
  message?: string;
  details?: unknown;
  /** Sent as Retry-After. */
  retryAfterSeconds?: number;
  cause?: unknown;
};

/** What domain code throws on purpose. Any other error is a bug and is answered with 500. */
export class Failed extends Error {
  readonly code: FailureCode;
  readonly status: number;
  readonly details: unknown;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: FailureCode, extra: Extra = {}) {
    const [status, message] = FAILURES[code];
    super(extra.message ?? message, { cause: extra.cause });
    this.name = 'Failed';
    this.code = code;
    this.status = status;
    this.details = extra.details;
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }
}
