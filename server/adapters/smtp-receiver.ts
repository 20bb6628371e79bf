/**
 * The SMTP receiver — takes mail for MAIL_DOMAIN and makes tasks of it.
 *
 *   recipient   any address at MAIL_DOMAIN: who may do what is decided by the sender. Nothing is relayed. Of a message that
 *               proves its sender by a signature alone, To or Cc names one such address, too
 *   250         there is a task, or this very message has made one before
 *   421         too many connections
 *   450         the DNS of the sender's domain does not answer
 *   451         something here is away for now
 *   452         the account has no more tasks for today
 *               After these nothing was kept, and the sender's server tries again
 *   550         this message makes no task, with the reason; the sender's server tells the sender
 *   552         it is over 1 MiB
 *
 * A message is answered after its task is committed. Should the answer be lost, the message comes again and is answered
 * with the task that there is.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { ConfigurationFailed } from '../config.ts';
import { BY_ITSELF, type Service } from '../context.ts';
import { takeMail } from '../domain/email-intake.ts';
import { oneLine } from '../domain/letters.ts';
import { Failed } from '../failed.ts';
import type { Dns } from './dns.ts';
import { MAX_MESSAGE_BYTES, readIncoming, Unreadable } from './incoming-mail.ts';
import { SenderUnproven } from './sender-proof.ts';

/** Each may hold a whole message in memory. */
const MAX_CLIENTS = 50;
const MAX_CLIENTS_PER_ADDRESS = 10;
const MAX_RECIPIENTS = 10;
/** A reply is a line; servers quote it to people. */
const MAX_REPLY = 400;
/** How long connections may go on once the receiver stops. What is cut off then comes again. */
const CLOSE_MS = 3_000;

const PATIENCE = {
  /** Of silence. RFC 5321 asks for five minutes between commands, from servers that cannot simply be asked again. */
  idleMs: 60_000,
  /** For all that one connection does: a message of full size at 30 kbit/s. */
  connectionMs: 300_000,
};

export type SmtpReceiver = {
  port: number;
  /** Takes no more connections and lets those that are there end. */
  close(): Promise<void>;
};

/** Where the mail of other servers arrives. */
const PORT = 25;

