/** The examples, each run as its first lines say, on one service with the daemon of the first example. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDirectory, ROOT, Running } from '../acceptance/process.ts';
import { openApp, type TestApp, type TestUser } from '../setup/app.ts';

const fileOf = (name: string): string => path.join(ROOT, 'sdk/examples', name);
const stateDir = newDirectory('examples');

let app: TestApp;
let user: TestUser;
let env: Record<string, string>;
let deviceId: string;
let daemon: Running;

beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  const device = await app.makeDevice(user);
  const { key } = await user.client.apiKeys.create({
    name: 'examples',
    scopes: ['device:read', 'task:create', 'task:read'],
  });
  deviceId = device.id;
  env = { CCJK_URL: app.url, CCJK_TOKEN: key, CCJK_DEVICE_KEY: device.key, CCJK_STATE_DIR: stateDir };
  daemon = new Running(process.execPath, [fileOf('daemon.ts')], { env });
  await daemon.line((line) => line.includes('"ready"'));
});
afterAll(async () => {
  daemon.kill('SIGTERM');
  expect((await daemon.finished).code).toBe(0);
  await app.close();
  rmSync(stateDir, { recursive: true, force: true });
});

const run = (name: string, ...args: string[]) =>
  new Running(process.execPath, [fileOf(name), ...args], { env }).finished;

test('a daemon in 15 lines runs what its handler says', async () => {
  const { task_id } = await user.client.tasks.create({ device_id: deviceId, type: 'custom', command: 'World' });
  expect(await user.client.tasks.get(task_id, { wait: 30 })).toMatchObject({
    status: 'completed',
    stdout: 'Hello, World!\n',
  });
  const [, code = ''] = readFileSync(fileOf('daemon.ts'), 'utf8').split('*/\n');
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(15);
});

test('run-and-follow shows both streams and ends with the exit code', async () => {
  expect(await run('run-and-follow.ts', 'echo out; echo oops >&2; exit 7')).toMatchObject({
    code: 7,
    stdout: 'out\n',
    stderr: 'oops\n',
  });
});

test('batch runs one after the other, and cancels what follows a failure', async () => {
  expect(await run('batch.ts', 'true', 'exit 3', 'true')).toMatchObject({
    code: 1,
    stdout: 'completed: true\nfailed: exit 3\ncancelled: true\n',
  });
});

test('plain fetch needs no SDK', async () => {
  expect(await run('plain-fetch.mjs', 'echo hello')).toMatchObject({ code: 0, stdout: 'hello\n' });
  expect(readFileSync(fileOf('plain-fetch.mjs'), 'utf8')).not.toContain('import ');
});
