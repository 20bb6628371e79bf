/** The README's walk, command by command, and the life of the process around it. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CcjkCloud } from '../../sdk/src/index.ts';
import { ccjk, newDirectory, ROOT, Running, type Server, startServer } from './process.ts';

const directory = newDirectory('walk');
const dataDir = path.join(directory, 'data');
const account = { email: 'walker@example.com', password: 'correct horse battery staple' };

let server: Server;
let daemon: Running;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startServer(dataDir);
  env = {
    CCJK_URL: server.url,
    CCJK_PASSWORD: account.password,
    HOME: directory,
    XDG_CONFIG_HOME: path.join(directory, 'config'),
    XDG_STATE_HOME: path.join(directory, 'state'),
  };
});

afterAll(async () => {
  daemon?.kill('SIGKILL');
  server.process.kill('SIGTERM');
  await server.process.finished;
  rmSync(directory, { recursive: true, force: true });
});

test('a newcomer registers, and the command line remembers it', async () => {
  expect(await ccjk(['register', '--email', account.email], env)).toMatchObject({ code: 0, stderr: '' });
  const { code, stdout } = await ccjk(['whoami'], env);
  expect(code).toBe(0);
  expect(stdout).toContain(account.email);
});

test('the daemon registers this machine and is ready', async () => {
  daemon = new Running(process.execPath, [path.join(ROOT, 'sdk/bin/ccjk-cloud.js'), 'daemon', '--json'], { env });
  await daemon.line((line) => line.includes('"ready"'));
  const { stdout } = await ccjk(['devices', '--json'], env);
  expect(JSON.parse(stdout)).toMatchObject({ devices: [{ os_type: process.platform }] });
});

test('a command travels to the daemon and its output comes back', async () => {
  const ran = await ccjk(
    ['run', '--follow', '--', 'sh', '-c', 'echo "hello $1"; echo oops >&2; exit 7', 'x', "it's me"],
    env,
  );
  expect(ran.stdout).toBe("hello it's me\n");
  expect(ran.stderr).toContain('oops');
  expect(ran.code).toBe(7);
});

test('the reference and the document are served without the internet', async () => {
  const page = await fetch(`${server.url}/docs`);
  expect(page.status).toBe(200);
  expect(await page.text()).not.toMatch(/(src|href)="https?:/);
  const document = await fetch(`${server.url}/openapi.json`);
  expect(await document.json()).toMatchObject({ openapi: '3.1.1' });
});

test('a second service on the same data directory says who holds it', async () => {
  const second = new Running(process.execPath, ['server/main.ts'], { env: { PORT: '0', DATA_DIR: dataDir } });
  const { code, stderr } = await second.finished;
  expect(code).toBe(1);
  expect(stderr).toContain(String(server.process.child.pid));
});

test('a taken port is named, with what to do', async () => {
  const port = new URL(server.url).port;
  const other = newDirectory('port');
  const second = new Running(process.execPath, ['server/main.ts'], { env: { PORT: port, DATA_DIR: other } });
  const { code, stderr } = await second.finished;
  rmSync(other, { recursive: true, force: true });
  expect(code).toBe(1);
  expect(stderr).toContain(`Port ${port} is taken`);
});

test('a wrong configuration is refused with every fault at once', async () => {
  const wrong = { PORT: 'x', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://x', JWT_SECRET: 'short' };
  const { code, stderr } = await new Running(process.execPath, ['server/main.ts'], { env: wrong }).finished;
  expect(code).toBe(1);
  for (const name of Object.keys(wrong)) expect(stderr).toContain(`${name}:`);
});

test('after kill -9 of the service a new one takes over, with everything that was acknowledged', async () => {
  server.process.kill('SIGKILL');
  await server.process.finished;
  server = await startServer(dataDir);
  const client = new CcjkCloud({ baseUrl: server.url });
  const { token } = await client.auth.login(account);
  const { items } = await new CcjkCloud({ baseUrl: server.url, token }).tasks.list();
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ status: 'failed', exit_code: 7 });
});

test('SIGINT lets a request that is under way end, and stops PostgreSQL', async () => {
  const client = new CcjkCloud({ baseUrl: server.url, maxRetries: 0 });
  const { token } = await client.auth.login(account);
  const signedIn = new CcjkCloud({ baseUrl: server.url, token, maxRetries: 0 });
  const { items: devices } = await signedIn.devices.list();
  const { task_id } = await signedIn.tasks.create({
    device_id: devices[0]?.id ?? '',
    command: 'true',
    run_at: '2099-01-01T00:00:00Z',
  });
  const waiting = signedIn.tasks.get(task_id, { wait: 30 });
  await signedIn.auth.me();
  server.process.kill('SIGINT');
  expect(await waiting).toMatchObject({ id: task_id, status: 'pending' });
  expect((await server.process.finished).code).toBe(0);
  server = await startServer(dataDir);
});
