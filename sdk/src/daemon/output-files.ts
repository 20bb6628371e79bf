/**
 * The output of a command, which goes from the command straight into files and so goes on when the daemon does not.
 *
 * A file over 64 MiB is cut while it is written: its first 64 KiB and its last 960 KiB, all that a result has room for,
 * are put aside and it starts again from nothing. What the command writes in the instant of the cut is lost, from an
 * output of which nearly all is lost anyway; the command itself notices nothing.
 */
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './durable-files.ts';

export type Stream = 'stdout' | 'stderr';

const KIB = 1024;
const HEAD_BYTES = 64 * KIB;
const TAIL_BYTES = 960 * KIB;
const MOST_BYTES = 64 * KIB * KIB;

/**
 * Stands where the middle was, and makes the text longer than the service keeps: the service cuts just this out again, and
 * says `truncated`. Either end may lack up to three bytes of a divided character, so it must be longer than six.
 */
const CUT = '\n'.repeat(8);

/** A file to which a command can append; `stdout` and `stderr` of the child. */
export const openForAppend = (folder: string, stream: Stream): Promise<FileHandle> =>
  open(join(folder, stream), 'a', 0o600);

/** Cuts the file of a stream if it has grown over its limit. */
export async function limitOutput(folder: string, stream: Stream, mostBytes: number = MOST_BYTES): Promise<void> {
  const path = join(folder, stream);
  await using(path, 'r+', async (file) => {
    const { size } = await file.stat();
    if (size <= mostBytes) return;
    await writeFile(`${path}.head`, await read(file, 0, HEAD_BYTES), { flag: 'wx', mode: 0o600 }).catch((error) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await writeFile(`${path}.tail`, await read(file, size - TAIL_BYTES, TAIL_BYTES), { mode: 0o600 });
    await file.truncate(0);
  });
}

/** What a result says of a stream: all of it, or the first 64 KiB and the last 960 KiB. Bytes that are no UTF-8 become U+FFFD. */
export async function readOutput(folder: string, stream: Stream): Promise<string> {
  const path = join(folder, stream);
  const head = await readAt(`${path}.head`, 0, HEAD_BYTES);
  const cut = (await readAt(`${path}.tail`, 0, TAIL_BYTES)) ?? Buffer.alloc(0);
  const text = await using(path, 'r', async (file) => {
    const { size } = await file.stat();
    if (!head && size <= HEAD_BYTES + TAIL_BYTES) return (await read(file, 0, size)).toString();
    const start = head ?? (await read(file, 0, HEAD_BYTES));
    const end = Buffer.concat([cut, await read(file, Math.max(0, size - TAIL_BYTES), TAIL_BYTES)]);
    return wholeCharacters(start, end.subarray(-TAIL_BYTES));
  });
  return text ?? '';
}

/** At most `length` bytes of a file from `position` on; undefined when there is no file. */
export const readAt = (path: string, position: number, length: number): Promise<Buffer | undefined> =>
  using(path, 'r', (file) => read(file, position, length));

const wholeCharacters = (start: Buffer, end: Buffer): string => {
  let head = start.length;
  for (let back = 1; back <= 3; back++) {
    const first = start[start.length - back] ?? 0;
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (length > back) head = start.length - back;
  }
  let tail = 0;
  while (tail < 3 && ((end[tail] ?? 0) & 0xc0) === 0x80) tail++;
  return start.toString('utf8', 0, head) + CUT + end.toString('utf8', tail);
};

/** Works on a file; undefined when there is none. */
async function using<T>(path: string, flags: string, work: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, flags);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

const read = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
};
