/**
 * Runs one command in a process group of its own, in a way that outlives this process.
 *
 * The command's output goes straight into files. Around it stands a small sh that
 * - passes a gate before the command, once and for all: it creates a file that must not exist, with its number in it. Who
 *   comes after a crash and finds no file creates it himself, and then knows that the command will never run;
 * - writes the exit code into a file, for whoever is there to read it.
 * So a daemon that was started again can find a command, wait for it, stop it and report it like its own. Processes that
 * leave the group (`setsid`) are out of reach. On Windows there is no such sh, and a command is not found again.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf, readIfThere } from './durable-files.ts';
import { limitOutput, openForAppend, type Stream } from './output-files.ts';
import { findProcess, isRunning, type ProcessMark } from './processes.ts';

export type Command = { text: string; cwd: string; env: NodeJS.ProcessEnv };

/** How a command ended. */
export type Ended = {
  /** Null when it was not seen: the shell around the command was killed. */
  exitCode: number | null;
  signal: string | null;
  at: Date;
  /** The gate was not passed: nothing ran. */
  neverRan: boolean;
  /** False: it is gone, and nobody knows how it ended. */
  isKnown: boolean;
};

const IS_WINDOWS = process.platform === 'win32';
const SIGNALS: Record<string, number> = system.signals;
const STREAMS: readonly Stream[] = ['stdout', 'stderr'];

/** Milliseconds between looks at a process that is no child of ours, and at the size of its output. */
const LOOK_MS = 250;
const LOOK_STOPPING_MS = 25;

/** Bytes of one argument; Linux takes 128 KiB. A longer command is given as a file. */
const MAX_ARGUMENT = 120_000;

const GATE_CLOSED = 75;

/**
 * The traps let it outlive a signal to the group, and are not inherited by the command. Nothing but builtins: PATH may be
 * the caller's. The variable is named so that it cannot be one that the caller exported.
 */
const AROUND = `CCJK_FOLDER=$1; shift
(set -C; echo $$ >"$CCJK_FOLDER/gate") 2>/dev/null || exit ${GATE_CLOSED}
trap : HUP INT QUIT TERM USR1 USR2 ALRM
"$@"
CCJK_EXIT=$?
echo $CCJK_EXIT >"$CCJK_FOLDER/exit"
exit $CCJK_EXIT`;

/** The environment of a command: the daemon's without what is meant for the daemon alone, and the task's own. */
export function environmentFor(own: NodeJS.ProcessEnv, more: Record<string, string>): NodeJS.ProcessEnv {
  const inherited = Object.entries(own).filter(([name]) => !/^ccjk_/i.test(name));
  return { ...Object.fromEntries(inherited), ...more };
}

/** A running command; this process need not have started it. */
export class Execution {
  readonly mark: ProcessMark;
  readonly ended: Promise<Ended>;
  readonly #folder: string;
  #lastSignal: string | null = null;
  /** Aborted when there is nothing left to look at, or nobody to look. */
  readonly #looking = new AbortController();
  #isReleased = false;
  #stopping: Promise<void> | undefined;
  #hasEnded = false;

  /** `exit`: when and how the process ended, as its parent sees it; undefined: we are not the parent. */
  constructor(mark: ProcessMark, folder: string, exit?: Promise<Exit>) {
    this.mark = mark;
    this.#folder = folder;
    this.ended = this.#watch(exit);
  }

  /** SIGTERM to the group, and SIGKILL to what is left of it after `graceMs`. */
  stop(graceMs: number): void {
    this.#stopping ??= this.#stop(graceMs);
  }

