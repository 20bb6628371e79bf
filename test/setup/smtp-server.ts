/** A real SMTP server in this process. It knows no test runner: tests open it by smtp.ts, proofs by themselves. */
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export type Received = { from: string; to: string[]; raw: string; user: string | undefined };

export type Place = { host?: string; port?: number };

/** Takes everything that `behaviour` does not refuse. */
export async function startSmtp(behaviour: SMTPServerOptions = {}, { host = '127.0.0.1', port: at = 0 }: Place = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    closeTimeout: 1,
    logger: false,
    disableReverseLookup: true,
    onData(stream, { envelope, user }, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = envelope;
        received.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString('latin1'),
          user: user === undefined ? undefined : String(user),
        });
        callback(null, 'taken');
      });
    },
    ...behaviour,
  });
  // What a client that gives up leaves behind is no fault of the test.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(at, host, () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  return {
    received,
    host,
    port,
    /** For a service that sends through it. */
    env: { SMTP_HOST: '127.0.0.1', SMTP_PORT: String(port), SMTP_FROM: 'Cloud <cloud@example.org>' },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
