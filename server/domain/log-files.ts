/**
 * What is in a log file: looked at chunk by chunk as it comes in, and read again as text. A file that begins as gzip does
 * is gzip, whatever its sender says.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Failed } from '../failed.ts';

const MIB = 1024 * 1024;

/** Bytes of a file as it is sent. */
export const MAX_FILE = 50 * MIB;
/** What any file may inflate to; a larger one, to this many times its size. */
const FREE_INFLATION = 64 * MIB;
const MAX_RATIO = 20;
const MAX_INFLATED = 1024 * MIB;
const GZIP = [0x1f, 0x8b] as const;

export type Inspection = {
  isCompressed: boolean;
  textSize: number;
  /** Of the file as it was sent, in hex. */
  sha256: string;
};

/** A look at content that passes by. `result` is there when all of it has passed. */
export type Inspector = {
  pass(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  result(): Inspection;
};

/** @throws Failed PAYLOAD_TOO_LARGE | VALIDATION_ERROR while it passes */
export function openInspector(): Inspector {
  let found: Inspection | undefined;
  return {
    async *pass(content) {
      const hash = createHash('sha256');
      let size = 0;
      let held: Uint8Array = new Uint8Array();
      let inflater: Inflater | undefined;
      try {
        for await (const chunk of content) {
          size += chunk.byteLength;
          if (size > MAX_FILE) throw tooLarge(`A log file may have at most ${MAX_FILE / MIB} MiB`);
          hash.update(chunk);
          if (size - chunk.byteLength < GZIP.length) {
            held = Buffer.concat([held, chunk]);
            if (size < GZIP.length) continue;
            if (held[0] === GZIP[0] && held[1] === GZIP[1]) inflater = openInflater();
            await inflater?.write(held);
            yield held;
          } else {
            await inflater?.write(chunk);
            yield chunk;
          }
        }
        if (size < GZIP.length) yield held;
        const textSize = inflater ? await inflater.end() : size;
        if (inflater && textSize > Math.max(FREE_INFLATION, MAX_RATIO * size)) throw inflatesTooFar();
        found = { isCompressed: inflater !== undefined, textSize, sha256: hash.digest('hex') };
      } finally {
        inflater?.close();
      }
    },
    result() {
      if (!found) throw new Error('The content has not passed');
      return found;
    },
  };
}

/** `write` resolves when the chunk has been read. */
type Inflater = { write(chunk: Uint8Array): Promise<void>; end(): Promise<number>; close(): void };

/** Counts what comes out, keeps nothing of it, and stops at what no file may inflate to. */
function openInflater(): Inflater {
  const gunzip = createGunzip();
  let bytes = 0;
  let isOver = false;
  gunzip.on('data', (part: Buffer) => {
    bytes += part.byteLength;
    if (bytes > Math.min(MAX_INFLATED, MAX_RATIO * MAX_FILE)) gunzip.destroy(inflatesTooFar());
  });
  const ended = once(gunzip, 'end').then(
    () => {
      isOver = true;
    },
    (error: unknown) => {
      throw error instanceof Failed ? error : notGzip(error);
    },
  );
  ended.catch(() => {});
  return {
    async write(chunk) {
      // What follows the end of the last member is no text; written, it would wait in memory.
      if (isOver) return;
      const { promise: read, resolve } = Promise.withResolvers<void>();
      gunzip.write(chunk, (error) => resolve(error ? ended : undefined));
      await Promise.race([read, ended]);
    },
    async end() {
      gunzip.end();
      await ended;
      return bytes;
    },
    close: () => void gunzip.destroy(),
  };
}

const tooLarge = (message: string) => new Failed('PAYLOAD_TOO_LARGE', { message });

const inflatesTooFar = () =>
  tooLarge(
    `A compressed log may inflate to ${FREE_INFLATION / MIB} MiB or to ${MAX_RATIO} times its size, whichever is more`,
  );

const notGzip = (cause: unknown) =>
  new Failed('VALIDATION_ERROR', {
    details: [{ path: ['body', 'log_file'], message: 'begins as gzip and is not valid gzip', code: 'invalid_format' }],
    cause,
  });

/** The text of a stored file as a stream of its bytes. */
export const inflated = (file: Readable, isCompressed: boolean): AsyncIterable<Buffer> => {
  if (!isCompressed) return file;
  const gunzip = createGunzip();
  file.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => file.destroy());
  return file.pipe(gunzip);
};

export type TextPart = { text: string; from: number; next: number | null };

/** At most `most` bytes from the byte `from` on; a character that does not fit whole is left for the next part. */
export async function readFrom(bytes: AsyncIterable<Buffer>, from: number, most: number): Promise<TextPart> {
  const parts: Buffer[] = [];
  let at = 0;
  let kept = 0;
  for await (const chunk of bytes) {
    const wanted = chunk.subarray(Math.max(0, from - at));
    at += chunk.byteLength;
    if (wanted.byteLength > 0) parts.push(wanted);
    kept += wanted.byteLength;
    // One byte more than fits tells that there is more.
    if (kept > most) break;
  }
  const all = Buffer.concat(parts);
  if (all.byteLength <= most) return { text: all.toString(), from, next: null };
  const whole = all.subarray(0, endOfCharacters(all, most));
  return { text: whole.toString(), from, next: from + whole.byteLength };
}

/** The last `lines` lines, and at most `most` bytes. */
export async function readTail(bytes: AsyncIterable<Buffer>, lines: number, most: number): Promise<TextPart> {
  const kept: Buffer[] = [];
  let size = 0;
  let keptSize = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    keptSize += chunk.byteLength;
    kept.push(chunk);
    while (keptSize - (kept[0] as Buffer).byteLength > most) keptSize -= (kept.shift() as Buffer).byteLength;
  }
  const end = Buffer.concat(kept);
  let start = Math.max(0, end.byteLength - most);
  start = startOfCharacter(end, start);
  // A line break at the very end ends the last line and begins none.
  let found = 0;
  for (let at = end.byteLength - 2; at >= start; at--) {
    if (end[at] !== 0x0a) continue;
    found += 1;
    if (found === lines) start = at + 1;
    if (found === lines) break;
  }
  return { text: end.subarray(start).toString(), from: size - (end.byteLength - start), next: null };
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
const LONGEST_CHARACTER = 4;

/** Where the last character that ends by `end` ends. What is no UTF-8 is cut anywhere. */
const endOfCharacters = (bytes: Buffer, end: number): number => {
  let at = end;
  while (end - at < LONGEST_CHARACTER && isContinuation(bytes[at])) at -= 1;
  return isContinuation(bytes[at]) || at === 0 ? end : at;
};

const startOfCharacter = (bytes: Buffer, start: number): number => {
  let at = start;
  while (at > 0 && at - start < LONGEST_CHARACTER && isContinuation(bytes[at])) at += 1;
  return at;
};
