/**
 * ECDH on secp256k1. WebCrypto has not got this curve; `node:crypto` has, in Node, Bun and Deno. It is asked for at run
 * time, so that bundlers for browsers do not look for it.
 */
import { type Bytes, concat, fromBase64Url } from './encodings.ts';
import { SealingError } from './sealing-error.ts';

type NodeCrypto = typeof import('node:crypto');

const CURVE = 'secp256k1';

/** In DER, near the begin of each key of this curve: 1.3.132.0.10. */
const CURVE_ID = '\x06\x05\x2b\x81\x04\x00\x0a';
const HEAD_BYTES = 40;

/** Whether a key, SPKI or PKCS #8 in DER, is of this curve. */
export const isCurveKey = (der: Uint8Array): boolean =>
  String.fromCharCode(...der.subarray(0, HEAD_BYTES)).includes(CURVE_ID);

/** A one-time key, uncompressed in 65 bytes, and the secret that it shares with a public key (SPKI in DER). */
export const newSecret = (publicKey: Bytes): { ephemeral: Bytes; secret: Bytes } => {
  const { createECDH, createPublicKey } = nodeCrypto();
  const { x, y } = createPublicKey({ key: publicKey as Buffer, format: 'der', type: 'spki' }).export({ format: 'jwk' });
  const sender = createECDH(CURVE);
  const ephemeral = new Uint8Array(sender.generateKeys());
  const point = concat(Uint8Array.of(4), fromBase64Url(x ?? ''), fromBase64Url(y ?? ''));
  return { ephemeral, secret: new Uint8Array(sender.computeSecret(point)) };
};

/** The secret that a private key (PKCS #8 in DER) shares with a one-time key. */
export const sharedSecret = (privateKey: Bytes, ephemeral: Bytes): Bytes => {
  const { createECDH, createPrivateKey } = nodeCrypto();
  const { d } = createPrivateKey({ key: privateKey as Buffer, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
  const receiver = createECDH(CURVE);
  receiver.setPrivateKey(fromBase64Url(d ?? ''));
  return new Uint8Array(receiver.computeSecret(ephemeral));
};

/** As PEM. */
export const generateCurveKeys = (): { publicKey: string; privateKey: string } =>
  nodeCrypto().generateKeyPairSync('ec', {
    namedCurve: CURVE,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

/** @throws SealingError UNSUPPORTED_RUNTIME */
const nodeCrypto = (): NodeCrypto => {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const found = process?.getBuiltinModule?.('node:crypto');
  if (found) return found as NodeCrypto;
  throw new SealingError(
    'UNSUPPORTED_RUNTIME',
    'This runtime has not got the curve secp256k1 (Node has it from 20.16 on, Bun and Deno have it); use an RSA key',
  );
};
