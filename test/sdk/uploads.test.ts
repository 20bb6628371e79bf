/** How far an upload has gone, told as it goes. */
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { UploadProgress } from '../../sdk/src/index.ts';
import { METADATA, openLogs } from '../setup/logs.ts';
import { openService } from './service.ts';

let logs: Awaited<ReturnType<typeof openLogs>>;
beforeAll(async () => {
  logs = await openLogs();
});
afterAll(() => logs.close());

const text = 'a line of a log, with ü\n'.repeat(40_000);

/** A file of that text, which is not read into memory. */
async function logFile(): Promise<Blob> {
  const folder = await mkdtemp(join(tmpdir(), 'ccjk-upload-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'a.log'), text);
  return openAsBlob(join(folder, 'a.log'));
}

test('a file arrives as it is, and its progress rises to the whole of the form', async () => {
  const [user, device] = await logs.userWithDevice();
  const told: UploadProgress[] = [];
  const onUploadProgress = (progress: UploadProgress) => void told.push(progress);
  const { log_id, size } = await device.client.daemon.uploadLog(
    { log_file: await logFile(), metadata: METADATA },
    { onUploadProgress },
  );
  expect(size).toBe(Buffer.byteLength(text));
  expect(await (await user.client.logs.download(log_id)).text()).toBe(text);
  const total = told[0]?.totalBytes ?? 0;
  expect(total).toBeGreaterThan(size);
  expect(told.length).toBeGreaterThan(2);
  expect(told.map(({ sentBytes }) => sentBytes)).toEqual(
    told.map(({ sentBytes }) => sentBytes).toSorted((one, other) => one - other),
  );
  expect(told.at(-1)).toEqual({ sentBytes: total, totalBytes: total });
});

test('each attempt sends all of it, and begins to count anew', async () => {
  const { client, received } = await openService((_, number) =>
    number === 1 ? { status: 503, fails: 'SERVICE_UNAVAILABLE' } : { data: {} },
  );
  const told: number[] = [];
  await client().daemon.uploadLog(
    { log_file: new File(['short'], 'a "quoted" name'), metadata: METADATA },
    { onUploadProgress: ({ sentBytes, totalBytes }) => void told.push(sentBytes / totalBytes) },
  );
  expect(told.filter((part) => part === 1)).toHaveLength(2);
  const [first, second] = received.map(({ body, headers }) => {
    const boundary = headers['content-type']?.split('boundary=')[1] ?? '';
    return body.replaceAll(boundary, 'limit');
  });
  expect(second).toBe(first);
  expect(first).toContain('name="log_file"; filename="a %22quoted%22 name"\r\n');
  expect(first).toContain(`name="metadata"\r\n\r\n${JSON.stringify(METADATA)}\r\n--limit--\r\n`);
});

test('where fetch is that of a browser, it is told once, at the end', async () => {
  vi.stubGlobal('XMLHttpRequest', class {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const { client, received } = await openService(() => ({ data: {} }));
  const told: UploadProgress[] = [];
  await client().daemon.uploadLog(
    { log_file: new Blob(['x'.repeat(200_000)]), metadata: METADATA },
    { onUploadProgress: (progress) => void told.push(progress) },
  );
  expect(told).toEqual([{ sentBytes: told[0]?.totalBytes, totalBytes: Buffer.byteLength(received[0]?.body ?? '') }]);
});

test('the abort of an upload ends it', async () => {
  const { client } = await openService(() => ({ hangs: true }));
  const abort = new AbortController();
  const call = client().daemon.uploadLog(
    { log_file: await logFile(), metadata: METADATA },
    { signal: abort.signal, onUploadProgress: () => abort.abort('enough') },
  );
  await expect(call).rejects.toBe('enough');
});
