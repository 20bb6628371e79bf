/**
 * The journal — what this machine holds, written before it is done.
 *
 *   claimed ──► spawning ──► running ──► (removed)
 *
 * claimed: a lease is ours, and the service may have been asked to let it start; nothing was spawned. spawning: the
 * service said yes and the next thing is the spawn; whether it came to that is unknown. running: this process is the
 * command. Each entry is on the disk before the step that it announces, so that whoever comes after a crash never runs a
 * command a second time: only `claimed` may still be spawned.
 */
import { join } from 'node:path';
import type { HandedTask } from '../generated/types.ts';
import { readEntries, removeDurably, writeDurably } from './durable-files.ts';
import type { ProcessMark } from './processes.ts';

/** Why a command is being stopped. */
export type Stop = { status: 'cancelled' | 'timeout' | 'failed'; message: string; graceMs: number };

export type JournalEntry = {
  task: HandedTask;
  state: 'claimed' | 'spawning' | 'running';
  /** ISO 8601; set with `spawning`, and the time from which the timeout counts. */
  startedAt?: string;
  /** Set with `running`, unless a handler runs it in this process. */
  process?: ProcessMark;
  /** Written before the first signal, so that the end is called by its name also after a crash. */
  stop?: Stop;
};

export class Journal {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** When this returns, the entry is on the disk. */
  async write(entry: JournalEntry): Promise<void> {
    await writeDurably(this.#path(entry.task.lease_id), JSON.stringify(entry));
  }

  async remove(leaseId: string): Promise<void> {
    await removeDurably(this.#path(leaseId));
  }

  /** Everything that is held; `onUnreadable` hears of entries that another hand has damaged. */
  read(onUnreadable: (path: string) => void): Promise<JournalEntry[]> {
    return readEntries<JournalEntry>(this.#folder, onUnreadable);
  }

  #path(leaseId: string): string {
    return join(this.#folder, `${leaseId}.json`);
  }
}
