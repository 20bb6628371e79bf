/** A full disk — told apart from other failures, whoever met it: this process, PostgreSQL, or one of its programs. */
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** No room on the disk, or not for this account, or not for a file as large; 53100 is PostgreSQL's `disk_full`. */
const CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', '53100']);

/** The same in the words of the C library, which PostgreSQL and its programs repeat, and PostgreSQL's hint. */
const WORDS = /No space left on device|Disk quota exceeded|File too large|Check free disk space/i;

/** What a log or a small file of PostgreSQL needs at least. */
const PROBE = Buffer.alloc(64 * 1024);
/** A new cluster with its first WAL segment and our tables: measured, 49 MiB with PostgreSQL 18. */
const NEW_DATABASE_MIB = 50;

export const isDiskFull = (error: unknown): boolean => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return CODES.has(code) || WORDS.test(message);
};

/** Whether nothing can be written in `directory`, for want of room: who could not even write that down says nothing. */
export function lacksRoom(directory: string): boolean {
  const probe = path.join(directory, `room-${randomBytes(4).toString('hex')}`);
  try {
    writeFileSync(probe, PROBE, { flush: true });
    return false;
  } catch (error) {
    return isDiskFull(error);
  } finally {
    rmSync(probe, { force: true });
  }
}

/** For the operator: which disk is full, where `area` is a folder of what DATA_DIR holds, and what to do. */
export function fullDiskMessage(area: string, error: unknown): string {
  const { bavail, bsize } = statfsSync(existing(path.resolve(area)));
  const free = Math.floor((bavail * bsize) / 1024 ** 2);
  return [
    `DATA_DIR is full: no more can be written in ${path.resolve(area)}.`,
    `The disk has ${free} MiB left; a quota or a limit may allow less.`,
    (error as Error).message,
    'Make room there and start again: nothing else is needed, and what was kept is still there.',
    `A new database takes ${NEW_DATABASE_MIB} MiB; to begin one on another disk, set another DATA_DIR.`,
  ].join('\n');
}

/** DATA_DIR itself may not have been made for want of room. */
const existing = (directory: string): string => (existsSync(directory) ? directory : existing(path.dirname(directory)));
