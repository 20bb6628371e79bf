/** What a daemon sends while a command runs, against the real service. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { runDaemon } from '../../sdk/src/daemon/index.ts';
import { openApp, type TestApp } from '../setup/app.ts';

let app: TestApp;

beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

const PATIENCE = { timeout: 15_000, interval: 20 };

async function openMachine() {
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  const folder = mkdtempSync(join(tmpdir(), 'ccjk-live-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  const start = () => {
    const options = { baseUrl: app.url, deviceKey: device.key, stateDir: join(folder, 'state') };
    const daemon = runDaemon(options);
    onTestFinished(() => daemon.stop());
    return daemon;
  };
  const queue = async (command: string) =>
    (await user.client.tasks.create({ device_id: device.id, command, args: { cwd: folder } })).task_id;
  const read = async (id: string, stream: 'stdout' | 'stderr' = 'stdout') => {
    let text = '';
    for (let from = 0; ; ) {
      const { chunk, next_offset } = await user.client.tasks.output(id, { stream, from });
      if (chunk === '') return text;
      text += chunk;
      from = next_offset;
    }
  };
  const shows = (id: string, text: string, stream: 'stdout' | 'stderr' = 'stdout') =>
    vi.waitFor(async () => expect(await read(id, stream)).toBe(text), PATIENCE);
  const ended = (id: string) =>
    vi.waitFor(async () => {
      const task = await user.client.tasks.get(id, { wait: 5 });
      expect(task.completed_at).not.toBeNull();
      return task;
    }, PATIENCE);
  const go = (name: string) => writeFileSync(join(folder, name), '');
  return { start, queue, read, shows, ended, go, at: (name: string) => join(folder, name) };
}

const until = (name: string) => `while [ ! -e ${name} ]; do sleep 0.02; done`;

test('output is there while the command runs, and all of it when the task has ended', async () => {
  const { start, queue, read, shows, ended, go } = await openMachine();
  start();
  const id = await queue(`echo one; echo oh >&2; ${until('go')}; printf two`);
  await shows(id, 'one\n');
  await shows(id, 'oh\n', 'stderr');
  go('go');
  expect(await ended(id)).toMatchObject({ status: 'completed', stdout: 'one\ntwo' });
  expect(await read(id)).toBe('one\ntwo');
});

test('a long output arrives whole, and more of it than the result keeps', async () => {
  const { start, queue, read, ended, go } = await openMachine();
  start();
  // It stays until all is there: what is left when a command ends is sent for three seconds alone.
  const id = await queue(`seq 1 300000; ${until('go')}`);
  const numbers = Array.from({ length: 300_000 }, (_, at) => `${at + 1}\n`).join('');
  await expect.poll(async () => (await read(id)) === numbers, PATIENCE).toBe(true);
  go('go');
  expect(await ended(id)).toMatchObject({ stdout_truncated: true });
});

test('characters that come in parts, bytes that are none, and NUL read as in the result', async () => {
  const { start, queue, read, shows, ended, go } = await openMachine();
  start();
  const id = await queue(
    `printf 'a\\303'; ${until('half')}; printf '\\274 \\377 \\000 \\360\\237'; ${until('go')}; printf '\\232\\200'`,
  );
  await shows(id, 'a');
  go('half');
  await shows(id, 'aü \u{fffd} \0 ');
  go('go');
  const { stdout } = await ended(id);
  expect(await read(id)).toBe('aü \u{fffd} \0 🚀');
  expect(stdout).toBe('aü \u{fffd} \u{fffd} 🚀');
});

test('the next daemon goes on where the one before stopped, without loss and without repeat', async () => {
  const { start, queue, read, shows, ended, go, at } = await openMachine();
  const first = start();
  const id = await queue(`echo eins ü; ${until('go')}; echo zwei ü; echo x >>between; ${until('end')}; echo drei`);
  await shows(id, 'eins ü\n');
  await first.stop();
  go('go');
  await vi.waitFor(() => expect(existsSync(at('between'))).toBe(true), PATIENCE);
  start();
  await shows(id, 'eins ü\nzwei ü\n');
  go('end');
  expect(await ended(id)).toMatchObject({ stdout: 'eins ü\nzwei ü\ndrei\n' });
  expect(await read(id)).toBe('eins ü\nzwei ü\ndrei\n');
  expect(readFileSync(at('between'), 'utf8')).toBe('x\n');
});
