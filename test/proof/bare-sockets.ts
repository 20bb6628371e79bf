/** What comes over a connection that is no HTTP, half of it, slow, too much of it, or no WebSocket. */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import type { Trial } from './harness.ts';

const HOST = '127.0.0.1';
/** Connections at once. */
const AT_ONCE = 20;
/** An answer to what came whole takes milliseconds; one that does not come is a fault. */
const PATIENCE_MS = 20_000;

// ---- Garbage --------------------------------------------------------------------------------------------------------

/** Requests with bytes changed, cut off, doubled, and heads of every size. Each is answered in an envelope, or not at all. */
export async function garbage(trial: Trial, port: number, connections: number, authorization: string): Promise<void> {
  const right = rightRequests(authorization);
  const plan = Array.from({ length: connections }, () => broken(trial, pickOf(trial, right)));
  await someAtATime(plan, async (sent) => {
    trial.count('broken connections');
    const received = await converse(port, sent);
    if (received === undefined) {
      trial.check('a connection that said its last word is ended', false, sent.toString('latin1').slice(0, 300));
      return;
    }
    const faults = answerFaults(received);
    trial.check('what is no HTTP is answered in the envelope, and not with a 5xx', faults.length === 0, {
      faults,
      sent: sent.toString('latin1').slice(0, 500),
      received: received.toString('latin1').slice(0, 500),
    });
  });
}

