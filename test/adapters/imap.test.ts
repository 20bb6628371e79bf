/**
 * The same tests for every server. Those of a real one run where the environment names it:
 * `test/extended/imap.sh npx vitest run test/adapters/imap.test.ts`.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { ImapFlow } from 'imapflow';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openMailboxes } from '../../server/adapters/imap.ts';
import { type Found, type Mailbox, MailboxFailed } from '../../server/domain/mailboxes.ts';
import { type Zone, zoneOf } from '../setup/dns.ts';
import { IMAP_PASSWORD, openImap, type Whim } from '../setup/imap.ts';
import { compose, signed, signingZone } from '../setup/signed-mail.ts';

const { IMAP_PORT, IMAP_TLS_PORT, IMAP_PASSWORD: REAL_PASSWORD = '' } = process.env;

const DOMAIN = 'example.com';
const FROM = `ann@${DOMAIN}`;
const SINCE = new Date('2026-11-20T12:00:00Z');
const NEVER = new AbortController().signal;

type House = {
  mailbox: Mailbox;
  put(raw: string, options?: { arrived?: Date; isSeen?: boolean }): Promise<unknown>;
  unread(): Promise<number>;
};

const mailboxAt = (port: number, more: Partial<Mailbox> = {}): Mailbox => ({
  host: 'localhost',
  address: '127.0.0.1',
  port,
  isTlsFirst: false,
  username: randomUUID(),
  password: IMAP_PASSWORD,
  addresses: ['Ann@example.com', 'ann'],
  since: SINCE,
  ...more,
});

const LATER = new Date('2026-11-20T12:00:01Z');

async function openScripted(): Promise<House> {
  const { messages, port } = await openImap();
  return {
    mailbox: mailboxAt(port),
    put: async (raw, { arrived = LATER, isSeen = false } = {}) =>
      messages.push({ uid: messages.length + 1, raw, arrived, isSeen }),
    unread: async () => messages.filter(({ isSeen }) => !isSeen).length,
  };
}

const openDovecot = (port: string | undefined, isTlsFirst: boolean) => async (): Promise<House> => {
  const mailbox = mailboxAt(Number(port), { isTlsFirst, password: REAL_PASSWORD });
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: mailbox.port,
    secure: isTlsFirst,
    auth: { user: mailbox.username, pass: REAL_PASSWORD },
    tls: { rejectUnauthorized: false },
    logger: false,
  });
  await client.connect();
  onTestFinished(() => client.close());
  return {
    mailbox,
    put: (raw, { arrived = LATER, isSeen = false } = {}) =>
      client.append('INBOX', raw, isSeen ? ['\\Seen'] : [], arrived),
    unread: async () => (await client.status('INBOX', { unseen: true })).unseen ?? Number.NaN,
  };
};

const HOUSES = [
  { name: 'the scripted server', open: openScripted },
  ...(IMAP_PORT ? [{ name: 'Dovecot, STARTTLS', open: openDovecot(IMAP_PORT, false) }] : []),
  ...(IMAP_TLS_PORT ? [{ name: 'Dovecot, TLS', open: openDovecot(IMAP_TLS_PORT, true) }] : []),
];

const command = (text: string, from = FROM, subject = '[CCJK] run', to = FROM) =>
  signed(compose({ from, to, text, subject }), { domain: DOMAIN });

type Reading = {
  zone?: Zone;
  /** The command that cannot be settled. */
  fail?: string;
  signal?: AbortSignal;
  patience?: { idleMs: number; totalMs: number };
};

/** Reads the mailbox. What it found, in its order, as commands or as reasons of refusals. */
async function read(
  mailbox: Mailbox,
  { zone = signingZone(DOMAIN), fail = '', signal = NEVER, patience }: Reading = {},
) {
  const found: string[] = [];
  const settle = async (each: Found) => {
    const text = 'mail' in each ? each.mail.text.trim() : each.refusal;
    if (text === fail) throw new Error('cannot be settled now');
    found.push(text);
  };
  const error = await openMailboxes(zoneOf(zone), patience)
    .read(mailbox, signal, settle)
    .then(
      () => undefined,
      (reason: Error) => reason,
    );
  return { found, error };
}

