/**
 * The object store: files under DATA_DIR, or an S3 bucket.
 *
 * What is to be stored is first taken in beside the store, in a file of this machine: memory holds one chunk of it,
 * whoever stores it can look at all of it before it counts, and a store that fails can be tried again. What a process that
 * died has left there is removed by a later start.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config.ts';
import { Failed } from '../failed.ts';
import type { Objects, StagedObject } from '../ports.ts';
import { isDiskFull } from './full-disk.ts';
import { openFileStore } from './objects-in-files.ts';
import { openS3Store, type S3Patience } from './objects-in-s3.ts';

/** Where objects lie. A key exists whole or not at all. */
export type ObjectStore = {
  /** Takes the file at `file`, which may be gone afterwards. */
  put(key: string, file: string, size: number): Promise<void>;
  read: Objects['read'];
  remove: Objects['remove'];
  close(): void;
};

export type OpenObjects = Objects & { close(): void };

export type ObjectsConfig = Pick<
  Config,
  'DATA_DIR' | 'S3_ENDPOINT' | 'S3_BUCKET' | 'AWS_S3_BUCKET' | 'S3_REGION' | 'S3_ACCESS_KEY' | 'S3_SECRET_KEY'
>;

/** No upload takes longer by far. */
const LEFTOVER_AFTER_MS = 86_400_000;

/** Keys are made by the domain from a noun and a uuid: none can lead anywhere else. */
const KEY = /^[a-z]{1,20}\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const checked = (key: string): string => {
  if (!KEY.test(key)) throw new Error(`Not the key of an object: ${key}`);
  return key;
};

export async function openObjects(config: ObjectsConfig, patience?: S3Patience): Promise<OpenObjects> {
  const root = path.resolve(config.DATA_DIR, 'objects');
  const incoming = path.join(root, 'incoming');
  const bucket = config.S3_BUCKET ?? config.AWS_S3_BUCKET;
  const store = bucket ? await openS3Store(config, bucket, patience) : openFileStore(root);
  await removeLeftovers(incoming);
  return {
    stage: (content) => stage(incoming, store, content),
    read: (key, range) => store.read(checked(key), range),
    remove: (key) => store.remove(checked(key)),
    close: () => store.close(),
  };
}

async function stage(directory: string, store: ObjectStore, content: AsyncIterable<Uint8Array>): Promise<StagedObject> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(unlessFull);
  const file = path.join(directory, randomUUID());
  const discard = () => rm(file, { force: true });
  try {
    const size = await writeOut(file, content);
    return { size, store: (key) => store.put(checked(key), file, size).catch(unlessFull), discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** Writes `content` and waits for the disk to have it. Returns its bytes. */
async function writeOut(file: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(file, 'wx', 0o600).catch(unlessFull);
  let size = 0;
  try {
    for await (const chunk of content) {
      await handle.writeFile(chunk).catch(unlessFull);
      size += chunk.byteLength;
    }
    await handle.sync().catch(unlessFull);
  } finally {
    await handle.close();
  }
  return size;
}

/** @throws Failed SERVICE_UNAVAILABLE when the disk is full: that may pass */
const unlessFull = (error: NodeJS.ErrnoException): never => {
  if (!isDiskFull(error)) throw error;
  throw new Failed('SERVICE_UNAVAILABLE', {
    message: 'There is no room for files right now; try again after Retry-After seconds',
    retryAfterSeconds: 60,
    cause: error,
  });
};

async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const file = path.join(directory, name);
    const found = await stat(file).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > LEFTOVER_AFTER_MS) await rm(file, { force: true });
  }
}
