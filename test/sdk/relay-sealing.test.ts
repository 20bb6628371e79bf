/** Sealing end to end: with keys as people have them, against the service's own sealing and another JOSE library. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CompactEncrypt, compactDecrypt, importPKCS8, importSPKI } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { CcjkRelay, generateKeys, type KeyPair, open, SealingError, sealTo } from '../../sdk/src/relay/index.ts';
import { openRelay, type Relay } from '../setup/relay.ts';

let relay: Relay;
let client: CcjkRelay;
let rsa: KeyPair;
let curve: KeyPair;

beforeAll(async () => {
  relay = await openRelay();
  client = new CcjkRelay({ baseUrl: relay.url });
  [rsa, curve] = await Promise.all([generateKeys(), generateKeys('ECC-SECP256K1')]);
});

afterAll(() => relay.app.close());

const kinds = [
  ['RSA', () => rsa],
  ['secp256k1', () => curve],
] as const;

const TEXTS = ['', 'x', '\ufeffwith a BOM', 'é€😀\0\r\n', 'long '.repeat(200_000)];

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe.each(kinds)('%s', (name, keys) => {
  test.each(TEXTS.map((text) => [text.slice(0, 20), text]))('the text %j comes back as it was', async (_, text) => {
    const sealed = await sealTo(keys().publicKey, text);
    expect(await open(keys().privateKey, sealed)).toBe(text);
  });

  test('the service takes it for sealed, and keeps it untouched', async () => {
    const { channelId, algorithm } = await client.publicKeys.register({ publicKey: keys().publicKey });
    expect(algorithm).toBe(name === 'RSA' ? 'RSA-2048' : 'ECC-SECP256K1');
    const { publicKey } = await client.publicKeys.get(channelId);
    const message = await sealTo(publicKey, 'from a client');
    await client.publish({ channel: channelId, message, encrypted: true });
    await client.publish({ channel: channelId, message: 'by the service', encrypted: true });
    const { messages } = await client.queue({ channel: channelId });
    expect(messages[1]?.message).toBe(message);
    const opened = await Promise.all(messages.map((one) => open(keys().privateKey, one.message)));
    expect(opened).toEqual(['by the service', 'from a client']);
  });

  test('a key is read whatever its line breaks', async () => {
    const { publicKey, privateKey } = keys();
    const forms = [
      (pem: string) => pem.replaceAll('\n', '\r\n'),
      (pem: string) => pem.replaceAll('\n', ''),
      JSON.stringify,
    ].map((form) => (pem: string) => form(pem).replace(/^"|"$/g, ''));
    for (const form of forms) expect(await open(form(privateKey), await sealTo(form(publicKey), 'x'))).toBe('x');
  });

  test('another key, or a change anywhere, opens nothing', async () => {
    const { publicKey, privateKey } = keys();
    const sealed = await sealTo(publicKey, 'secret');
    const other = await generateKeys(name === 'RSA' ? 'RSA-2048' : 'ECC-SECP256K1');
    expect(await failureOf(open(other.privateKey, sealed))).toMatchObject({ code: 'CANNOT_OPEN' });
    const parts = sealed.split('.');
    for (const at of [1, 2, 3, 4]) {
      const part = parts[at] as string;
      const changed = parts.with(at, (part[0] === 'A' ? 'B' : 'A') + part.slice(1)).join('.');
      expect(await failureOf(open(privateKey, changed))).toMatchObject({ code: 'CANNOT_OPEN' });
    }
    const shortTag = parts.with(4, (parts[4] as string).slice(0, 8)).join('.');
    expect(await failureOf(open(privateKey, shortTag))).toMatchObject({ code: 'CANNOT_OPEN' });
  });
});

describe('with others', () => {
  test('a JOSE library opens what is sealed here, and the other way round', async () => {
    const sealed = await sealTo(rsa.publicKey, 'to jose');
    const { plaintext } = await compactDecrypt(sealed, await importPKCS8(rsa.privateKey, 'RSA-OAEP-256'));
    expect(new TextDecoder().decode(plaintext)).toBe('to jose');
    const jwe = await new CompactEncrypt(new TextEncoder().encode('from jose'))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'me' })
      .encrypt(await importSPKI(rsa.publicKey, 'RSA-OAEP-256'));
    expect(await open(rsa.privateKey, jwe)).toBe('from jose');
  });

  test('a key of WebCrypto that nobody can read opens too', async () => {
    const der = Buffer.from(rsa.privateKey.replace(/-----.+-----|\s/g, ''), 'base64');
    const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['decrypt']);
    expect(await open(key, await sealTo(rsa.publicKey, 'x'))).toBe('x');
    expect(await failureOf(open(key, await sealTo(curve.publicKey, 'x')))).toMatchObject({ code: 'KEY_INVALID' });
  });

  test('an RSA-4096 key is made when it is asked for', async () => {
    const { publicKey, privateKey } = await generateKeys('RSA-4096');
    expect((await client.publicKeys.register({ publicKey })).algorithm).toBe('RSA-4096');
    expect(await open(privateKey, await sealTo(publicKey, 'x'))).toBe('x');
  });
});

describe('wrong input', () => {
  const ed25519 = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const p256 = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

  test.each([
    ['nothing', ''],
    ['no PEM', 'my key'],
    ['no base64', '-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----'],
    ['no key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
    ['Ed25519', ed25519.publicKey],
    ['another curve', p256.publicKey],
    ['a private key', p256.privateKey],
  ])('a public key that is %s is KEY_INVALID', async (_, key) => {
    const error = await failureOf(sealTo(key, 'x'));
    expect(error).toBeInstanceOf(SealingError);
    expect(error).toMatchObject({ code: 'KEY_INVALID' });
    if (key) expect((error as Error).message).not.toContain(key);
  });

  test('a private key of another kind, or none, is KEY_INVALID', async () => {
    const [jwe, ecies] = [await sealTo(rsa.publicKey, 'x'), await sealTo(curve.publicKey, 'x')];
    for (const [key, sealed] of [
      [curve.privateKey, jwe],
      [rsa.privateKey, ecies],
      [ed25519.privateKey, jwe],
      [rsa.publicKey, jwe],
      ['', ecies],
    ] as const)
      expect(await failureOf(open(key, sealed))).toMatchObject({ code: 'KEY_INVALID' });
  });

  test.each([
    '',
    'hello',
    'a.b.c.d.e',
    'a.b.c',
    `${btoa('{"alg":"dir","enc":"A256GCM"}')}.a.b.c.d`.replaceAll('=', ''),
  ])('the message %j is NOT_SEALED', async (message) => {
    expect(await failureOf(open(rsa.privateKey, message))).toMatchObject({ code: 'NOT_SEALED' });
  });

  test('a text with lone surrogates, which would not arrive as it is, is refused', async () => {
    expect(await failureOf(sealTo(rsa.publicKey, 'a\ud800b'))).toMatchObject({ code: 'TEXT_INVALID' });
  });
});

describe('other runtimes', () => {
  test('where there is no node:crypto, RSA goes on and secp256k1 says what it takes', async () => {
    const sealed = await sealTo(curve.publicKey, 'x');
    vi.stubGlobal('process', undefined);
    try {
      expect(await open(rsa.privateKey, await sealTo(rsa.publicKey, 'x'))).toBe('x');
      const unsupported = { name: 'SealingError', code: 'UNSUPPORTED_RUNTIME' };
      expect(await failureOf(sealTo(curve.publicKey, 'x'))).toMatchObject(unsupported);
      expect(await failureOf(open(curve.privateKey, sealed))).toMatchObject(unsupported);
      expect(await failureOf(generateKeys('ECC-SECP256K1'))).toMatchObject(unsupported);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('a page without WebCrypto is told so', async () => {
    vi.stubGlobal('crypto', {});
    try {
      expect(await failureOf(sealTo(rsa.publicKey, 'x'))).toMatchObject({ code: 'UNSUPPORTED_RUNTIME' });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

/** An address that leads to the service, and what went over the wire in both directions. */
async function openTappedWire(url: string): Promise<{ url: string; bytes: () => string }> {
  const chunks: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((here) => {
    const there = connect(Number(new URL(url).port), '127.0.0.1');
    sockets.push(here, there);
    here.on('data', (chunk) => chunks.push(chunk)).pipe(there);
    there.on('data', (chunk) => chunks.push(chunk)).pipe(here);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, bytes: () => Buffer.concat(chunks).toString('latin1') };
}

test('the example runs, and nothing that the service gets or gives has the text or the private key', async () => {
  const example = fileURLToPath(new URL('../../sdk/examples/relay-end-to-end.ts', import.meta.url));
  const wire = await openTappedWire(relay.url);
  const env = { ...process.env, CCJK_URL: wire.url };
  const { stdout } = await promisify(execFile)(process.execPath, [example, 'only Alice reads this'], { env });
  expect(stdout).toBe('only Alice reads this\n');
  const bytes = wire.bytes();
  expect(bytes).toMatch(/"message":"eyJ[\w-]+(\.[\w-]+){4}"/);
  expect(bytes).not.toContain('only Alice');
  expect(bytes).not.toContain('PRIVATE KEY');
});
