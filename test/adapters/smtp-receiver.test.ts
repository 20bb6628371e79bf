import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createTransport, type NodemailerError, type SMTPTransportOptions } from 'nodemailer';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openSmtpReceiver, type SmtpReceiver } from '../../server/adapters/smtp-receiver.ts';
import { openApp, openAppForTest, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { CERTIFICATE } from '../setup/certificate.ts';
import { type Zone, zoneOf } from '../setup/dns.ts';
import { readEml } from '../setup/eml.ts';
import { takeAway } from '../setup/parts.ts';
import { compose, type Draft, signed, signingZone } from '../setup/signed-mail.ts';
import { openSmtp } from '../setup/smtp.ts';

const MAIL = { MAIL_DOMAIN: 'tasks.example.org', MAIL_PORT: '0' };
const DOMAIN = 'example.com';
const TO = 'run@tasks.example.org';
const ZONE = signingZone(DOMAIN);

type Options = NonNullable<Parameters<typeof openSmtpReceiver>[1]['patience']>;

async function receive(app: TestApp, { zone = ZONE, patience }: { zone?: Zone; patience?: Options } = {}) {
  const dns = zoneOf(zone);
  const receiver = await openSmtpReceiver(app.service, patience ? { dns, patience } : { dns });
  onTestFinished(receiver.close);
  return receiver;
}

/** A user whose device takes commands from their address. */
async function openPerson(app: TestApp): Promise<{ user: TestUser; device: TestDevice; from: string }> {
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  await app.service.db
    .insertInto('email_configs')
    .values({ id: app.service.newId(), user_id: user.id, device_id: device.id, email_address: user.email })
    .execute();
  return { user, device, from: user.email };
}

type Answer = { code: number; words: string };

/** What the receiver answers in the end. */
async function send(
  { port }: Pick<SmtpReceiver, 'port'>,
  raw: string,
  { from = `someone@${DOMAIN}`, to = TO, ...more }: { from?: string; to?: string } & SMTPTransportOptions = {},
): Promise<Answer> {
  const transport = createTransport({ host: '127.0.0.1', port, tls: { rejectUnauthorized: false }, ...more });
  try {
    const { response = '' } = await transport.sendMail({ envelope: { from, to: [to] }, raw });
    return { code: Number(response.slice(0, 3)), words: response.slice(4) };
  } catch (error) {
    const { responseCode = 0, response = String(error) } = error as NodemailerError;
    return { code: responseCode, words: response.replace(/^\d+ /, '') };
  }
}

const signedBy = (draft: Draft): Promise<string> => signed(compose(draft), { domain: DOMAIN });

/** Speaks SMTP by hand. */
async function speak(port: number) {
  const socket: Socket = createConnection(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  /** The last line of the next reply; undefined when the connection is over. */
  const reply = async (): Promise<string | undefined> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) return undefined;
      if (value[3] !== '-') return value;
    }
  };
  const say = (line: string): Promise<string | undefined> => {
    socket.write(`${line}\r\n`);
    return reply();
  };
  return { socket, reply, say };
}

let app: TestApp;
beforeAll(async () => {
  app = await openApp({ env: MAIL });
});
afterAll(() => app.close());

const tasksOf = async ({ client }: TestUser) => (await client.tasks.list()).items;

it('makes a task of a mail that its domain has signed', async () => {
  const { user, device, from } = await openPerson(app);
  const receiver = await receive(app);
  const answer = await send(receiver, await signedBy({ from: `Ann <${from}>`, text: 'npm test\n-- \nAnn' }));
  const [task, ...others] = await tasksOf(user);
  expect(answer).toEqual({ code: 250, words: `Task ${task?.id} is queued` });
  expect(others).toEqual([]);
  expect(task).toMatchObject({ command: 'npm test', device_id: device.id, source: 'email', type: 'bash' });
});

it('makes a task of a mail that comes from where the domain lets its mail be sent', async () => {
  const { user, from } = await openPerson(app);
  const zone = { ...ZONE, [`${DOMAIN} TXT`]: ['v=spf1 ip4:127.0.0.1 -all'] };
  expect(await send(await receive(app, { zone }), compose({ from }))).toMatchObject({ code: 250 });
  expect(await tasksOf(user)).toHaveLength(1);
});

