/** The embedded PostgreSQL under what happens to processes: starts, stops, races and kills. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { isRunning, readPostmaster } from '../../server/adapters/postgres-postmaster.ts';
import { emptyDirectory, kill, openUsedCluster, query, spawnService, unsafe } from './postgres-services.ts';

const isRoot = process.getuid?.() === 0;

let cluster: Awaited<ReturnType<typeof openUsedCluster>>;
beforeAll(async () => {
  cluster = await openUsedCluster();
});
afterAll(() => cluster.remove());

test('a first start makes an UTF8 cluster in locale C with the database, open to the password and this machine alone', async () => {
  const { dataDir, postgres } = await cluster.start({ dataDir: emptyDirectory(), settings: {} });
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
  const { dataDir, postgres } = await cluster.start();
  await query(postgres.url, 'create table kept as select 1 as one');
  await postgres.stop();

  const began = performance.now();
  const again = await cluster.start({ dataDir });
  // 0.05 s on an idle machine of 2 cores.
  expect(performance.now() - began).toBeLessThan(1_000);
  expect((await query(again.postgres.url, 'select one from kept')).rowCount).toBe(1);
});

test('stop is clean, can be called twice and gives the data directory back', async () => {
  const { dataDir, postgres } = await cluster.start();
  const session = new pg.Client(postgres.url);
  const cut = new Promise((resolve) => session.on('error', resolve));
  await session.connect();
  await Promise.all([postgres.stop(), postgres.stop(), cut]);
  await postgres.stop();

  expect(isRunning(postgres.pid)).toBe(false);
  const again = await cluster.start({ dataDir });
  expect(logOf(again.postgres.area)).not.toContain('not properly shut down');
});

test('stop does not wait for ever for a session that hangs', async () => {
  const { dataDir, postgres } = await cluster.start({ stopMs: 100 });
  const session = await openSession(postgres.url);
  process.kill(session.backend, 'SIGSTOP');
  await postgres.stop();
  expect(isRunning(postgres.pid)).toBe(false);
  await cluster.start({ dataDir });
});

test('a second start fails at once and says who holds the data directory', async () => {
  const { dataDir, service } = await cluster.startService();
  const refused = cluster.start({ dataDir });
  await expect(refused).rejects.toThrow(new RegExp(`held by process ${service.pid} since \\d{4}-\\d\\d-\\d\\dT`));
  await expect(refused).rejects.toThrow(`data directory ${dataDir}`);
  await expect(refused).rejects.toThrow(`Stop it first (kill ${service.pid})`);
});

test('a second start in the same process fails too', async () => {
  const { dataDir } = await cluster.start();
  await expect(cluster.start({ dataDir })).rejects.toThrow(`process ${process.pid} since`);
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
  const { dataDir, service, started } = await cluster.startService();
  await kill(service.child);
  expect(isRunning(started.pid)).toBe(true);

  const { postgres } = await cluster.start({ dataDir });
  expect(postgres.pid).toBe(started.pid);
  await query(postgres.url, 'select 1');
  await postgres.stop();
  expect(isRunning(started.pid)).toBe(false);
});

test('an orphan that runs with other settings is stopped properly and started anew', async () => {
  const { dataDir, service, started } = await cluster.startService();
  await kill(service.child);

  const { postgres } = await cluster.start({ dataDir, settings: { ...unsafe, work_mem: '5MB' } });
  expect(isRunning(started.pid)).toBe(false);
  expect((await query(postgres.url, 'show work_mem')).rows).toEqual([{ work_mem: '5MB' }]);
  expect(logOf(postgres.area)).not.toContain('not properly shut down');
});

test('after a kill -9 of everything the committed data is there', async () => {
  const { dataDir, service, started } = await cluster.startService({ settings: {} });
  await query(started.url, 'create table survived as select generate_series(1, 1000) as n');
  process.kill(started.pid, 'SIGKILL');
  await kill(service.child);

  const { postgres } = await cluster.start({ dataDir });
  expect(postgres.pid).not.toBe(started.pid);
  expect((await query(postgres.url, 'select count(*)::int as n from survived')).rows).toEqual([{ n: 1000 }]);
});

test('a session that outlives its killed postmaster is ended before another postmaster starts', async () => {
  const { dataDir, service, started } = await cluster.startService();
  const session = await openSession(started.url);
  session.client.query('do $$ begin loop end loop; end $$').catch(() => {});
  await until(async () => {
    const { rows } = await query(started.url, `select state from pg_stat_activity where pid = ${session.backend}`);
    return rows[0]?.state === 'active';
  });
  process.kill(started.pid, 'SIGKILL');
  await kill(service.child);
  expect(isRunning(session.backend)).toBe(true);

  const { postgres } = await cluster.start({ dataDir });
  expect(isRunning(session.backend)).toBe(false);
  await query(postgres.url, 'select 1');
});

test('a stale postmaster.pid whose pid belongs to a stranger now does not keep PostgreSQL from starting', async () => {
  const { dataDir, service, started } = await cluster.startService();
  process.kill(started.pid, 'SIGKILL');
  await kill(service.child);
  const directory = path.join(started.area, 'pg18');
  const { uid, gid } = fs.statSync(directory);
  const stranger = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
  onTestFinished(() => void stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  const file = path.join(directory, 'postmaster.pid');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^\d+/, String(stranger.pid)));

  const { postgres } = await cluster.start({ dataDir });
  expect(readPostmaster(directory)?.pid).toBe(postgres.pid);
  expect(isRunning(stranger.pid ?? 0)).toBe(true);
});

test('Ctrl-C reaches the service and not its PostgreSQL', async () => {
  const { service } = await cluster.startService({}, { detached: true });
  process.kill(-(service.child.pid ?? 0), 'SIGINT');
  expect(await service.next()).toEqual({ drained: true });
});

test('a port that another process took is passed over', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port: occupied } = taken.address() as AddressInfo;
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');

  const offers = [occupied, port];
  const { postgres } = await cluster.start({ choosePort: async () => offers.shift() ?? 0 });
  expect(postgres.port).toBe(port);
});

test('a failed start quotes what PostgreSQL said and gives the data directory back', async () => {
  const dataDir = cluster.usedDataDir();
  await expect(cluster.start({ dataDir, settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
    /does not start on .*pg18.*postgres\.log:\n[\s\S]*invalid value for parameter "shared_buffers": "plenty"/,
  );
  await cluster.start({ dataDir });
});

test('a log of more than 10 MB is put aside at the next start', async () => {
  const { dataDir, postgres } = await cluster.start();
  await postgres.stop();
  const log = path.join(postgres.area, 'postgres.log');
  fs.truncateSync(log, 10 * 1024 * 1024 + 1);
  await cluster.start({ dataDir });
  expect(fs.statSync(log).size).toBeLessThan(10_000);
  expect(fs.statSync(`${log}.1`).size).toBeGreaterThan(10 * 1024 * 1024);
});

const logOf = (area: string) => fs.readFileSync(path.join(area, 'postgres.log'), 'utf8');

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
