/**
 * The daemon of CCJK Cloud: takes the tasks of this machine from the service, runs them and reports how they ended.
 *
 * Whatever dies and whenever — the network, the service, the daemon itself — a command runs at most once per attempt, and
 * every result arrives in the end. Running commands outlive the daemon; the next one takes them over.
 */
import type { Fetch } from '../core/options.ts';
import type { HandedTask } from '../generated/types.ts';
import type { RestoreHandler } from './chores.ts';
import type { DaemonEvent } from './events.ts';
import type { Handler } from './handlers.ts';
import { takeFolder } from './lock.ts';
import { stateFolder } from './machine.ts';
import { Runner } from './runner.ts';

export type { RestoreHandler } from './chores.ts';
export type { Restore } from './config-file.ts';
export type { DaemonEvent } from './events.ts';
export type { Handler, HandlerResult } from './handlers.ts';
export { KeyRefusedError } from './link.ts';

/** What a task can be: a shell command, or something that a handler of yours runs. */
export type TaskType = HandedTask['type'];

/** Options of the daemon. */
export type DaemonOptions = {
  /** Where the service is. */
  baseUrl: string;
  /** `dk_…`, from the registration of this machine or from `devices.createKey`. */
  deviceKey: string;
  /** Where it keeps what it must not forget; by default `$CCJK_STATE_DIR`, else under `~/.local/state`. */
  stateDir?: string | undefined;
  /** Tasks at a time, at most; the settings of the device may allow fewer. */
  concurrency?: number | undefined;
  /** Where commands run that name no working directory; by default that of this process. */
  cwd?: string | undefined;
  /** Run the tasks of a type in this process. Without one, `bash` is the shell's and the others fail. */
  handlers?: Partial<Record<TaskType, Handler>> | undefined;
  /**
   * The configuration of this machine, a JSON file: backed up when it has changed, at most once an hour, and replaced when
   * a backup is restored to this device; what it held before lies beside it as `.before-restore`.
   */
  configFile?: string | undefined;
  /**
   * Restores a backup to this device, in place of `configFile`. When it throws, it is called again a minute later; after a
   * crash, too, so it must bear being called twice with the same backup.
   */
  onRestore?: RestoreHandler | undefined;
  /** Milliseconds that `stop` waits for running commands; by default 0: they go on, and the next daemon takes them over. */
  drainMs?: number | undefined;
  onEvent?: ((event: DaemonEvent) => void) | undefined;
  fetch?: Fetch | undefined;
  /** @internal Called at each point at which a death must do no harm. */
  faults?: ((point: string) => void) | undefined;
};

/** A daemon at work. */
export type RunningDaemon = {
  /** Takes no more tasks, reports the machine offline and ends; running commands go on. Never rejects. */
  stop(): Promise<void>;
  /** Ends with the daemon. Rejects with `KeyRefusedError` when the service no longer knows its key. */
  done: Promise<void>;
  /** Commands that run now. */
  readonly running: number;
};

/**
 * Starts the daemon of this machine.
 *
 * @throws CcjkError when another daemon uses the same folder
 * @example
 * const daemon = runDaemon({ baseUrl, deviceKey, onEvent: (event) => console.log(event) });
 * process.once('SIGTERM', () => daemon.stop());
 * await daemon.done;
 */
export function runDaemon(options: DaemonOptions): RunningDaemon {
  const folder = options.stateDir ?? stateFolder();
  const lock = takeFolder(folder);
  const runner = new Runner({
    baseUrl: options.baseUrl,
    deviceKey: options.deviceKey,
    folder,
    concurrency: options.concurrency ?? Number.POSITIVE_INFINITY,
    drainMs: options.drainMs ?? 0,
    cwd: options.cwd ?? process.cwd(),
    handlers: options.handlers ?? {},
    configFile: options.configFile,
    onRestore: options.onRestore,
    fetch: options.fetch,
    emit: listenerOf(options.onEvent),
    fault: options.faults ?? (() => {}),
  });
  const done = runner.run().finally(() => lock.release());
  return {
    done,
    get running() {
      return runner.running;
    },
    stop: async () => {
      runner.stop();
      await done.catch(() => {});
    },
  };
}

/** An error of the listener is the program's, and must not stop the daemon half way through a step. */
const listenerOf =
  (onEvent: DaemonOptions['onEvent']): ((event: DaemonEvent) => void) =>
  (event) => {
    try {
      onEvent?.(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
