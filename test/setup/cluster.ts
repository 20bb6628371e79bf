/** A PostgreSQL of its own for a bench or a proof, as durable as a newcomer's. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';

export type Cluster = {
  /** Of its database `postgres`. */
  adminUrl: string;
  /** Of its postmaster. */
  pid: number;
  /** An empty database; its URL. */
  create(name: string): Promise<string>;
  stop(): Promise<void>;
};

/** `settings`: of PostgreSQL, beside ours. */
export async function startCluster(settings: Record<string, string> = {}): Promise<Cluster> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ccjk-cluster-'));
  // PostgreSQL runs as another account when we are root, and has to walk through.
  fs.chmodSync(directory, 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir: path.join(directory, 'data'), settings });
  return {
    adminUrl: postgres.adminUrl,
    pid: postgres.pid,
    async create(name) {
      await withClient(postgres.adminUrl, (admin) => admin.query(`create database ${name}`));
      return databaseUrl(postgres.url, name);
    },
    async stop() {
      await postgres.stop();
      for (const files of [postgres.area, directory]) fs.rmSync(files, { recursive: true, force: true });
    },
  };
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
