/**
 * A directory on a disk that can be full. Root gets one in memory of a few MiB; everybody else a limit on the size of any
 * file that the process writes (RLIMIT_FSIZE), which fails in the same places with EFBIG instead of ENOSPC.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Trial } from './harness.ts';

const PIECE = Buffer.alloc(64 * 1024);

export type SmallDisk = {
  directory: string;
  how: 'a full disk' | 'a limit on files';
  /** `pid` writes there. */
  fill(pid: number): void;
  clear(pid: number): void;
};

type Ended = Pick<Trial, 'afterwards'>;

export function openSmallDisk(trial: Ended, sizeMib = 4): SmallDisk {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'ccjk-proof-disk-'));
  trial.afterwards(() => rmSync(directory, { recursive: true, force: true }));
  return mounted(trial, directory, sizeMib) ? ofItsOwn(directory) : ofLimits(directory);
}

function mounted(trial: Ended, directory: string, sizeMib: number): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    // A container's root may not.
    return false;
  }
  trial.afterwards(() => execFileSync('umount', ['-l', directory]));
  return true;
}

const ofItsOwn = (directory: string): SmallDisk => {
  const filling = path.join(directory, 'filling');
  return {
    directory,
    how: 'a full disk',
    fill() {
      const file = openSync(filling, 'w');
      try {
        for (;;) writeSync(file, PIECE);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    clear: () => rmSync(filling, { force: true }),
  };
};

const ofLimits = (directory: string): SmallDisk => {
  const limit = (pid: number, soft: string) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:`]);
  return {
    directory,
    how: 'a limit on files',
    fill: (pid) => void limit(pid, '0'),
    clear: (pid) => void limit(pid, 'unlimited'),
  };
};
