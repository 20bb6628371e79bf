/** Backups: what was written comes back, or nothing does. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { backUp, restore } from '../../server/admin/backup.ts';
import { commands, type Options } from '../../server/admin/commands.ts';
import { readSettings } from '../../server/config.ts';
import { newDirectory } from '../acceptance/process.ts';
import { openApp, type TestApp, type TestUser } from '../setup/app.ts';
import { cloneDatabase, stateOfEverything } from '../setup/database.ts';
import { openParts } from '../setup/parts.ts';

const directory = newDirectory('backup');
const file = path.join(directory, 'backup.gz');

let app: TestApp;
let user: TestUser;
beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  const device = await app.makeDevice(user);
  // Ends of lines for some, quotes, and a null of JSON that is no null of SQL.
  const command = `echo '\\x00' "\u2028\u2029" \r\n\t`;
  await user.client.tasks.create({ device_id: device.id, command, args: { empty: null } });
  await sql`update tasks set args = 'null'`.execute(app.ctx.db);
  await user.client.tasks.create({ device_id: device.id, command: 'true', run_at: '2099-01-01T00:00:00Z' });
  await backUp(app.databaseUrl, file);
  return app.close;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const emptyDatabase = async (): Promise<string> => {
  const { url, drop } = await cloneDatabase();
  onTestFinished(drop);
  return url;
};

/** The backup, with its lines changed. */
const changed = (name: string, change: (lines: string[]) => string[]): string => {
  const copy = path.join(directory, name);
  writeFileSync(copy, gzipSync(change(gunzipSync(readFileSync(file)).toString().split('\n')).join('\n')));
  return copy;
};

test('every row comes back as it was, jobs and sequences too, and a password still logs in', async () => {
  const url = await emptyDatabase();
  await restore(url, file);
  const { db } = (await openParts({ databaseUrl: url })).ctx;
  expect(await stateOfEverything(db)).toEqual(await stateOfEverything(app.ctx.db));
  const jobs = sql<{ name: string }>`select name from pgboss.job order by name`;
  expect((await jobs.execute(db)).rows).toEqual((await jobs.execute(app.ctx.db)).rows);
  const restored = await openApp({ databaseUrl: url });
  onTestFinished(restored.close);
  await restored.anonymous.auth.login({ email: user.email, password: app.password });
});

test('a backup that is restored and made again says the same', async () => {
  const url = await emptyDatabase();
  await restore(url, file);
  const again = path.join(directory, 'again.gz');
  await backUp(url, again);
  const endOf = (backup: string) => gunzipSync(readFileSync(backup)).toString().trimEnd().split('\n').at(-1);
  expect(endOf(again)).toBe(endOf(file));
});

test("whoever takes everybody's data, or puts it back, is in the audit log", async () => {
  const run = (command: 'backup' | 'restore', databaseUrl: string) =>
    commands[command]?.run(
      readSettings({ DATABASE_URL: databaseUrl, JWT_SECRET: 'j'.repeat(48) }),
      [path.join(directory, 'audited.gz')],
      {} as Options,
    );
  const url = await emptyDatabase();
  await run('backup', app.databaseUrl);
  await run('restore', url);
  const { db } = (await openParts({ databaseUrl: url })).ctx;
  const { rows } = await sql`
    select actor, action from audit_logs where action like 'backup.%' order by id`.execute(db);
  expect(rows).toEqual([
    { actor: 'admin', action: 'backup.begun' },
    { actor: 'admin', action: 'backup.restored' },
  ]);
});

test('a database that is in use is not touched', async () => {
  const before = await stateOfEverything(app.ctx.db);
  await expect(restore(app.databaseUrl, file)).rejects.toThrow('has accounts already');
  expect(await stateOfEverything(app.ctx.db)).toEqual(before);
});

const isUser = (line: string) => line.startsWith('[') && line.includes(user.email);

test.each<[string, string, (lines: string[]) => string[]]>([
  ['ends in the middle', 'not whole', (lines) => lines.slice(0, -2)],
  ['lacks a row', 'checksums differ in', (lines) => lines.filter((line) => !line.includes('2099-01-01'))],
  [
    'has another address',
    'checksums differ',
    (lines) => lines.map((line) => (isUser(line) ? line.replace('user-', 'xser-') : line)),
  ],
  [
    'is of another version',
    'made by version',
    ([head = '', ...lines]) => [head.replace('Migration2026', 'Migration2020'), ...lines],
  ],
  ['is something else', 'no backup', () => ['hello', 'world']],
])('a file that %s restores nothing, and says why', async (name, reason, change) => {
  const url = await emptyDatabase();
  await expect(restore(url, changed(name, change))).rejects.toThrow(reason);
  const { db } = (await openParts({ databaseUrl: url })).ctx;
  expect(await db.selectFrom('users').select('id').execute()).toEqual([]);
});

test.each([
  ['is cut off', () => readFileSync(file).subarray(0, 1000)],
  ['was never zipped', () => Buffer.from('not zipped')],
])('a file that %s cannot be read, and says so', async (name, bytes) => {
  const broken = path.join(directory, name);
  writeFileSync(broken, bytes());
  await expect(restore(await emptyDatabase(), broken)).rejects.toThrow('cannot be read');
});

test('a backup that fails leaves no file that looks like one', async () => {
  const nowhere = path.join(directory, 'nowhere', 'backup.gz');
  await expect(backUp(app.databaseUrl, nowhere)).rejects.toThrow('ENOENT');
});
