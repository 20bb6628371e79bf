/**
 * A lock that dies with its holder: a file that names a process. The file of a process that is gone is taken over.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { codeOf } from './durable-files.ts';
import { findProcess, isRunning, ownMark, type ProcessMark } from './processes.ts';

export type Holder = ProcessMark & { since: string };

export type Lock = { release(): void } | { holder: Holder | undefined };

/** A lock without a name in it is one that is just being written, for this many milliseconds. */
const WRITING_MS = 5000;
const TRIES = 5;

/** Takes the lock, or says who has it; undefined when that one has not yet written its name. */
export function takeLock(path: string): Lock {
  const mine = JSON.stringify({ ...ownMark(), since: new Date().toISOString() } satisfies Holder);
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      return { release: () => void (read(path) === mine && rmSync(path, { force: true })) };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const found = read(path);
    const holder = found === undefined ? undefined : holderOf(found);
    if (found === undefined) continue;
    if (holder ? isHeldBy(holder) : isFresh(path)) return { holder };
    takeAside(path, found);
  }
  return { holder: undefined };
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const holderOf = (text: string): Holder | undefined => {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
};

/** Where the time of a start cannot be known, a process with that number counts as the holder. */
const isHeldBy = (holder: Holder): boolean =>
  holder.start === '' ? findProcess(holder.pid) !== undefined : isRunning(holder);

const isFresh = (path: string): boolean => {
  try {
    return Date.now() - statSync(path).mtimeMs < WRITING_MS;
  } catch {
    return true;
  }
};

/** Renamed and looked at again, because another process may have taken the dead lock over meanwhile: then it gets it back. */
function takeAside(path: string, dead: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (read(aside) === dead) rmSync(aside, { force: true });
    else renameSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
