/** The mail servers that users name: real ones, refusing ones, hostile ones. */
import { randomUUID } from 'node:crypto';
import net, { type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { type Lookup, openMailHosts } from '../../server/adapters/mail-hosts.ts';
import { openMailServers } from '../../server/adapters/mail-servers.ts';
import { writeLetter } from '../../server/domain/letters.ts';
import type { MailServer } from '../../server/ports.ts';
import { readEml } from '../setup/eml.ts';
import { ownLoopback } from '../setup/loopback.ts';
import { openSmtp, smtpError } from '../setup/smtp.ts';

const NOW = new Date('2026-01-20T10:00:00Z');
const NAME = 'mail.example.com';

type Opening = { lookup?: Lookup; isInsideAllowed?: boolean; patience?: { patienceMs?: number; deadlineMs?: number } };

const serversWith = ({ lookup = async () => ['127.0.0.1'], isInsideAllowed = true, patience = {} }: Opening = {}) =>
  openMailServers(
    { mailHosts: openMailHosts({ ALLOW_PRIVATE_MAIL_HOSTS: isInsideAllowed }, lookup), now: () => NOW },
    patience,
  );

const aServer = (port: number, change: Partial<MailServer> = {}): MailServer => ({
  host: NAME,
  port,
  isSecure: true,
  login: undefined,
  address: 'user@example.com',
  ...change,
});

const aLetter = (change: Partial<Parameters<typeof writeLetter>[0]> = {}) =>
  writeLetter({ id: randomUUID(), to: 'user@example.com', subject: 'Hello', paragraphs: ['Words'], ...change });

const LOGIN = { username: 'user@example.com', password: 'secret' };

/** A server that notes the connections that it gets, and does with them what `behave` says. */
async function openRaw(behave: (socket: net.Socket) => void = () => {}) {
  const connections: net.Socket[] = [];
  const server = net.createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { connections, port: (server.address() as AddressInfo).port };
}

test('a letter goes to the address that was checked, from the address of the user, marked as ours', async () => {
  const host = ownLoopback();
  const { received, port } = await openSmtp({}, { host });
  const letter = aLetter({ inReplyTo: 'question@example.com' });
  const delivery = await serversWith({ lookup: async () => [host] }).send(aServer(port), letter);
  expect(delivery).toEqual({ isAccepted: true, reply: expect.stringContaining('taken') });
  expect(received.map(({ from, to }) => [from, to])).toEqual([['user@example.com', ['user@example.com']]]);
  const { header } = readEml(received[0]?.raw ?? '');
  expect(header('message-id')).toBe(`<ccjk.${letter.id}@example.com>`);
  expect(header('in-reply-to')).toBe('<question@example.com>');
  expect(header('references')).toBe('<question@example.com>');
  expect(header('auto-submitted')).toBe('auto-generated');
});

test('a name that leads outside when it is posted, and inside when it is used, gets no connection', async () => {
  const { connections, port } = await openRaw();
  const answers = [['142.250.27.108'], ['127.0.0.1'], ['127.0.0.1']];
  const lookup: Lookup = async () => answers.shift() ?? [];
  const hosts = openMailHosts({ ALLOW_PRIVATE_MAIL_HOSTS: false }, lookup);
  expect(await hosts.leadsInside(NAME)).toBe(false);
  const servers = openMailServers({ mailHosts: hosts, now: () => NOW });
  const refused = { code: 'MAIL_REJECTED', message: expect.stringContaining('private network') };
  await expect(servers.send(aServer(port), aLetter())).rejects.toMatchObject(refused);
  expect(connections).toEqual([]);
});

test('the DNS is asked once for each connection, so that a second answer comes too late', async () => {
  const host = ownLoopback();
  const { received, port } = await openSmtp({}, { host });
  const sentinel = await openRaw();
  const answers = [[host], ['127.0.0.1']];
  await serversWith({ lookup: async () => answers.shift() ?? [] }).send(aServer(port), aLetter());
  expect([received.length, sentinel.connections.length, answers.length]).toEqual([1, 0, 1]);
});

test('a login is used, and one that is refused is a refusal for good', async () => {
  const { received, port } = await openSmtp({
    authOptional: false,
    onAuth: ({ username, password }, _, callback) =>
      password === 'secret' ? callback(null, { user: username ?? '' }) : callback(smtpError(535, 'wrong password')),
  });
  await serversWith().send(aServer(port, { login: LOGIN }), aLetter());
  expect(received.map(({ user }) => user)).toEqual(['user@example.com']);
  const wrong = aServer(port, { login: { ...LOGIN, password: 'another' } });
  expect(await serversWith().send(wrong, aLetter())).toEqual({
    isAccepted: false,
    reply: expect.stringContaining('535 wrong password'),
  });
});

test('a server that repeats the password of its user has it shown to nobody', async () => {
  const { password } = LOGIN;
  const plain = Buffer.from(`\0${LOGIN.username}\0${password}`).toString('base64');
  const repeating = (code: number) => smtpError(code, `you said ${password} and ${plain}`);
  const locked = await openSmtp({ onAuth: (_, __, callback) => callback(repeating(535)) });
  const refusal = await serversWith().send(aServer(locked.port, { login: LOGIN }), aLetter());
  expect(refusal.reply).toContain('535 you said *** and ***');
  const busy = await openSmtp({
    onAuth: ({ username }, _, callback) => callback(null, { user: username ?? '' }),
    onRcptTo: (_, __, callback) => callback(repeating(451)),
  });
  const error = await serversWith()
    .send(aServer(busy.port, { login: LOGIN }), aLetter())
    .catch((caught: Error) => caught);
  const told = inspect(error, { depth: 9, showHidden: true });
  expect(told).toContain('451 you said *** and ***');
  for (const secret of [`said ${password}`, plain]) expect(told).not.toContain(secret);
});

test.each([
  true,
  false,
])('a password leaves this machine over TLS only, under a certificate for the name, with isSecure %s', async (isSecure) => {
  for (const behaviour of [{ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }, {}]) {
    const logins: unknown[] = [];
    const { received, port } = await openSmtp({
      ...behaviour,
      onAuth: (auth, _, callback) => {
        logins.push(auth);
        callback(null, { user: 'somebody' });
      },
    });
    // Linux takes 0.0.0.0 for this machine; for us it is any other.
    const servers = serversWith({ lookup: async () => ['0.0.0.0'] });
    await expect(servers.send(aServer(port, { isSecure, login: LOGIN }), aLetter())).rejects.toMatchObject({
      code: 'MAIL_REJECTED',
      message: expect.stringMatching(/STARTTLS|certificate/i),
    });
    expect([logins, received]).toEqual([[], []]);
  }
});

test('without a password and without wish for TLS, a server that has none gets the letter', async () => {
  const { received, port } = await openSmtp({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
  const servers = serversWith({ lookup: async () => ['0.0.0.0'] });
  await servers.send(aServer(port, { isSecure: false }), aLetter());
  expect(received).toHaveLength(1);
  await expect(servers.send(aServer(port), aLetter())).rejects.toMatchObject({ code: 'MAIL_REJECTED' });
});

test('what is refused for good comes with the words of the server; «later» may be tried again', async () => {
  const refusing = await openSmtp({ onRcptTo: (_, __, callback) => callback(smtpError(550, 'no such user')) });
  expect(await serversWith().send(aServer(refusing.port), aLetter())).toEqual({
    isAccepted: false,
    reply: expect.stringContaining('550 no such user'),
  });
  const busy = await openSmtp({ onRcptTo: (_, __, callback) => callback(smtpError(451, 'greylisted')) });
  await expect(serversWith().send(aServer(busy.port), aLetter())).rejects.toMatchObject({
    code: 'MAIL_REJECTED',
    message: expect.stringContaining('greylisted'),
  });
});

test('a server that is not there is said to be away', async () => {
  const gone = net.createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  await expect(serversWith().send(aServer(port), aLetter())).rejects.toMatchObject({
    code: 'MAIL_REJECTED',
    message: expect.stringContaining('cannot be reached'),
  });
});

test('a server that says nothing, and one that goes on for ever, are left in time', async () => {
  const mute = await openRaw();
  const rejected = { code: 'MAIL_REJECTED' };
  await expect(
    serversWith({ patience: { patienceMs: 300 } }).send(aServer(mute.port), aLetter()),
  ).rejects.toMatchObject(rejected);
  const endless = await openRaw((socket) => {
    const timer = setInterval(() => socket.write('220-still here\r\n'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  const began = performance.now();
  const impatient = serversWith({ patience: { patienceMs: 5_000, deadlineMs: 500 } });
  await expect(impatient.send(aServer(endless.port), aLetter())).rejects.toMatchObject(rejected);
  expect(performance.now() - began).toBeLessThan(4_000);
});

test('the words of a server are passed on in one line, and not without end', async () => {
  const chatty = await openRaw((socket) => {
    socket.write(`554-${'no '.repeat(300)}\r\n554 \u0007never\r\n`);
  });
  const error = (await serversWith()
    .send(aServer(chatty.port), aLetter())
    .catch((thrown: Error) => thrown)) as Error;
  expect(error.message).toMatch(/554/);
  expect(error.message).not.toMatch(/[\p{Cc}]/u);
  expect(error.message.length).toBeLessThan(600);
});

test.each([
  'a@b\r\nBcc: c@d.com',
  'a@b>\r\nBcc: <c@d.com',
  'a b',
  '<a@b>',
  '=?utf-8?B?DQpCY2M6IGNAZC5jb20=?=@b',
  '',
])('an id that is %j becomes no header', async (inReplyTo) => {
  const { received, port } = await openSmtp();
  await serversWith().send(aServer(port), aLetter({ inReplyTo }));
  const names = readEml(received[0]?.raw ?? '').headers.map(([name]) => name);
  expect(names).not.toContain('bcc');
  expect(names).not.toContain('in-reply-to');
  expect(received[0]?.to).toEqual(['user@example.com']);
});
