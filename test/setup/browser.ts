/** The Chromium of this machine, held by its DevTools protocol: what a page shows, and what it asks of whom. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

/** Undefined where there is none: its tests are skipped. */
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) =>
  existsSync(file),
);

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--remote-debugging-port=0',
];

export type Page = {
  /** Every address that the page asked for, in its order. */
  requested: string[];
  /** What the page was refused by its own policy, and what it threw. */
  faults: string[];
  open(url: string): Promise<void>;
  /** The value of an expression, as JSON carries it. */
  evaluate<T>(expression: string): Promise<T>;
  /** The first value of an expression that is true; looked at as the page draws. */
  until<T>(expression: string): Promise<T>;
  close(): Promise<void>;
};

type Message = {
  id?: number;
  method?: string;
  params?: Record<string, Record<string, string>>;
  result?: never;
  error?: { message: string };
};

export async function openBrowser(): Promise<Page> {
  const profile = await mkdtemp(path.join(os.tmpdir(), 'ccjk-browser-'));
  const child = spawn(CHROMIUM as string, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const socket = new WebSocket(await debuggerOf(child.stderr));
  await new Promise((resolve) => socket.once('open', resolve));

  const answers = new Map<number, (message: Message) => void>();
  const requested: string[] = [];
  const faults: string[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message.id !== undefined) return answers.get(message.id)?.(message);
    if (message.method === 'Network.requestWillBeSent') requested.push(message.params?.request?.url ?? '');
    if (message.method === 'Log.entryAdded' && message.params?.entry?.level === 'error')
      faults.push(message.params.entry.text ?? '');
    if (message.method === 'Runtime.exceptionThrown') faults.push(JSON.stringify(message.params?.exceptionDetails));
  });
  let last = 0;
  const call = async <T>(method: string, params: object = {}, sessionId?: string): Promise<T> => {
    const id = ++last;
    const answer = await new Promise<Message>((resolve) => {
      answers.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    });
    answers.delete(id);
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result as T;
  };
  const { targetId } = await call<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await call<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
  for (const domain of ['Network', 'Runtime', 'Log', 'Page']) await call(`${domain}.enable`, {}, sessionId);

  const evaluate = async <T>(expression: string): Promise<T> => {
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    type Evaluated = { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
    const { result, exceptionDetails } = await call<Evaluated>('Runtime.evaluate', parameters, sessionId);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'The expression failed');
    return result.value;
  };
  return {
    requested,
    faults,
    evaluate,
    async open(url) {
      await call('Page.navigate', { url }, sessionId);
    },
    until: (expression) =>
      evaluate(`new Promise((resolve) => {
        const look = () => { const value = (${expression}); value ? resolve(value) : requestAnimationFrame(look); };
        look();
      })`),
    async close() {
      socket.terminate();
      child.kill('SIGKILL');
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** It prints where it listens. */
async function debuggerOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [, url] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('Chromium ended before it listened');
}
