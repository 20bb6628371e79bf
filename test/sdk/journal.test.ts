/** What the daemon keeps on the disk. */
import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makePrivateFolder, writeDurably } from '../../sdk/src/daemon/durable-files.ts';
import { Journal, type JournalEntry } from '../../sdk/src/daemon/journal.ts';
import { type Holder, takeLock } from '../../sdk/src/daemon/lock.ts';
import { machineId } from '../../sdk/src/daemon/machine.ts';
import { ownMark, realm } from '../../sdk/src/daemon/processes.ts';
import { Spool } from '../../sdk/src/daemon/spool.ts';

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ccjk-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const entryFor = (leaseId: string): JournalEntry => ({
  state: 'claimed',
  task: {
    id: randomUUID(),
    type: 'bash',
    command: 'true',
    args: { timeout: 1000 },
    priority: 5,
    max_retries: 3,
    timeout: 1000,
    grace_seconds: 10,
    attempt: 1,
    lease_id: leaseId,
    lease_expires_at: '2026-01-20T10:00:00.000Z',
    request_id: null,
    traceparent: null,
    created_at: '2026-01-20T10:00:00.000Z',
  },
});

const never = () => expect.fail('no entry is unreadable');

test('an entry is read as it was written, replaced, and removed', async () => {
  const journal = new Journal(newFolder());
  const entry = entryFor(randomUUID());
  await journal.write(entry);
  expect(await journal.read(never)).toEqual([entry]);
  const running: JournalEntry = { ...entry, state: 'running', process: ownMark() };
  await journal.write(running);
  expect(await journal.read(never)).toEqual([running]);
  await journal.remove(entry.task.lease_id);
  expect(await journal.read(never)).toEqual([]);
});

test('a draft that a dead daemon left is neither read nor in the way', async () => {
  const folder = newFolder();
  const journal = new Journal(folder);
  const entry = entryFor(randomUUID());
  writeFileSync(join(folder, `${entry.task.lease_id}.json.tmp`), '{"half');
  expect(await journal.read(never)).toEqual([]);
  await journal.write(entry);
  expect(await journal.read(never)).toEqual([entry]);
  expect(readdirSync(folder)).toEqual([`${entry.task.lease_id}.json`]);
});

test('an entry that another hand has damaged is told and left where it is', async () => {
  const folder = newFolder();
  const path = join(folder, 'x.json');
  writeFileSync(path, 'nonsense');
  const unreadable: string[] = [];
  expect(await new Journal(folder).read((one) => unreadable.push(one))).toEqual([]);
  expect(unreadable).toEqual([path]);
  expect(existsSync(path)).toBe(true);
});

/** What happens to the folder of a journal that holds `entry`; gives the folder, and the entry where it has changed. */
const MOVES: Record<string, (folder: string, entry: JournalEntry) => { folder: string; entry?: JournalEntry }> = {
  'in a copy of the folder': (folder) => {
    const copy = newFolder();
    cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
    return { folder: copy };
  },
  'in a copy that shares its files': (folder) => {
    const copy = newFolder();
    for (const name of readdirSync(folder)) linkSync(join(folder, name), join(copy, name));
    return { folder: copy };
  },
  'when it was restored into its folder': (folder, { task }) => {
    const path = join(folder, `${task.lease_id}.json`);
    renameSync(path, `${path}.kept`);
    copyFileSync(`${path}.kept`, path);
    return { folder };
  },
  'after another boot, or in another container': (folder, entry) => ({
    folder,
    entry: { ...entry, place: String(entry.place?.replace(realm(), 'another')) },
  }),
  'when nobody wrote where that is': (folder, { place: _, ...entry }) => ({ folder, entry }),
};

