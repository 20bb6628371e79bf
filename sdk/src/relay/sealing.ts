/**
 * Sealing: a message that only the holder of a private key reads, sealed and opened where the text is, so that the service
 * never sees it. It seals in the same two forms itself.
 *
 *   RSA         a compact JWE (RFC 7516): RSA-OAEP-256, A256GCM. By WebCrypto, so in every runtime.
 *   secp256k1   `ecies-secp256k1.<ephemeral>.<iv>.<ciphertext>.<tag>`, each part base64url without padding: AES-256-GCM
 *               under HKDF-SHA-256 of the ECDH secret (salt: the ephemeral key, 65 bytes; info: `ccjk-relay ecies v1`),
 *               with `ecies-secp256k1.<ephemeral>` as additional data. Where there is `node:crypto`.
 */
import { type Bytes, concat, fromBase64Url, fromPem, toBase64Url, toPem } from './encodings.ts';
import { SealingError } from './sealing-error.ts';
import { generateCurveKeys, isCurveKey, newSecret, sharedSecret } from './secp256k1.ts';

/** What the relay registers. secp256k1 takes Node from 20.16 on, Bun or Deno. */
export type Algorithm = 'RSA-2048' | 'RSA-4096' | 'ECC-SECP256K1';

/** Both as PEM. */
export type KeyPair = {
  /** SPKI: what `relay.publicKeys.register` takes. */
  publicKey: string;
  /** PKCS #8: to be kept where messages are opened, and nowhere else. */
  privateKey: string;
};

/** PKCS #8 as PEM; or an RSA-OAEP key of WebCrypto with SHA-256 and the use `decrypt`, which need not be extractable. */
export type PrivateKey = string | Parameters<typeof crypto.subtle.decrypt>[1];

const RSA = { name: 'RSA-OAEP', hash: 'SHA-256' };
const JWE_HEADER = { alg: 'RSA-OAEP-256', enc: 'A256GCM' };
const ECIES = 'ecies-secp256k1';
const ECIES_INFO = 'ccjk-relay ecies v1';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const FORM = /^[\w-]+(?:\.[\w-]*){4}$/;

const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);
// A BOM is part of the text.
const textOf = (bytes: ArrayBuffer | Bytes): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/**
 * Seals a text for the holder of a public key (SPKI as PEM: RSA, or secp256k1 where there is `node:crypto`). A sealed message
 * is a third longer than its text, so the relay takes texts up to 3.3 MiB of UTF-8. Publish it with `encrypted: true`: it
 * passes as it is, and subscribers see that it is sealed.
 *
 * @throws {SealingError} KEY_INVALID, TEXT_INVALID, UNSUPPORTED_RUNTIME
 * @example
 * const { publicKey } = await relay.publicKeys.get(channel);
 * await relay.publish({ channel, message: await sealTo(publicKey, 'only you read this'), encrypted: true });
 */
export async function sealTo(publicKey: string, text: string): Promise<string> {
  if (!text.isWellFormed()) throw new SealingError('TEXT_INVALID', 'The text has lone surrogates; leave them out');
  const der = fromPem('PUBLIC KEY', publicKey);
  return isCurveKey(der) ? sealByEcies(der, text) : sealAsJwe(der, text);
}

/**
 * Opens a message that was sealed by `sealTo`, by the relay, or by any JOSE library.
 *
 * @throws {SealingError} NOT_SEALED, CANNOT_OPEN, KEY_INVALID, UNSUPPORTED_RUNTIME
 * @example
 * for await (const event of relay.subscribe(channel))
 *   if (event.type === 'message' && event.encrypted) console.log(await open(privateKey, event.message));
 */
export async function open(privateKey: PrivateKey, message: string): Promise<string> {
  const parts = FORM.test(message) ? (message.split('.') as Parts) : undefined;
  if (!parts) throw new SealingError('NOT_SEALED', 'The message is not sealed');
  const isEcies = parts[0] === ECIES;
  if (!isEcies && !isKnownHeader(parts[0]))
    throw new SealingError('NOT_SEALED', 'The message is not sealed as the relay does: RSA-OAEP-256 with A256GCM');
  const key = typeof privateKey === 'string' ? fromPem('PRIVATE KEY', privateKey) : privateKey;
  if (isEcies !== (key instanceof Uint8Array && isCurveKey(key)))
    throw new SealingError('KEY_INVALID', `The message is sealed for ${isEcies ? 'secp256k1' : 'RSA'}, the key is not`);
  if (isEcies) return openEcies(key as Bytes, parts);
  return openJwe(key instanceof Uint8Array ? await importRsa('pkcs8', key, 'decrypt') : key, parts);
}

/**
 * Makes a pair of keys; by default RSA-2048. RSA-4096 takes seconds.
 *
 * @throws {SealingError} UNSUPPORTED_RUNTIME
 * @example
 * const { publicKey, privateKey } = await generateKeys();
 * const { channelId } = await relay.publicKeys.register({ publicKey });
 */
