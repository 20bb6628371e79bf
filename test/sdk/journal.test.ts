/** What the daemon keeps on the disk. */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makePrivateFolder, writeDurably } from '../../sdk/src/daemon/durable-files.ts';
import { Journal, type JournalEntry } from '../../sdk/src/daemon/journal.ts';
import { takeLock } from '../../sdk/src/daemon/lock.ts';
import { machineId } from '../../sdk/src/daemon/machine.ts';
import { ownMark } from '../../sdk/src/daemon/processes.ts';
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

test('the lock of a process that is gone is taken over, also when its number lives again', () => {
  const path = join(newFolder(), 'lock');
  writeFileSync(path, JSON.stringify({ pid: process.pid, start: 'long ago', since: '2026-01-20T10:00:00.000Z' }));
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
