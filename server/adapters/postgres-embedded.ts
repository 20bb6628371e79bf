/**
 * PostgreSQL without an installation: the service starts one of its own, and the database is there.
 *
 * One start, under the lock of its area (postgres-lock.ts): choose the place and the account (postgres-place.ts), find the
 * programs (postgres-binaries.ts), make the cluster if there is none (postgres-cluster.ts), adopt or start its postmaster
 * (postgres-postmaster.ts), create the service's database.
 *
 * The postmaster has a session of its own, so that Ctrl-C reaches the service alone and finds the database still there
 * while requests drain. It therefore survives a kill -9 of the service. The next start adopts such an orphan if it
 * runs exactly as this start would run it, and stops it properly otherwise.
 *
 * It listens on 127.0.0.1 alone, on a free port, with a random password; what it says goes to <area>/postgres.log.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { fullDiskMessage, isDiskFull, lacksRoom } from './full-disk.ts';
import { type Binaries, findBinaries } from './postgres-binaries.ts';
import { prepareCluster, readPassword, SUPERUSER } from './postgres-cluster.ts';
import { lockArea } from './postgres-lock.ts';
import { asAccount, choosePlace, clusterMajors, type Place } from './postgres-place.ts';
import {
  killLeftBehind,
  type Postmaster,
  readPostmaster,
  servesCluster,
  stopPostmaster,
} from './postgres-postmaster.ts';
import { PostgresUnavailable } from './postgres-unavailable.ts';

/** A warm start takes 0.1 s; the recovery of a busy cluster after a crash may take minutes. */
const START_MS = 300_000;
/** A fast shutdown writes out what is in memory; cut short, the next start recovers it. */
const STOP_MS = 15_000;
const ATTEMPTS = 10;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
/** What start-up failures pass by themselves: a port that another process took, and remains of a killed postmaster. */
const TRANSIENT =
  /Address already in use|could not create any TCP\/IP sockets|shared memory block|lock file .* already exists/;

export type EmbeddedPostgresOptions = {
  /** The service's DATA_DIR. */
  dataDir: string;
  database?: string;
  /** PostgreSQL settings (postgres -c name=value) on top of ours. */
  settings?: Record<string, string>;
  /** How long sessions get to end in `stop` before it becomes less polite. */
  stopMs?: number;
  choosePort?: () => Promise<number>;
};

export type EmbeddedPostgres = {
  url: string;
  /** The same server's database `postgres`. */
  adminUrl: string;
  port: number;
  pid: number;
  /** Where its files are: log, password, clusters. */
  area: string;
  stop(): Promise<void>;
};

type Run = {
  place: Place;
  directory: string;
  binaries: Binaries;
  settings: Record<string, string>;
  adminUrl: (port: number) => string;
};

/** @throws PostgresUnavailable with a message for the operator */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  let area = options.dataDir;
  try {
    const place = await choosePlace(options.dataDir);
    area = place.area;
    return await startAt(place, options);
  } catch (error) {
    // A connection that broke tells no reason.
    const isFull = isDiskFull(error) || (!(error instanceof PostgresUnavailable) && lacksRoom(area));
    throw isFull ? new PostgresUnavailable(fullDiskMessage(area, error)) : error;
  }
}

