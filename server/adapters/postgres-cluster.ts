/**
 * Making the cluster: the data directory of one major version, and the password that opens it.
 *
 * It is made under another name and gets its own when it is complete. initdb writes PG_VERSION first, so a kill in the
 * middle leaves a directory that looks like a cluster and is none.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from './postgres-binaries.ts';
import { asAccount, type Place } from './postgres-place.ts';
import { PostgresUnavailable } from './postgres-unavailable.ts';

export const SUPERUSER = 'ccjk';

/**
 * The cluster's real path. `isDurable` waits until the disk has it.
 * @throws PostgresUnavailable with what initdb said
 */
export async function prepareCluster(place: Place, { bin, major }: Binaries, isDurable: boolean): Promise<string> {
  const directory = path.join(place.area, `pg${major}`);
  if (fs.existsSync(directory)) return fs.realpathSync(directory);

  removeUnfinished(place.area);
  const password = preparePassword(place);
  const draft = `${directory}.${randomBytes(4).toString('hex')}.unfinished`;
  fs.mkdirSync(draft, { mode: 0o700 });
  giveTo(place, draft);
  const words = ['-D', draft, '-U', SUPERUSER, `--pwfile=${password}`, '-A', 'scram-sha-256'];
  words.push('-E', 'UTF8', '--locale=C', '--no-instructions', ...(isDurable ? [] : ['--no-sync']));
  try {
    await promisify(execFile)(path.join(bin, 'initdb'), words, asAccount(place));
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    const { stderr, message } = error as Error & { stderr?: string };
    throw new PostgresUnavailable(
      `PostgreSQL could not make its data directory in ${place.area}:\n${stderr?.trim() || message}`,
    );
  }
  fs.renameSync(draft, directory);
  return fs.realpathSync(directory);
}

export function readPassword(place: Place): string {
  const file = path.join(place.area, 'password');
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new PostgresUnavailable(
      `The password of the database cannot be read: ${(error as Error).message}. Bring ${file} back from a backup; without it nobody can log in.`,
    );
  }
}

/** An earlier password stays: the cluster that it opens may only have been moved away. */
function preparePassword(place: Place): string {
  const file = path.join(place.area, 'password');
  if (!fs.statSync(file, { throwIfNoEntry: false })?.size) {
    fs.writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600, flush: true });
  }
  giveTo(place, file);
  return file;
}

function giveTo(place: Place, file: string): void {
  if (place.account) fs.chownSync(file, place.account.uid, place.account.gid);
}

function removeUnfinished(area: string): void {
  for (const name of fs.readdirSync(area)) {
    if (!name.endsWith('.unfinished')) continue;
    try {
      fs.rmSync(path.join(area, name), { recursive: true, force: true });
    } catch {
      // The initdb of a starter that was killed may still write there; the next first start tries again.
    }
  }
}
