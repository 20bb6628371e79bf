/** Mail through a real SMTP server, a refusing and a stalling one, and into the outbox. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openMail } from '../../server/adapters/mail.ts';
import { type ConfigurationFailed, readSettings } from '../../server/config.ts';
import { isOurMessageId, messageIdOf, writeLetter } from '../../server/domain/letters.ts';
import { readEml } from '../setup/eml.ts';
import { openSmtp, smtpError } from '../setup/smtp.ts';

const NOW = new Date('2026-01-20T10:00:00Z');

function mailWith(env: Record<string, string>, patienceMs = 20_000) {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(line) });
  return { ...openMail(readSettings(env), { now: () => NOW, log, meter: { note: () => {} } }, { patienceMs }), lines };
}

const aLetter = (change: Partial<Parameters<typeof writeLetter>[0]> = {}) =>
  writeLetter({
    id: randomUUID(),
    to: 'user@example.com',
    subject: 'Hello',
    paragraphs: ['First line\nsecond line', { verbatim: 'curl -d "<a>" & \'b\'' }],
    ...change,
  });

describe('through SMTP', () => {
  test('a letter arrives as text and HTML, marked as ours and as automatic', async () => {
    const { received, env } = await openSmtp();
    const letter = aLetter();
    expect(await mailWith(env).send(letter)).toEqual({ isAccepted: true, reply: expect.stringContaining('taken') });
    expect(received).toHaveLength(1);
    const [{ from, to, raw }] = received as [(typeof received)[number]];
    expect([from, to]).toEqual(['cloud@example.org', ['user@example.com']]);
    const { header, text, html } = readEml(raw);
    expect(header('from')).toBe('Cloud <cloud@example.org>');
    expect(header('to')).toBe('user@example.com');
    expect(header('subject')).toBe('Hello');
    expect(header('auto-submitted')).toBe('auto-generated');
    expect(header('message-id')).toBe(`<ccjk.${letter.id}@example.org>`);
    expect(isOurMessageId(header('message-id') ?? '')).toBe(true);
    expect(header('date')).toBe('Tue, 20 Jan 2026 10:00:00 +0000');
    expect(text.trimEnd()).toBe('First line\nsecond line\n\n    curl -d "<a>" & \'b\'');
    expect(html).toContain('<p>First line<br>\nsecond line</p>');
    expect(html).toContain('<pre>curl -d &quot;&lt;a&gt;&quot; &amp; &#39;b&#39;</pre>');
  });

  test('words of every script arrive as they were written', async () => {
    const { received, env } = await openSmtp();
    const subject = 'Задача выполнена: 値 🚀 '.repeat(6).trim();
    await mailWith(env).send(aLetter({ subject, paragraphs: [`${'long '.repeat(500)}ключ 値 🚀`, '.', 'From here'] }));
    const { header, text } = readEml(received[0]?.raw ?? '');
    expect(header('subject')).toBe(subject);
    expect(text).toBe(`${'long '.repeat(500)}ключ 値 🚀\n\n.\n\nFrom here\n`);
  });

  test.each([
    ['\r\nBcc: victim@example.net'],
    ['\nBcc: victim@example.net\n\nbody'],
    ['\rBcc: victim@example.net'],
    ['\u2028Bcc: victim@example.net'],
    ['\u0085Bcc: victim@example.net'],
    ['\0Bcc: victim@example.net'],
  ])('a subject with %j adds neither a header nor a recipient', async (tail) => {
    const { received, env } = await openSmtp();
    const names = async (subject: string) => {
      await mailWith(env).send(aLetter({ subject }));
      return readEml(received.at(-1)?.raw ?? '').headers.map(([name]) => name);
    };
    const honest = await names('Task failed: make');
    expect(await names(`Task failed: make${tail}`)).toEqual(honest);
    expect(received.map(({ to }) => to)).toEqual([['user@example.com'], ['user@example.com']]);
    expect(readEml(received.at(-1)?.raw ?? '').header('subject')).toMatch(/^Task failed: make Bcc: victim/);
  });

  test.each([
    'a@b.com\r\nRCPT TO:<c@d.com>',
    'a@b.com, c@d.com',
    'A <a@b.com>',
    '"a b"@c.com',
    'a@b@c.com',
    'nobody',
    '',
  ])('nothing is sent to %j, which is no plain address', async (to) => {
    const { received, env } = await openSmtp();
    const { send } = mailWith(env);
    await expect(async () => send(aLetter({ to }))).rejects.toThrow('no address');
    expect(received).toEqual([]);
  });

  test('a server that wants a login gets it', async () => {
    const { received, env } = await openSmtp({
      authOptional: false,
      onAuth: ({ username, password }, _, callback) =>
        password === 'secret' ? callback(null, { user: username ?? '' }) : callback(smtpError(535, 'wrong password')),
    });
    const account = { ...env, SMTP_USER: 'cloud@example.org' };
    await mailWith({ ...account, SMTP_PASS: 'secret' }).send(aLetter());
    expect(received.map(({ user }) => user)).toEqual(['cloud@example.org']);
    await expect(mailWith({ ...account, SMTP_PASS: 'another' }).send(aLetter())).rejects.toThrow('wrong password');
  });

  test('a server that repeats our password shows it to nobody', async () => {
    const password = 'our "own" password';
    const plain = Buffer.from(`\0cloud@example.org\0${password}`).toString('base64');
    const heard = `AUTH PLAIN ${plain}, which is ${password}`;
    const secrets = [password, plain, Buffer.from(password).toString('base64')];
    const account = { SMTP_USER: 'cloud@example.org', SMTP_PASS: password };
    const refusing = await openSmtp({
      onAuth: ({ username }, _, callback) => callback(null, { user: username ?? '' }),
      onRcptTo: (_, __, callback) => callback(smtpError(550, `you said ${heard}`)),
    });
    const { reply } = await mailWith({ ...refusing.env, ...account }).send(aLetter());
    expect(reply).toContain('550 you said AUTH PLAIN ***');
    const locked = await openSmtp({ onAuth: (_, __, callback) => callback(smtpError(535, `you said ${heard}`)) });
    const error = await mailWith({ ...locked.env, ...account })
      .send(aLetter())
      .catch((caught: Error) => caught);
    const told = [reply, inspect(error, { depth: 9, showHidden: true })];
    expect(told[1]).toContain('535 you said AUTH PLAIN ***');
    for (const secret of secrets) expect(told.filter((text) => text.includes(secret))).toEqual([]);
  });

  test('TLS comes first where SMTP_SECURE says so, whatever the port', async () => {
    const { promise: first, resolve } = Promise.withResolvers<number | undefined>();
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data) => {
        resolve(data[0]);
        socket.destroy();
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const env = {
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(port),
      SMTP_FROM: 'cloud@example.org',
      SMTP_SECURE: 'true',
    };
    await expect(mailWith(env).send(aLetter())).rejects.toThrow();
    // The record of a TLS handshake.
    expect(await first).toBe(22);
  });

  test('a password goes to no other machine in the clear, nor to one that cannot show who it is', async () => {
    // Linux takes 0.0.0.0 for this machine; for us it is any other.
    for (const behaviour of [{ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }, {}]) {
      const logins: (string | undefined)[] = [];
      const { env } = await openSmtp({
        ...behaviour,
        onAuth: ({ username = '' }, _, callback) => {
          logins.push(username);
          callback(null, { user: username });
        },
      });
      const remote = mailWith({ ...env, SMTP_HOST: '0.0.0.0', SMTP_USER: 'cloud@example.org', SMTP_PASS: 'secret' });
      await expect(remote.send(aLetter())).rejects.toThrow(/STARTTLS|certificate/i);
      expect(logins).toEqual([]);
    }
  });

  test('a recipient or a letter that is refused for good is told, with the words of the server', async () => {
    const recipient = await openSmtp({ onRcptTo: (_, __, callback) => callback(smtpError(550, 'no such user')) });
    const refused = { isAccepted: false, reply: expect.stringContaining('550 no such user') };
    expect(await mailWith(recipient.env).send(aLetter())).toEqual(refused);
    const content = await openSmtp({
      onData: (stream, _, callback) => {
        stream.resume();
        stream.on('end', () => callback(smtpError(554, 'looks like spam')));
      },
    });
    const spam = { isAccepted: false, reply: expect.stringContaining('554 looks like spam') };
    expect(await mailWith(content.env).send(aLetter())).toEqual(spam);
  });

  test('«later» of a server, and a server that is not there, are to be tried again', async () => {
    const { env } = await openSmtp({ onRcptTo: (_, __, callback) => callback(smtpError(451, 'greylisted')) });
    await expect(mailWith(env).send(aLetter())).rejects.toThrow('greylisted');
    const nobody = net.createServer();
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const { port } = nobody.address() as AddressInfo;
    await new Promise((resolve) => nobody.close(resolve));
    await expect(mailWith({ ...env, SMTP_PORT: String(port) }).send(aLetter())).rejects.toThrow('ECONNREFUSED');
  });

  test('a server that falls silent, at its greeting or in the middle, holds nothing up for longer than our patience', async () => {
    const mute = net.createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void mute.close());
    const { port } = mute.address() as AddressInfo;
    const onMailFrom = vi.fn();
    const stalling = await openSmtp({ onMailFrom });
    const timeout = { code: 'ETIMEDOUT' };
    const began = performance.now();
    const send = (env: Record<string, string>) => mailWith(env, 1_500).send(aLetter());
    await expect(send({ ...stalling.env, SMTP_PORT: String(port) })).rejects.toMatchObject(timeout);
    expect(onMailFrom).not.toHaveBeenCalled();
    await expect(send(stalling.env)).rejects.toMatchObject(timeout);
    expect(onMailFrom).toHaveBeenCalledTimes(1);
    expect(performance.now() - began).toBeLessThan(10_000);
  }, 15_000);
});

describe('without SMTP_HOST', () => {
  test('a letter becomes a file of the outbox for its owner alone, and the log has no word of it', async () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ccjk-mail-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const { send, lines } = mailWith({ DATA_DIR: directory });
    const letter = aLetter({ paragraphs: [{ verbatim: 'mt_secret' }] });
    await send(letter);
    const outbox = path.join(directory, 'outbox');
    expect(readdirSync(outbox)).toEqual([`2026-01-20T10-00-00.000Z-${letter.id}.eml`]);
    const file = path.join(outbox, readdirSync(outbox)[0] ?? '');
    expect([statSync(file).mode & 0o777, statSync(outbox).mode & 0o777]).toEqual([0o600, 0o700]);
    const { header, text } = readEml(readFileSync(file, 'latin1'));
    expect([header('to'), header('message-id'), text]).toEqual([
      'user@example.com',
      messageIdOf(letter.id, 'localhost'),
      '    mt_secret\n',
    ]);
    expect(lines.join()).toContain(file);
    expect(lines.join()).not.toContain('mt_secret');
  });
});

test('no subject is longer than mail programs show, or cut within a character', () => {
  const { subject } = aLetter({ subject: `x${'🚀'.repeat(300)}` });
  expect([...subject]).toHaveLength(200);
  expect(subject.isWellFormed()).toBe(true);
});

test.each([
  '<ccjk.1@x>',
  '<x@ccjk.org>',
  'CAF+ccjk.0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa@mail.gmail.com',
])('%s is no Message-ID of ours', (id) => expect(isOurMessageId(id)).toBe(false));

describe('the sender', () => {
  const faults = (env: Record<string, string>) => {
    try {
      readSettings(env);
      return '';
    } catch (error) {
      return (error as ConfigurationFailed).message;
    }
  };

  test('is SMTP_FROM, else an SMTP_USER that is an address, and has to be one of them', async () => {
    expect(faults({ SMTP_HOST: 'mail.example.org' })).toContain('SMTP_FROM: must be set');
    expect(faults({ SMTP_HOST: 'mail.example.org', SMTP_USER: 'cloud' })).toContain('SMTP_FROM: must be set');
    expect(faults({ SMTP_HOST: 'mail.example.org', SMTP_USER: 'cloud@example.org' })).toBe('');
    const { received, env } = await openSmtp();
    await mailWith({ SMTP_HOST: env.SMTP_HOST, SMTP_PORT: env.SMTP_PORT, SMTP_FROM: 'other@example.org' }).send(
      aLetter(),
    );
    expect(received[0]?.from).toBe('other@example.org');
  });

  test.each(['nobody', 'a@b\r\nBcc: c@d.com', 'A <a@b> <c@d>', '<>'])('%j is none', (from) => {
    expect(faults({ SMTP_FROM: from })).toContain('SMTP_FROM');
  });
});
