/** A PostgreSQL of its own for a bench or a proof, as durable as a newcomer's. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';
import { isRunning } from '../../server/adapters/postgres-postmaster.ts';

export type Cluster = {
  /** Of its database `postgres`. */
  adminUrl: string;
  /** Of its postmaster. */
  pid: number;
  /** An empty database; its URL. */
  create(name: string): Promise<string>;
  /** `kill -9` of all of it, the postmaster and each session; done when none is left. */
  kill(): Promise<void>;
  /** After a kill: it recovers, and is again where it was. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** `settings`: of PostgreSQL, beside ours. */
export async function startCluster(settings: Record<string, string> = {}): Promise<Cluster> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ccjk-cluster-'));
  // PostgreSQL runs as another account when we are root, and has to walk through.
  fs.chmodSync(directory, 0o711);
  const dataDir = path.join(directory, 'data');
  let postgres = await startEmbeddedPostgres({ dataDir, settings });
  return {
    adminUrl: postgres.adminUrl,
    get pid() {
      return postgres.pid;
    },
    async create(name) {
      await withClient(postgres.adminUrl, (admin) => admin.query(`create database ${name}`));
      return databaseUrl(postgres.url, name);
    },
    async kill() {
      // Stopped, it starts no more sessions.
      process.kill(postgres.pid, 'SIGSTOP');
      const all = [postgres.pid, ...childrenOf(postgres.pid)];
      for (const pid of all) sendKill(pid);
      while (all.some(isRunning)) await delay(5);
      await postgres.stop(); // gives its lock back
    },
    async restart() {
      const { port } = postgres;
      postgres = await startEmbeddedPostgres({ dataDir, settings, choosePort: async () => port });
    },
    async stop() {
      await postgres.stop();
      for (const files of [postgres.area, directory]) fs.rmSync(files, { recursive: true, force: true });
    },
  };
}

/** Each session is a process, whose parent is the postmaster. */
const childrenOf = (parent: number): number[] =>
  fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);

function parentOf(pid: number): number | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // gone meanwhile
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The URL of another database of the same server. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
