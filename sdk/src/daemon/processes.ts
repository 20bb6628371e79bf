/**
 * Which process a number means. Numbers are used again, so a process is known by its number and the time of its start.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

const IS_LINUX = process.platform === 'linux' || process.platform === 'android';

/** One process, for as long as the machine runs and after it started again. */
export type ProcessMark = {
  pid: number;
  /** When it started, in a form of the operating system's own; empty where that cannot be known. */
  start: string;
};

export type RunningProcess = ProcessMark & {
  /** Its command line. */
  command: string;
  /** It has ended, and nobody has asked how. */
  isZombie: boolean;
};

/** The process that has this number now; undefined when there is none. */
export function findProcess(pid: number): RunningProcess | undefined {
  try {
    if (IS_LINUX) return fromProc(pid);
    if (process.platform !== 'win32') return fromPs(pid);
    process.kill(pid, 0);
    return { pid, start: '', command: '', isZombie: false };
  } catch {
    return undefined;
  }
}

/** Whether the process that `mark` names still runs. Without a time of start nobody can tell: no. */
export function isRunning(mark: ProcessMark): boolean {
  if (mark.start === '') return false;
  const found = findProcess(mark.pid);
  return found !== undefined && found.start === mark.start && !found.isZombie;
}

/** The mark of this process. */
export const ownMark = (): ProcessMark => ({ pid: process.pid, start: findProcess(process.pid)?.start ?? '' });

let knownRealm: string | undefined;

/**
 * What processes are numbered in: one boot of one machine and, on Linux, one container. Empty where that cannot be known,
 * as on Windows.
 */
export function realm(): string {
  knownRealm ??= findRealm();
  return knownRealm;
}

function findRealm(): string {
  try {
    if (process.platform === 'win32') return '';
    if (!IS_LINUX) return fromPs(1).start;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** Ticks since the boot mean nothing after the next one, so the boot is part of the time. */
function fromProc(pid: number): RunningProcess {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in parentheses that may hold anything; the state is the third, the start the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  return {
    pid,
    start: realm() && `${realm()} ${fields[19]}`,
    command,
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
  };
}

const LSTART_LENGTH = 'Thu Jan  1 00:00:00 1970'.length;

function fromPs(pid: number): RunningProcess {
  const line = execFileSync('ps', ['-ww', '-o', 'lstart=,stat=,command=', '-p', String(pid)], {
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  const [state = '', ...command] = line.slice(LSTART_LENGTH).trim().split(/\s+/);
  return { pid, start: line.slice(0, LSTART_LENGTH), command: command.join(' '), isZombie: state.startsWith('Z') };
}
