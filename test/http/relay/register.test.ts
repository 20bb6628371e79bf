import { createDecipheriv, createECDH, createPrivateKey, generateKeyPairSync, hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, openRelay, openRelayForTest, type Relay } from '../../setup/relay.ts';

let relay: Relay;

beforeAll(async () => {
  relay = await openRelay();
});
afterAll(() => relay.app.close());

const codeOf = ({ status, body }: Answer) => [status, body.error?.code];

const rsa = (modulusLength: number) => pems(generateKeyPairSync('rsa', { modulusLength }));
const ec = (namedCurve = 'secp256k1') => pems(generateKeyPairSync('ec', { namedCurve }));
const pems = ({ publicKey, privateKey }: ReturnType<typeof generateKeyPairSync>) => ({
  publicKey: (publicKey as unknown as import('node:crypto').KeyObject)
    .export({ type: 'spki', format: 'pem' })
    .toString(),
  privateKey: privateKey as unknown as import('node:crypto').KeyObject,
});

const RSA_2048 = rsa(2048);
const register = (body: object, sent: { key?: string } = {}, through = relay) =>
  through.post('/register', { ...sent, body });

describe('registering', () => {
  test('a key is answered as documented, with a channel of its own', async () => {
    const own = await openRelayForTest({ at: '2026-01-03T00:00:00Z' });
    const metadata = { deviceName: 'My Device', appVersion: '1.0.0' };
    const { publicKey } = rsa(4096);
    const { status, body } = await register(
      { publicKey, algorithm: 'RSA-4096', expiresIn: 604_800, metadata },
      {},
      own,
    );
    expect(status).toBe(201);
    expect(body.data).toEqual({
      channelId: expect.stringMatching(/^enc_[0-9a-f]{16}$/),
      publicKeyId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      algorithm: 'RSA-4096',
      expiresAt: '2026-01-10T00:00:00.000Z',
      expiresIn: 604_800,
    });
    const { channelId, publicKeyId } = body.data;
    const info = {
      id: publicKeyId,
      channelId,
      algorithm: 'RSA-4096',
      createdAt: '2026-01-03T00:00:00.000Z',
      expiresAt: '2026-01-10T00:00:00.000Z',
      isExpired: false,
    };
    expect((await own.get(`/register?channelId=${channelId}`)).body).toEqual({ success: true, data: info });
    expect((await own.get(`/register?keyId=${publicKeyId}`)).body.data).toEqual(info);
    for (const id of [channelId, publicKeyId])
      expect((await own.get(`/keys/${id}`)).body.data).toEqual({
        id: publicKeyId,
        channelId,
        publicKey,
        algorithm: 'RSA-4096',
        createdAt: info.createdAt,
        expiresAt: info.expiresAt,
        lastUsedAt: null,
        metadata,
      });
    expect((await own.get(`/channels?id=${channelId}`)).body.data).toMatchObject({ type: 'encrypted', metadata });

    own.app.clock.advance(604_800);
    expect((await own.get(`/register?channelId=${channelId}`)).body.data.isExpired).toBe(true);
    expect(codeOf(await own.get(`/keys/${channelId}`))).toEqual([410, 'KEY_EXPIRED']);
    expect(codeOf(await own.get(`/channels?id=${channelId}`))).toEqual([404, 'NOT_FOUND']);
    expect(codeOf(await own.publish(channelId, 'x', { encrypted: true }))).toEqual([410, 'KEY_EXPIRED']);
    const again = await register({ publicKey }, {}, own);
    expect(again.status).toBe(201);
    expect(again.body.data.channelId).not.toBe(channelId);
  });

  test('the algorithm defaults to what the key is', async () => {
    expect((await register({ publicKey: RSA_2048.publicKey })).body.data.algorithm).toBe('RSA-2048');
    expect((await register({ publicKey: ec().publicKey })).body.data.algorithm).toBe('ECC-SECP256K1');
  });

  test.each([
    ['CRLF', (pem: string) => pem.replaceAll('\n', '\r\n')],
    ['no line breaks', (pem: string) => pem.replaceAll('\n', '')],
    ['line breaks written out', (pem: string) => pem.replaceAll('\n', '\\n')],
    ['spaces around', (pem: string) => `  ${pem}  `],
  ])('PEM with %s is the same key', async (_, change) => {
    const { publicKey } = ec();
    expect((await register({ publicKey: change(publicKey) })).status).toBe(201);
    expect(codeOf(await register({ publicKey }))).toEqual([409, 'DUPLICATE_KEY']);
  });

  test('of registrations at the same time one succeeds', async () => {
    const { publicKey } = ec();
    const answers = await Promise.all(Array.from({ length: 5 }, () => register({ publicKey })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  test.each([
    ['nothing', {}, 400, 'VALIDATION_ERROR'],
    ['no PEM', { publicKey: 'hello' }, 400, 'VALIDATION_ERROR'],
    [
      'PEM of nothing',
      { publicKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' },
      400,
      'VALIDATION_ERROR',
    ],
    ['a curve that is not taken', { publicKey: ec('prime256v1').publicKey }, 400, 'VALIDATION_ERROR'],
    ['RSA of 1024 bit', { publicKey: rsa(1024).publicKey }, 400, 'VALIDATION_ERROR'],
    ['another algorithm', { publicKey: ec().publicKey, algorithm: 'RSA-2048' }, 400, 'VALIDATION_ERROR'],
    ['an unknown algorithm', { publicKey: ec().publicKey, algorithm: 'DSA' }, 400, 'VALIDATION_ERROR'],
    ['31 days', { publicKey: ec().publicKey, expiresIn: 31 * 86_400 }, 400, 'VALIDATION_ERROR'],
    ['a key over 4096 bytes', { publicKey: `${ec().publicKey}${' '.repeat(4096)}` }, 413, 'KEY_TOO_LARGE'],
    [
      'metadata over 2 KiB',
      { publicKey: ec().publicKey, metadata: { a: 'x'.repeat(2048) } },
      413,
      'METADATA_TOO_LARGE',
    ],
  ])('%s is refused', async (_, body, status, code) => {
    expect(codeOf(await register(body))).toEqual([status, code]);
  });

  test('a private key is not stored', async () => {
    const publicKey = ec().privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(codeOf(await register({ publicKey }))).toEqual([400, 'VALIDATION_ERROR']);
  });

  test('without parameters a key lists its own, and without a key it is 400', async () => {
    const { key } = await relay.makeKey({ userId: 'lister' });
    const { publicKeyId } = (await register({ publicKey: ec().publicKey }, { key })).body.data;
    const { body } = await relay.get('/register', { key });
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([publicKeyId]);
    expect(codeOf(await relay.get('/register'))).toEqual([400, 'VALIDATION_ERROR']);
  });

  test.each([
    ['channelId=enc_0', 404, 'NOT_FOUND'],
    ['keyId=00000000-0000-4000-8000-000000000000', 404, 'NOT_FOUND'],
    ['channelId=a%20b', 400, 'INVALID_CHANNEL_FORMAT'],
    ['keyId=abc', 400, 'VALIDATION_ERROR'],
  ])('%s finds nothing', async (query, status, code) => {
    expect(codeOf(await relay.get(`/register?${query}`))).toEqual([status, code]);
  });
});

describe('sealing', () => {
  const stored = async (channel: string): Promise<string> =>
    (await relay.get(`/publish?channel=${channel}`)).body.data.messages[0].message;

  test('for RSA a message becomes a compact JWE before it is stored, which any JOSE library opens', async () => {
    const { publicKey, privateKey } = rsa(2048);
    const { channelId } = (await register({ publicKey })).body.data;
    const stream = await relay.listen(`channel=${channelId}`);
    await relay.publish(channelId, '秘密', { encrypted: true });
    const sealed = await stored(channelId);
    expect(sealed.split('.')).toHaveLength(5);
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, privateKey);
    expect(new TextDecoder().decode(plaintext)).toBe('秘密');
    expect(protectedHeader).toEqual({ alg: 'RSA-OAEP-256', enc: 'A256GCM' });
    expect((await stream.next()).data).toMatchObject({ message: sealed, encrypted: true });
    expect(JSON.stringify(await relay.stored())).not.toContain('秘密');
    expect((await relay.get(`/keys/${channelId}`)).body.data.lastUsedAt).not.toBeNull();
  });

  test('for secp256k1 it becomes the ECIES of the documentation', async () => {
    const { publicKey, privateKey } = ec();
    const { channelId } = (await register({ publicKey })).body.data;
    await relay.publish(channelId, 'secret', { encrypted: true });
    const [scheme, ...parts] = (await stored(channelId)).split('.');
    const [ephemeral, iv, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url')) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    const holder = createECDH('secp256k1');
    holder.setPrivateKey(
      Buffer.from(
        createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({ format: 'jwk' }).d as string,
        'base64url',
      ),
    );
    const key = Buffer.from(hkdfSync('sha256', holder.computeSecret(ephemeral), ephemeral, 'ccjk-relay ecies v1', 32));
    const decipher = createDecipheriv('aes-256-gcm', key, iv);
    decipher.setAAD(Buffer.from(`${scheme}.${parts[0]}`)).setAuthTag(tag);
    expect(decipher.update(ciphertext, undefined, 'utf8') + decipher.final('utf8')).toBe('secret');
  });

  test('what a client has sealed passes untouched, on channels without a key too', async () => {
    const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM' };
    const sealed = await new CompactEncrypt(Buffer.from('x'))
      .setProtectedHeader(header)
      .encrypt((await import('node:crypto')).createPublicKey(RSA_2048.publicKey));
    await relay.publish('end-to-end', sealed, { encrypted: true });
    expect(await stored('end-to-end')).toBe(sealed);
  });

  test('a text that only looks like an envelope is sealed', async () => {
    const { publicKey, privateKey } = rsa(2048);
    const { channelId } = (await register({ publicKey })).body.data;
    await relay.publish(channelId, 'a.b.c.d.e', { encrypted: true });
    const { plaintext } = await compactDecrypt(await stored(channelId), privateKey);
    expect(new TextDecoder().decode(plaintext)).toBe('a.b.c.d.e');
  });

  test('a channel without a key takes no message to be sealed', async () => {
    const answer = await relay.publish('keyless', 'x', { encrypted: true });
    expect(codeOf(answer)).toEqual([400, 'VALIDATION_ERROR']);
  });
});
