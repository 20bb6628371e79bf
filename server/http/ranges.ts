/** Downloads, whole and in parts, as RFC 9110 has it: one range is given, anything else is the whole. */
import { Failed } from '../failed.ts';

/** From `start` to before `end`. */
export type ByteRange = { start: number; end: number };

/** What never changes under its ETag. */
type File = { name: string; etag: string; size: number };

const RANGE = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i;

/**
 * The part of the file that is asked for; undefined: all of it.
 * @throws Failed RANGE_NOT_SATISFIABLE
 */
export function rangeOf(
  headers: { range?: string | undefined; 'if-range'?: string | undefined },
  { etag, size }: File,
): ByteRange | undefined {
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== etag) return undefined;
  const [, first = '', last = ''] = RANGE.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return satisfiable({ start: Math.max(0, size - Number(last)), end: size }, size);
  if (last !== '' && Number(last) < Number(first)) return undefined;
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  return satisfiable({ start: Number(first), end }, size);
}

function satisfiable(range: ByteRange, size: number): ByteRange {
  if (range.start < range.end) return range;
  throw new Failed('RANGE_NOT_SATISFIABLE', { details: { size } });
}

/** Status and headers of a download. */
export const attachment = ({ name, etag, size }: File, range: ByteRange | undefined) => ({
  status: range ? (206 as const) : (200 as const),
  headers: {
    'accept-ranges': 'bytes',
    'content-length': String(range ? range.end - range.start : size),
    ...(range ? { 'content-range': `bytes ${range.start}-${range.end - 1}/${size}` } : {}),
    etag,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    'cache-control': 'private, no-cache',
  },
});
