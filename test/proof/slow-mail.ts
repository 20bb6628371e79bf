/** A mail server that takes its time, so that kills come while a letter is on its way, and remembers when it took which. */
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { startSmtp } from '../setup/smtp-server.ts';
import type { Trial } from './harness.ts';

/** Milliseconds until it says that it has a letter. Who is killed meanwhile has sent it nevertheless. */
const TAKES_MS = 100;

export type Delivery = {
  /** Of the letter: the id of the first message in it. */
  id: string;
  /** How many messages it tells. */
  messages: number;
  /** By performance.now(): when its text began to come, and when it was taken. */
  begunAt: number;
  takenAt: number;
};

export type SlowMail = { env: Record<string, string>; deliveries: Delivery[] };

export async function openSlowMail(trial: Trial): Promise<SlowMail> {
  const deliveries: Delivery[] = [];
  const { env, close } = await startSmtp({
    async onData(stream, _, callback) {
      const begunAt = performance.now();
      const text = await textOf(stream);
      if (text === undefined) return;
      await delay(TAKES_MS);
      const id = /^Message-ID: <ccjk\.([^@]+)@/im.exec(text)?.[1] ?? text;
      const messages = Number(/^Subject: (\d+) messages, the first/im.exec(text)?.[1] ?? 1);
      deliveries.push({ id, messages, begunAt, takenAt: performance.now() });
      callback(null, 'taken');
    },
  });
  trial.afterwards(close);
  return { env, deliveries };
}

/** Undefined: its sender was killed before the end of it. */
async function textOf(stream: Readable): Promise<string | undefined> {
  let text = '';
  try {
    for await (const chunk of stream.setEncoding('latin1')) text += chunk;
    return text;
  } catch {
    return undefined;
  }
}