function rightRequests(authorization: string): Buffer[] {
  const body = JSON.stringify({ device_id: randomUUID(), command: 'true' });
  const head = (line: string, ...lines: string[]) =>
    [line, 'Host: x', `Authorization: ${authorization}`, ...lines].join('\r\n');
  return [
    `${head('GET /v1/tasks?limit=2 HTTP/1.1')}\r\n\r\n`,
    `${head('POST /v1/tasks HTTP/1.1', 'Content-Type: application/json', `Content-Length: ${body.length}`)}\r\n\r\n${body}`,
    `${head('POST /v1/tasks HTTP/1.1', 'Content-Type: application/json', 'Transfer-Encoding: chunked')}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    `${head('POST /api/publish HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 33')}\r\n\r\n{"channel":"bare","message":"hi"}\n`,
    `${head('GET /v1/ws HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')}\r\n\r\n`,
    `${head('POST /v1/daemon/logs HTTP/1.1', 'Content-Type: multipart/form-data; boundary=x', 'Content-Length: 20', 'Expect: 100-continue')}\r\n\r\n--x\r\n--x--\r\n`,
  ].map((text) => Buffer.from(text, 'latin1'));
}

const ODD = [
  '\r\n',
  '\n',
  '\0',
  '\xff',
  ' ',
  ':',
  '\r\n\r\n',
  'Content-Length: 1\r\n',
  'Transfer-Encoding: chunked\r\n',
  '%',
  'HTTP/2.0',
  'Host: y\r\n',
];

function broken(trial: Trial, right: Buffer): Buffer {
  const place = Math.floor(trial.random() * (right.length + 1));
  const [before, after] = [right.subarray(0, place), right.subarray(place)];
  const ways: (() => Buffer)[] = [
    () => before,
    () => Buffer.concat([before, Buffer.from(pickOf(trial, ODD), 'latin1'), after]),
    () => Buffer.concat([before, bytes(trial, 1 + Math.floor(trial.random() * 8)), after]),
    () => Buffer.concat([before, after.subarray(1 + Math.floor(trial.random() * 4))]),
    () => Buffer.concat([before, before, after]),
    () => bytes(trial, 1 + Math.floor(trial.random() * 400)),
    () =>
      Buffer.from(
        `GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(16_000 + Math.floor(trial.random() * 9_000))}\r\n\r\n`,
      ),
    () => Buffer.from(`GET /livez HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(Math.floor(trial.random() * 4_000))}\r\n`),
    () => Buffer.concat([right, bytes(trial, 20)]),
  ];
  return pickOf(trial, ways)();
}

/** Sends all, says that nothing more comes unless it `stays`, and gives what came back; undefined: it was not ended in time. */
async function converse(port: number, sent: Buffer, stays = false): Promise<Buffer | undefined> {
  const socket = connect({ port, host: HOST, allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  const closed = new Promise<boolean>((resolve) => {
    // A reset is an end, too.
    socket.on('error', () => resolve(true));
    socket.on('end', () => resolve(true));
    socket.on('close', () => resolve(true));
    socket.setTimeout(PATIENCE_MS, () => resolve(false));
  });
  if (stays) socket.write(sent);
  else socket.end(sent);
  const isClosed = await closed;
  socket.destroy();
  return isClosed ? Buffer.concat(received) : undefined;
}

/** What goes before the answer to a request that asks for it, whole or half. */
const INTERIM = 'HTTP/1.1 100 Continue\r\n\r\n';
const ANSWER = /HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n([\s\S]*?)\r\n\r\n/g;

/** What is wrong with the answers in `received`: none is no fault, because half a request may be left unanswered. */
function answerFaults(received: Buffer): string[] {
  const text = received.toString('latin1').replaceAll(INTERIM, '');
  if (text === '') return [];
  const answers = [...text.matchAll(ANSWER)];
  if (answers.length === 0) return ['what came is no answer'];
  return answers.flatMap(({ 0: head, 1: written, 2: headers = '', index }) => {
    const status = Number(written);
    if (status >= 500) return [`answered ${status}`];
    if (status < 400) return [];
    const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
    const body = text.slice(index + head.length, index + head.length + length);
    return isFailure(body) ? [] : [`answered ${status} without an envelope: ${body.slice(0, 200)}`];
  });
}

const isFailure = (body: string): boolean => {
  try {
    const { success, error } = JSON.parse(body);
    return success === false && typeof (error.code ?? error) === 'string';
  } catch {
    return false;
  }
};

// ---- Many at once ---------------------------------------------------------------------------------------------------

/** Requests one behind the other without waiting are answered in their order. */
export async function pipelines(trial: Trial, port: number): Promise<void> {
  const ids = Array.from({ length: 100 }, () => randomUUID());
  const paths = ['/livez', '/v1/tasks', '/api/channels', '/nothing', '/api/control/devices'];
  const requests = ids.map(
    (id, at) => `GET ${paths[at % paths.length]} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\n\r\n`,
  );
  const last = randomUUID();
  requests.push(`GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: ${last}\r\n\r\n`);
  const received = await converse(port, Buffer.from(requests.join('')), true);
  const text = received?.toString('latin1') ?? '';
  const answered = [...text.matchAll(/x-request-id: ([\w-]+)/gi)].map(([, id]) => id);
  trial.check(
    'requests in one piece are answered one after the other',
    answered.join() === [...ids, last].join(),
    answered.length,
  );
  trial.check('and none of them with a fault', answerFaults(Buffer.from(text, 'latin1')).length === 0);
}

// ---- Slow -----------------------------------------------------------------------------------------------------------

const DRIBBLING = 60;
/** Between two bytes of a slow head. */
const DRIP_MS = 1_000;
/** Node looks for slow heads every 30 s, and gives them 60 s. Source: server.headersTimeout, connectionsCheckingInterval. */
const CUT_WITHIN_MS = 100_000;

/** Heads that come byte by byte while all else goes on. In the long form they are waited for, until each has been cut off. */
export function dribble(trial: Trial, port: number): { end(): Promise<void> } {
  const begun = performance.now();
  const sockets = Array.from({ length: DRIBBLING }, () => slowHead(port));
  const drip = setInterval(() => {
    for (const { socket } of sockets) if (socket.writable) socket.write('x');
  }, DRIP_MS);
  trial.afterwards(() => {
    clearInterval(drip);
    for (const { socket } of sockets) socket.destroy();
  });
  return {
    async end() {
      if (trial.length === 'short') return;
      const late = pause(Math.max(0, CUT_WITHIN_MS - (performance.now() - begun)), 'late' as const);
      for (const { ended } of sockets) {
        const received = await Promise.race([ended, late]);
        const isCut = received !== 'late' && /^HTTP\/1\.1 408 /.test(received);
        trial.check('a head that does not end is cut off with a 408', isCut, received);
        if (isCut) trial.count('slow heads cut off');
      }
    },
  };
}

function slowHead(port: number): { socket: Socket; ended: Promise<string> } {
  const socket = connect({ port, host: HOST });
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
  return { socket, ended };
}

// ---- WebSockets -----------------------------------------------------------------------------------------------------

/** What a close may say of what came: no protocol, no such data, no text, a policy, too big, too many. Source: RFC 6455, 7.4. */
const CLOSED_FOR = [1000, 1002, 1003, 1005, 1006, 1007, 1008, 1009];

/** Frames that are none, and commands that are none, while an honest socket is answered all the time. */
export async function webSocketGarbage(
  trial: Trial,
  url: string,
  connections: number,
  ticket: () => Promise<string>,
): Promise<void> {
  const honest = await openSocket(url, await ticket());
  trial.afterwards(() => honest.terminate());
  const plan = Array.from({ length: Math.ceil(connections / 10) }, () =>
    Array.from({ length: 1 + Math.floor(trial.random() * 5) }, () => pickOf(trial, FRAMES)(trial)),
  );
  await someAtATime(plan, async (sent) => {
    const socket = await openSocket(url, await ticket());
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    // The connection below it: what `ws` would never write.
    const below = (socket as unknown as { _socket: Socket })._socket;
    for (const frame of sent) below.write(frame);
    // An honest end, in case that nothing of it was wrong.
    socket.close();
    const code = await Promise.race([closed, pause(PATIENCE_MS, 0)]);
    trial.count('broken connections');
    trial.check('a WebSocket with garbage ends for what came', CLOSED_FOR.includes(code), {
      code,
      sent: sent.map(String),
    });
    socket.terminate();
  });
  const answered = new Promise((resolve) => honest.once('message', (data) => resolve(JSON.parse(String(data)).type)));
  honest.send(JSON.stringify({ type: 'ping' }));
  const type = await Promise.race([answered, pause(PATIENCE_MS, 'nothing')]);
  trial.check('another WebSocket goes on', type === 'pong', type);
}

function openSocket(url: string, ticket: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws?ticket=${ticket}`);
  socket.on('error', () => {});
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** A frame of a client, masked with zeros. */
const frame = (opcode: number, payload: Buffer): Buffer => {
  const { length } = payload;
  const size = Buffer.alloc(length < 126 ? 1 : 3);
  if (length < 126) size.writeUInt8(0x80 | length);
  else {
    size.writeUInt8(0x80 | 126);
    size.writeUInt16BE(Math.min(length, 65_535), 1);
  }
  return Buffer.concat([Buffer.from([opcode]), size, Buffer.alloc(4), payload.subarray(0, 65_535)]);
};

