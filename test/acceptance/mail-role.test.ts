/** `--role mail`: a process that takes mail and does nothing else. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { cloneDatabase } from '../setup/database.ts';
import { Running } from './process.ts';

const start = (args: readonly string[], env: Record<string, string>): Running => {
  const running = new Running(process.execPath, ['server/main.ts', ...args], {
    env: { LOG_FORMAT: 'json', LOG_LEVEL: 'info', ...env },
  });
  onTestFinished(() => running.kill('SIGKILL'));
  return running;
};

test('takes mail on its port until it is told to stop', { timeout: 60_000 }, async () => {
  const database = await cloneDatabase();
  onTestFinished(database.drop);
  const service = start(['--role', 'mail'], {
    DATABASE_URL: database.url,
    JWT_SECRET: 'j'.repeat(48),
    MAIL_DOMAIN: 'Tasks.Example.org',
    MAIL_PORT: '0',
    REDIS_URL: 'redis://127.0.0.1:6379',
  });
  const { port } = JSON.parse(await service.line((line) => line.includes('"mail is taken"'))) as { port: number };
  const socket = createConnection(port, '127.0.0.1');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toMatch(/^220 tasks\.example\.org ESMTP/);
  socket.write('QUIT\r\n');
  await once(socket, 'close');
  service.kill('SIGTERM');
  expect(await service.finished).toMatchObject({ code: 0, stderr: '' });
  expect(service.stdout).not.toContain('"ready"');
  expect(service.stdout).toContain('REDIS_URL is ignored');
});

test('says all that it lacks, and that there is no other role, before it starts', { timeout: 60_000 }, async () => {
  const lacking = start(['--role', 'mail'], { DATABASE_URL: '', MAIL_DOMAIN: '' });
  const unknown = start(['--role', 'postman'], {});
  const { code, stderr } = await lacking.finished;
  expect(code).toBe(1);
  expect(stderr).toContain('DATABASE_URL: must be set for this role');
  expect(stderr).toContain('MAIL_DOMAIN: must be set for this role');
  expect(await unknown.finished).toMatchObject({ code: 1, stderr: '--role is one of: all, api, worker, mail\n' });
});
