/** What comes over a connection that is no HTTP, or only half of it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { stateOfEverything } from '../setup/database.ts';
import { type Answer, expectFailure, send } from '../setup/requests.ts';

let app: TestApp;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  device = await app.makeDevice(user);
});
afterAll(() => app.close());

/** Sends `bytes`, and then, unless the other side is to end it, nothing more; gives all that came back. */
async function raw(bytes: string | Buffer, { end = true } = {}): Promise<string> {
  const socket = connect({ port: Number(new URL(app.url).port), host: '127.0.0.1', allowHalfOpen: true });
  socket.write(bytes);
  if (end) socket.end();
  try {
    return await textOf(socket);
  } finally {
    socket.destroy();
  }
}

/** The last answer of what came back. */
function answerIn(received: string): Answer {
  const [head = '', ...rest] = received.slice(received.lastIndexOf('HTTP/1.1 ')).split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = new Headers(lines.map((each) => each.split(/: */, 2) as [string, string]));
  return { status: Number(line.split(' ')[1]), headers, text: rest.join('\r\n\r\n') };
}

const isAlive = async () => expect((await send(`${app.url}/livez`)).status).toBe(200);

test.each([
  ['garbage', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['half a request line', 'GET /v1/ta', 400],
  ['half a head', 'GET /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthor', 400],
  ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['an unknown method', 'BREW /v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['a NUL in a header', 'GET /v1/tasks HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n', 400],
  ['two lengths', 'POST /v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 400],
  [
    'a length and chunks',
    'POST /v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['no host', 'GET /v1/tasks HTTP/1.1\r\n\r\n', 400],
  ['an expectation of nobody', 'GET /v1/tasks HTTP/1.1\r\nHost: x\r\nExpect: a-pony\r\n\r\n', 417],
  ['a head of 20 KB', `GET /v1/tasks HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['an address of 20 KB', `GET /v1/tasks?${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
])('%s is answered in the envelope', async (_, bytes, status) => {
  expectFailure(answerIn(await raw(Buffer.from(bytes, 'latin1'))), status, 'VALIDATION_ERROR');
  await isAlive();
});

test('a head of 9 KB is taken, and judged as any other', async () => {
  const head = `GET /v1/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: ${'x'.repeat(9_000)}\r\n\r\n`;
  expectFailure(answerIn(await raw(head, { end: false })), 401, 'AUTH_REQUIRED');
});

test('a method that HTTP knows and the service does not is answered too', async () => {
  for (const method of ['TRACE', 'PROPFIND', 'QUERY', 'LOCK']) {
    const request = (path: string) => `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const known = answerIn(await raw(request('/v1/tasks'), { end: false }));
    expectFailure(known, 405, 'METHOD_NOT_ALLOWED');
    expect(known.headers.get('allow')).toBe('POST, GET');
    expectFailure(answerIn(await raw(request('/nothing'), { end: false })), 404, 'ROUTE_NOT_FOUND');
  }
});

test('garbage after an answer leaves that one as it was', async () => {
  const socket = connect({ port: Number(new URL(app.url).port), host: '127.0.0.1' });
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  const [first] = await once(socket, 'data');
  expect(String(first)).toMatch(/^HTTP\/1\.1 200 OK/);
  socket.write('\0\0garbage');
  expectFailure(answerIn(await textOf(socket)), 400, 'VALIDATION_ERROR');
});

test('half a body is a request that never came', async () => {
  const before = await stateOfEverything(app.service.db);
  const body = JSON.stringify({ device_id: device.id, command: 'true' });
  const head = `POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\nContent-Type: application/json\r\n`;
  for (const half of [
    `${head}Content-Length: ${body.length + 1}\r\n\r\n${body}`,
    `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`,
  ])
    expect(await raw(half)).not.toMatch(/^HTTP\/1\.1 2/);
  expect(await stateOfEverything(app.service.db)).toEqual(before);
  await isAlive();
});

describe('a handshake of a WebSocket', () => {
  const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
  const handshake = async (...lines: string[]) => {
    const { ticket } = await user.client.sockets.createTicket();
    const opening = (...more: string[]) =>
      [
        `GET /v1/ws?ticket=${ticket} HTTP/1.1`,
        'Host: x',
        'Connection: Upgrade',
        'Upgrade: websocket',
        ...more,
        '',
        '',
      ].join('\r\n');
    const refused = answerIn(await raw(opening(...lines), { end: false }));
    const socket = connect({ port: Number(new URL(app.url).port), host: '127.0.0.1' });
    socket.write(opening(`Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: a, b'));
    const [first] = await once(socket, 'data');
    socket.destroy();
    return { refused, next: String(first).split('\r\n', 1)[0] };
  };

  test.each([
    ['no key', []],
    ['a key of another length', ['Sec-WebSocket-Key: short', 'Sec-WebSocket-Version: 13']],
    ['no version', [`Sec-WebSocket-Key: ${KEY}`]],
    ['a version of nobody', [`Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 7']],
    ['a protocol twice', [`Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: a, a']],
    [
      'a protocol that is no name',
      [`Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: a b'],
    ],
  ])('with %s is answered in the envelope, and its ticket is not spent', async (_, lines) => {
    const { refused, next } = await handshake(...lines);
    expectFailure(refused, 400, 'VALIDATION_ERROR');
    expect(next).toBe('HTTP/1.1 101 Switching Protocols');
  });
});
