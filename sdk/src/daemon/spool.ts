/**
 * The spool — results on their way. A result is on the disk before anything else forgets the task, and stays until the
 * service has answered for good: recorded, or no longer wanted.
 */
import { join } from 'node:path';
import type { CcjkCloud } from '../core/client.ts';
import { ApiError } from '../core/errors.ts';
import type { TaskResult } from '../generated/types.ts';
import { readEntries, removeDurably, writeDurably } from './durable-files.ts';

export type Report = { taskId: string; leaseId: string; result: TaskResult };

export class Spool {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** When this returns, the result is on the disk. */
  async put(report: Report): Promise<void> {
    await writeDurably(this.#path(report.leaseId), JSON.stringify(report));
  }

  async remove(leaseId: string): Promise<void> {
    await removeDurably(this.#path(leaseId));
  }

  read(onUnreadable: (path: string) => void): Promise<Report[]> {
    return readEntries<Report>(this.#folder, onUnreadable);
  }

  #path(leaseId: string): string {
    return join(this.#folder, `${leaseId}.json`);
  }
}

/** Answers that end the matter: the service does not know the task, or it has gone on without us. */
const NOT_WANTED = ['TASK_NOT_FOUND', 'LEASE_LOST', 'RESULT_CONFLICT'];

/** Two long outputs are some megabytes, and lines can be slow. */
const TIMEOUT_MS = 300_000;

/** Characters of each stream that are left when something on the way refuses a result for its size or its contents. */
const SMALL_OUTPUT = 16 * 1024;

/**
 * Sends one report once. A proxy that refuses a long body would keep the result away for ever, so such a result is sent
 * again without most of its output.
 * @throws whatever did not end the matter: it is to be sent again
 */
export async function deliver(
  client: CcjkCloud,
  report: Report,
  signal: AbortSignal,
): Promise<'recorded' | 'unwanted'> {
  const send = (result: TaskResult) => client.daemon.result(report.taskId, result, { signal, timeoutMs: TIMEOUT_MS });
  try {
    await send(report.result).catch((error: unknown) => {
      if (error instanceof ApiError && (error.status === 413 || error.status === 400))
        return send(shortened(report.result, error));
      throw error;
    });
    return 'recorded';
  } catch (error) {
    if (error instanceof ApiError && NOT_WANTED.includes(error.code)) return 'unwanted';
    throw error;
  }
}

const shortened = (result: TaskResult, error: ApiError): TaskResult => {
  const note = `Most of the output is missing: it was refused with ${error.code}`;
  return {
    ...result,
    stdout: (result.stdout ?? '').slice(-SMALL_OUTPUT).toWellFormed(),
    stderr: (result.stderr ?? '').slice(-SMALL_OUTPUT).toWellFormed(),
    error_message: result.error_message ? `${result.error_message}. ${note}` : note,
  };
};
