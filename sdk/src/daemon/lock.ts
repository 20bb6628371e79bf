/**
 * A lock that dies with its holder: a file that names a process. The file of a process that is gone is taken over. Whoever
 * cannot see that process, from another container or another machine on the same volume, goes by the time of the file: the
 * holder touches it again and again.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimes, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CcjkError } from '../core/errors.ts';
import { codeOf } from './durable-files.ts';
import { findProcess, isRunning, ownMark, type ProcessMark, realm } from './processes.ts';

export type Holder = ProcessMark & { realm: string; since: string };

type Held = { release(): void };

export type Lock = Held | { holder: Holder | undefined };

const TOUCH_MS = 2000;
/** Milliseconds after its last touch for which a lock counts whose holder cannot be looked for, or has not written its name. */
const FRESH_MS = 10_000;
const TRIES = 5;

/** Makes the state folder of a daemon and takes it. @throws CcjkError when another daemon uses it */
export function takeFolder(folder: string): Held {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const lock = takeLock(join(folder, 'daemon.lock'));
  if ('release' in lock) return lock;
  const who = lock.holder ? `(process ${lock.holder.pid}, since ${lock.holder.since}) ` : '';
  throw new CcjkError(
    `Another daemon ${who}uses ${folder}. Stop it, or give this one CCJK_STATE_DIR and CCJK_MACHINE_ID of its own.`,
  );
}

/** Takes the lock, or says who has it; undefined when that one has not yet written its name. */
export function takeLock(path: string): Lock {
  const mine = JSON.stringify({ ...ownMark(), realm: realm(), since: new Date().toISOString() } satisfies Holder);
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      const touching = setInterval(() => utimes(path, new Date(), new Date(), () => {}), TOUCH_MS).unref();
      return {
        release() {
          clearInterval(touching);
          if (read(path) === mine) rmSync(path, { force: true });
        },
      };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const found = read(path);
    const holder = found === undefined ? undefined : holderOf(found);
    if (found === undefined) continue;
    if (holder?.realm === realm() ? isHeldBy(holder) : isFresh(path)) return { holder };
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
    return Date.now() - statSync(path).mtimeMs < FRESH_MS;
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
