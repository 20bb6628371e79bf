/**
 * Mailboxes by IMAP. The server is a stranger's: it gets so long, may send so much, and sees no password but over TLS.
 *
 * The IMAP server says nothing of who brought a mail that could be believed, so DKIM alone proves its sender
 * (sender-proof.ts). Mail is read without marking it; it is marked once it is settled.
 */
import { isIP } from 'node:net';
import { type FetchMessageObject, ImapFlow } from 'imapflow';
import { type Found, type Mailbox, type Mailboxes, MailboxFailed } from '../domain/mailboxes.ts';
import type { Dns } from './dns.ts';
import { MAX_MESSAGE_BYTES, readIncoming, Unreadable } from './incoming-mail.ts';
import { LOOPBACK } from './mail.ts';
import { hushed, type Login } from './mail-words.ts';
import { type Here, SenderUnproven } from './sender-proof.ts';

const PREFIX = '[CCJK';
/** Of those that may be commands; the rest comes with the next reading. */
const MAX_MESSAGES = 10;
/** Mail whose subject only contains the prefix is never marked, and so is always found again. */
const MAX_HEADS = 500;
/** From the server at one reading, all of which it may make us hold: the messages in full, and talk. */
const MAX_BYTES = (MAX_MESSAGES + 2) * MAX_MESSAGE_BYTES;
const COUNT_EVERY_MS = 100;
const DAY_MS = 86_400_000;

const PATIENCE = {
  /** Of silence. */
  idleMs: 15_000,
  /** For the whole reading: less than the minute after which the next one may begin. */
  totalMs: 45_000,
};

export function openMailboxes(dns: Dns, patience = PATIENCE): Mailboxes {
  return {
    async read(mailbox, signal, settle) {
      const client = connectionTo(mailbox, patience.idleMs);
      const ended = endOf(client, mailbox, AbortSignal.any([signal, AbortSignal.timeout(patience.totalMs)]));
      try {
        const [unsettled] = await Promise.race([
          readAll(client, mailbox, dns, settle).catch((error) => Promise.reject(explained(error, mailbox))),
          ended.promise,
        ]);
        if (unsettled) throw unsettled;
      } finally {
        ended.stop();
        client.close();
      }
    },
  };
}

function connectionTo({ host, address, port, isTlsFirst, username, password }: Mailbox, idleMs: number): ImapFlow {
  const options = {
    host: address,
    port,
    ...(isIP(host) ? {} : { servername: host }),
    ...(isTlsFirst ? { secure: true } : { secure: false, doSTARTTLS: true }),
    auth: { user: username, pass: password },
    // The certificate is for the name, or for the address where that is all there is. On this machine nobody needs one.
    tls: { host: address, rejectUnauthorized: !LOOPBACK.test(address) },
    logger: false as const,
    disableAutoIdle: true,
    // A little of it could become very much.
    disableCompression: true,
    connectionTimeout: idleMs,
    greetingTimeout: idleMs,
    socketTimeout: idleMs,
  };
  return new ImapFlow(options);
}

/** Its types leave out what it documents. `received`: bytes so far. */
type Counted = ImapFlow & { stats(): { received: number } };

