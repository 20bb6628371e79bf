/**
 * Mail — brings letters to an SMTP server; without SMTP_HOST it writes them as .eml files into DATA_DIR/outbox.
 *
 * What the server refuses for good is answered as such, with its words. Everything else that goes wrong, an unreachable
 * server, a stalling one, «try again later», a password of ours that it does not take, rejects, so that a job tries again.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { NodemailerError, SendMailOptions, SMTPTransportOptions } from 'nodemailer';
import type { Config } from '../config.ts';
import type { Service } from '../context.ts';
import { messageIdOf } from '../domain/letters.ts';
import type { Delivery, Letter, Mail } from '../ports.ts';
import { hushed, type Login, withoutPassword } from './mail-words.ts';

/** Silence after which a server counts as away. A job that sends mail may take several times as long. */
const PATIENCE_MS = 20_000;
/** The same where somebody waits for the answer. */
export const AWAITED_PATIENCE_MS = 3_500;

/** With the outbox alone, where nobody receives it. */
const NOBODY = 'CCJK Cloud <no-reply@localhost>';

/** Our addresses come validated; this keeps a mistake of ours from becoming somebody's header or second recipient. */
const PLAIN_ADDRESS = /^[^\s\p{Cc}<>()[\],;:\\"@]+@[^\s\p{Cc}<>()[\],;:\\"@]+$/u;

/** What stands between the angle brackets of an id: it breaks out of neither them nor the header, also for who decodes it. */
const PLAIN_ID = /^(?!.*=\?)[!-;=?-~]+$/;

type MailConfig = Pick<
  Config,
  'DATA_DIR' | 'SMTP_HOST' | 'SMTP_PORT' | 'SMTP_USER' | 'SMTP_PASS' | 'SMTP_SECURE' | 'SMTP_FROM'
>;

export function openMail(
  config: MailConfig,
  { now, log, meter }: Pick<Service, 'now' | 'log' | 'meter'>,
  { patienceMs = PATIENCE_MS } = {},
): Mail {
  const from = config.SMTP_FROM ?? (config.SMTP_HOST && config.SMTP_USER) ?? NOBODY;
  const deliver = config.SMTP_HOST
    ? throughSmtp(smtpOptions(config, config.SMTP_HOST, patienceMs), loginOf(config))
    : intoOutbox(path.join(config.DATA_DIR, 'outbox'), now, log);

  return {
    async send(letter, { isAwaited = false } = {}) {
      try {
        const delivery = await deliver(letter, messageOf(letter, from, now()), isAwaited);
        meter.note({ what: 'letter.sent', outcome: delivery.isAccepted ? 'accepted' : 'refused' });
        return delivery;
      } catch (error) {
        meter.note({ what: 'letter.sent', outcome: 'failed' });
        throw error;
      }
    },
  };
}

/**
 * A letter as nodemailer takes it. `from` is an address, or `Name <address>`.
 * @throws Error when it is to go to what is no address
 */
export function messageOf(letter: Letter, from: string, date: Date): SendMailOptions {
  if (!PLAIN_ADDRESS.test(letter.to)) throw new Error('a letter is addressed to what is no address');
  const sender = addressIn(from);
  const answered = letter.inReplyTo === undefined ? {} : threadOf(letter.inReplyTo);
  return {
    from,
    to: { name: '', address: letter.to },
    envelope: { from: sender, to: [letter.to] },
    messageId: messageIdOf(letter.id, sender.slice(sender.lastIndexOf('@') + 1)),
    ...answered,
    date,
    subject: letter.subject,
    text: letter.text,
    html: letter.html,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** An id that is none is left out, and the letter then begins a thread of its own. */
const threadOf = (messageId: string) =>
  PLAIN_ID.test(messageId) ? { inReplyTo: `<${messageId}>`, references: `<${messageId}>` } : {};

/** `a@b` of `Name <a@b>`. */
const addressIn = (from: string): string => /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from;

type Deliver = (letter: Letter, message: SendMailOptions, isAwaited: boolean) => Promise<Delivery>;

/** This machine, as it is written in settings. */
export const LOOPBACK = /^(localhost|127\.[\d.]+|::1)$/;
/** The port on which servers expect TLS from the first byte. */
export const TLS_PORT = 465;

const loginOf = ({ SMTP_USER, SMTP_PASS }: MailConfig): Login | undefined =>
  SMTP_USER === undefined || SMTP_PASS === undefined ? undefined : { username: SMTP_USER, password: SMTP_PASS };

/** A password never leaves this machine in the clear; on it, nobody needs a certificate. */
function smtpOptions(config: MailConfig, host: string, patienceMs: number): SMTPTransportOptions {
  const { SMTP_PORT: port, SMTP_USER: user, SMTP_PASS: pass = '', SMTP_SECURE: secure = port === TLS_PORT } = config;
  const isHere = LOOPBACK.test(host);
  return {
    host,
    port,
    secure,
    ...(user === undefined ? {} : { auth: { user, pass } }),
    requireTLS: user !== undefined && !secure && !isHere,
    tls: { rejectUnauthorized: !isHere },
    ...patient(patienceMs),
  };
}

/** Milliseconds of silence, at each step. */
const patient = (ms: number) => ({ dnsTimeout: ms, connectionTimeout: ms, greetingTimeout: ms, socketTimeout: ms });

function throughSmtp(options: SMTPTransportOptions, login: Login | undefined): Deliver {
  const open = once(async () => {
    const { createTransport } = await import('nodemailer');
    const impatient = { ...options, ...patient(AWAITED_PATIENCE_MS) };
    return { forJobs: createTransport(options), forCallers: createTransport(impatient) };
  });
  return async (_, message, isAwaited) => {
    const { forJobs, forCallers } = await open();
    try {
      const { response } = await (isAwaited ? forCallers : forJobs).sendMail(message);
      return { isAccepted: true, reply: withoutPassword(response ?? '', login) };
    } catch (caught) {
      const error = hushed(caught as Error, login);
      if (!isRefusal(error)) throw error;
      return { isAccepted: false, reply: error.response ?? error.message };
    }
  };
}

/** The server said no to this letter or its recipient, with a code that means: not later either. */
export const isRefusal = (error: unknown): error is NodemailerError => {
  const { code, responseCode = 0 } = error as Partial<NodemailerError>;
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500;
};

/** Each letter is there whole or not at all, for the owner alone: some carry a secret. The log names the file only. */
function intoOutbox(directory: string, now: () => Date, log: Service['log']): Deliver {
  const open = once(async () =>
    (await import('nodemailer')).createTransport({ streamTransport: true, buffer: true, newline: 'windows' }),
  );
  return async ({ id }, message) => {
    const composer = await open();
    const { message: eml } = await composer.sendMail(message);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = path.join(directory, `${now().toISOString().replaceAll(':', '-')}-${id}.eml`);
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, eml as Buffer, { mode: 0o600 });
    await rename(draft, file);
    log.info({ file }, 'mail is written to the outbox, because SMTP_HOST is not set');
    return { isAccepted: true, reply: file };
  };
}

/** For nodemailer, which is loaded with the first letter: many a process never sends one. */
const once = <T>(open: () => Promise<T>): (() => Promise<T>) => {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
};
