/** Bytes as text: base64, base64url without padding, and keys as PEM. */
import { SealingError } from './sealing-error.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** `String.fromCharCode` takes its bytes as arguments, of which a call can have only so many. */
const PIECE = 0x8000;

const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(binary);
};

const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');

export const fromBase64Url = (text: string): Bytes => fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'));

type Label = 'PUBLIC KEY' | 'PRIVATE KEY';

export const toPem = (label: Label, der: ArrayBuffer): string => {
  const lines = toBase64(new Uint8Array(der)).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
};

/** DER of a PEM, whatever its line breaks: LF, CRLF, none, or written out as `\n`. @throws SealingError KEY_INVALID */
export const fromPem = (label: Label, pem: string): Bytes => {
  const form = new RegExp(`^\\s*-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----\\s*$`);
  const [, body] = form.exec(pem.replaceAll('\\n', '\n')) ?? [];
  try {
    if (body !== undefined) return fromBase64(body.replace(/\s/g, ''));
  } catch {}
  throw new SealingError('KEY_INVALID', `The key must be PEM that begins with -----BEGIN ${label}-----`);
};

export const concat = (...parts: Uint8Array[]): Bytes => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