it('answers a message that comes again with the task that it made', async () => {
  const { user, from } = await openPerson(app);
  const receiver = await receive(app);
  const mail = await signedBy({ from });
  const answers = await Promise.all([send(receiver, mail), send(receiver, mail), send(receiver, mail)]);
  expect(new Set(answers.map(({ words }) => words)).size).toBe(1);
  expect(await tasksOf(user)).toHaveLength(1);
});

it('refuses a forged sender, with the reason', async () => {
  const { user, from } = await openPerson(app);
  const receiver = await receive(app, { zone: { ...ZONE, ...signingZone('evil.example') } });
  for (const mail of [
    compose({ from }),
    await signed(compose({ from }), { domain: 'evil.example' }),
    (await signedBy({ from, text: 'uptime' })).replace('uptime', 'reboot'),
  ]) {
    expect(await send(receiver, mail)).toEqual({
      code: 550,
      words: 'It is not proven that this comes from example.com: no DKIM or SPF that DMARC accepts',
    });
  }
  expect(await tasksOf(user)).toEqual([]);
});

it.each<[string, Omit<Draft, 'from'>, RegExp]>([
  ['an automatic answer', { headers: ['Auto-Submitted: auto-replied'] }, /sent automatically/],
  ['a letter of ours', { messageId: '<ccjk.7b4b1f0e-6d0c-4a3b-9a55-3d1f7f0c2e11@x.example>' }, /mail of ours/],
  ['an answer to one', { headers: ['In-Reply-To: <ccjk.7b4b1f0e-6d0c-4a3b-9a55-3d1f7f0c2e11@x.example>'] }, /of ours/],
  ['another subject', { subject: 'Lunch?' }, /begins with \[CCJK\]/],
  ['an empty body', { text: '--\nAnn' }, /no command/],
])('refuses %s', async (_, draft, reason) => {
  const { user, from } = await openPerson(app);
  const answer = await send(await receive(app), await signedBy({ from, ...draft }));
  expect(answer).toMatchObject({ code: 550, words: expect.stringMatching(reason) });
  expect(await tasksOf(user)).toEqual([]);
});

it('refuses a signed command that was written to another service, and is brought here by whoever got it there', async () => {
  const { user, from } = await openPerson(app);
  const answer = await send(await receive(app), await signedBy({ from, to: 'run@tasks.elsewhere.example' }));
  expect(answer).toMatchObject({ code: 550, words: expect.stringMatching(/no signed To or Cc names it/) });
  expect(await tasksOf(user)).toEqual([]);
});

it('refuses a sender whom nobody knows, and mail without a return path', async () => {
  const receiver = await receive(app);
  expect(await send(receiver, await signedBy({ from: `nobody@${DOMAIN}` }))).toMatchObject({ code: 550 });
  const { reply, say } = await speak(receiver.port);
  await reply();
  await say('EHLO x');
  expect(await say('MAIL FROM:<>')).toMatch(/^550 Reports/);
});

it('takes mail for its domain and none other', async () => {
  const { from } = await openPerson(app);
  const receiver = await receive(app);
  const mail = await signedBy({ from });
  expect(await send(receiver, mail, { to: 'Anything+x@Tasks.Example.Org' })).toMatchObject({ code: 250 });
  for (const to of ['run@example.org', 'run@evil.tasks.example.org', 'tasks.example.org@example.com'])
    expect(await send(receiver, mail, { to })).toMatchObject({ code: 550 });
});

