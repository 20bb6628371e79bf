/** An S3 server that takes nothing, and repeats how it was asked, as real ones do where a signature is wrong. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Trial } from './harness.ts';

export type EchoingBucket = {
  url: string;
  /** How often it was asked. */
  asked(): number;
};

export async function openEchoingBucket(trial: Trial): Promise<EchoingBucket> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    request.resume().once('end', () => {
      const heard = `${request.method} ${request.url} ${request.rawHeaders.join(' ')}`;
      const error = `<Error><Code>SignatureDoesNotMatch</Code><Message>you said ${heard}</Message></Error>`;
      response.writeHead(403, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${error}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  trial.afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}
