/** The service as a process of its own, as `npm start` runs it: an embedded PostgreSQL, a free port, a new DATA_DIR. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export const newDirectory = (name: string): string => {
  const directory = mkdtempSync(path.join(tmpdir(), `ccjk-${name}-`));
  // PostgreSQL runs as another account when we are root, and has to walk through.
  chmodSync(directory, 0o711);
  return directory;
};

export type Finished = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

/** A process, what it printed, and its end. */
export class Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[], options: { env?: Record<string, string>; cwd?: string } = {}) {
    this.child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.finished = once(this.child, 'close').then(([code, signal]) => ({
      code,
      signal,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** The first line of its output that `matches`; rejects when it ends without one. */
  async line(matches: (line: string) => boolean): Promise<string> {
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    for await (const line of lines) if (matches(line)) return line;
    const { code, stderr } = await this.finished;
    throw new Error(`The process ended with ${code} before it printed that line:\n${stderr}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

export type Server = { url: string; process: Running };

/** Starts the service and waits until it says that it is ready. */
export async function startServer(dataDir: string, env: Record<string, string> = {}): Promise<Server> {
  const running = new Running(process.execPath, ['server/main.ts'], {
    env: { PORT: '0', DATA_DIR: dataDir, LOG_FORMAT: 'json', LOG_LEVEL: 'info', ...env },
  });
  const ready = JSON.parse(await running.line((line) => line.includes('"msg":"ready"'))) as { url: string };
  return { url: ready.url, process: running };
}

/** Runs the command line of the SDK to its end. */
export const ccjk = (args: readonly string[], env: Record<string, string>, cwd?: string): Promise<Finished> =>
  new Running(process.execPath, [path.join(ROOT, 'sdk/bin/ccjk-cloud.js'), ...args], { env, ...(cwd ? { cwd } : {}) })
    .finished;