/** @throws ConfigurationFailed for the certificate; or as `listen` does when the port is taken or may not be opened */
export async function openSmtpReceiver(
  service: Service,
  { dns, patience = PATIENCE }: { dns: Dns; patience?: typeof PATIENCE },
): Promise<SmtpReceiver> {
  const { config, log } = service;
  const tls = certificateOf(config);
  const crowd = countByAddress(MAX_CLIENTS_PER_ADDRESS);
  const server = new SMTPServer({
    ...tls,
    name: config.MAIL_DOMAIN,
    banner: 'CCJK Cloud',
    disabledCommands: tls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    size: MAX_MESSAGE_BYTES,
    rejectOversized: true,
    maxClients: MAX_CLIENTS,
    maxRecipients: MAX_RECIPIENTS,
    socketTimeout: patience.idleMs,
    closeTimeout: CLOSE_MS,
    onConnect: ({ id, remoteAddress }, callback) =>
      crowd.enter(remoteAddress, id) ? callback() : callback(reply(421, 'Too many connections from your address')),
    onClose: ({ id, remoteAddress }) => crowd.leave(remoteAddress, id),
    onMailFrom: ({ address }, _, callback) =>
      // What has no return path was written by a machine about another message.
      address ? callback() : callback(reply(550, 'Reports and other mail without a return path make no task')),
    onRcptTo: ({ address }, _, callback) =>
      domainOf(address) === config.MAIL_DOMAIN
        ? callback()
        : callback(reply(550, `Mail for ${config.MAIL_DOMAIN} is taken here, and none other`)),
    onData: (stream, session, callback) => {
      answer(service, dns, stream, session).then((said) => callback(null, said), callback);
    },
  });
  server.on('error', (error) => log.debug({ err: error }, 'a client of the SMTP receiver failed'));
  server.server.on('connection', (socket) => endAfter(socket, patience.connectionMs));
  const port = await listen(server, config.MAIL_PORT ?? PORT, config.MAIL_HOST ?? config.HOST);
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** @throws an SMTP reply */
async function answer(
  service: Service,
  dns: Dns,
  stream: SMTPServerDataStream,
  { remoteAddress, hostNameAppearsAs, envelope: { mailFrom } }: SMTPServerSession,
): Promise<string> {
  const returnPath = mailFrom === false ? '' : mailFrom.address;
  const log = service.log.child({ remoteAddress, returnPath });
  try {
    const raw = await collect(stream);
    const here = {
      isOurs: (address: string) => domainOf(address) === service.config.MAIL_DOMAIN,
      bringer: { address: remoteAddress, helo: hostNameAppearsAs, returnPath },
    };
    const mail = await readIncoming(raw, here, dns);
    const taken = await takeMail(
      { ...service, ...BY_ITSELF, log, ipAddress: remoteAddress },
      { ...mail, via: 'smtp', accountId: null },
    );
    if (!taken.isTaken) throw new Unreadable(taken.message);
    return `Task ${taken.task.id} is ${taken.task.status}`;
  } catch (error) {
    const refusal = replyTo(error);
    if (refusal.responseCode === AWAY) log.error({ err: error }, 'mail could not be taken now; its sender tries again');
    else log.info({ reason: refusal.message }, 'mail was refused');
    throw refusal;
  }
}

const AWAY = 451;

function replyTo(error: unknown): Reply {
  if (error instanceof Unreadable) return reply(550, error.message);
  if (error instanceof SenderUnproven) return reply(error.isFinal ? 550 : 450, error.message);
  // A limit that passes by itself.
  if (error instanceof Failed && error.status === 429) return reply(452, error.message);
  return reply(AWAY, 'The service is not available now');
}

/** What is beyond the size is read and let go: the server answers for it. */
async function collect(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) if (!stream.sizeExceeded) chunks.push(chunk);
  } catch (error) {
    throw new Unreadable(`The client went away: ${(error as Error).message}`);
  }
  if (stream.sizeExceeded) throw new Unreadable(`A message may have ${MAX_MESSAGE_BYTES} bytes`);
  return Buffer.concat(chunks);
}

type Reply = Error & { responseCode: number };

const reply = (responseCode: number, message: string): Reply =>
  Object.assign(new Error([...oneLine(message)].slice(0, MAX_REPLY).join('')), { responseCode });

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

function certificateOf({ MAIL_TLS_CERT, MAIL_TLS_KEY }: Service['config']): { cert: Buffer; key: Buffer } | undefined {
  if (!MAIL_TLS_CERT || !MAIL_TLS_KEY) return undefined;
  try {
    const certificate = { cert: readFileSync(MAIL_TLS_CERT), key: readFileSync(MAIL_TLS_KEY) };
    createSecureContext(certificate);
    return certificate;
  } catch (error) {
    throw new ConfigurationFailed(`MAIL_TLS_CERT, MAIL_TLS_KEY: cannot be used: ${(error as Error).message}`);
  }
}

function countByAddress(max: number) {
  const inside = new Map<string, Set<string>>();
  return {
    enter(address: string, id: string): boolean {
      const here = inside.get(address) ?? new Set();
      if (here.size >= max) return false;
      inside.set(address, here.add(id));
      return true;
    },
    leave(address: string, id: string): void {
      const here = inside.get(address);
      if (here?.delete(id) && here.size === 0) inside.delete(address);
    },
  };
}

/** One that keeps sending a little is never silent. */
function endAfter(socket: Socket, ms: number): void {
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer));
}

const listen = (server: SMTPServer, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, host, () => {
      server.server.removeListener('error', reject);
      resolve((server.server.address() as AddressInfo).port);
    });
  });
