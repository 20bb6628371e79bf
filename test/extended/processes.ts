/** Processes of the service, of this release or another, on one PostgreSQL of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export type Started = { url: URL; child: ChildProcess };

export type Ground = AsyncDisposable & {
  databaseUrl: string;
  /** That of all processes. */
  dataDir: string;
  /** What the processes have logged as errors. */
  errors: string[];
  /** Starts `--role role` of the repository in `root`, and waits until it is ready. */
  start(role: 'all' | 'api' | 'worker', options?: { root?: string; env?: Record<string, string> }): Promise<Started>;
};

/** Far above what a harness sends. */
const ROOMY = Object.fromEntries(
  ['MAX', 'ANONYMOUS_MAX', 'DAEMON_MAX'].map((name) => [`RATE_LIMIT_${name}`, '1000000']),
);

/** An empty database and a folder. Disposing of it kills what still runs. */
export async function openGround(name: string): Promise<Ground> {
  const dataDir = mkdtempSync(path.join(tmpdir(), `ccjk-${name}-`));
  // PostgreSQL runs as another account when we are root, and has to walk through.
  chmodSync(dataDir, 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir: path.join(dataDir, 'database') });
  const children = new Set<ChildProcess>();
  const errors: string[] = [];
  return {
    databaseUrl: postgres.url,
    dataDir,
    errors,
    async start(role, { root = ROOT, env = {} } = {}) {
      const child = spawn(process.execPath, ['server/main.ts', '--role', role], {
        cwd: root,
        env: {
          ...process.env,
          ...ROOMY,
          DATABASE_URL: postgres.url,
          JWT_SECRET: 'j'.repeat(48),
          DATA_DIR: dataDir,
          PORT: '0',
          LOG_FORMAT: 'json',
          DEFAULT_PLAN: 'enterprise',
          ...env,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.add(child);
      child.once('exit', () => children.delete(child));
      const { promise: ready, resolve, reject } = Promise.withResolvers<URL>();
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => {
        if (line.includes('"msg":"ready')) resolve(new URL((JSON.parse(line) as { url: string }).url));
        if (line.startsWith('{"level":50') || line.startsWith('{"level":60'))
          errors.push(`${role} of ${root}: ${line}`);
      });
      lines.once('close', () => reject(new Error(`${role} of ${root} did not start`)));
      return { url: await ready, child };
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      await postgres.stop();
      for (const files of [postgres.area, dataDir]) rmSync(files, { recursive: true, force: true });
    },
  };
}

/** Tells it to stop, as an operator does. Returns its exit code. */
export async function stopped({ child }: Started): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await ended;
  return code as number | null;
}