const text = (command: unknown): Buffer => frame(0x81, Buffer.from(JSON.stringify(command)));

const FRAMES: readonly ((trial: Trial) => Buffer)[] = [
  (trial) => bytes(trial, 1 + Math.floor(trial.random() * 64)),
  () => frame(0x81, Buffer.from([0xff, 0xfe, 0xc0])),
  (trial) => frame(0x82, bytes(trial, 20)),
  () => frame(0x83, Buffer.from('no such opcode')),
  () => frame(0xf1, Buffer.from('reserved bits')),
  () => frame(0x80, Buffer.from('goes on from nothing')),
  () => frame(0x01, Buffer.from('never ends')),
  () => frame(0x89, Buffer.alloc(200)),
  () => frame(0x88, Buffer.from([0x03])),
  () => frame(0x81, Buffer.alloc(65_535, 'x')),
  () => Buffer.from([0x81, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f]),
  () => Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  () => text({ type: 'subscribe', channel: `task:${'\0'.repeat(36)}` }),
  () => text({ type: 'subscribe', channel: ['task'] }),
  () => text({ type: 'subscribe', channel: `device:${randomUUID()}` }),
  () => text({ type: 'ping', more: 'x'.repeat(60_000) }),
  () => text([[[[null]]]]),
  () => frame(0x81, Buffer.from(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)),
  () => frame(0x81, Buffer.from('{"__proto__":{"type":"ping"}}')),
];

// ---- All of them ----------------------------------------------------------------------------------------------------

const pickOf = <Item>(trial: Trial, items: readonly Item[]): Item =>
  items[Math.floor(trial.random() * items.length)] as Item;

const bytes = (trial: Trial, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => Math.floor(trial.random() * 256)));

async function someAtATime<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
