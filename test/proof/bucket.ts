/** A bucket in memory: as much of an S3 server as the service asks of one. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Trial } from './harness.ts';

const MISSING = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>';

export async function openBucket(trial: Trial): Promise<{ host: string; port: number }> {
  const objects = new Map<string, Buffer>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method, headers } = request;
    const key = request.url?.split('?', 1)[0] ?? '';
    if (method === 'PUT') objects.set(key, await buffer(request));
    if (method === 'DELETE') objects.delete(key);
    if (method !== 'GET') return response.writeHead(method === 'DELETE' ? 204 : 200).end();
    const object = objects.get(key);
    if (!object) return response.writeHead(404, { 'content-type': 'application/xml' }).end(MISSING);
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    if (start === undefined) return response.end(object);
    const part = object.subarray(Number(start), Number(end) + 1);
    const range = `bytes ${start}-${Number(start) + part.length - 1}/${object.length}`;
    return response.writeHead(206, { 'content-range': range }).end(part);
  };
  const server = createServer((request, response) => {
    // A caller that goes away in the middle is what is tried here.
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  trial.afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  const { address: host, port } = server.address() as AddressInfo;
  return { host, port };
}
