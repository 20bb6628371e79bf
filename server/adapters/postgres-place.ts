/**
 * Where the embedded PostgreSQL keeps its files, and which account runs it.
 *
 * PostgreSQL refuses to run as root, so root hands it to another account: the owner of the cluster that is already there,
 * else `postgres`, else `nobody`, else the first account that is not root. Everybody else runs it as themselves.
 *
 * The files lie in <DATA_DIR>/postgres, the area: lock, password, log and one cluster per major version. That account must
 * be able to walk there, which it cannot when a parent such as /root is closed (mode 700). We open no directory that
 * is not ours: a chmod of /root, or an ACL on it, would weaken the machine for one process. Entering the directory as root
 * and passing it on as the working directory does not help, because PostgreSQL changes to the absolute path. So the
 * area then lies under /var/lib/ccjk-cloud, in a directory of its own, and <DATA_DIR>/postgres/location names it.
 * The name has a random part: whoever deletes DATA_DIR starts empty and does not meet the old data again. The lock is in
 * the area, so copies of one DATA_DIR, whose pointers name one area, cannot run it twice.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { PostgresUnavailable } from './postgres-unavailable.ts';

const STATE_ROOT = '/var/lib/ccjk-cloud';

export type Account = { uid: number; gid: number };

/** `account` is undefined when PostgreSQL runs as the user that we are. */
export type Place = { area: string; account: Account | undefined };

/** @throws PostgresUnavailable when the files are there but out of reach */
export async function choosePlace(dataDir: string): Promise<Place> {
  const home = path.join(makeDirectory(dataDir), 'postgres');
  fs.mkdirSync(home, { recursive: true, mode: isRoot() ? 0o711 : 0o700 });
  const moved = readPointer(home);
  const area = moved ?? home;
  if (!isRoot()) {
    requireOwnFiles(area);
    return { area, account: undefined };
  }
  const account = clusterOwner(area) ?? chooseAccount();
  if (!moved) fs.chmodSync(home, 0o711);
  if (await canReach(account, area)) return { area, account };
  if (moved || clusterMajors(area).length > 0) {
    throw new PostgresUnavailable(
      `The database in ${area} is out of reach for uid ${account.uid}, which has to run it because PostgreSQL refuses root. Give the directories above it the x permission again, or start as the user who owns it.`,
    );
  }
  return { area: moveOut(home), account };
}

/** The major versions whose cluster is in this area, newest first. */
export function clusterMajors(area: string): number[] {
  return fs
    .readdirSync(area)
    .flatMap((name) => /^pg(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/**
 * How every PostgreSQL program is started. The environment is bare: the service's secrets are in ours, libpq's variables
 * would change what the programs do, and LC_ALL keeps their messages in the English that we read.
 */
export function asAccount(place: Place) {
  return {
    ...place.account,
    cwd: place.area,
    ...(process.platform === 'win32' ? {} : { env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' } }),
  };
}

export const isRoot = (): boolean => process.getuid?.() === 0;

function makeDirectory(dataDir: string): string {
  try {
    fs.mkdirSync(dataDir, { recursive: true });
    return fs.realpathSync(dataDir);
  } catch (error) {
    throw new PostgresUnavailable(`The data directory ${dataDir} cannot be made: ${(error as Error).message}`);
  }
}

function requireOwnFiles(area: string): void {
  const me = process.getuid?.();
  const owner = clusterOwner(area)?.uid ?? (isWritable(area) ? me : fs.statSync(area).uid);
  if (owner === me) return;
  throw new PostgresUnavailable(
    `The database files in ${area} belong to uid ${owner} and we are uid ${me}. Start as the user who started it first (root, if it was root), or set another DATA_DIR.`,
  );
}

function isWritable(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Root's files are nobody's cluster: PostgreSQL never ran on them. */
function clusterOwner(area: string): Account | undefined {
  try {
    const [major] = clusterMajors(area);
    if (major === undefined) return undefined;
    const { uid, gid } = fs.statSync(path.join(area, `pg${major}`));
    return uid === 0 ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}

function chooseAccount(): Account {
  const accounts = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name && uid > 0 && gid >= 0);
  const chosen =
    accounts.find(({ name }) => name === 'postgres') ?? accounts.find(({ name }) => name === 'nobody') ?? accounts[0];
  if (!chosen) {
    throw new PostgresUnavailable(
      'PostgreSQL refuses to run as root and /etc/passwd has no other account. Add one (useradd --system postgres), or set DATABASE_URL=postgres://user:password@host:5432/database.',
    );
  }
  return { uid: chosen.uid, gid: chosen.gid };
}

/** Asks the kernel, as that account: mode bits alone would miss ACLs and mounts. */
async function canReach(account: Account, directory: string): Promise<boolean> {
  const test = ['-c', 'test -x "$1"', 'sh', directory];
  return promisify(execFile)('/bin/sh', test, { ...account, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

function readPointer(home: string): string | undefined {
  const pointer = path.join(home, 'location');
  if (!fs.existsSync(pointer)) return undefined;
  const area = fs.readFileSync(pointer, 'utf8').trim();
  if (fs.existsSync(area)) return area;
  throw new PostgresUnavailable(
    `${pointer} says that the database is in ${area}, which does not exist. Bring that directory back, or delete ${pointer} to start with an empty database.`,
  );
}

/** Two first starters may come here at once: the pointer is linked into place, so both go on with the first one's area. */
function moveOut(home: string): string {
  fs.mkdirSync(STATE_ROOT, { recursive: true, mode: 0o711 });
  const name = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const area = path.join(STATE_ROOT, `${name}-${randomBytes(4).toString('hex')}`);
  const draft = path.join(home, `location.${randomBytes(4).toString('hex')}`);
  fs.mkdirSync(area);
  fs.chmodSync(area, 0o711);
  try {
    fs.writeFileSync(draft, `${area}\n`, { flush: true });
    fs.linkSync(draft, path.join(home, 'location'));
  } catch (error) {
    fs.rmdirSync(area);
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
  return readPointer(home) ?? area;
}
