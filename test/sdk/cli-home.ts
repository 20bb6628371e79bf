/** The command line as a process, in a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, vi } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../sdk/bin/ccjk-cloud.js', import.meta.url));

export const PATIENCE = { timeout: 60_000, interval: 20 };

export type Ran = { code: number; stdout: string; stderr: string };

/** A home of its own, and the program in it. */
export function openHome(url: string) {
  const home = mkdtempSync(join(tmpdir(), 'ccjk-cli-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const own = {
    PATH,
    NODE_COMPILE_CACHE,
    HOME: home,
    XDG_CONFIG_HOME: '',
    CCJK_STATE_DIR: join(home, 'state'),
    CCJK_MACHINE_ID: home,
  };

  const start = (args: string[], env: Record<string, string> = {}, input = '') => {
    const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...own, CCJK_URL: url, ...env },
      cwd: home,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    // One that does not read it may have ended already.
    child.stdin?.on('error', () => {}).end(input);
    const ran: Ran = { code: -1, stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      ran.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      ran.stderr += text;
    });
    const ended = once(child, 'close').then(([code]) => Object.assign(ran, { code: code ?? -1 }));
    const says = (text: string, stream: 'stdout' | 'stderr' = 'stdout') =>
      vi.waitFor(() => expect(ran[stream]).toContain(text), PATIENCE);
    return { child, ran, ended, says };
  };
  const cli = (...args: string[]): Promise<Ran> => start(args).ended;
  const cliWith = (env: Record<string, string>, ...args: string[]): Promise<Ran> => start(args, env).ended;
  const cliReading = (input: string, ...args: string[]): Promise<Ran> => start(args, {}, input).ended;
  const json = async (command: string, ...args: string[]) => JSON.parse((await cli(command, '--json', ...args)).stdout);
  const credentials = join(home, '.config', 'ccjk-cloud', 'credentials.json');
  return { home, start, cli, cliWith, cliReading, json, credentials };
}
