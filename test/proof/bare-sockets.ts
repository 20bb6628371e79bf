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

/**
 * Requests with bytes changed, cut off, doubled, and heads of every size. Each is refused in an envelope. What may stay
 * unanswered is what did not come whole, and what a reset took along, which comes when more was sent than was read.
 */
export async function garbage(trial: Trial, port: number, connections: number, authorization: string): Promise<void> {
  const right = rightRequests(authorization);
  const plan = Array.from({ length: connections }, () => broken(trial, pickOf(trial, right)));
  await someAtATime(plan, async (sent) => {
    trial.count('broken connections');
    const isWhole = cameWhole(sent.toString('latin1'));
    // Node lets go of whoever says that nothing more comes, also when it has not answered yet.
    const { received, end } = await converse(port, sent, isWhole ? 'after an answer' : 'at once');
    const seen = {
      end,
      sent: sent.toString('latin1').slice(0, 500),
      received: received.toString('latin1').slice(0, 500),
    };
    trial.check('a connection that said its last word is ended', end !== 'none', seen);
    if (end === 'none') return;
    const answers = answersIn(received);
    const faults = faultsIn(received, answers);
    trial.check('what is no HTTP is answered in the envelope, and not with a 5xx', faults.length === 0, {
      faults,
      ...seen,
    });
    trial.check('what came whole is answered', answers.length > 0 || end === 'reset' || !isWhole, seen);
    if (answers.some(({ status }) => status >= 400)) trial.count('broken connections refused');
  });
}

