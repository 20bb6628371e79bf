/**
 * What the daemon does besides its tasks, one thing after another: it restores and backs up the configuration of the
 * machine, and sends its own log. None of it may disturb the tasks; what fails is told once and tried again later.
 */
import { ApiError } from '../core/errors.ts';
import { sleep } from '../core/retries.ts';
import type { DeviceConfig, LogUpload, SyncedConfig } from '../generated/types.ts';
import type { Workplace } from './attempt.ts';
import { ConfigFile, REFUSALS, type Restore } from './config-file.ts';
import { messageOf } from './events.ts';
import type { OwnLog } from './own-log.ts';

const TICK_MS = 500;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** For a log on a slow line. */
const UPLOAD_TIMEOUT_MS = 10 * MINUTE_MS;

/** Restores a backup; `signal` is aborted when the daemon stops. */
export type RestoreHandler = (restore: Restore, context: { signal: AbortSignal }) => void | Promise<void>;

export type ChoreOptions = {
  folder: string;
  configFile: string | undefined;
  onRestore: RestoreHandler | undefined;
};

type Chore = {
  work: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds until the next time. */
  everyMs: number;
  /** The same after a failure. */
  againMs: number;
};

type Place = Pick<Workplace, 'client' | 'link' | 'emit' | 'fault'>;

export class Chores {
  readonly #place: Place;
  readonly #log: OwnLog;
  readonly #file: ConfigFile | undefined;
  readonly #onRestore: RestoreHandler | undefined;
  #restore: Restore | null = null;
  #config: DeviceConfig | undefined;

  constructor({ folder, configFile, onRestore }: ChoreOptions, place: Place, log: OwnLog) {
    this.#place = place;
    this.#log = log;
    this.#file = configFile === undefined ? undefined : new ConfigFile(configFile, folder, place.fault);
    this.#onRestore = onRestore;
  }

  /** Takes what a sync has brought. */
  learn({ config, restore }: SyncedConfig): void {
    this.#restore = restore;
    this.#config = config;
  }

  /** From the first sync until `signal`, whose abort ends what is being done, too. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const chores: Chore[] = [
      { work: (until) => this.#restoreWanted(until), everyMs: 0, againMs: MINUTE_MS },
      { work: (until) => this.#backUp(until), everyMs: 10 * SECOND_MS, againMs: MINUTE_MS },
      { work: (until) => this.#tidyLog(until), everyMs: MINUTE_MS, againMs: HOUR_MS },
    ];
    const plans = chores.map((chore) => ({ chore, dueAt: 0, told: '' }));
    while (!signal.aborted) {
      for (const plan of plans) {
        if (!this.#config || performance.now() < plan.dueAt || signal.aborted) continue;
        const failure = await failureOf(plan.chore.work(signal));
        const { everyMs, againMs } = plan.chore;
        plan.dueAt = performance.now() + (failure ? againMs : everyMs);
        if (failure && failure !== plan.told && !signal.aborted)
          this.#place.emit({ type: 'problem', message: failure });
        plan.told = failure;
      }
      await sleep(TICK_MS, signal).catch(() => {});
    }
  }

  async #restoreWanted(signal: AbortSignal): Promise<void> {
    const { client, link, emit, fault } = this.#place;
    if (!this.#restore) return;
    const { backup_id, config_name } = this.#restore;
    if (this.#onRestore) await this.#onRestore(this.#restore, { signal });
    else if (this.#file) await this.#file.restore(this.#restore);
    else throw new Error(`"${config_name}" is to be restored here: start the daemon with --config-file PATH`);
    fault('restored');
    const confirm = async () => client.daemon.restoredConfig({ backup_id }, { signal });
    await link.until(confirm, signal, ['BACKUP_NOT_FOUND']).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error; // deleted meanwhile, it is not shown again either
    });
    if (this.#restore?.backup_id === backup_id) this.#restore = null;
    emit({ type: 'config-restore', backup_id, config_name });
  }

  async #backUp(signal: AbortSignal): Promise<void> {
    const { client, link, emit } = this.#place;
    const made = await this.#file?.backUp((backup, idempotencyKey) =>
      link.until(async () => client.daemon.backupConfig(backup, { signal, idempotencyKey }), signal, REFUSALS),
    );
    if (made) emit({ type: 'config-backup', backup_id: made.id });
  }

  async #tidyLog(signal: AbortSignal): Promise<void> {
    const { client, link, emit } = this.#place;
    const send = async (log: LogUpload, idempotencyKey: string) => {
      const call = async () => client.daemon.uploadLog(log, { signal, timeoutMs: UPLOAD_TIMEOUT_MS, idempotencyKey });
      const { log_id } = await link.until(call, signal, [...REFUSALS, 'ROUTE_NOT_FOUND']);
      emit({ type: 'log-upload', log_id });
    };
    await this.#log.tidy(this.#config?.log_upload_enabled ? send : undefined);
  }
}

/** Empty when it went well. */
const failureOf = (work: Promise<void>): Promise<string> =>
  work.then(
    () => '',
    (error: unknown) => messageOf(error) || String(error),
  );
