/**
 * Secrets of users at rest: `1 | iv (12) | tag (16) | ciphertext`, AES-256-GCM under HKDF-SHA-256(SECRETS_KEY, info: the
 * label below). What SECRETS_KEY_PREVIOUS sealed is still opened, and nothing new sealed with it. The id of the row is the additional data, so that what is moved to another row opens no more.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import type { Safe } from '../ports.ts';

const ALGORITHM = 'aes-256-gcm';
/** Names what the derived key is for. Changing it makes everything that is sealed unreadable. */
const LABEL = 'ccjk-cloud secrets at rest';
/** Of this form. */
const VERSION = 1;
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + IV_BYTES + TAG_BYTES;

export function openSafe(config: Pick<Config, 'SECRETS_KEY' | 'SECRETS_KEY_PREVIOUS'>): Safe {
  const key = deriveKey(config.SECRETS_KEY);
  const keys = [key, deriveKey(config.SECRETS_KEY_PREVIOUS)].filter((each) => each !== undefined);
  return {
    lock(secret, rowId) {
      if (!key) return undefined;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(rowId));
      const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, rowId) {
      if (sealed[0] !== VERSION || sealed.length < HEAD_BYTES) return undefined;
      for (const each of keys) {
        const secret = openWith(each, sealed, rowId);
        if (secret !== undefined) return secret;
      }
      return undefined;
    },
  };
}

const deriveKey = (secret: string | undefined): Buffer | undefined =>
  secret === undefined ? undefined : Buffer.from(hkdfSync('sha256', secret, '', LABEL, KEY_BYTES));

function openWith(key: Buffer, sealed: Buffer, rowId: string): string | undefined {
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(rowId))
    .setAuthTag(sealed.subarray(1 + IV_BYTES, HEAD_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString();
  } catch {
    return undefined;
  }
}