async function startAt(place: Place, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, database = 'ccjk', settings = {}, stopMs = STOP_MS, choosePort = freePort } = options;
  const lock = await lockArea(place.area, dataDir);
  try {
    const binaries = await findBinaries(place);
    const directory = await prepareCluster(place, binaries, settings.fsync !== 'off');
    const password = readPassword(place);
    const adminUrl = (port: number) => urlOf(password, port, 'postgres');
    const run: Run = { place, directory, binaries, settings, adminUrl };
    const cluster = { directory, bin: binaries.bin };

    const { pid, port } = await adoptOrLaunch(run, choosePort);
    try {
      await ensureDatabase(adminUrl(port), database);
    } catch (error) {
      await stopPostmaster(pid, cluster, stopMs);
      throw error;
    }

    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= stopPostmaster(pid, cluster, stopMs).finally(() => lock.release());
      return stopped;
    };
    return { url: urlOf(password, port, database), adminUrl: adminUrl(port), port, pid, area: place.area, stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The URL of the PostgreSQL that a running service keeps for `dataDir`; undefined where none runs. Whoever comes by it
 * shares the service's database and holds no lock.
 */
export async function findRunningPostgres(dataDir: string, database = 'ccjk'): Promise<string | undefined> {
  const place = await choosePlace(dataDir);
  for (const major of clusterMajors(place.area)) {
    const directory = fs.realpathSync(path.join(place.area, `pg${major}`));
    const postmaster = readPostmaster(directory);
    if (postmaster?.isReady && servesCluster(postmaster.pid, directory))
      return urlOf(readPassword(place), postmaster.port, database);
  }
  return undefined;
}

const urlOf = (password: string, port: number, database: string): string =>
  `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

async function adoptOrLaunch(run: Run, choosePort: () => Promise<number>): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    const adopted = await adopt(run);
    if (adopted) return adopted;
    const launched = await launch(run, await choosePort());
    if ('pid' in launched) return launched;
    if (attempt === ATTEMPTS || !TRANSIENT.test(launched.said)) throw failure(run, launched.said);
    if (launched.said.includes('shared memory block')) await killLeftBehind(run.place, run.directory);
    await pause(10 * attempt);
  }
}

/** The postmaster of a service that was killed, if it is as good as a new one. Otherwise it is gone afterwards. */
async function adopt(run: Run): Promise<Postmaster | undefined> {
  const orphan = readPostmaster(run.directory);
  if (!orphan || !servesCluster(orphan.pid, run.directory)) return undefined;
  if (orphan.isReady && runsAsAsked(run, orphan.port) && (await answers(run, orphan.port))) return orphan;
  await stopPostmaster(orphan.pid, { directory: run.directory, bin: run.binaries.bin }, STOP_MS);
  return undefined;
}

/** PostgreSQL notes its command line in postmaster.opts: `/path/postgres "-D" "/data" …`. */
function runsAsAsked(run: Run, port: number): boolean {
  const asked = [path.join(run.binaries.bin, 'postgres'), ...argumentsOf(run, port).map((word) => `"${word}"`)].join(
    ' ',
  );
  return fs.readFileSync(path.join(run.directory, 'postmaster.opts'), 'utf8').trimEnd() === asked;
}

/** A server that hangs is not adopted, nor one whose programs have been replaced by another version meanwhile. */
async function answers(run: Run, port: number): Promise<boolean> {
  try {
    return await withClient(run.adminUrl(port), async (client) => {
      const { rows } = await client.query(
        `select current_setting('data_directory') as directory, current_setting('server_version') as version`,
      );
      return rows[0].directory === run.directory && rows[0].version === run.binaries.version;
    });
  } catch {
    return false;
  }
}

/** The ready postmaster, or what it said before it gave up. */
async function launch(run: Run, port: number): Promise<Postmaster | { said: string }> {
  const log = openLog(run.place.area);
  const child = spawn(path.join(run.binaries.bin, 'postgres'), argumentsOf(run, port), {
    ...withoutStranger(run),
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor],
  });
  fs.closeSync(log.descriptor);
  let end: string | undefined;
  child.once('error', (error) => {
    end = error.message;
  });
  child.once('exit', (code, signal) => {
    const why = lacksRoom(run.place.area) ? ': No space left on device' : '';
    end = log.said() || `It ended with ${signal ?? `exit code ${code}`} and said nothing${why}.`;
  });
  for (const deadline = Date.now() + START_MS; end === undefined; await pause(10)) {
    const postmaster = readPostmaster(run.directory);
    if (postmaster?.pid === child.pid && postmaster?.isReady) {
      child.removeAllListeners().unref();
      return postmaster;
    }
    if (Date.now() > deadline && child.pid !== undefined) {
      await stopPostmaster(child.pid, { directory: run.directory, bin: run.binaries.bin }, 0);
      return { said: `not ready after ${START_MS / 1000} s\n${log.said()}` };
    }
  }
  return { said: end };
}

function argumentsOf(run: Run, port: number): string[] {
  const settings = {
    logging_collector: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A killed service's last query ends soon and gives its locks back.
    client_connection_check_interval: '5s',
    ...run.settings,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', run.directory, '-p', String(port), ...flags];
}

/**
 * PostgreSQL does not start while the pid in postmaster.pid exists, even when it is a zombie, or a stranger has got that
 * number since: after a restart of a container, most often ourselves. The file must stay, because its other lines protect
 * against sessions that outlived their postmaster; but PostgreSQL passes over the pid that pg_ctl names as its caller
 * in this variable.
 */
function withoutStranger(run: Run) {
  const options = asAccount(run.place);
  const stale = readPostmaster(run.directory);
  if (!stale || !options.env || servesCluster(stale.pid, run.directory)) return options;
  return { ...options, env: { ...options.env, PG_GRANDPARENT_PID: String(stale.pid) } };
}

async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (!rowCount) await client.query(`create database ${client.escapeIdentifier(name)}`);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks fails its query; unheard, the event would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Free a moment ago. Another process may take it first, so the caller tries again. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** We open the log and PostgreSQL inherits it: its account needs no right to write here. */
function openLog(area: string): { descriptor: number; said(): string } {
  const file = path.join(area, 'postgres.log');
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) fs.renameSync(file, `${file}.1`);
  const from = size > LOG_LIMIT_BYTES ? 0 : size;
  const said = () => fs.readFileSync(file).subarray(from).toString('utf8').trim().split('\n').slice(-10).join('\n');
  return { descriptor: fs.openSync(file, 'a', 0o600), said };
}

const failure = (run: Run, said: string) =>
  new PostgresUnavailable(
    `PostgreSQL ${run.binaries.version} does not start on ${run.directory}. Its last words, in ${path.join(run.place.area, 'postgres.log')}:\n${said}`,
  );
