/**
 * The same tests for every store. That of S3 runs against a real server where the environment names one:
 * `test/extended/s3.sh npx vitest run test/adapters/objects.test.ts`.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ObjectsConfig, type OpenObjects, openObjects } from '../../server/adapters/objects.ts';

const NOWHERE: ObjectsConfig = {
  DATA_DIR: '',
  S3_ENDPOINT: undefined,
  S3_BUCKET: undefined,
  AWS_S3_BUCKET: undefined,
  S3_REGION: 'us-east-1',
  S3_ACCESS_KEY: undefined,
  S3_SECRET_KEY: undefined,
};

const { S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY } = process.env;
const S3 = { ...NOWHERE, S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET: `test-${randomUUID()}` };

async function openDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'ccjk-objects-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Opened for the test that calls it, with a directory of its own. */
async function open(
  config: ObjectsConfig,
  patience?: { silenceMs?: number },
): Promise<OpenObjects & { directory: string }> {
  const directory = await openDirectory();
  const objects = await openObjects({ ...config, DATA_DIR: directory }, patience);
  onTestFinished(() => objects.close());
  return { ...objects, directory };
}

async function* chunks(...contents: (string | Uint8Array | Error)[]) {
  for (const content of contents) {
    if (content instanceof Error) throw content;
    yield typeof content === 'string' ? Buffer.from(content) : content;
  }
}

const newKey = () => `logs/${randomUUID()}`;

const textOf = async (objects: OpenObjects, ...read: Parameters<OpenObjects['read']>) => {
  const stream = await objects.read(...read);
  return stream && (await buffer(stream)).toString();
};

/** Files that lie beside the store. */
const incomingIn = (directory: string) => readdir(path.join(directory, 'objects', 'incoming')).catch(() => []);

beforeAll(async () => {
  if (!S3_ENDPOINT || !S3_ACCESS_KEY || !S3_SECRET_KEY) return;
  const client = new S3Client({
    endpoint: S3_ENDPOINT,
    region: S3.S3_REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: S3_ACCESS_KEY, secretAccessKey: S3_SECRET_KEY },
  });
  await client.send(new CreateBucketCommand({ Bucket: S3.S3_BUCKET }));
  client.destroy();
});

const STORES = [['files', NOWHERE] as const, ...(S3_ENDPOINT ? [['S3', S3] as const] : [])];

describe.each(STORES)('%s', (_, config) => {
  test('what was stored is read back, whole and in part', async () => {
    const objects = await open(config);
    const key = newKey();
    const staged = await objects.stage(chunks('hello', ' ', 'world'));
    expect(staged.size).toBe(11);
    await staged.store(key);
    expect(await textOf(objects, key)).toBe('hello world');
    expect(await textOf(objects, key, { start: 0, end: 1 })).toBe('h');
    expect(await textOf(objects, key, { start: 6, end: 11 })).toBe('world');
  });

  test('many chunks come back byte by byte', async () => {
    const objects = await open(config);
    const key = newKey();
    const content = Array.from({ length: 100 }, () => randomBytes(70_001));
    const staged = await objects.stage(chunks(...content));
    await staged.store(key);
    expect((await buffer((await objects.read(key))!)).equals(Buffer.concat(content))).toBe(true);
  });

  test('an empty file is one too', async () => {
    const objects = await open(config);
    const key = newKey();
    await (await objects.stage(chunks())).store(key);
    expect(await textOf(objects, key)).toBe('');
  });

  test('what was taken in is not there before it is stored, and leaves nothing when it is discarded', async () => {
    const objects = await open(config);
    const staged = await objects.stage(chunks('draft'));
    expect(await incomingIn(objects.directory)).toHaveLength(1);
    await staged.discard();
    await staged.discard();
    expect(await incomingIn(objects.directory)).toEqual([]);
  });

  test('content that breaks off leaves nothing, and its failure is told', async () => {
    const objects = await open(config);
    const failure = new Error('the sender has gone');
    await expect(objects.stage(chunks('half', failure))).rejects.toBe(failure);
    expect(await incomingIn(objects.directory)).toEqual([]);
  });

  test('what was removed is gone, and removing it again changes nothing', async () => {
    const objects = await open(config);
    const key = newKey();
    const staged = await objects.stage(chunks('text'));
    await staged.store(key);
    await staged.discard();
    await objects.remove(key);
    await objects.remove(key);
    expect(await objects.read(key)).toBeUndefined();
  });

  test.each([
    '../secrets.json',
    'logs/../../x',
    `/logs/${randomUUID()}`,
    'logs/',
    `a/b/${randomUUID()}`,
  ])('a key like %s is none', async (key) => {
    const objects = await open(config);
    const staged = await objects.stage(chunks('text'));
    expect(() => staged.store(key)).toThrow('Not the key');
    expect(() => objects.read(key)).toThrow('Not the key');
    expect(() => objects.remove(key)).toThrow('Not the key');
  });
});

