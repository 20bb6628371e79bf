/**
 * The daemon's own log — what it tells, a line of JSON each, in a file for each UTC day. When the day or the file is full,
 * it is sent to the service as gzip, if the device is set so.
 *
 *   <day>.log ──► <day>.log.gz ──► sent, and gone
 *
 * A file goes only when its next form is on the disk, or at the service. Sent again after a crash it is one log there. What
 * is not sent within a week goes, too.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { LogUpload } from '../generated/types.ts';
import { makePrivateFolder } from './durable-files.ts';

const MOST_BYTES = 8 * 1024 * 1024;
const KEPT_MS = 8 * 86_400_000;

/** A file that was full before its day was over has a number. */
const NAME = /^(\d{4}-\d\d-\d\d)(\.\d+)?\.log(\.gz)?$/;

const today = (): string => new Date().toISOString().slice(0, 10);

export class OwnLog {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  open(): Promise<void> {
    return makePrivateFolder(this.#folder);
  }

  /** A disk that is full must not stop what is told of. */
  note(event: object): void {
    try {
      const line = `${JSON.stringify({ time: new Date(), ...event })}\n`;
      appendFileSync(join(this.#folder, `${today()}.log`), line, { mode: 0o600 });
    } catch {}
  }

  /** Closes the file of today when it is full; sends those that are closed by `send`, the oldest first, when there is one. */
  async tidy(send: ((log: LogUpload, idempotencyKey: string) => Promise<unknown>) | undefined): Promise<void> {
    for (const name of (await readdir(this.#folder)).sort()) {
      const [, date = '', number, gz] = NAME.exec(name) ?? [];
      let path = join(this.#folder, name);
      if (!date) continue;
      if (date === today() && !number) {
        if ((await stat(path)).size < MOST_BYTES) continue;
        const full = join(this.#folder, `${date}.${Date.now()}.log`);
        await rename(path, full);
        path = full;
      }
      if (Date.parse(date) < Date.now() - KEPT_MS) await rm(path, { force: true });
      else if (send) {
        const packed = gz ? path : await pack(path);
        const log_file = await openAsBlob(packed);
        await send({ log_file, metadata: { type: 'daemon', date, compressed: true } }, await keyOf(packed));
        await rm(packed, { force: true });
      }
    }
  }
}

/** The same for the same file, whichever daemon sends it. */
async function keyOf(path: string): Promise<string> {
  const hash = createHash('sha256').update(`${basename(path)}\n`);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** As gzip, in its place. */
async function pack(path: string): Promise<string> {
  const packed = `${path}.gz`;
  const draft = `${packed}.tmp`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(draft, { mode: 0o600, flush: true }));
  await rename(draft, packed);
  await rm(path, { force: true });
  return packed;
}