/** Whether there is a head, and as much of a body as it says. Of chunks it is not told. */
function cameWhole(sent: string): boolean {
  const [all, head = ''] = /^(?:\r\n)*([^\r\n].*?\r\n)\r\n/s.exec(sent) ?? [];
  if (all === undefined || /transfer-encoding/i.test(head)) return false;
  const lengths = [...head.matchAll(/^content-length:[ \t]*(.*?)\r\n/gim)].map(([, length]) => Number(length));
  return lengths.every((length) => sent.length - all.length >= length);
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

/** How a connection ended; none: it did not, in time. */
type End = 'closed' | 'reset' | 'none';

/** Sends all, says in time that nothing more comes, and gives what came back. */
async function converse(
  port: number,
  sent: Buffer,
  saysSo: 'at once' | 'after an answer' | 'never',
): Promise<{ received: Buffer; end: End }> {
  const socket = connect({ port, host: HOST, allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk) => {
    received.push(chunk);
    if (saysSo === 'after an answer' && textIn(Buffer.concat(received)) !== '') socket.end();
  });
  const ended = new Promise<End>((resolve) => {
    socket.on('error', () => resolve('reset'));
    socket.on('end', () => resolve('closed'));
    socket.on('close', () => resolve('closed'));
    socket.setTimeout(PATIENCE_MS, () => resolve('none'));
  });
  if (saysSo === 'at once') socket.end(sent);
  else socket.write(sent);
  const end = await ended;
  socket.destroy();
  return { received: Buffer.concat(received), end };
}

/** What goes before the answer to a request that asks for it, whole or half. */
const INTERIM = 'HTTP/1.1 100 Continue\r\n\r\n';
const ANSWER = /HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n([\s\S]*?)\r\n\r\n/g;

type Answer = { status: number; body: string };

function answersIn(received: Buffer): Answer[] {
  const text = textIn(received);
  return [...text.matchAll(ANSWER)].map(({ 0: head, 1: status, 2: headers = '', index }) => {
    const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
    return { status: Number(status), body: text.slice(index + head.length, index + head.length + length) };
  });
}

const textIn = (received: Buffer): string => received.toString('latin1').replaceAll(INTERIM, '');

function faultsIn(received: Buffer, answers: readonly Answer[]): string[] {
  if (answers.length === 0) return textIn(received) === '' ? [] : ['what came is no answer'];
  return answers.flatMap(({ status, body }) => {
    if (status >= 500) return [`answered ${status}`];
    return status < 400 || isFailure(body) ? [] : [`answered ${status} without an envelope: ${body.slice(0, 200)}`];
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
  const { received } = await converse(port, Buffer.from(requests.join('')), 'never');
  const text = received.toString('latin1');
  const answered = [...text.matchAll(/x-request-id: ([\w-]+)/gi)].map(([, id]) => id);
  trial.check(
    'requests in one piece are answered one after the other',
    answered.join() === [...ids, last].join(),
    answered.length,
  );
  const faults = faultsIn(received, answersIn(received));
  trial.check('and none of them with a fault', faults.length === 0, faults);
}

// ---- Slow -----------------------------------------------------------------------------------------------------------

type Slow = {
  what: string;
  begins: string;
  times: number;
  /** Between two bytes; without it nothing more comes. */
  dripMs?: number;
  cutWithinMs: number;
};

/**
 * Node looks for what is slow every 30 s, and gives heads 60 s, requests the 120 of the service.
 * Source: server.headersTimeout, server.requestTimeout, connectionsCheckingInterval.
 */
const slowRequests = (authorization: string): Slow[] => {
  const half = `POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n`;
  return [
    {
      what: 'a head that does not end',
      begins: 'GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ',
      times: 60,
      dripMs: 1_000,
      cutWithinMs: 100_000,
    },
    {
      what: 'a body that does not end',
      begins: `${half}Transfer-Encoding: chunked\r\n\r\nfffff\r\n{"command":"`,
      times: 20,
      dripMs: 1_000,
      cutWithinMs: 160_000,
    },
    {
      what: 'a body of which half has come',
      begins: `${half}Content-Length: 100\r\n\r\n{"command":"`,
      times: 20,
      cutWithinMs: 160_000,
    },
  ];
};

/**
 * Requests that come byte by byte, or half, while all else goes on. In the long form they are waited for, until each has
 * been cut off.
 */
export function dribble(trial: Trial, port: number, authorization: string): { end(): Promise<void> } {
  const begunAt = performance.now();
  const slow = slowRequests(authorization).flatMap((kind) =>
    Array.from({ length: kind.times }, () => ({ ...kind, ...slowRequest(trial, port, kind) })),
  );
  return {
    async end() {
      for (const { what, ended, soFar, cutWithinMs } of slow) {
        if (trial.length === 'short') {
          trial.check(`${what} is waited for`, soFar() === '', soFar());
          continue;
        }
        const late = pause(Math.max(0, cutWithinMs - (performance.now() - begunAt)), 'late' as const);
        const received = await Promise.race([ended, late]);
        const isCut = received !== 'late' && /^HTTP\/1\.1 408 /.test(received);
        trial.check(`${what} is cut off with a 408`, isCut, received);
        if (isCut) trial.count('slow requests cut off');
      }
    },
  };
}

function slowRequest(
  trial: Trial,
  port: number,
  { begins, dripMs }: Slow,
): { ended: Promise<string>; soFar(): string } {
  const socket = connect({ port, host: HOST });
  socket.write(begins);
  const drip = dripMs && setInterval(() => socket.writable && socket.write('x'), dripMs);
  trial.afterwards(() => {
    clearInterval(drip);
    socket.destroy();
  });
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
  return { ended, soFar: () => text };
}

// ---- WebSockets -----------------------------------------------------------------------------------------------------

/** How a socket ends of which nobody did anything wrong: we close it, without a word. Source: RFC 6455, 7.1.5. */
const HONEST_END = 1005;
/** What may come of any bytes. */
const ANY_END = [HONEST_END, 1002, 1006, 1007, 1008, 1009];

/** Frames that are none, and commands that are none, while an honest socket is answered all the time. */
export async function webSocketGarbage(
  trial: Trial,
  url: string,
  connections: number,
  ticket: () => Promise<string>,
): Promise<void> {
  const honest = await openSocket(url, await ticket());
  trial.afterwards(() => honest.terminate());
  const plan = Array.from({ length: Math.ceil(connections / 10) }, () => socketPlan(trial));
  await someAtATime(plan, async ({ sent, ends }) => {
    const socket = await openSocket(url, await ticket());
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    // The connection below it: what `ws` would never write.
    const below = (socket as unknown as { _socket: Socket })._socket;
    for (const frame of sent) below.write(frame);
    // An honest end, in case that nothing of it was wrong.
    socket.close();
    const code = await Promise.race([closed, pause(PATIENCE_MS, 0)]);
    trial.count('broken connections');
    if (ends.length === 1 && ends[0] !== HONEST_END) trial.count('frames against the protocol');
    const seen = { code, ends, sent: sent.map((frame) => frame.toString('latin1').slice(0, 100)) };
    trial.check('a WebSocket ends for the first frame that was wrong', ends.includes(code), seen);
    socket.terminate();
  });
  const answered = new Promise((resolve) => honest.once('message', (data) => resolve(JSON.parse(String(data)).type)));
  honest.send(JSON.stringify({ type: 'ping' }));
  const type = await Promise.race([answered, pause(PATIENCE_MS, 'nothing')]);
  trial.check('another WebSocket goes on', type === 'pong', type);
}

/** Some frames that are only strange; then in most cases one that is wrong, and others behind it. */
function socketPlan(trial: Trial): { sent: Buffer[]; ends: number[] } {
  const someStrange = () =>
    Array.from({ length: Math.floor(trial.random() * 3) }, () => pickOf(trial, STRANGE_FRAMES)(trial));
  const before = someStrange();
  const chance = trial.random();
  if (chance < 0.1) return { sent: before, ends: [HONEST_END] };
  if (chance < 0.2) return { sent: [...before, bytes(trial, 1 + Math.floor(trial.random() * 64))], ends: ANY_END };
  const [frame, code] = pickOf(trial, WRONG_FRAMES);
  return { sent: [...before, frame, ...someStrange()], ends: [code] };
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

/** Frames as the protocol wants them, with what is no command. */
const STRANGE_FRAMES: readonly ((trial: Trial) => Buffer)[] = [
  (trial) => frame(0x82, bytes(trial, 20)),
  () => frame(0x81, Buffer.from('no JSON')),
  () => text({ type: 'subscribe', channel: `task:${'\0'.repeat(36)}` }),
  () => text({ type: 'subscribe', channel: ['task'] }),
  () => text({ type: 'subscribe', channel: `device:${randomUUID()}` }),
  () => text({ type: 'ping', more: 'x'.repeat(60_000) }),
  () => text([[[[null]]]]),
  () => frame(0x81, Buffer.from(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)),
  () => frame(0x81, Buffer.from('{"__proto__":{"type":"ping"}}')),
];

/** Frames against the protocol, and the code of the close that they ask for. Source: RFC 6455, 5 and 7.4.1. */
const WRONG_FRAMES: readonly (readonly [Buffer, number])[] = [
  [frame(0x81, Buffer.from([0xff, 0xfe, 0xc0])), 1007],
  [frame(0x83, Buffer.from('no such opcode')), 1002],
  [frame(0xf1, Buffer.from('reserved bits')), 1002],
  [frame(0x80, Buffer.from('goes on from nothing')), 1002],
  [Buffer.concat([frame(0x01, Buffer.from('does not end')), text({ type: 'ping' })]), 1002],
  [frame(0x89, Buffer.alloc(200)), 1002],
  [frame(0x88, Buffer.from([0x03])), 1002],
  [Buffer.from([0x81, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f]), 1002],
  [Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), 1009],
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
