/**
 * As much of an IMAP server as a reading needs, for the days on which a real one cannot be made to behave badly. It has
 * one mailbox and one password, and takes no login before STARTTLS. The real one: test/extended/imap.sh.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { CERTIFICATE } from './certificate.ts';

export type Stored = { uid: number; raw: string; arrived: Date; isSeen: boolean };

/** What the server does instead of what it should, at a command in capital letters. */
export type Whim = (command: string, socket: Socket, tag: string) => 'is done' | undefined;

export const IMAP_PASSWORD = 'the password of the mailbox';

export async function openImap(whim: Whim = () => undefined) {
  const messages: Stored[] = [];
  /** Commands with what follows them, in their order. */
  const heard: string[] = [];
  const server = createServer((socket) => converse(socket, { messages, heard, whim }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { messages, heard, port: (server.address() as AddressInfo).port };
}

type House = { messages: Stored[]; heard: string[]; whim: Whim };

function converse(plain: Socket, house: House): void {
  onTestFinished(() => void plain.destroy());
  if (house.whim('GREETING', plain, '*')) return;
  plain.write('* OK ready\r\n');
  listen(plain, house);
}

function listen(socket: Socket, house: House): void {
  let text = '';
  const onData = (data: Buffer) => {
    text += data.toString('latin1');
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const [tag = '', ...words] = text.slice(0, end).split(' ');
      text = text.slice(end + 2);
      const uid = words[0] === 'UID' ? 2 : 1;
      const command = words.slice(0, uid).join(' ').toUpperCase();
      house.heard.push(words.join(' '));
      if (house.whim(command, socket, tag)) continue;
      if (command === 'STARTTLS') {
        socket.removeListener('data', onData);
        socket.write(`${tag} OK begin\r\n`);
        listen(new TLSSocket(socket, { isServer: true, ...CERTIFICATE }), house);
        return;
      }
      const { lines = [], result = 'OK done' } = answer(command, words.slice(uid), house, socket instanceof TLSSocket);
      socket.write(Buffer.from([...lines.map((line) => `* ${line}`), `${tag} ${result}`, ''].join('\r\n'), 'latin1'));
      if (command === 'LOGOUT') socket.end();
    }
  };
  socket.on('data', onData);
  socket.on('error', () => {});
}

type Answer = { lines?: string[]; result?: string };

function answer(command: string, words: string[], { messages }: House, isSafe: boolean): Answer {
  switch (command) {
    case 'CAPABILITY':
      return { lines: [`CAPABILITY IMAP4rev1${isSafe ? '' : ' STARTTLS LOGINDISABLED'}`] };
    case 'LOGIN':
      return isSafe && words.join(' ').includes(IMAP_PASSWORD)
        ? {}
        : { result: 'NO [AUTHENTICATIONFAILED] Authentication failed.' };
    case 'LIST':
    case 'NAMESPACE':
      return { lines: ['LIST (\\HasNoChildren) "/" INBOX'] };
    case 'SELECT':
      return {
        lines: [`${messages.length} EXISTS`, 'FLAGS (\\Seen)', 'OK [PERMANENTFLAGS (\\Seen)]', 'OK [UIDVALIDITY 1]'],
        result: 'OK [READ-WRITE] open',
      };
    case 'UID SEARCH':
      return { lines: [['SEARCH', ...messages.filter(isWanted).map(({ uid }) => uid)].join(' ')] };
    case 'UID FETCH':
      return { lines: chosen(messages, words).map((message) => fetched(message, messages, words.join(' '))) };
    case 'UID STORE':
      for (const message of chosen(messages, words)) message.isSeen = true;
      return {};
    default:
      return {};
  }
}

const isWanted = ({ isSeen, raw }: Stored): boolean => !isSeen && subjectOf(raw).includes('[CCJK');

const chosen = (messages: Stored[], [uids = '']: string[]): Stored[] =>
  messages.filter(({ uid }) => uids.split(',').includes(String(uid)));

const subjectOf = (raw: string): string => /^Subject: (.*)$/m.exec(raw)?.[1]?.trim() ?? '';

function fetched(message: Stored, messages: Stored[], wanted: string): string {
  const { uid, raw, arrived } = message;
  const place = messages.indexOf(message) + 1;
  if (wanted.includes('BODY')) return `${place} FETCH (UID ${uid} BODY[]<0> {${raw.length}}\r\n${raw})`;
  const subject = JSON.stringify(subjectOf(raw));
  const date = `${String(arrived.getUTCDate()).padStart(2, ' ')}-${arrived.toUTCString().slice(8, 11)}-${arrived.getUTCFullYear()} ${arrived.toISOString().slice(11, 19)} +0000`;
  const envelope = `(NIL ${subject} NIL NIL NIL NIL NIL NIL NIL NIL)`;
  return `${place} FETCH (UID ${uid} INTERNALDATE "${date}" RFC822.SIZE ${raw.length} ENVELOPE ${envelope})`;
}
