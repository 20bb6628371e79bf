/**
 * Objects in an S3 bucket, or in what speaks like one. The client is loaded only where a bucket is configured: it takes
 * half a second.
 */
import { createReadStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Failed } from '../failed.ts';
import { rewriteTexts } from './error-texts.ts';
import type { ObjectStore, ObjectsConfig } from './objects.ts';

const CONNECT_TIMEOUT_MS = 3_000;
/** Without a byte in either direction. Whoever called hears of it within 5 s, so one that is silent is not asked again. */
const SILENCE_MS = 3_500;
/** A body that was half sent cannot be sent again by the client, so the tries are ours. */
const TRIES = 3;
const FIRST_PAUSE_MS = 50;
const RETRY_AFTER_SECONDS = 5;

/** Milliseconds; by default 3,500. */
export type S3Patience = { silenceMs?: number };

export async function openS3Store(
  config: ObjectsConfig,
  bucket: string,
  { silenceMs = SILENCE_MS }: S3Patience = {},
): Promise<ObjectStore> {
  const { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey } = config;
  const client = new S3Client({
    region: config.S3_REGION,
    maxAttempts: 1,
    // What fails is thrown, and told where it is handled.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    // The newer checksums are unknown to most servers that are not Amazon's.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: silenceMs },
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
  });
  const at = (key: string) => ({ Bucket: bucket, Key: key });
  const hide = (text: string) => withoutKeys(text, [accessKeyId, secretAccessKey]);

  /** @throws Failed SERVICE_UNAVAILABLE when every try failed */
  async function persistently<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (tries < TRIES && isWorthAnotherTry(error)) {
          await pause(FIRST_PAUSE_MS * 2 ** tries);
          continue;
        }
        throw away(rewriteTexts(error as Error, hide));
      }
    }
  }

  return {
    put: (key, file, size) =>
      persistently(async () => {
        const body = createReadStream(file);
        try {
          await client.send(new PutObjectCommand({ ...at(key), Body: body, ContentLength: size }));
        } finally {
          body.destroy();
        }
      }),

    read: (key, range) =>
      persistently(async () => {
        const wanted = range ? { Range: `bytes=${range.start}-${range.end - 1}` } : {};
        try {
          const { Body } = await client.send(new GetObjectCommand({ ...at(key), ...wanted }));
          return Body && whole(Body as Readable);
        } catch (error) {
          if ((error as Error).name === 'NoSuchKey') return undefined;
          throw error;
        }
      }),

    remove: (key) => persistently(async () => void (await client.send(new DeleteObjectCommand(at(key))))),

    close: () => client.destroy(),
  };
}

/** Signatures, which open what they were made for, for some minutes. */
const SIGNATURE = /\b[0-9a-f]{64}\b/gi;

/** Servers repeat how they were asked, where they refuse. */
const withoutKeys = (text: string, keys: readonly (string | undefined)[]): string =>
  keys
    .filter((key) => key !== undefined && key !== '')
    .reduce<string>((rest, key) => rest.replaceAll(key as string, '***'), text)
    .replace(SIGNATURE, '***');

const away = (cause: unknown): Failed =>
  new Failed('SERVICE_UNAVAILABLE', {
    message: 'The store of log files cannot be reached right now; try again after Retry-After seconds',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });

/** The same bytes. Where the server fails in their middle, whoever reads hears that the store is away. */
function whole(body: Readable): Readable {
  const given = new PassThrough();
  body.once('error', (error) => given.destroy(away(error)));
  given.once('close', () => body.destroy());
  return body.pipe(given);
}

/** What refused us once for what we are will do so again; what is silent would only be waited for again. */
const isWorthAnotherTry = (error: unknown): boolean => {
  const { name, code } = error as NodeJS.ErrnoException;
  // The client gives that name to connections that were cut, too.
  if (name === 'TimeoutError' && code !== 'ECONNRESET' && code !== 'EPIPE') return false;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === undefined || status >= 500 || status === 429;
};
