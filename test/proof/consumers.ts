/**
 * Consumers — WebSockets that follow what a task writes, and streams that subscribe to a channel of the relay: live ones,
 * which read what comes, and such as can be made to stall, with their connection open. Each text that they are sent begins
 * with its number and the time when it was sent, in milliseconds of this process.
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import type { Trial } from './harness.ts';

export type Consumer = {
  /** The numbers of the texts that came, in their order. */
  numbers: number[];
  /** Milliseconds from sending to arrival, of each. */
  delaysMs: number[];
  /** Undefined while it is open; 0: without a close frame, as streams end. */
  closedWith: number | undefined;
  stall(): void;
  resume(): void;
};

/** Begins a text of `bytes` characters, and is found again in frames, where it stands as it is. */
export const numbered = (number: number, bytes: number): string =>
  `#${number}@${performance.now().toFixed(1)};`.padEnd(bytes, 'x');

const MARK = /#(\d+)@([\d.]+);/g;
/** No mark is longer. */
const LONGEST_MARK = 40;

function newConsumer(): Omit<Consumer, 'stall' | 'resume'> & { note(text: string): void } {
  const numbers: number[] = [];
  const delaysMs: number[] = [];
  return {
    numbers,
    delaysMs,
    closedWith: undefined,
    note(text) {
      for (const [, number, sentAt] of text.matchAll(MARK)) {
        numbers.push(Number(number));
        delaysMs.push(performance.now() - Number(sentAt));
      }
    },
  };
}

/** The head of a frame with output, in which its mark stands. */
const HEAD_BYTES = 400;

export async function openSocket(trial: Trial, url: string, to: { token: string; taskId: string }): Promise<Consumer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, {
    headers: { authorization: `Bearer ${to.token}` },
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  trial.afterwards(() => socket.terminate());
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'subscribe', channel: `task:${to.taskId}` }));
  await once(socket, 'message');
  const consumer = newConsumer();
  socket.on('message', (data: Buffer) => consumer.note(data.toString('latin1', 0, HEAD_BYTES)));
  socket.on('error', () => {});
  const opened = { ...consumer, stall: () => socket.pause(), resume: () => socket.resume() };
  // Of a connection that was cut ws says 1006, which no frame carries.
  socket.once('close', (code) => {
    opened.closedWith = code === 1006 ? 0 : code;
  });
  return opened;
}

export async function openStream(trial: Trial, url: string, channel: string): Promise<Consumer> {
  const request = get(`${url}/api/subscribe?channel=${channel}`, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  trial.afterwards(() => response.destroy());
  if (response.statusCode !== 200) throw new Error(`A subscription was answered ${response.statusCode}`);
  const consumer = newConsumer();
  const opened = { ...consumer, stall: () => void response.pause(), resume: () => void response.resume() };
  response.on('error', () => {});
  response.once('close', () => {
    opened.closedWith = 0;
  });
  let rest = '';
  response.setEncoding('latin1');
  await new Promise<void>((resolve) => {
    response.on('data', (text: string) => {
      resolve();
      consumer.note(rest + text);
      // A mark may begin in one piece and end in the next; one that is whole is not noted twice.
      const tail = text.slice(-LONGEST_MARK);
      rest =
        tail.includes('#') && !tail.slice(tail.lastIndexOf('#')).includes(';') ? tail.slice(tail.lastIndexOf('#')) : '';
    });
  });
  return opened;
}
