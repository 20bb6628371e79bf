/** Who else writes a log: the process that runs jobs, the one that takes mail, and the daemon of a machine. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { clientOf } from './customer.ts';
import { makeFolder, startDaemon } from './fleet.ts';
import type { Held } from './secret-life.ts';
import type { Scene } from './secret-scene.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';
import { until } from './until.ts';

const PATIENCE_MS = 30_000;

export type Roles = { worker: Server; mail: Server };

/** Beside a process that has the role `api`. */
export async function startRoles({ trial }: Pick<Scene, 'trial'>, options: ServerOptions): Promise<Roles> {
  const env = { ...options.env, MAIL_DOMAIN: 'in.example.org', MAIL_PORT: '0' };
  const [worker, mail] = await Promise.all([
    startServer(trial, { ...options, role: 'worker' }),
    startServer(trial, { ...options, role: 'mail', env }),
  ]);
  return { worker, mail };
}

/** Says a password and a letter with secrets in its head to whoever takes mail. */
export async function sendLetter({ trial, vault }: Scene, { mail }: Roles): Promise<void> {
  const password = Buffer.from(`\0user\0${vault.plant('a password said to the mail role')}`).toString('base64');
  const lines = [
    'EHLO machine',
    `AUTH PLAIN ${password}`,
    `AUTH LOGIN ${vault.plant('a login said to the mail role')}`,
    'MAIL FROM:<somebody@example.org>',
    'RCPT TO:<machine@in.example.org>',
    'DATA',
    `Authorization: Bearer ${vault.plant('a header of a letter')}`,
    `Subject: ${vault.plant('the subject of a letter')}`,
    'From: somebody@example.org',
    '',
    vault.plant('the text of a letter'),
    '.',
    'QUIT',
  ];
  const socket = net.connect(mail.port, '127.0.0.1');
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const answers = text.split('\r\n').filter((line) => /^\d{3} /.test(line));
    said += text;
    // Whatever it answers to one line, the next one follows; a letter is one.
    for (const _ of answers) {
      const line = lines.shift();
      if (line === undefined) return;
      const isText = line === 'DATA' && lines.length > 0;
      socket.write(`${line}\r\n`);
      if (isText)
        socket.write(
          lines
            .splice(0, lines.length - 1)
            .map((each) => `${each}\r\n`)
            .join(''),
        );
    }
  });
  await once(socket, 'close');
  trial.check('the mail role has answered', said.startsWith('220'), said);
}

/** A daemon runs a task; what it says, what its log says, and all that it keeps. */
export async function runDaemonOnce({ trial, server }: Scene, { token, deviceKey, deviceId }: Held): Promise<string[]> {
  const owner = { client: clientOf(server.url, token) };
  const folder = makeFolder(trial, 'secrets');
  const device = { id: deviceId, key: deviceKey, owner };
  const daemon = await startDaemon(trial, { baseUrl: server.url, device, folder });
  await owner.client.tasks.create({ device_id: deviceId, command: 'echo done' });
  const hasRun = await until(() => daemon.times('finished') > 0, PATIENCE_MS);
  trial.check('the daemon has run a task', hasRun, daemon.said);
  await daemon.kill();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  trial.check(
    'it has kept a log',
    files.some(({ parentPath }) => parentPath.endsWith('logs')),
  );
  return [
    ...daemon.said.map((one) => JSON.stringify(one)),
    ...files.map(({ parentPath, name }) => readFileSync(path.join(parentPath, name), 'utf8')),
  ];
}
