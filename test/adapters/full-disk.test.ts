/** A start on a full disk: its words, and that it goes on as soon as there is room. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';
import { Running } from '../acceptance/process.ts';
import { openSmallDisk } from '../proof/small-disk.ts';
import { emptyDirectory, newCheckout, query, ROOT, spawnService, temporary, unsafe } from './postgres-services.ts';

const MIB = 1024 ** 2;
/** Room for a cluster. */
const DISK_MIB = 64;
/** What `ulimit -f` counts in. */
const BLOCK = 512;

const isRoot = process.getuid?.() === 0;

const openDisk = (mib: number) => openSmallDisk({ afterwards: (work) => onTestFinished(() => void work()) }, mib);

type Said = string | undefined;

function expectWords(said: Said, area: string): void {
  expect(said).toContain(`DATA_DIR is full: no more can be written in ${fs.realpathSync(area)}.`);
  expect(said).toMatch(/No space left on device|ENOSPC|File too large|EFBIG/);
  expect(said).toContain('Make room there and start again');
}

/** What a start says that may make no file larger than `bytes`. */
const refusedUnderLimit = async (dataDir: string, bytes: number): Promise<Said> => {
  const node = path.join(temporary(), 'node');
  fs.writeFileSync(node, `#!/bin/sh\nulimit -f ${bytes / BLOCK}\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  const service = await spawnService({ dataDir, settings: unsafe }, {}, { root: ROOT, node });
  return (await service.next()).error;
};

async function useOnce(dataDir: string, sql: string): Promise<void> {
  const postgres = await startEmbeddedPostgres({ dataDir, settings: unsafe });
  try {
    expect((await query(postgres.url, sql)).rowCount).toBe(1);
  } finally {
    await postgres.stop();
  }
}

test('a start without room says so, also for half of a new database, leaves nothing, and goes on when there is room', async () => {
  const disk = openDisk(DISK_MIB);
  const isOfItsOwn = disk.how === 'a full disk';
  const dataDir = isOfItsOwn ? path.join(disk.directory, 'data') : emptyDirectory();
  const area = path.join(dataDir, 'postgres');

  const fullBut = async <T>(bytes: number, work: () => Promise<T>): Promise<T> => {
    const spare = path.join(disk.directory, 'spare');
    fs.writeFileSync(spare, Buffer.alloc(bytes));
    disk.fill(process.pid);
    fs.rmSync(spare);
    return work().finally(() => disk.clear(process.pid));
  };
  const said = () =>
    startEmbeddedPostgres({ dataDir, settings: unsafe }).then(
      () => undefined,
      (error: Error) => error.message,
    );
  const refusedWith = (bytes: number): Promise<Said> =>
    isOfItsOwn ? fullBut(bytes, said) : refusedUnderLimit(dataDir, bytes);

  for (const bytes of [0, 4 * MIB]) {
    expectWords(await refusedWith(bytes), area);
    expect(fs.readdirSync(area).filter((name) => !['lock', 'password'].includes(name))).toEqual([]);
  }
  await useOnce(dataDir, 'create table kept as select 1 as one');
  expectWords(await refusedWith(0), area);

  if (isOfItsOwn) {
    // PostgreSQL starts, and there is no room for the tables of the service.
    const env = { DATA_DIR: dataDir, PORT: '0', LOG_FORMAT: 'json' };
    const serve = () => new Running(process.execPath, ['server/main.ts'], { env }).finished;
    const { code, stderr } = await fullBut(MIB, serve);
    expect(code).toBe(1);
    expectWords(stderr, area);
    expect(stderr).not.toContain('    at ');
  }

  // PostgreSQL ends and cannot write down why.
  fs.truncateSync(path.join(area, 'postgres.log'), 2 * BLOCK);
  expectWords(await refusedUnderLimit(dataDir, BLOCK), area);
  await useOnce(dataDir, 'select one from kept');
});

test.runIf(isRoot)('without room no place is begun for what lies under a closed directory', async () => {
  const dataDir = path.join(temporary('/root'), 'data');
  expectWords(await refusedUnderLimit(dataDir, 0), dataDir);
  expect(fs.readdirSync(path.join(dataDir, 'postgres'))).toEqual([]);
});

test.runIf(isRoot)(
  'programs that there is no room for are not taken from elsewhere, and no half of them stays',
  async ({ skip }) => {
    const disk = openDisk(16);
    if (disk.how !== 'a full disk') skip('this root may not mount');
    const dataDir = path.join(disk.directory, 'data');
    const service = await spawnService(
      { dataDir },
      { uid: 65534, gid: 65534 },
      newCheckout(temporary(), { binaries: 'unhydrated' }),
    );
    const area = path.join(dataDir, 'postgres');
    expectWords((await service.next()).error, area);
    expect(fs.readdirSync(area)).toEqual(['lock']);
  },
);
