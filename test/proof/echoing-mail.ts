/**
 * Mail servers that repeat whatever they are told, passwords too: in what they refuse and in what they take. IMAP asks for
 * TLS first.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { CERTIFICATE } from '../setup/certificate.ts';
import type { Trial } from './harness.ts';

/** 550 for letters to it. */
export const REFUSED = 'refused@example.org';

export type EchoingSmtp = {
  port: number;
  /** The letters that were taken, as they came but for the ends of their lines. */
  letters: string[];
};

/** `login`: what it says to a password. */
export async function openEchoingSmtp(
  trial: Trial,
  { host = '127.0.0.1', port = 0, login }: { host?: string; port?: number; login: 'taken' | 'refused' },
): Promise<EchoingSmtp> {
  const letters: string[] = [];
  const server = createServer((socket) => {
    let heard = '';
    let letter: string[] | undefined;
    const say = (...lines: string[]) => socket.write(`${lines.join('\r\n')}\r\n`);
    const onCommand = (line: string) => {
      heard += ` ${line}`;
      const [command = ''] = line.toUpperCase().split(' ');
      if (command === 'EHLO') return say('250-echo', '250 AUTH PLAIN');
      if (command === 'AUTH') return say(`${login === 'taken' ? 235 : 535} 5.7.8 you said${heard}`);
      if (command === 'RCPT') return say(line.includes(REFUSED) ? `550 5.1.1 you said${heard}` : '250 ok');
      if (command === 'DATA') {
        letter = [];
        return say('354 go on');
      }
      if (command === 'QUIT') return socket.end('221 bye\r\n');
      return say('250 ok');
    };
    say('220 echo');
    linesOf(socket, (line) => {
      if (!letter) return onCommand(line);
      if (line !== '.') return void letter.push(line);
      letters.push(letter.join('\n').replaceAll('=\n', '').replaceAll('=3D', '='));
      letter = undefined;
      return say(`250 you said${heard}`);
    });
  });
  return { port: await listen(trial, server, host, port), letters };
}

export async function openEchoingImap(trial: Trial, host: string, port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.write('* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] echo\r\n');
    linesOf(socket, (line) => {
      const [tag, command = ''] = line.split(' ');
      if (command.toUpperCase() !== 'STARTTLS') {
        return void socket.write(`* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n${tag} OK done\r\n`);
      }
      socket.removeAllListeners('data');
      socket.write(`${tag} OK go on\r\n`, () => {
        const secure = new TLSSocket(socket, { isServer: true, ...CERTIFICATE });
        secure.on('error', () => {});
        linesOf(secure, (said) => answerImap(secure, said));
      });
    });
  });
  await listen(trial, server, host, port);
}

function answerImap(socket: Socket, said: string): void {
  const [tag = '', command = ''] = said.split(' ');
  const isLogin = /^(LOGIN|AUTHENTICATE)$/i.test(command);
  // A line without a command is what follows «+».
  if (command === '' || isLogin) socket.write(`${command === '' ? '*' : tag} NO you said ${said}\r\n`);
  else socket.write(`* CAPABILITY IMAP4rev1\r\n${tag} OK done\r\n`);
}

/** Without readline, which would go on reading what is TLS from then on. */
function linesOf(socket: Socket, onLine: (line: string) => void): void {
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const lines = (text + chunk.toString('latin1')).split('\r\n');
    text = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

async function listen(trial: Trial, server: Server, host: string, port: number): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => open.add(socket));
  server.listen(port, host);
  await once(server, 'listening');
  trial.afterwards(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
