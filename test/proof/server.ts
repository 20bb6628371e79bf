/** The service as processes of their own, which a harness freezes, kills and starts again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Trial } from './harness.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 30_000;
/** Of what it said, for when it does not start. */
const KEPT_CHARACTERS = 4_000;

/** Rates and daily tasks that no harness reaches, unless it says otherwise. */
const ROOMY = {
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_FORMAT: 'json',
  LOG_LEVEL: 'info',
  JWT_SECRET: 'the secret of the proof, of which 32 characters',
  SECRETS_KEY: 'the key of the proof, of which 32 characters',
  DEFAULT_PLAN: 'enterprise',
  MAX_LOOP_DELAY: '0',
  RATE_LIMIT_MAX: '1000000000',
  RATE_LIMIT_DAEMON_MAX: '1000000000',
  RATE_LIMIT_ANONYMOUS_MAX: '1000000000',
  RATE_LIMIT_SOCKET_MAX: '1000000000',
  RATE_LIMIT_WEBHOOK_MAX: '1000000000',
  RELAY_PUBLISH_MAX: '1000000000',
  RELAY_REGISTER_MAX: '1000000000',
  RELAY_CHANNELS_MAX: '1000000000',
  RELAY_SUBSCRIBE_MAX: '1000000000',
  RELAY_READ_MAX: '1000000000',
};

export type Server = {
  url: string;
  port: number;
  process: ChildProcess;
  isAlive(): boolean;
  /** Sends a signal: SIGSTOP freezes it, SIGCONT wakes it. */
  signal(signal: NodeJS.Signals): void;
  /** `kill -9`; done when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL when that does not end it. */
  stop(): Promise<void>;
  /** The lines of its log so far. */
  lines: string[];
  /** The end of what it wrote to stderr, where nothing should be. */
  complaints(): string;
};

export type ServerOptions = {
  /** By default it has a PostgreSQL of its own, in its DATA_DIR. */
  databaseUrl?: string;
  role?: 'all' | 'api' | 'worker' | 'mail';
  /** The same again for one that follows another; by default any free one. */
  port?: number;
  /** Environment variables on top of ours. */
  env?: Record<string, string>;
};

/** Starts one and waits until it is ready; it ends with the harness. */
export async function startServer(
  trial: Trial,
  { databaseUrl = '', role = 'all', port = 0, env = {} }: ServerOptions,
): Promise<Server> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'ccjk-proof-data-'));
  const child = spawn(process.execPath, ['server/main.ts', '--role', role], {
    cwd: ROOT,
    env: { ...process.env, ...ROOMY, DATABASE_URL: databaseUrl, DATA_DIR: dataDir, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = once(child, 'close');
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  const stop = async () => {
    // One that is frozen hears nothing.
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(killer);
  };
  trial.afterwards(async () => {
    if (isAlive()) await kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-KEPT_CHARACTERS);
  });
  const lines: string[] = [];
  const ready = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.includes(role === 'mail' ? '"msg":"mail is taken' : '"msg":"ready')) ready.resolve(line);
  });
  const fail = (reason: string) =>
    ready.reject(new Error(`The ${role} process ${reason}:\n${complaints}${lines.slice(-20).join('\n')}`));
  void gone.then(() => fail('ended'));
  const late = setTimeout(() => fail('does not get ready'), START_MS);
  const said: { url?: string; port?: number } = JSON.parse(await ready.promise.finally(() => clearTimeout(late)));
  const { url = `smtp://127.0.0.1:${said.port}` } = said;
  return {
    url,
    port: Number(new URL(url).port),
    process: child,
    isAlive,
    signal: (signal) => void child.kill(signal),
    kill,
    stop,
    lines,
    complaints: () => complaints,
  };
}