export async function generateKeys(algorithm: Algorithm = 'RSA-2048'): Promise<KeyPair> {
  if (algorithm === 'ECC-SECP256K1') return generateCurveKeys();
  const modulusLength = Number(algorithm.slice('RSA-'.length));
  const parameters = { ...RSA, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) };
  const made = await subtle().generateKey(parameters, true, ['encrypt', 'decrypt']);
  return {
    publicKey: toPem('PUBLIC KEY', await subtle().exportKey('spki', made.publicKey)),
    privateKey: toPem('PRIVATE KEY', await subtle().exportKey('pkcs8', made.privateKey)),
  };
}

type CryptoKey = Exclude<PrivateKey, string>;

/** Scheme or header, key, iv, ciphertext, tag. */
type Parts = [head: string, key: string, iv: string, ciphertext: string, tag: string];

// ---- JWE ------------------------------------------------------------------------------------------------------------

async function sealAsJwe(der: Bytes, text: string): Promise<string> {
  const publicKey = await importRsa('spki', der, 'encrypt');
  const secret = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const sealedKey = await subtle().encrypt(RSA, publicKey, secret);
  const header = toBase64Url(bytesOf(JSON.stringify(JWE_HEADER)));
  const key = await subtle().importKey('raw', secret, 'AES-GCM', false, ['encrypt']);
  return `${header}.${toBase64Url(new Uint8Array(sealedKey))}.${await encrypt(key, header, text)}`;
}

const openJwe = (privateKey: CryptoKey, parts: Parts): Promise<string> =>
  opening(async () => {
    const secret = await subtle().decrypt(RSA, privateKey, fromBase64Url(parts[1]));
    const key = await subtle().importKey('raw', secret, 'AES-GCM', false, ['decrypt']);
    return decrypt(key, parts[0], parts);
  });

/** `zip` and `crit` would have to be understood, so a header that has them is not known. */
const isKnownHeader = (part: string): boolean => {
  try {
    const header = JSON.parse(textOf(fromBase64Url(part)));
    return header.alg === JWE_HEADER.alg && header.enc === JWE_HEADER.enc && !('zip' in header || 'crit' in header);
  } catch {
    return false;
  }
};

const importRsa = async (format: 'spki' | 'pkcs8', der: Bytes, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> => {
  try {
    return await subtle().importKey(format, der, RSA, false, [use]);
  } catch (cause) {
    if (cause instanceof SealingError) throw cause;
    throw new SealingError('KEY_INVALID', 'The key must be RSA, or on the curve secp256k1', { cause });
  }
};

// ---- ECIES ----------------------------------------------------------------------------------------------------------

async function sealByEcies(der: Bytes, text: string): Promise<string> {
  const { ephemeral, secret } = newSecret(der);
  const head = `${ECIES}.${toBase64Url(ephemeral)}`;
  return `${head}.${await encrypt(await derivedKey(secret, ephemeral, 'encrypt'), head, text)}`;
}

const openEcies = (der: Bytes, parts: Parts): Promise<string> =>
  opening(async () => {
    const ephemeral = fromBase64Url(parts[1]);
    const key = await derivedKey(sharedSecret(der, ephemeral), ephemeral, 'decrypt');
    return decrypt(key, `${ECIES}.${parts[1]}`, parts);
  });

const derivedKey = async (secret: Bytes, salt: Bytes, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> => {
  const key = await subtle().importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt, info: bytesOf(ECIES_INFO) };
  return subtle().deriveKey(parameters, key, { name: 'AES-GCM', length: KEY_BYTES * 8 }, false, [use]);
};

// ---- Both -----------------------------------------------------------------------------------------------------------

/** `iv.ciphertext.tag` */
async function encrypt(key: CryptoKey, additional: string, text: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const parameters = { name: 'AES-GCM', iv, additionalData: bytesOf(additional) };
  const sealed = new Uint8Array(await subtle().encrypt(parameters, key, bytesOf(text)));
  const end = sealed.length - TAG_BYTES;
  return [iv, sealed.subarray(0, end), sealed.subarray(end)].map(toBase64Url).join('.');
}

async function decrypt(key: CryptoKey, additional: string, parts: Parts): Promise<string> {
  const [, , iv, ciphertext, tag] = parts.map(fromBase64Url) as [Bytes, Bytes, Bytes, Bytes, Bytes];
  if (tag.length !== TAG_BYTES) throw new RangeError('The tag is not of 16 bytes');
  const parameters = { name: 'AES-GCM', iv, additionalData: bytesOf(additional) };
  return textOf(await subtle().decrypt(parameters, key, concat(ciphertext, tag)));
}

const opening = async (work: () => Promise<string>): Promise<string> => {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SealingError) throw cause;
    throw new SealingError('CANNOT_OPEN', 'The message is sealed for another key, or was changed', { cause });
  }
};

/** @throws SealingError UNSUPPORTED_RUNTIME */
const subtle = (): typeof crypto.subtle => {
  const { subtle } = crypto as { subtle?: typeof crypto.subtle };
  if (subtle) return subtle;
  throw new SealingError('UNSUPPORTED_RUNTIME', 'There is no WebCrypto here; a page has it on https and on localhost');
};
