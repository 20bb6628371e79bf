/**
 * One process per area.
 *
 * The lock is a write transaction that SQLite holds open on an empty file, which is to say a lock that the kernel keeps: it
 * ends with the process, however that ends, knows no pid that another process could inherit, holds across containers
 * that share the directory, and of any number of racing starters the kernel lets one through. BEGIN IMMEDIATE takes the one
 * reserved lock; BEGIN EXCLUSIVE could fail for both of two racers, each seeing the other read.
 * Nothing else may open the lock file in this process: closing any descriptor of it would drop the lock (POSIX).
 *
 * holder.json beside it is for people alone: whoever is refused reads there who holds the lock.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { isRunning } from './postgres-postmaster.ts';
import { PostgresUnavailable } from './postgres-unavailable.ts';

const SQLITE_BUSY = 5;
/** The winner writes holder.json within milliseconds of its lock. */
const HOLDER_KNOWN_MS = 1_000;

export type Lock = { release(): void };

type Holder = { pid: number; since: string; dataDir: string };

/** A lock that its owner forgot would otherwise be closed by the garbage collector. */
const held = new Set<DatabaseSync>();

/** @throws PostgresUnavailable at once when another process has it */
export async function lockArea(area: string, dataDir: string): Promise<Lock> {
  const lock = open(path.join(area, 'lock'));
  try {
    // Without a journal file: there is nothing to roll back, and a kill would leave it.
    lock.exec('pragma journal_mode = memory; begin immediate');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw cannotLock(area, error);
    throw new PostgresUnavailable(refusal(await readHolder(area), dataDir));
  }
  held.add(lock);
  const holderFile = path.join(area, 'holder.json');
  const holder: Holder = { pid: process.pid, since: new Date().toISOString(), dataDir: path.resolve(dataDir) };
  const release = () => {
    if (!held.delete(lock)) return;
    for (const file of [holderFile, `${holderFile}.new`]) fs.rmSync(file, { force: true });
    lock.close();
  };
  try {
    fs.writeFileSync(`${holderFile}.new`, JSON.stringify(holder));
    fs.renameSync(`${holderFile}.new`, holderFile);
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

function open(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw cannotLock(path.dirname(file), error);
  }
}

const cannotLock = (area: string, error: unknown) =>
  new PostgresUnavailable(
    `The lock of the database in ${area} cannot be taken: ${(error as Error).message}. The directory must be writable for us and lie on a file system with locks; set another DATA_DIR otherwise.`,
  );

async function readHolder(area: string): Promise<Holder | undefined> {
  for (const end = Date.now() + HOLDER_KNOWN_MS; Date.now() < end; await pause(10)) {
    try {
      const holder = JSON.parse(fs.readFileSync(path.join(area, 'holder.json'), 'utf8')) as Holder;
      if (isRunning(holder.pid)) return holder;
    } catch {
      // Not written yet; a file of an earlier holder names a process that is gone.
    }
  }
  return undefined;
}

function refusal(holder: Holder | undefined, dataDir: string): string {
  const who = holder
    ? `process ${holder.pid} since ${holder.since} (data directory ${holder.dataDir})`
    : 'another process that cannot be seen from here, perhaps in another container';
  return `The embedded PostgreSQL of ${path.resolve(dataDir)} is in use: held by ${who}. Stop it first${holder ? ` (kill ${holder.pid})` : ''}, or give this one another DATA_DIR, or let both use one PostgreSQL with DATABASE_URL=postgres://user:password@host:5432/database.`;
}