  /**
   * Looks no more; the command goes on, and a stop that was begun is for the next daemon to finish. From here on `ended`
   * does not settle any more. False: it has ended already, and `ended` is about to settle.
   */
  release(): boolean {
    if (this.#hasEnded) return false;
    this.#isReleased = true;
    this.#looking.abort();
    return true;
  }

  async #watch(exit: Promise<Exit> | undefined): Promise<Ended> {
    const limiting = this.#limitOutput();
    const seen = exit ? await exit : await this.#disappearance();
    if (this.#isReleased) return new Promise(() => {});
    this.#hasEnded = true;
    this.#looking.abort();
    await limiting;
    await this.#stopping;
    return endOf(this.#folder, seen ?? { code: null, signal: this.#lastSignal });
  }

  async #disappearance(): Promise<undefined> {
    while (isRunning(this.mark)) {
      if (this.#isReleased) return;
      await wait(this.#stopping ? LOOK_STOPPING_MS : LOOK_MS);
    }
  }

  async #limitOutput(): Promise<void> {
    const { signal } = this.#looking;
    while (!signal.aborted) {
      await wait(LOOK_MS, undefined, { ref: false, signal }).catch(() => {});
      // A full disk or a file taken away is no reason to stop the command.
      for (const stream of STREAMS) await limitOutput(this.#folder, stream).catch(() => {});
    }
  }

  async #stop(graceMs: number): Promise<void> {
    const killAtMs = Date.now() + graceMs;
    this.#signal('SIGTERM');
    // The command may be gone while what it left in the background is not.
    while (this.#hasMembers() && Date.now() < killAtMs) {
      if (this.#isReleased) return;
      await wait(LOOK_STOPPING_MS);
    }
    if (this.#hasMembers()) this.#signal('SIGKILL');
  }

  #hasMembers(): boolean {
    if (IS_WINDOWS) return !this.#hasEnded;
    try {
      process.kill(-this.mark.pid, 0);
      return !this.#isAnother();
    } catch (error) {
      return codeOf(error) === 'EPERM';
    }
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#isAnother()) return;
    this.#lastSignal = signal;
    if (IS_WINDOWS) {
      const force = signal === 'SIGKILL' ? ['/F'] : [];
      spawn('taskkill', ['/PID', String(this.mark.pid), '/T', ...force], { stdio: 'ignore', windowsHide: true })
        .on('error', () => {})
        .unref();
      return;
    }
    try {
      process.kill(-this.mark.pid, signal);
    } catch (error) {
      if (codeOf(error) !== 'ESRCH' && codeOf(error) !== 'EPERM') throw error;
    }
  }

  /** The number was used again, so the group is long gone. While a group has members its number is not used again. */
  #isAnother(): boolean {
    const found = findProcess(this.mark.pid);
    return found !== undefined && found.start !== this.mark.start;
  }
}

type Exit = { code: number | null; signal: string | null };

/**
 * Starts the command. `folder` is there, empty and private.
 * @throws Error when nothing was started
 */
export async function launch(command: Command, folder: string): Promise<Execution> {
  const program = await programFor(command, folder);
  const stdout = await openForAppend(folder, 'stdout');
  const stderr = await openForAppend(folder, 'stderr');
  try {
    const child = spawn(program.path, program.args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      windowsHide: true,
      windowsVerbatimArguments: IS_WINDOWS,
      stdio: ['ignore', stdout.fd, stderr.fd],
    });
    // Nothing is awaited between the spawn and this: a command can be over in an instant.
    const exit = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    const failure = new Promise<Error>((resolve) => child.once('error', resolve));
    const { pid } = child;
    if (pid === undefined) throw await failure;
    child.unref();
    return new Execution({ pid, start: findProcess(pid)?.start ?? '' }, folder, exit);
  } finally {
    // Whatever they fail with, the command runs.
    await Promise.allSettled([stdout.close(), stderr.close()]);
  }
}

type Program = { path: string; args: string[] };

async function programFor({ text }: Command, folder: string): Promise<Program> {
  if (IS_WINDOWS) return { path: process.env.ComSpec ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${text}"`] };
  const shell = [findShell(), ...(await argumentsFor(text, folder))];
  return { path: '/bin/sh', args: ['-c', AROUND, 'ccjk-cloud-task', folder, ...shell] };
}

async function argumentsFor(text: string, folder: string): Promise<string[]> {
  if (Buffer.byteLength(text) < MAX_ARGUMENT) return ['-c', '--', text]; // a command may begin with a dash
  const path = join(folder, 'command');
  await writeFile(path, text, { mode: 0o600 });
  return [path];
}

let shellFound: string | undefined;

/** bash where there is one, else sh. */
function findShell(): string {
  shellFound ??= [...(process.env.PATH ?? '').split(delimiter), '/bin', '/usr/bin', '/usr/local/bin']
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'bash'))
    .find(isProgram);
  return shellFound ?? '/bin/sh';
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/**
 * The process behind an attempt whose spawn was under way when a daemon was killed. Undefined: the gate was not passed, and
 * from now on it cannot be.
 */
export async function closeGate(folder: string): Promise<ProcessMark | undefined> {
  const path = join(folder, 'gate');
  mkdirSync(folder, { recursive: true, mode: 0o700 }); // it is gone when the power went before it reached the disk
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  // It is created and then written to; the two are an instant apart.
  for (let looks = 0; looks < 40 && !readFileSync(path, 'utf8').endsWith('\n'); looks++) await wait(LOOK_STOPPING_MS);
  const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
  if (Number.isNaN(pid)) return undefined;
  const found = findProcess(pid);
  // The folder is named after the lease, so nobody else's command line has it.
  return { pid, start: found?.command.includes(folder) ? found.start : '' };
}

/** How the command of an attempt ended, as its folder tells it. */
async function endOf(folder: string, seen: Exit): Promise<Ended> {
  const path = join(folder, 'exit');
  const text = await readIfThere(path);
  const base = { at: new Date(), neverRan: false, isKnown: true };
  if (text?.endsWith('\n')) {
    const exitCode = Number.parseInt(text, 10);
    return { ...base, exitCode, signal: signalOf(exitCode), at: (await stat(path)).mtime };
  }
  if (IS_WINDOWS) return { ...base, exitCode: seen.code, signal: seen.signal, isKnown: seen.code !== null };
  const neverRan = seen.code === GATE_CLOSED && !(await readIfThere(join(folder, 'gate')));
  return {
    ...base,
    neverRan,
    exitCode: seen.code,
    signal: seen.signal,
    isKnown: seen.code !== null || seen.signal !== null,
  };
}

/** By the convention of shells 128 + n is the end by signal n. Git and others use 129 for wrong usage, so that is none. */
const signalOf = (exitCode: number): string | null => {
  const number = exitCode - 128;
  if (number < 2) return null;
  return Object.keys(SIGNALS).find((name) => SIGNALS[name] === number) ?? null;
};