test('an entry is in its place for whoever opens the journal again, also when its folder was moved', async () => {
  const folder = newFolder();
  const entry = entryFor(randomUUID());
  await new Journal(folder).write(entry);
  const [found = entry] = await new Journal(folder).read(never);
  expect(await new Journal(folder).isInPlace(found)).toBe(true);
  const parent = join(newFolder(), 'deeper');
  mkdirSync(parent);
  renameSync(folder, join(parent, 'journal'));
  expect(await new Journal(join(parent, 'journal')).isInPlace(found)).toBe(true);
});

test.each(Object.entries(MOVES))('an entry is not in its place %s', async (_, move) => {
  const folder = newFolder();
  const written = entryFor(randomUUID());
  await new Journal(folder).write(written);
  const { folder: place, entry = written } = move(folder, written);
  expect(await new Journal(place).isInPlace(entry)).toBe(false);
});

test('the spool gives back every result until it is removed', async () => {
  const spool = new Spool(newFolder());
  const reports = [randomUUID(), randomUUID()].sort().map((leaseId) => ({
    taskId: randomUUID(),
    leaseId,
    result: { status: 'completed' as const, stdout: 'ü\u0000\n', lease_id: leaseId },
  }));
  for (const report of reports) await spool.put(report);
  expect(await spool.read(never)).toEqual(reports);
  await spool.remove(reports[0]?.leaseId ?? '');
  expect(await spool.read(never)).toEqual(reports.slice(1));
});

test('what is kept is for its owner alone', async () => {
  const folder = join(newFolder(), 'state');
  await makePrivateFolder(folder);
  await writeDurably(join(folder, 'credentials.json'), '{}');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'credentials.json')).mode & 0o777).toBe(0o600);
});

test('a lock is held by one, named to the others, and free after its release', () => {
  const path = join(newFolder(), 'lock');
  const first = takeLock(path);
  expect(takeLock(path)).toMatchObject({ holder: { pid: process.pid, since: expect.any(String) } });
  if ('release' in first) first.release();
  expect(takeLock(path)).toHaveProperty('release');
});

/** A number that is in use, of a process that is not. */
const DEAD: Holder = { pid: process.pid, start: 'long ago', realm: 'elsewhere', since: '2026-01-20T10:00:00.000Z' };

test('a holder that nobody here can see has its lock as long as it is touched', () => {
  const path = join(newFolder(), 'lock');
  writeFileSync(path, JSON.stringify(DEAD));
  expect(takeLock(path)).toEqual({ holder: DEAD });
  utimesSync(path, 0, 0);
  expect(takeLock(path)).toHaveProperty('release');
});

test('whoever has a lock touches it', async () => {
  const path = join(newFolder(), 'lock');
  const lock = takeLock(path);
  utimesSync(path, 0, 0);
  await vi.waitFor(() => expect(statSync(path).mtimeMs).toBeGreaterThan(0), { timeout: 20_000 });
  if ('release' in lock) lock.release();
});

test('the lock of a process that is gone is taken over, also when its number lives again', () => {
  const path = join(newFolder(), 'lock');
  writeFileSync(path, JSON.stringify({ ...DEAD, realm: realm() }));
  expect(takeLock(path)).toHaveProperty('release');
  expect(readdirSync(join(path, '..'))).toEqual(['lock']);
});

test('a lock without a name is one that is being written, for a while', () => {
  const path = join(newFolder(), 'lock');
  writeFileSync(path, '');
  expect(takeLock(path)).toEqual({ holder: undefined });
  utimesSync(path, 0, 0);
  expect(takeLock(path)).toHaveProperty('release');
});

test('the machine keeps its id, never tells the one of its operating system, and obeys CCJK_MACHINE_ID', async () => {
  const folder = newFolder();
  const id = await machineId(folder, {});
  expect(await machineId(folder, {})).toBe(id);
  expect(id).toMatch(/^[0-9a-f-]{32,36}$/);
  if (existsSync('/etc/machine-id')) expect(id).not.toContain(readFileSync('/etc/machine-id', 'utf8').trim());
  expect(await machineId(folder, { CCJK_MACHINE_ID: 'second' })).toBe('second');
});