test('what a process that died had taken in is removed after a day', async () => {
  const first = await open(NOWHERE);
  await first.stage(chunks('young'));
  const old = path.join(first.directory, 'objects', 'incoming', randomUUID());
  await writeFile(old, 'old');
  const yesterday = Date.now() / 1000 - 86_500;
  await utimes(old, yesterday, yesterday);
  (await openObjects({ ...NOWHERE, DATA_DIR: first.directory })).close();
  const left = await incomingIn(first.directory);
  expect(left).toHaveLength(1);
  expect(left).not.toContain(path.basename(old));
});

/** A bucket behind a server that does with each connection what it should not. */
async function openBroken(harm: (socket: Socket) => void, silenceMs?: number) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    harm(socket);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const broken = { S3_ENDPOINT: `http://127.0.0.1:${port}`, S3_ACCESS_KEY: 'key', S3_SECRET_KEY: 'secret' };
  return open({ ...NOWHERE, ...broken, S3_BUCKET: 'bucket' }, silenceMs === undefined ? {} : { silenceMs });
}

const AWAY = { code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 5 };

test('a bucket that cannot be reached is a passing failure, and the file can be stored later', async () => {
  let calls = 0;
  const objects = await openBroken((socket) => {
    calls += 1;
    socket.once('data', () => socket.destroy());
  });
  const staged = await objects.stage(chunks('text'));
  await expect(staged.store(newKey())).rejects.toMatchObject(AWAY);
  expect(calls).toBe(3);
  expect(await incomingIn(objects.directory)).toHaveLength(1);
});

test('a bucket that repeats how it was asked shows no key and no signature', async () => {
  const refusing = http.createServer((request, response) => {
    const said = `you said ${request.headers.authorization}`;
    response.writeHead(403).end(`<Error><Code>SignatureDoesNotMatch</Code><Message>${said}</Message></Error>`);
  });
  await new Promise<void>((listening) => refusing.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    refusing.closeAllConnections();
    refusing.close();
  });
  const { port } = refusing.address() as AddressInfo;
  const keys = { S3_ACCESS_KEY: 'the-access-key', S3_SECRET_KEY: 'the-secret-key' };
  const objects = await open({ ...NOWHERE, ...keys, S3_ENDPOINT: `http://127.0.0.1:${port}`, S3_BUCKET: 'bucket' });
  const staged = await objects.stage(chunks('text'));
  const failed = (await staged.store(newKey()).catch((error: unknown) => error)) as Error;
  expect(failed).toMatchObject(AWAY);
  const { message } = failed.cause as Error;
  expect(message).toContain('you said AWS4-HMAC-SHA256 Credential=***/');
  expect(message).toContain('Signature=***');
});

test('a bucket that falls silent in the middle of a file that it takes is a passing failure', async () => {
  let calls = 0;
  const objects = await openBroken((socket) => {
    calls += 1;
    socket.once('data', () => socket.pause());
  }, 100);
  const staged = await objects.stage(chunks(randomBytes(8 * 1024 * 1024)));
  await expect(staged.store(newKey())).rejects.toMatchObject(AWAY);
  // Asked again it would be waited for again.
  expect(calls).toBe(1);
});

test.each([
  'falls silent',
  'breaks off',
])('a bucket that %s in the middle of a file that it gives is a passing failure', async (how) => {
  const objects = await openBroken((socket) => {
    socket.once('data', () =>
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of',
        () => how === 'breaks off' && socket.destroy(),
      ),
    );
  }, 100);
  await expect(textOf(objects, newKey())).rejects.toMatchObject(AWAY);
});

test.runIf(S3_ENDPOINT)('a wrong secret does not open the bucket', async () => {
  const objects = await open({ ...S3, S3_SECRET_KEY: 'wrong' });
  const staged = await objects.stage(chunks('text'));
  await expect(staged.store(newKey())).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    cause: { name: 'SignatureDoesNotMatch' },
  });
});
