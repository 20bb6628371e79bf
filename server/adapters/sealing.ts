/**
 * Sealed messages of the relay.
 *
 *   RSA         a compact JWE (RFC 7516): RSA-OAEP-256, A256GCM. Any JOSE library opens it.
 *   secp256k1   `ecies-secp256k1.<ephemeral>.<iv>.<ciphertext>.<tag>`, each part base64url without padding:
 *               ephemeral   the sender's one-time public key, uncompressed (65 bytes)
 *               key         HKDF-SHA-256 of the ECDH secret (x, 32 bytes), salt: ephemeral, info: `ccjk-relay ecies v1`
 *               iv, tag     of AES-256-GCM, 12 and 16 bytes; additional data: `ecies-secp256k1.<ephemeral>` in ASCII
 */
import { createCipheriv, createECDH, createPublicKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { CompactEncrypt, decodeProtectedHeader } from 'jose';
import type { Sealing } from '../ports.ts';

const CURVE = 'secp256k1';
const ECIES = 'ecies-secp256k1';
const ECIES_INFO = 'ccjk-relay ecies v1';
const KEY_BYTES = 32;
const IV_BYTES = 12;

export const sealing: Sealing = {
  async seal(publicKey, text) {
    const key = createPublicKey(publicKey);
    return key.asymmetricKeyType === 'rsa' ? sealAsJwe(key, text) : sealByEcies(key, text);
  },
  isSealed: (text) => isJwe(text) || ECIES_FORM.test(text),
};

const sealAsJwe = (key: KeyObject, text: string): Promise<string> =>
  new CompactEncrypt(Buffer.from(text)).setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }).encrypt(key);

const sealByEcies = (key: KeyObject, text: string): string => {
  const { x, y } = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), coordinate(x), coordinate(y)]);
  const sender = createECDH(CURVE);
  const ephemeral = sender.generateKeys();
  const secret = Buffer.from(hkdfSync('sha256', sender.computeSecret(point), ephemeral, ECIES_INFO, KEY_BYTES));
  const iv = randomBytes(IV_BYTES);
  const head = `${ECIES}.${ephemeral.toString('base64url')}`;
  const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(Buffer.from(head));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [head, ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
};

const coordinate = (base64url: string | undefined): Buffer => {
  const bytes = Buffer.from(base64url ?? '', 'base64url');
  return Buffer.concat([Buffer.alloc(Math.max(0, KEY_BYTES - bytes.length)), bytes]);
};

/** 65, 12, any and 16 bytes. */
const ECIES_FORM = /^ecies-secp256k1\.[\w-]{87}\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/;

const JWE_FORM = /^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]*\.[\w-]+$/;

const isJwe = (text: string): boolean => {
  if (!JWE_FORM.test(text)) return false;
  try {
    const { alg, enc } = decodeProtectedHeader(text);
    return typeof alg === 'string' && typeof enc === 'string';
  } catch {
    return false;
  }
};
