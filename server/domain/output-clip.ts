/** What is kept of a long output: its beginning and its end, in whole characters. */

const KIB = 1024;
const HEAD_BYTES = 64 * KIB;
const TAIL_BYTES = 960 * KIB;

/** The first byte of a UTF-8 character is none of the form 10xxxxxx. */
export const isInside = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** The first 64 KiB and the last 960 KiB of UTF-8; NUL and half surrogates, which cannot be stored, become U+FFFD. */
export function clip(output: string): { text: string; truncated: boolean } {
  const text = output.replaceAll('\0', '\u{fffd}').toWellFormed();
  if (text.length * 3 <= HEAD_BYTES + TAIL_BYTES) return { text, truncated: false };
  const bytes = Buffer.from(text);
  if (bytes.length <= HEAD_BYTES + TAIL_BYTES) return { text, truncated: false };
  let head = HEAD_BYTES;
  while (isInside(bytes[head])) head -= 1;
  let tail = bytes.length - TAIL_BYTES;
  while (isInside(bytes[tail])) tail += 1;
  return { text: bytes.toString('utf8', 0, head) + bytes.toString('utf8', tail), truncated: true };
}

/** The last `limit` bytes of UTF-8, from the start of a character on. */
export function endOf(output: string, limit: number): string {
  const bytes = Buffer.from(output);
  let start = Math.max(0, bytes.length - limit);
  while (isInside(bytes[start])) start += 1;
  return bytes.toString('utf8', start);
}
