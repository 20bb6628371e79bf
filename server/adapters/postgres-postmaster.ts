/**
 * The running server process of a cluster: finding it, telling it from a stranger with its pid, stopping it.
 *
 * postmaster.pid outlives a kill -9, and its pid may belong to anybody later. A postmaster of ours is known by its
 * working directory, which is the cluster; where /proc hides that (root in a container without CAP_SYS_PTRACE), by the
 * arguments that it was started with.
 */
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { asAccount, type Place } from './postgres-place.ts';

const POLL_MS = 10;
/** An immediate shutdown kills its own children after 5 s; twice that is a postmaster that hangs. */
const IMMEDIATE_MS = 10_000;
const KILL_MS = 5_000;

export type Postmaster = { pid: number; port: number; isReady: boolean };

/** `bin` holds the programs; `directory` is the real path that PostgreSQL sees. */
export type Cluster = { directory: string; bin: string };

/** What postmaster.pid says, whether or not that process still runs. */
export function readPostmaster(directory: string): Postmaster | undefined {
  try {
    const lines = fs.readFileSync(path.join(directory, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return pid > 0 ? { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' } : undefined;
  } catch {
    return undefined;
  }
}

/** A zombie does not run: it only waits for its parent to notice, which in a container may be never. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return process.platform !== 'linux' || !fs.existsSync('/proc/self/stat');
  }
}

export function servesCluster(pid: number, directory: string): boolean {
  if (!isRunning(pid)) return false;
  if (process.platform === 'win32') return true;
  try {
    if (fs.readlinkSync(`/proc/${pid}/cwd`) === directory) return true;
  } catch {
    // Hidden from us, or no /proc.
  }
  try {
    const args = fs.existsSync(`/proc/${pid}/cmdline`)
      ? fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      : execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return args.includes(` -D ${directory} `);
  } catch {
    return false;
  }
}

/** Ends the postmaster: fast (sessions are cut, data is written), then immediate (recovered at the next start), then hard. */
export async function stopPostmaster(pid: number, cluster: Cluster, fastMs: number): Promise<void> {
  const steps = [
    ['INT', fastMs],
    ['QUIT', IMMEDIATE_MS],
    ['KILL', KILL_MS],
  ] as const;
  for (const [signal, patienceMs] of steps) {
    if (!servesCluster(pid, cluster.directory)) return;
    await send(signal, pid, cluster.bin);
    for (const end = Date.now() + patienceMs; isRunning(pid) && Date.now() < end; ) await pause(POLL_MS);
  }
  if (isRunning(pid)) throw new Error(`PostgreSQL (pid ${pid}) on ${cluster.directory} survived SIGKILL`);
}

/**
 * Ends sessions that outlived their postmaster: a busy one does not notice its death, and PostgreSQL starts no second
 * server beside it. Nobody will write out what they hold in memory, so SIGKILL loses nothing that recovery would keep.
 * A shell of that account does it, because only that account may look at its processes everywhere.
 */
export async function killLeftBehind(place: Place, directory: string): Promise<void> {
  const script =
    'cd /proc && for p in [0-9]*; do [ "$(readlink "$p/cwd" 2>/dev/null)" = "$1" ] && kill -KILL "$p"; done; true';
  await promisify(execFile)('/bin/sh', ['-c', script, 'sh', directory], asAccount(place));
}

async function send(signal: 'INT' | 'QUIT' | 'KILL', pid: number, bin: string): Promise<void> {
  // Windows has no signals: pg_ctl speaks to the postmaster through its named pipe.
  if (process.platform === 'win32' && signal !== 'KILL') {
    await promisify(execFile)(path.join(bin, 'pg_ctl'), ['kill', signal, String(pid)]);
    return;
  }
  try {
    process.kill(pid, `SIG${signal}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
