/**
 * The journal — what this machine holds, written before it is done.
 *
 *   claimed ──► spawning ──► running ──► (removed)
 *
 * claimed: a lease is ours, and the service may have been asked to let it start; nothing was spawned. spawning: the
 * service said yes and the next thing is the spawn; whether it came to that is unknown. running: this process is the
 * command. Each entry is on the disk before the step that it announces, so that whoever comes after a crash never runs a
 * command a second time: only `claimed` may still be spawned.
 *
 * And only where it was claimed. A copy of this folder holds the same leases, and the service cannot tell its daemon from
 * one that asks again because an answer was lost. So an entry names its place, by what no copy keeps: the file, the folder,
 * the boot of the machine, the container. Elsewhere it is not asked for, and its lease runs out: after a reboot, too, and
 * in a folder that was restored.
 */
import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HandedTask } from '../generated/types.ts';
import { readEntries, removeDurably, writeDurably } from './durable-files.ts';
import { type ProcessMark, realm } from './processes.ts';

/** Why a command is being stopped. */
export type Stop = { status: 'cancelled' | 'timeout' | 'failed'; message: string; graceMs: number };

export type JournalEntry = {
  task: HandedTask;
  state: 'claimed' | 'spawning' | 'running';
  /** Where it was written; set by `write`. */
  place?: string;
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
    await writeDurably(this.#path(entry.task.lease_id), async (file) => {
      entry.place = await this.#placeOf(await file.stat({ bigint: true }));
      return JSON.stringify(entry);
    });
  }

  async remove(leaseId: string): Promise<void> {
    await removeDurably(this.#path(leaseId));
  }

  /** Everything that is held; `onUnreadable` hears of entries that another hand has damaged. */
  read(onUnreadable: (path: string) => void): Promise<JournalEntry[]> {
    return readEntries<JournalEntry>(this.#folder, onUnreadable);
  }

  /** Whether the entry lies where it was written: no copy, nothing restored, and the same boot and container as then. */
  async isInPlace({ task, place }: JournalEntry): Promise<boolean> {
    return place === (await this.#placeOf(await stat(this.#path(task.lease_id), { bigint: true })));
  }

  async #placeOf(file: BigIntStats): Promise<string> {
    const folder = await stat(this.#folder, { bigint: true });
    return [realm() || randomUUID(), ...marksOf(folder), ...marksOf(file)].join(' ');
  }

  #path(leaseId: string): string {
    return join(this.#folder, `${leaseId}.json`);
  }
}

/** Numbers of files are used again, so they are known by their birth, too. Where that is not kept, no two are the same. */
const marksOf = ({ dev, ino, birthtimeNs }: BigIntStats) => [dev, ino, birthtimeNs || randomUUID()];