/** Rejects when the connection ends, for whatever reason: what waits on it may wait forever. */
function endOf(client: ImapFlow, mailbox: Mailbox, signal: AbortSignal) {
  const { promise, reject } = Promise.withResolvers<never>();
  // The race may be over before.
  promise.catch(() => {});
  client.on('error', (error) => reject(explained(error, mailbox)));
  client.on('close', () => reject(new MailboxFailed('The IMAP server closed the connection')));
  const onAbort = () => reject(new MailboxFailed('The IMAP server takes too long'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const counter = setInterval(() => {
    if ((client as Counted).stats().received > MAX_BYTES) reject(new MailboxFailed('The IMAP server sends too much'));
  }, COUNT_EVERY_MS);
  return {
    promise,
    stop() {
      clearInterval(counter);
      signal.removeEventListener('abort', onAbort);
    },
  };
}

/** Returns why mail could not be settled. Rejects when the server fails. */
async function readAll(
  client: ImapFlow,
  { since, addresses }: Mailbox,
  dns: Dns,
  settle: (found: Found) => Promise<void>,
): Promise<Error[]> {
  await client.connect();
  const { readOnly } = await client.mailboxOpen('INBOX');
  if (readOnly) throw new MailboxFailed('The mailbox may only be read, so that mail could not be marked as done');
  const ours = new Set(addresses.map(withoutTag));
  const here = { isOurs: (address: string) => ours.has(withoutTag(address)), bringer: undefined };
  const unsettled: Error[] = [];
  for (const head of await commandsIn(client, since)) {
    const raw = await textOf(client, head);
    try {
      await settle(await judged(raw, here, dns));
    } catch (error) {
      unsettled.push(error as Error);
      continue;
    }
    await client.messageFlagsAdd(String(head.uid), ['\\Seen'], { uid: true });
  }
  return unsettled;
}

/** The heads of unread mail that may be a command, the oldest first. The server compares days alone, and any part of a subject. */
async function commandsIn(client: ImapFlow, since: Date): Promise<FetchMessageObject[]> {
  const query = { seen: false, subject: PREFIX, since: new Date(since.getTime() - DAY_MS) };
  const uids = (await client.search(query, { uid: true })) || [];
  if (uids.length === 0) return [];
  const newest = uids.sort((a, b) => a - b).slice(-MAX_HEADS);
  const heads: FetchMessageObject[] = [];
  const wanted = { uid: true, envelope: true, internalDate: true, size: true };
  for await (const head of client.fetch(newest.join(','), wanted, { uid: true })) heads.push(head);
  return heads
    .filter(({ envelope }) => envelope?.subject?.trimStart().startsWith(PREFIX))
    .filter(({ internalDate }) => new Date(internalDate ?? 0) >= since)
    .sort((a, b) => a.uid - b.uid)
    .slice(0, MAX_MESSAGES);
}

/** Undefined: it is too long. */
async function textOf(client: ImapFlow, { uid, size = 0 }: FetchMessageObject): Promise<Buffer | undefined> {
  if (size > MAX_MESSAGE_BYTES) return undefined;
  const message = await client.fetchOne(String(uid), { source: { maxLength: MAX_MESSAGE_BYTES } }, { uid: true });
  if (message === false || message.source === undefined)
    throw new MailboxFailed('The IMAP server names a mail and does not give it');
  return message.source;
}

/** `ann+anything@x` lies in the mailbox of `ann@x`. */
const withoutTag = (address: string): string => address.toLowerCase().replace(/\+[^@]*(?=@)/, '');

/** @throws MailboxFailed when its sender is not known yet */
async function judged(raw: Buffer | undefined, here: Here, dns: Dns): Promise<Found> {
  if (!raw) return { refusal: `A message may have ${MAX_MESSAGE_BYTES} bytes` };
  try {
    return { mail: await readIncoming(raw, here, dns) };
  } catch (error) {
    if (error instanceof SenderUnproven && !error.isFinal) throw new MailboxFailed(error.message);
    if (error instanceof SenderUnproven || error instanceof Unreadable) return { refusal: error.message };
    throw error;
  }
}

type ImapError = Error & { code?: string; authenticationFailed?: boolean; tlsFailed?: boolean; responseText?: string };

/** In words for the owner of the mailbox. */
function explained(error: ImapError, login: Login): MailboxFailed {
  if (error instanceof MailboxFailed) return error;
  const { message, authenticationFailed, responseText = message } = hushed(error, login);
  const what = authenticationFailed ? 'does not take the username and password' : 'failed';
  return new MailboxFailed(`The IMAP server ${what}: ${responseText}`, { cause: error });
}
