/** A process that is measured: the service or a peer, each with Node for itself and nothing else. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };

const CONTROL = new URL('./control.ts', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The service as `npm start` starts it, and each peer with the same. */
const NODE_FLAGS = manifest.scripts.start.match(/--\S+/g) ?? [];
const START_MS = 30_000;
/** Its database goes with it, so it need not wait for connections that clients hold open. */
const STOP_MS = 3_000;
/** Of what it said, for when it fails. */
const KEPT_CHARACTERS = 4_000;
const MIB = 1024 * 1024;

export type MeasuredProcess = {
  url: string;
  ask<Answer>(question: string, given?: unknown): Promise<Answer>;
  /** Milliseconds of CPU since it started. */
  cpuMs(): Promise<number>;
  /** What it takes of the machine's memory now. */
  memoryMiB(): Promise<number>;
  stop(): Promise<void>;
};

export type Program = {
  /** From the root of the repository. */
  script: string;
  env: Record<string, string>;
  args?: readonly string[];
  /** Where to write a CPU profile when it ends. */
  profileDir?: string | undefined;
};

/** Starts `program` and waits until it listens. */
export async function startProcess({ script, env, args = [], profileDir }: Program): Promise<MeasuredProcess> {
  const profiling = profileDir ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
  const child = fork(path.join(ROOT, script), args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    execArgv: [...NODE_FLAGS, '--import', CONTROL, ...profiling],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said = keepTail(child);
  const pending = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const listening = Promise.withResolvers<string>();

  child.on('message', (message: { port?: number; id?: number; answer?: never; error?: string }) => {
    if (message.port) listening.resolve(`http://127.0.0.1:${message.port}`);
    const asked = message.id === undefined ? undefined : pending.get(message.id);
    if (!asked) return;
    pending.delete(message.id as number);
    if (message.error === undefined) asked.resolve(message.answer as never);
    else asked.reject(new Error(`${script}: ${message.error}`));
  });
  child.once('exit', (code, signal) => {
    const error = new Error(`${script} ended with ${signal ?? code}:\n${said()}`);
    listening.reject(error);
    for (const { reject } of pending.values()) reject(error);
  });

  const ask = <Answer>(question: string, given?: unknown): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    lastId += 1;
    pending.set(lastId, { resolve, reject });
    child.send({ id: lastId, question, given }, (error) => {
      if (error) reject(error);
    });
    return promise;
  };

  const late = setTimeout(() => listening.reject(new Error(`${script} does not listen:\n${said()}`)), START_MS);
  try {
    const url = await listening.promise;
    return {
      url,
      ask,
      cpuMs: async () => (await ask<number>('cpu')) / 1000,
      memoryMiB: async () => (await ask<number>('memory')) / MIB,
      stop: () => stop(child),
    };
  } catch (error) {
    await stop(child);
    throw error;
  } finally {
    clearTimeout(late);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(killer);
}

function keepTail(child: ChildProcess): () => string {
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-KEPT_CHARACTERS);
    });
  }
  return () => tail.trim();
}