it('runs plain text alone: not HTML, not what is attached or forwarded', async () => {
  const { user, from } = await openPerson(app);
  const receiver = await receive(app);
  const of = (type: string, body: string) =>
    signed(compose({ from, text: body }).replace('text/plain; charset=utf-8', type), { domain: DOMAIN });
  expect(await send(receiver, await of('text/html', '<p>uptime</p>'))).toMatchObject({ code: 550 });
  const parts = (...each: string[]) => `${each.map((part) => `--b\n${part}\n`).join('')}--b--\n`;
  const forwarded = parts('\nuptime', 'Content-Type: message/rfc822\n\nSubject: x\n\nreboot');
  expect(await send(receiver, await of('multipart/mixed; boundary=b', forwarded))).toMatchObject({ code: 250 });
  const both = parts('Content-Type: text/plain\n\nuname', 'Content-Type: text/html\n\n<p>reboot</p>');
  expect(await send(receiver, await of('multipart/alternative; boundary=b', both))).toMatchObject({ code: 250 });
  expect((await tasksOf(user)).map(({ command }) => command).sort()).toEqual(['uname', 'uptime']);
});

it('reads what mail programs make of text: quoted-printable, flowed lines, other characters', async () => {
  const { user, from } = await openPerson(app);
  const receiver = await receive(app);
  const mail = compose({ from, text: 'echo gr=C3=BC=C3=9Fe=\n und=20\nmehr' }).replace(
    'text/plain; charset=utf-8',
    'text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: quoted-printable',
  );
  expect(await send(receiver, await signed(mail, { domain: DOMAIN }))).toMatchObject({ code: 250 });
  expect((await tasksOf(user)).map(({ command }) => command)).toEqual(['echo grüße und mehr']);
});

it('refuses what is too big, announced or not', async () => {
  const { user, from } = await openPerson(app);
  const receiver = await receive(app);
  expect(await send(receiver, compose({ from, text: `${'x'.repeat(70)}\n`.repeat(16_000) }))).toMatchObject({
    code: 552,
  });
  expect(await send(receiver, await signedBy({ from, text: 'x\n'.repeat(20_000) }))).toEqual({
    code: 550,
    words: 'A message may have 20000 lines',
  });
  const { socket, reply, say } = await speak(receiver.port);
  await reply();
  await say('EHLO x');
  await say(`MAIL FROM:<${from}>`);
  await say(`RCPT TO:<${TO}>`);
  expect(await say('DATA')).toMatch(/^354/);
  socket.write(`${'x'.repeat(70)}\r\n`.repeat(16_000));
  expect(await say('.')).toMatch(/^552/);
  expect(await tasksOf(user)).toEqual([]);
});

it('asks the sender to come again while the DNS does not answer', async () => {
  const { from } = await openPerson(app);
  const timedOut = Object.assign(new Error('queryTxt ETIMEOUT'), { code: 'ETIMEOUT' });
  const receiver = await receive(app, { zone: { ...ZONE, [`_dmarc.${DOMAIN} TXT`]: timedOut } });
  expect(await send(receiver, await signedBy({ from }))).toMatchObject({ code: 450 });
});

it('asks the sender to come again while the database is away, and loses nothing', async () => {
  const own = await openAppForTest({ env: MAIL });
  const { user, from } = await openPerson(own);
  const receiver = await receive(own);
  const mail = await signedBy({ from });
  const giveBack = await takeAway(own.databaseUrl);
  const away = await send(receiver, mail);
  await giveBack();
  expect(away).toEqual({ code: 451, words: 'The service is not available now' });
  expect(await send(receiver, mail)).toMatchObject({ code: 250 });
  expect(await tasksOf(user)).toHaveLength(1);
});

it('asks the sender to come again when the day has no more tasks', async () => {
  const own = await openAppForTest({ env: MAIL, plan: 'free' });
  const { user, device, from } = await openPerson(own);
  await user.client.tasks.createBatch({
    mode: 'parallel',
    tasks: Array.from({ length: 10 }, () => ({ device_id: device.id, command: 'true' })),
  });
  const answer = await send(await receive(own), await signedBy({ from }));
  expect(answer).toMatchObject({ code: 452, words: expect.stringMatching(/tasks a day/) });
});

it('ends a connection that is silent, and one that never comes to its end', async () => {
  const receiver = await receive(app, { patience: { idleMs: 100, connectionMs: 60_000 } });
  await once((await speak(receiver.port)).socket, 'close');

  const hurried = await receive(app, { patience: { idleMs: 60_000, connectionMs: 300 } });
  const slow = await speak(hurried.port);
  const drip = setInterval(() => slow.socket.write('N'), 20);
  onTestFinished(() => clearInterval(drip));
  await once(slow.socket, 'close');
});

