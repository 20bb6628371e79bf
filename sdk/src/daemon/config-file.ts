/**
 * The configuration of this machine — a JSON file of its owner's, backed up when it has changed, and written when a backup
 * is to be restored.
 *
 * A restore is on the disk before it is confirmed, and shown again until it is. Written a second time it changes nothing,
 * so what lies beside it as `.before-restore` is always what the owner had, and no earlier try. A backup is named by its
 * name, by what it is of and by the backup before it: sent a second time after a crash, it is the same one to the
 * service.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ApiError } from '../core/errors.ts';
import type { NewAutoBackup, SyncedConfig } from '../generated/types.ts';
import { codeOf, readIfThere, writeDurably } from './durable-files.ts';

/** Between two backups that the daemon makes by itself. */
const BACKUP_MS = 3_600_000;

/** What sending the same backup again would not change. */
export const REFUSALS: readonly string[] = ['STORAGE_QUOTA_EXCEEDED', 'PAYLOAD_TOO_LARGE', 'VALIDATION_ERROR'];

export type Restore = NonNullable<SyncedConfig['restore']>;

type Data = Record<string, unknown>;
type Last = { digest: string; at: number };

export class ConfigFile {
  readonly #path: string;
  readonly #notes: string;
  readonly #fault: (point: string) => void;

  /** What it has to remember lies in `folder`. */
  constructor(path: string, folder: string, fault: (point: string) => void) {
    this.#path = path;
    this.#notes = join(folder, 'config-backup.json');
    this.#fault = fault;
  }

  /** When this returns, the file is the backup. */
  async restore({ config_data }: Restore): Promise<void> {
    const text = `${JSON.stringify(config_data, null, 2)}\n`;
    const path = await realpath(this.#path).catch(unlessMissing(this.#path));
    const before = await readFile(path).catch(unlessMissing(undefined));
    if (before?.toString() !== text) {
      const mode = before && (await stat(path)).mode & 0o777;
      if (before) await writeDurably(`${path}.before-restore`, before, mode);
      this.#fault('former kept');
      await mkdir(dirname(path), { recursive: true });
      await writeDurably(path, text, mode);
    }
    await this.#remember(digestOf(text));
  }

  /**
   * Backs the file up by `send`, if it has changed since the last time and that was an hour ago; gives what `send` gave.
   * @throws Error when the file is no JSON object, or when the backup was refused
   */
  async backUp<T>(send: (backup: NewAutoBackup, key: string) => Promise<T>): Promise<T | undefined> {
    const text = await readIfThere(this.#path);
    if (text === undefined) return undefined;
    const last = await this.#last();
    const digest = digestOf(text);
    const sinceMs = Date.now() - last.at;
    if (digest === last.digest || (sinceMs >= 0 && sinceMs < BACKUP_MS)) return undefined;
    const data = objectOf(text);
    if (!data) throw new Error(`${this.#path} is no JSON object and is not backed up`);
    try {
      const backup = { config_name: basename(this.#path).slice(0, 100), config_data: data };
      const sent = await send(backup, digestOf(`${digest} ${last.at} ${backup.config_name}`));
      this.#fault('backed up');
      await this.#remember(digest);
      return sent;
    } catch (error) {
      if (!(error instanceof ApiError && REFUSALS.includes(error.code))) throw error;
      await this.#remember(last.digest);
      throw new Error(`${this.#path} is not backed up, and tried again in an hour: ${error.message}`);
    }
  }

  async #last(): Promise<Last> {
    const kept = objectOf((await readIfThere(this.#notes)) ?? '');
    return (kept as Last | undefined) ?? { digest: '', at: 0 };
  }

  async #remember(digest: string): Promise<void> {
    await writeDurably(this.#notes, JSON.stringify({ digest, at: Date.now() } satisfies Last));
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What a text is as JSON; undefined when that is no object. */
export function objectOf(text: string): Data | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Data) : undefined;
  } catch {
    return undefined;
  }
}

const unlessMissing =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return instead;
  };
