/**
 * Mail servers of users — sends through a server that somebody named, who may mean us harm: it is connected to at the
 * address that was checked, has so much time in all, and sees a password over TLS only, under a certificate for its name.
 */
import { connect, type Socket } from 'node:net';
import type { NodemailerError } from 'nodemailer';
import { oneLine } from '../domain/letters.ts';
import { Failed } from '../failed.ts';
import type { Delivery, MailHosts, MailServers } from '../ports.ts';
import { AWAITED_PATIENCE_MS, isRefusal, LOOPBACK, messageOf, TLS_PORT } from './mail.ts';
import { hushed, withoutPassword } from './mail-words.ts';

/** Silence after which a server counts as away. */
const PATIENCE_MS = 10_000;
/** For everything, however busy it seems. */
const DEADLINE_MS = 30_000;

/** What is passed on of a server's words, in characters. */
const MAX_REPLY = 500;

type Surroundings = { mailHosts: MailHosts; now: () => Date };

export function openMailServers(
  { mailHosts, now }: Surroundings,
  { patienceMs: ofJobsMs = PATIENCE_MS, deadlineMs = DEADLINE_MS } = {},
): MailServers {
  return {
    async send({ host, port, isSecure, login, address: sender }, letter, { isAwaited = false } = {}) {
      const patienceMs = isAwaited ? AWAITED_PATIENCE_MS : ofJobsMs;
      const message = messageOf(letter, sender, now());
      const { createTransport } = await import('nodemailer');
      const address = await mailHosts.checkedAddress(host);
      // Nobody needs a certificate on this machine.
      const isTlsDemanded = (isSecure || login !== undefined) && !LOOPBACK.test(address);
      const socket = await connectTo(address, port, patienceMs);
      const timer = setTimeout(() => socket.destroy(new Error('it took too long')), deadlineMs);
      const transport = createTransport({
        // The certificate has to be for the name; where it is, the socket knows.
        host,
        port,
        getSocket: (_, callback) => callback(null, { connection: socket }),
        secure: port === TLS_PORT,
        requireTLS: isTlsDemanded && port !== TLS_PORT,
        tls: { rejectUnauthorized: isTlsDemanded },
        ...(login === undefined ? {} : { auth: { user: login.username, pass: login.password } }),
        greetingTimeout: patienceMs,
        socketTimeout: patienceMs,
      });
      try {
        const { response } = await transport.sendMail(message);
        return { isAccepted: true, reply: readable(withoutPassword(response ?? '', login)) };
      } catch (error) {
        return refusalOf(hushed(error as NodemailerError, login));
      } finally {
        clearTimeout(timer);
        socket.destroy();
      }
    },
  };
}

const connectTo = (address: string, port: number, patienceMs: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    const give = (error: Error) => {
      socket.destroy();
      reject(failed(`The mail server cannot be reached: ${error.message}`, error));
    };
    const timer = setTimeout(() => give(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs);
    // It stays: a fault before nodemailer listens is nobody's else.
    socket.on('error', give);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('close', () => clearTimeout(timer));
  });

/** @throws Failed MAIL_REJECTED unless the server said no for good */
function refusalOf(error: NodemailerError): Delivery {
  const { code, responseCode = 0, response, message } = error;
  const isLoginRefused = code === 'EAUTH' && responseCode >= 500;
  if (isLoginRefused || isRefusal(error)) return { isAccepted: false, reply: readable(response ?? message) };
  throw failed(`The mail server did not take the mail: ${readable(message)}`, error);
}

const failed = (message: string, cause: Error): Failed => new Failed('MAIL_REJECTED', { message, cause });

const readable = (words: string): string => oneLine(words.toWellFormed()).slice(0, MAX_REPLY);