it('forgets a client that goes away in the middle of its mail', async () => {
  const { user, from } = await openPerson(app);
  const receiver = await receive(app);
  const { socket, reply, say } = await speak(receiver.port);
  await reply();
  await say('EHLO x');
  await say(`MAIL FROM:<${from}>`);
  await say(`RCPT TO:<${TO}>`);
  await say('DATA');
  socket.write(await signedBy({ from }));
  socket.destroy();
  expect(await send(receiver, await signedBy({ from, text: 'second' }))).toMatchObject({ code: 250 });
  expect((await tasksOf(user)).map(({ command }) => command)).toEqual(['second']);
});

it('lets one address have ten connections, and others later', async () => {
  const receiver = await receive(app);
  const crowd = await Promise.all(Array.from({ length: 10 }, () => speak(receiver.port)));
  for (const { reply } of crowd) expect(await reply()).toMatch(/^220/);
  const late = await speak(receiver.port);
  expect(await late.reply()).toBe('421 Too many connections from your address');
  const [first] = crowd;
  expect(await first?.say('QUIT')).toMatch(/^221/);
  await expect.poll(async () => (await speak(receiver.port)).reply()).toMatch(/^220/);
});

it('speaks TLS where it has a certificate, and offers none where it has not', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'ccjk-tls-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const files = { MAIL_TLS_CERT: path.join(directory, 'cert.pem'), MAIL_TLS_KEY: path.join(directory, 'key.pem') };
  await writeFile(files.MAIL_TLS_CERT, CERTIFICATE.cert);
  await writeFile(files.MAIL_TLS_KEY, CERTIFICATE.key);
  const { from } = await openPerson(app);
  const config = { ...app.service.config, ...files };
  const secure = await openSmtpReceiver({ ...app.service, config }, { dns: zoneOf(ZONE) });
  onTestFinished(secure.close);
  expect(await send(secure, await signedBy({ from }), { requireTLS: true })).toMatchObject({ code: 250 });

  await writeFile(files.MAIL_TLS_KEY, 'no key');
  await expect(openSmtpReceiver({ ...app.service, config }, { dns: zoneOf(ZONE) })).rejects.toThrow(
    /^MAIL_TLS_CERT, MAIL_TLS_KEY: cannot be used/,
  );

  const { reply, say } = await speak((await receive(app)).port);
  await reply();
  await say('EHLO x');
  expect(await say('STARTTLS')).toMatch(/^5/);
  expect(await say('AUTH PLAIN AAAA')).toMatch(/^5/);
});

it('mails the result back', async () => {
  const outside = await openSmtp();
  const own = await openAppForTest({ env: { ...MAIL, ...outside.env } });
  await own.work();
  const { user, device, from } = await openPerson(own);
  const receiver = await receive(own);
  const messageId = '<question-1@mail.example>';
  expect(await send(receiver, await signedBy({ from, text: 'echo hello', messageId }))).toMatchObject({ code: 250 });
  const { tasks } = await device.client.daemon.claim();
  const [task] = tasks;
  await device.client.daemon.result(task?.id as string, {
    status: 'completed',
    exit_code: 0,
    stdout: 'hello\n',
    stderr: '',
  });
  const result = () => outside.received.find(({ raw }) => raw.includes('Subject: Task completed'));
  await expect.poll(result).toBeDefined();
  const { raw = '', to } = result() ?? {};
  expect(to).toEqual([from]);
  const letter = readEml(raw);
  expect(letter.header('in-reply-to')).toBe(messageId);
  expect(letter.header('subject')).not.toMatch(/^\[CCJK\]/);
  for (const text of [letter.text, letter.html]) {
    expect(text).toContain('echo hello');
    expect(text).toContain('Exit code: 0');
  }
  // It would come back as it is, signed by our own domain.
  expect(await send(receiver, await signed(raw, { domain: 'example.org' }))).toMatchObject({ code: 550 });
  expect(await tasksOf(user)).toHaveLength(1);
});
