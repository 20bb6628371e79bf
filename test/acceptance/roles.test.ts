/** `--role api|worker`: several processes on one database, each with its part of the work. */
import { existsSync, globSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { CcjkCloud } from '../../sdk/src/index.ts';
import { cloneDatabase } from '../setup/database.ts';
import { newDirectory, Running } from './process.ts';

const account = { email: 'operator@example.com', password: 'correct horse battery staple' };

type Started = { url: string; process: Running; dataDir: string };

let database: Awaited<ReturnType<typeof cloneDatabase>>;
let api: Started;
let worker: Started;
const opened: Started[] = [];

const start = async (role: string, env: Record<string, string> = {}): Promise<Started> => {
  const dataDir = newDirectory(role);
  const running = new Running(process.execPath, ['server/main.ts', '--role', role], {
    env: {
      DATABASE_URL: database.url,
      JWT_SECRET: 'j'.repeat(48),
      DATA_DIR: dataDir,
      PORT: '0',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
      ...env,
    },
  });
  const { url } = JSON.parse(await running.line((line) => line.includes('"msg":"ready'))) as { url: string };
  const started = { url, process: running, dataDir };
  opened.push(started);
  return started;
};

beforeAll(async () => {
  database = await cloneDatabase();
  [api, worker] = await Promise.all([start('api'), start('worker')]);
});

afterAll(async () => {
  for (const { process: running, dataDir } of opened) {
    running.kill('SIGKILL');
    await running.finished;
    rmSync(dataDir, { recursive: true, force: true });
  }
  await database.drop();
});

const signedIn = async (): Promise<CcjkCloud> => {
  const { token } = await new CcjkCloud({ baseUrl: api.url }).auth.login(account);
  return new CcjkCloud({ baseUrl: api.url, token });
};

test('a worker runs the jobs that an api process sends', async () => {
  await new CcjkCloud({ baseUrl: api.url }).auth.register(account);
  await expect.poll(() => globSync(path.join(worker.dataDir, 'outbox', '*')), { timeout: 10_000 }).toHaveLength(1);
  expect(existsSync(path.join(api.dataDir, 'outbox'))).toBe(false);
});

test('a worker says how it is, and serves nothing else', async () => {
  expect((await fetch(`${worker.url}/livez`)).status).toBe(200);
  expect(await (await fetch(`${worker.url}/readyz`)).json()).toMatchObject({ status: 'ready' });
  expect((await fetch(`${worker.url}/v1/tasks`)).status).toBe(404);
});

/** For the environment of a process: its machine's clock is a minute, and a second, ahead. */
const CLOCK_AHEAD = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`
    const Real = Date;
    const now = () => Real.now() + 61_000;
    globalThis.Date = class Date extends Real {
      constructor(...given) { super(...(given.length > 0 ? given : [now()])); }
      static now() { return now(); }
    };`)}`,
};

test('when the worker that swept is killed another one sweeps within 10 s, by the clock of all even if its own is ahead', async () => {
  const other = await start('worker', CLOCK_AHEAD);
  const client = await signedIn();
  const { device_id } = await client.daemon.register('machine-1', { device_name: 'machine', os_type: 'linux' });
  const { task_id } = await client.tasks.create({ device_id, command: 'true' });
  const lasting = await client.tasks.create({ device_id, command: 'true', expires_in: 60 });
  worker.process.kill('SIGKILL');
  await worker.process.finished;
  const db = new pg.Client({ connectionString: database.url });
  await db.connect();
  onTestFinished(() => db.end());
  await db.query("update tasks set expires_at = now() - interval '1 second' where id = $1", [task_id]);
  await expect
    .poll(async () => (await client.tasks.get(task_id)).status, { timeout: 10_000, interval: 200 })
    .toBe('cancelled');
  expect(await client.tasks.get(lasting.task_id)).toMatchObject({ status: 'queued' });
  expect(other.process.stdout).toMatch(/"aheadSeconds":6[01]/);
  expect(other.process.stdout).not.toContain('"level":50');
});

test('told to stop, an api process is not ready at once, and serves until STOP_DELAY is over', async () => {
  const leaving = await start('api', { STOP_DELAY: '1' });
  leaving.process.kill('SIGTERM');
  await expect.poll(async () => (await fetch(`${leaving.url}/readyz`)).status, { interval: 20 }).toBe(503);
  const answer = await fetch(`${leaving.url}/livez`);
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  expect(await leaving.process.finished).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  ['the database that it shares', { DATABASE_URL: '' }, 'DATABASE_URL: must be set for this role'],
  [
    'the secret that it shares',
    { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing', JWT_SECRET: '' },
    'JWT_SECRET: must be set when DATABASE_URL is; make one with: openssl rand -base64 48',
  ],
])('a part of the service does not start without %s, and says so', async (_, env, message) => {
  const alone = new Running(process.execPath, ['server/main.ts', '--role', 'worker'], { env });
  const { code, stderr } = await alone.finished;
  expect(code).toBe(1);
  expect(stderr).toContain(message);
});
