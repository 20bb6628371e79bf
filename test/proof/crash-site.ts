/** The place of the crash: the service on a PostgreSQL of its own, machines with daemons, and how each is killed and comes back. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { isRunning } from '../../server/adapters/postgres-postmaster.ts';
import { type Cluster, startCluster } from '../setup/cluster.ts';
import { type Daemon, type Device, makeDevice, makeFolder, makeOwner, startDaemon } from './fleet.ts';
import type { Trial } from './harness.ts';
import { type Server, startServer } from './server.ts';
import { openSlowMail, type SlowMail } from './slow-mail.ts';
import { until } from './until.ts';

export const MACHINES = 4;
/** Tasks that a machine may hold. */
const CONCURRENCY = 8;
/** Of so many creates the answer of one gets lost, as on a bad line. */
const LOST_ANSWER_OF = 10;
/** Milliseconds at most that PostgreSQL is away. */
const AWAY_MS = 500;
/** Milliseconds at most that a kill waits for a machine with a running command. */
const BUSY_MS = 5_000;

export const VICTIMS = ['PostgreSQL', 'the API', 'the worker', 'a daemon'] as const;
export type Victim = (typeof VICTIMS)[number];

/** By performance.now(): from the kill until all are back. */
export type Strike = { victims: readonly Victim[]; at: number; backAt: number };

export type Site = {
  trial: Trial;
  cluster: Cluster;
  db: pg.Pool;
  folder: string;
  devices: Device[];
  api: Server;
  worker: Server;
  daemons: Daemon[];
  startDaemon(machine: number): Promise<Daemon>;
  /** Takes what is mailed to the owner of the first device; nobody else wants mail. */
  mail: SlowMail;
  strikes: Strike[];
  /** Number of a task → its id, of those whose create was answered. */
  acknowledged: Map<number, string>;
  /** Tasks that have ended, as far as is known; and how many are to have ended before the next kill. */
  ended: number;
  due: number;
};

/** Opens all of it; it ends with the harness. */
export async function openSite(trial: Trial): Promise<Site> {
  const cluster = await startCluster();
  trial.afterwards(() => cluster.stop());
  const databaseUrl = await cluster.create('crash');
  const db = new pg.Pool({ connectionString: databaseUrl, max: 1, connectionTimeoutMillis: 2_000 });
  db.on('error', () => {}); // it is killed again and again
  trial.afterwards(() => db.end());

  const mail = await openSlowMail(trial);
  const env = { HOST: ownAddress(trial), ...mail.env };
  const [api, worker] = await Promise.all([
    startServer(trial, { databaseUrl, role: 'api', env }),
    startServer(trial, { databaseUrl, role: 'worker', env }),
  ]);
  const folder = makeFolder(trial, 'crash');
  const numbers = Array.from({ length: MACHINES }, (_, machine) => machine);
  // An account each: the largest plan lets one account hold ten tasks at a time.
  const devices = await Promise.all(
    numbers.map(async () => makeDevice(await makeOwner(api.url, badLine(trial)), CONCURRENCY)),
  );
  await db.query(
    `update users set is_verified = true, notify_by_email = true
      where id = (select user_id from devices where id = $1)`,
    [devices[0]?.id],
  );
  const start = (machine: number) =>
    startDaemon(trial, {
      baseUrl: api.url,
      device: devices[machine] as Device,
      folder: path.join(folder, `state-${machine}`),
      onSaid: (said) => {
        if (said.type === 'adopted') trial.count('commands taken over');
        if (said.type === 'refused') checkStatus(trial, said.status);
      },
    });
  const daemons = await Promise.all(numbers.map(start));
  const acknowledged = new Map<number, string>();
  return {
    ...{ trial, cluster, db, folder, devices, api, worker, daemons, startDaemon: start, acknowledged, mail },
    strikes: [],
    ended: 0,
    due: 0,
  };
}

/** While a server is away nobody else takes its port here, as anybody's connection might on 127.0.0.1. */
const ownAddress = ({ random }: Trial): string =>
  ['127', ...Array.from({ length: 3 }, () => 1 + Math.floor(random() * 254))].join('.');

const checkStatus = (trial: Trial, status: number): void => {
  if (status < 500) return;
  trial.count('refusals for now');
  trial.check('no failure of the service is another than 503', status === 503, status);
};

/** `fetch` of whom creates: some answers do not come, and then nobody knows whether the task was made. */
function badLine(trial: Trial) {
  let answers = 0;
  return async (url: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(url, init);
    checkStatus(trial, answer.status);
    if (!new URL(url).pathname.endsWith('/tasks') || ++answers % LOST_ANSWER_OF > 0) return answer;
    await answer.body?.cancel();
    throw new TypeError('The answer was lost');
  };
}

/** Kills them at once, and brings them back: PostgreSQL first, since none of the others starts without. */
export async function strike(site: Site, victims: readonly Victim[]): Promise<void> {
  const { trial, cluster } = site;
  const machine = await busyMachine(site);
  const dead = deadOf(site);
  trial.check('whoever is killed was alive, and nobody else had died', dead.length === 0, dead);
  const kill = {
    PostgreSQL: () => cluster.kill(),
    'the API': () => site.api.kill(),
    'the worker': () => site.worker.kill(),
    'a daemon': () => site.daemons[machine]?.kill(),
  };
  const at = performance.now();
  await Promise.all(victims.map((victim) => kill[victim]()));
  for (const victim of victims) trial.count(`kills of ${victim}`);

  const revive = {
    PostgreSQL: async () => {
      await delay(trial.random() * AWAY_MS);
      await cluster.restart();
    },
    'the API': async () => {
      site.api = await startAgain(site, 'api', site.api);
    },
    'the worker': async () => {
      site.worker = await startAgain(site, 'worker', site.worker);
    },
    'a daemon': async () => {
      site.daemons[machine] = await site.startDaemon(machine);
    },
  };
  for (const victim of VICTIMS) if (victims.includes(victim)) await revive[victim]();
  site.strikes.push({ victims, at, backAt: performance.now() });
}

/** Who has ended though nobody killed it. */
function deadOf({ cluster, api, worker, daemons }: Site): string[] {
  const isAlive = {
    PostgreSQL: isRunning(cluster.pid),
    'the API': api.isAlive(),
    'the worker': worker.isAlive(),
    ...Object.fromEntries(daemons.map((daemon, machine) => [`daemon ${machine}`, daemon.isAlive()])),
  };
  return Object.entries(isAlive).flatMap(([name, alive]) => (alive ? [] : [name]));
}

/** One on which a command runs, so that somebody has to take it over. */
async function busyMachine({ trial, daemons }: Site): Promise<number> {
  const first = Math.floor(trial.random() * MACHINES);
  const turns = daemons.map((_, at) => (first + at) % MACHINES);
  const find = () => turns.find((machine) => daemons[machine]?.isBusy());
  await until(() => find() !== undefined, BUSY_MS);
  return find() ?? first;
}

function startAgain({ trial, db, mail }: Site, role: 'api' | 'worker', { url, port }: Server): Promise<Server> {
  const env = { HOST: new URL(url).hostname, ...mail.env };
  return startServer(trial, { databaseUrl: db.options.connectionString as string, role, port, env });
}