describe.each(HOUSES)('$name', ({ open }) => {
  it('gives each unread command in its order, once', async () => {
    const { mailbox, put, unread } = await open();
    for (const text of ['uptime', 'uname -a']) await put(await command(text));
    expect(await read(mailbox)).toEqual({ found: ['uptime', 'uname -a'], error: undefined });
    expect(await unread()).toBe(0);
    expect((await read(mailbox)).found).toEqual([]);
  });

  it('says who wrote the mail and what it answers', async () => {
    const { mailbox, put } = await open();
    const headers = ['In-Reply-To: <a@b.example> <c@d.example>', 'Auto-Submitted: auto-replied'];
    await put(
      await signed(compose({ from: `Ann <${FROM}>`, to: FROM, messageId: '<1@x>', headers }), { domain: DOMAIN }),
    );
    const found: Found[] = [];
    await openMailboxes(zoneOf(signingZone(DOMAIN))).read(mailbox, NEVER, async (each) => void found.push(each));
    expect(found).toEqual([
      {
        mail: {
          from: FROM,
          subject: '[CCJK] run',
          text: 'uptime\n',
          messageId: '<1@x>',
          inReplyTo: ['<a@b.example>', '<c@d.example>'],
          autoSubmitted: 'auto-replied',
        },
      },
    ]);
  });

  it('touches nothing else: other subjects, mail that was read, mail from before', async () => {
    const { mailbox, put, unread } = await open();
    await put(await command('1', FROM, 'Hello'));
    await put(await command('2', FROM, 'Re: [CCJK] run'));
    await put(await command('3'), { isSeen: true });
    await put(await command('4'), { arrived: new Date('2026-11-20T11:59:59Z') });
    expect(await read(mailbox)).toEqual({ found: [], error: undefined });
    expect(await unread()).toBe(3);
  });

  it('leaves unread what cannot be settled, and gives the others their turn', async () => {
    const { mailbox, put, unread } = await open();
    for (const text of ['1', '2', '3']) await put(await command(text));
    const { found, error } = await read(mailbox, { fail: '2' });
    expect(found).toEqual(['1', '3']);
    expect(error?.message).toBe('cannot be settled now');
    expect(await unread()).toBe(1);
    expect((await read(mailbox)).found).toEqual(['2']);
  });

  it('refuses mail whose sender is not proven, and what is too long, and reads neither again', async () => {
    const { mailbox, put, unread } = await open();
    await put(compose({ from: FROM, to: FROM }));
    await put(await command('x'.repeat(1024 ** 2)));
    expect((await read(mailbox)).found).toEqual([
      'It is not proven that this comes from example.com: no DKIM or SPF that DMARC accepts',
      'A message may have 1048576 bytes',
    ]);
    expect(await unread()).toBe(0);
  });

  it('takes what was written to the mailbox, and nothing that was written to another and put here', async () => {
    const { mailbox, put } = await open();
    await put(await command('1', FROM, '[CCJK] run', 'run@tasks.elsewhere.example'));
    await put(await command('2', FROM, '[CCJK] run', 'Ann <ANN+commands@example.com>'));
    expect((await read(mailbox)).found).toEqual([
      'Write the mail to the address that takes commands: no signed To or Cc names it',
      '2',
    ]);
  });

  it('waits with mail whose sender is not known yet', async () => {
    const { mailbox, put, unread } = await open();
    await put(await command('uptime'));
    const timedOut = Object.assign(new Error('queryTxt ETIMEOUT'), { code: 'ETIMEOUT' });
    const { found, error } = await read(mailbox, {
      zone: { ...signingZone(DOMAIN), [`_dmarc.${DOMAIN} TXT`]: timedOut },
    });
    expect(found).toEqual([]);
    expect(error).toBeInstanceOf(MailboxFailed);
    expect(await unread()).toBe(1);
  });

  it('says in the words of the server that the password is wrong', async () => {
    const { mailbox } = await open();
    const { error } = await read({ ...mailbox, password: 'another one' });
    expect(error).toBeInstanceOf(MailboxFailed);
    expect(error?.message).toMatch(/does not take the username and password: .*failed/);
    expect(error?.message).not.toContain('another one');
  });
});

describe('a server that behaves badly', () => {
  const readBadly = async (whim: Whim, signal?: AbortSignal) => {
    const { messages, heard, port } = await openImap(whim);
    messages.push({ uid: 1, raw: await command('uptime'), arrived: LATER, isSeen: false });
    const patience = { idleMs: 400, totalMs: 1_500 };
    return { ...(await read(mailboxAt(port), { patience, ...(signal ? { signal } : {}) })), heard };
  };
  const at =
    (command: string, deed: (socket: Socket, tag: string) => unknown): Whim =>
    (heard, socket, tag) => {
      if (heard !== command) return undefined;
      deed(socket, tag);
      return 'is done';
    };

  it.each(['GREETING', 'LOGIN', 'UID FETCH'])('gets so long and no longer: silent at %s', async (command) => {
    const { error } = await readBadly(at(command, () => {}));
    expect(error).toBeInstanceOf(MailboxFailed);
  });

  it('gets so long in all, however often it says a little', async () => {
    const { error } = await readBadly(
      at('UID SEARCH', (socket) => {
        const timer = setInterval(() => socket.write('* OK wait\r\n'), 100);
        socket.on('close', () => clearInterval(timer));
      }),
    );
    expect(error?.message).toBe('The IMAP server takes too long');
  });

  it('has the password that it repeats shown to nobody', async () => {
    const { error } = await readBadly(
      at('LOGIN', (socket, tag) => socket.write(`${tag} NO [ALERT] you said ${IMAP_PASSWORD}\r\n`)),
    );
    expect(error?.message).toContain('you said ***');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(IMAP_PASSWORD);
  });

  it('may send so much and no more', async () => {
    const { error } = await readBadly(
      at('UID FETCH', async (socket) => {
        socket.write('* 1 FETCH (UID 1 BODY[] {1000000000}\r\n');
        const chunk = Buffer.alloc(1024 ** 2, 'x');
        while (!socket.destroyed) {
          if (!socket.write(chunk)) await once(socket, 'drain').catch(() => {});
        }
      }),
    );
    expect(error?.message).toBe('The IMAP server sends too much');
  });

  it('sees no password without TLS', async () => {
    const { error, heard } = await readBadly(
      at('STARTTLS', (socket, tag) => socket.write(`${tag} BAD no TLS here\r\n`)),
    );
    expect(error).toBeInstanceOf(MailboxFailed);
    expect(heard.some((line) => /LOGIN|AUTHENTICATE/.test(line))).toBe(false);
  });

  it('is known to have gone away', async () => {
    const { error } = await readBadly(at('SELECT', (socket) => socket.destroy()));
    expect(error).toBeInstanceOf(MailboxFailed);
  });

  it('is let go of at once when the process ends', async () => {
    const end = new AbortController();
    const { error } = await readBadly(
      at('SELECT', () => end.abort()),
      end.signal,
    );
    expect(error).toBeInstanceOf(MailboxFailed);
  });
});
