/**
 * The link to the service: a call is made until it is answered, however long the service is away.
 *
 * Waits grow from one second to thirty, with jitter, or are what Retry-After says. An outage is told once when it begins
 * and once when it is over. An answer that says that this machine may not call at all ends the daemon.
 */
import { ApiError, CcjkError } from '../core/errors.ts';
import { sleep, waitMs } from '../core/retries.ts';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** The key is no longer, or never was, one of this machine. A proxy's own 401 has other codes. */
const NOT_LET_IN = ['AUTH_REQUIRED', 'AUTH_FAILED', 'TOKEN_EXPIRED', 'WRONG_CREDENTIAL', 'DEVICE_MISMATCH'];

/** The service does not know the key of this device, so the daemon has ended. */
export class KeyRefusedError extends CcjkError {
  override readonly name: string = 'KeyRefusedError';
}

export type LinkListener = {
  onOutage(error: unknown): void;
  onRestored(): void;
  /** Called once; no call succeeds after it. */
  onRefused(error: KeyRefusedError): void;
};

export class Link {
  readonly #listener: LinkListener;
  readonly #failing = new Set<symbol>();
  #refused: KeyRefusedError | undefined;

  constructor(listener: LinkListener) {
    this.#listener = listener;
  }

  /**
   * Calls until there is an answer, or one of `final`, codes that calling again would not change.
   * @throws ApiError with a code of `final` | KeyRefusedError | the reason of `signal`
   */
  async until<T>(call: () => Promise<T>, signal: AbortSignal, final: readonly string[] = []): Promise<T> {
    const name = Symbol();
    try {
      for (let attempt = 0; ; attempt++) {
        if (this.#refused) throw this.#refused;
        signal.throwIfAborted();
        try {
          return await call();
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          if (error instanceof ApiError && final.includes(error.code)) throw error;
          if (error instanceof ApiError && NOT_LET_IN.includes(error.code)) throw this.#refuse(error);
          if (this.#failing.size === 0) this.#listener.onOutage(error);
          this.#failing.add(name);
          await sleep(waitMs(error, attempt, FIRST_WAIT_MS, LONGEST_WAIT_MS), signal);
        }
      }
    } finally {
      if (this.#failing.delete(name) && this.#failing.size === 0 && !signal.aborted && !this.#refused)
        this.#listener.onRestored();
    }
  }

  #refuse(error: ApiError): KeyRefusedError {
    if (this.#refused) return this.#refused;
    this.#refused = new KeyRefusedError(
      `The service does not accept the key of this device (${error.code}): the device was deleted, or registered again and so given another key. Register this machine again and start the daemon with the new key.`,
    );
    this.#listener.onRefused(this.#refused);
    return this.#refused;
  }
}
