/** `npm run admin` as an operator types it. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';
import { openSafe } from '../../server/adapters/safe.ts';
import { keepSecrets } from '../../server/adapters/secrets.ts';
import { rotate } from '../../server/admin/rotation.ts';
import { readSettings } from '../../server/config.ts';
import { migrate } from '../../server/db/migrate.ts';
import { openDatabase } from '../../server/db/orm.ts';
import { newDirectory, Running } from '../acceptance/process.ts';
import { openApp, type TestApp, type TestUser } from '../setup/app.ts';
import { cloneDatabase } from '../setup/database.ts';

let app: TestApp;
let user: TestUser;
const directory = newDirectory('admin');
beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  return app.close;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const admin = (words: string[], env: Record<string, string> = {}) =>
  new Running(process.execPath, ['server/admin.ts', ...words], {
    env: { DATABASE_URL: app.databaseUrl, JWT_SECRET: 'j'.repeat(48), ...env },
  }).finished;

test('lists for people and for programs', async () => {
  const [text, json] = await Promise.all([admin(['user', 'list']), admin(['user', 'list', '--json'])]);
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toMatch(/^ID +EMAIL +PLAN .*\n.*@example\.com +enterprise +yes +no/);
  expect(JSON.parse(json.stdout).users).toMatchObject([{ id: user.id, email: user.email, plan: 'enterprise' }]);
});

test('what it changes holds in the processes that run', async () => {
  expect(await admin(['queue', 'pause', '--json'])).toMatchObject({ code: 0, stderr: '' });
  const device = await app.makeDevice(user);
  await user.client.tasks.create({ device_id: device.id, command: 'true' });
  const waiting = device.client.daemon.claim({ claim_id: crypto.randomUUID(), wait: 15 });
  expect(await admin(['queue', 'resume'])).toMatchObject({ code: 0, stdout: 'Dispatch goes on\n' });
  const resumedAt = performance.now();
  expect((await waiting).tasks).toHaveLength(1);
  expect(performance.now() - resumedAt).toBeLessThan(6_000);
});

test.each<[string, string[], number, string]>([
  ['no words', [], 2, 'A command is missing'],
  ['unknown words', ['user', 'promote', 'x'], 2, 'There is no command "user promote x"'],
  ['a missing word', ['user', 'disable'], 2, 'user disable takes: USER'],
  ['a wrong number', ['user', 'list', '--limit', '0'], 2, '--limit is a whole number'],
  ['an unknown option', ['user', 'list', '--all'], 2, "Unknown option '--all'"],
  ['a stranger', ['user', 'disable', 'nobody@example.com'], 1, 'There is no account "nobody@example.com"'],
  ['a plan that is none', ['user', 'plan', 'x', 'gold'], 1, 'A plan is one of: free, pro, enterprise'],
])('%s: says what is wrong', async (_, words, code, message) => {
  const finished = await admin(words);
  expect(finished).toMatchObject({ code, stdout: '' });
  expect(finished.stderr).toContain(message);
});

test('the environment of a process that runs does: its port for metrics is taken', async () => {
  const running = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void running.close());
  await once(running, 'listening');
  const METRICS_PORT = String((running.address() as AddressInfo).port);
  expect(await admin(['queue', 'resume'], { METRICS_PORT })).toMatchObject({ code: 0, stderr: '' });
});

test('a database that this version has not migrated is left as it is', async () => {
  const { url, drop } = await cloneDatabase();
  onTestFinished(drop);
  await withDatabase(url, async (db) => {
    await sql`drop schema pgboss cascade`.execute(db);
  });
  const finished = await admin(['queue', 'pause'], { DATABASE_URL: url });
  expect(finished).toMatchObject({ code: 1, stdout: '' });
  expect(finished.stderr).toContain('The database lacks migrations of this version');
  await withDatabase(url, async (db) => {
    const { rows } = await sql`select to_regclass('pgboss.version') as version_of_jobs`.execute(db);
    expect(rows).toEqual([{ version_of_jobs: null }]);
  });
});

test('where no database is it makes none', async () => {
  const finished = await admin(['user', 'list'], { DATABASE_URL: '', DATA_DIR: path.join(directory, 'nothing') });
  expect(finished).toMatchObject({ code: 1 });
  expect(finished.stderr).toContain('There is no database in');
});

test('a rotation loses no password and no session, and needs the service to be stopped', {
  timeout: 60_000,
}, async () => {
  const dataDir = path.join(directory, 'data');
  const settings = readSettings({ DATA_DIR: dataDir });
  const before = keepSecrets(dataDir);
  const postgres = await startEmbeddedPostgres({ dataDir });
  await migrate(postgres.url);
  const id = crypto.randomUUID();
  const seal = openSafe(before).lock('a password of a mailbox', id) as Buffer;
  await withDatabase(postgres.url, async (db) => {
    await db.insertInto('users').values({ id, email: 'a@example.com', password_hash: 'x' }).execute();
    await db.insertInto('devices').values({ id, user_id: id, device_name: 'x', key_hash: 'x' }).execute();
    const config = { id, user_id: id, device_id: id, email_address: 'a@example.com', sealed_password: seal };
    await db.insertInto('email_configs').values(config).execute();
  });
  await expect(rotate(settings)).rejects.toThrow(String(process.pid));
  await postgres.stop();

  expect(await rotate(settings)).toEqual({ rotated: true, sealed: 1, unreadable: 0 });
  expect(await rotate(settings)).toEqual({ rotated: true, sealed: 1, unreadable: 0 });
  const { SECRETS_KEY_PREVIOUS: _, ...after } = keepSecrets(dataDir);
  expect(after.CRON_SECRET).toBe(before.CRON_SECRET);
  expect(after.JWT_SECRET_PREVIOUS).not.toBe(before.JWT_SECRET);
  const restarted = await startEmbeddedPostgres({ dataDir });
  await withDatabase(restarted.url, async (db) => {
    const { sealed_password } = await db
      .selectFrom('email_configs')
      .select('sealed_password')
      .executeTakeFirstOrThrow();
    expect(openSafe(after).open(sealed_password as Buffer, id)).toBe('a password of a mailbox');
    const audited = await db
      .selectFrom('audit_logs')
      .select(['action', 'actor'])
      .distinct()
      .orderBy('action')
      .execute();
    expect(audited.filter(({ action }) => action === 'secrets.rotated')).toMatchObject([{ actor: 'admin' }]);
  });
  await restarted.stop();
  rmSync(restarted.area, { recursive: true, force: true });
});

async function withDatabase(url: string, work: (db: TestApp['ctx']['db']) => Promise<void>): Promise<void> {
  const { db, close } = await openDatabase(url);
  try {
    await work(db);
  } finally {
    await close();
  }
}
