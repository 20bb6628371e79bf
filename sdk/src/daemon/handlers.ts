/** Tasks that are no shell commands: a function of the program that the daemon is part of. */
import type { HandedTask, TaskResult } from '../generated/types.ts';
import { messageOf } from './events.ts';

/** What a handler says in the end. Left out, it went well. */
export type HandlerResult = Pick<TaskResult, 'exit_code' | 'stdout' | 'stderr' | 'error_message'>;

/**
 * Runs one task. An error that it throws, and an `exit_code` other than 0, is a failure. When `signal` is aborted, by a
 * cancellation, a timeout or the end of the daemon, it has `grace_seconds` to come to an end; after that nobody waits.
 */
export type Handler = (
  task: HandedTask,
  context: { signal: AbortSignal },
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is a handler, too.
) => HandlerResult | void | Promise<HandlerResult | void>;

/** A handler at work. */
export class Handling {
  readonly ended: Promise<TaskResult>;
  readonly #abort = new AbortController();
  #giveUp: (result: TaskResult) => void = () => {};

  constructor(handler: Handler, task: HandedTask) {
    const givenUp = new Promise<TaskResult>((resolve) => {
      this.#giveUp = resolve;
    });
    const work = Promise.resolve()
      .then(() => handler(task, { signal: this.#abort.signal }))
      .then(
        (said) => resultOf(said ?? {}),
        (error: unknown) => failure(messageOf(error)),
      );
    this.ended = Promise.race([work, givenUp]);
  }

  stop(graceMs: number): void {
    this.#abort.abort();
    setTimeout(() => this.#giveUp(failure('The handler did not stop')), graceMs).unref();
  }

  /** It has been waited for: handlers end with their daemon. */
  release(): boolean {
    this.#abort.abort();
    return true;
  }
}

const failure = (message: string): TaskResult => ({ status: 'failed', error_message: message || 'The handler failed' });

const resultOf = (said: HandlerResult): TaskResult => {
  const { exit_code = 0, stdout = '', stderr = '', error_message = null } = said;
  const hasFailed = exit_code !== 0 || error_message !== null;
  const message = error_message ?? (hasFailed ? `exit code ${exit_code}` : null);
  return { status: hasFailed ? 'failed' : 'completed', exit_code, stdout, stderr, error_message: message };
};
