import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Objects, StagedObject } from '../../server/context.ts';
import { deleteOldLogs, sweepLogs } from '../../server/domain/logs.ts';
import { openApp, openAppForTest, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

const MIB = 1024 * 1024;

let app: TestApp;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'ccjk-logs-'));
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: { DATA_DIR: directory, JWT_EXPIRES_IN: '365d' } });
});
afterAll(async () => {
  await app.close();
  await rm(directory, { recursive: true, force: true });
});

const METADATA = { type: 'daemon', date: '2026-01-20' };

const upload = (
  device: TestDevice,
  content: string | Uint8Array,
  metadata: Partial<typeof METADATA> & { compressed?: boolean } = {},
) =>
  device.client.daemon.uploadLog({
    log_file: new Blob([content as string]),
    metadata: { ...METADATA, ...metadata },
  });

const usedBy = async (user: TestUser) => (await user.client.auth.me()).user.storage_used;

const allow = (user: TestUser, bytes: number) =>
  app.service.db.updateTable('users').set({ storage_quota: bytes }).where('id', '=', user.id).execute();

/** Files in the store, and those that have been taken in and are not there yet. */
const filesIn = async (room: 'logs' | 'incoming') => readdir(path.join(directory, 'objects', room)).catch(() => []);

async function userWithDevice(): Promise<[TestUser, TestDevice]> {
  const user = await app.makeUser();
  return [user, await app.makeDevice(user)];
}

/** Rows of a user's logs, with those that are not stored. */
const rowsOf = (user: TestUser) =>
  app.service.db.selectFrom('device_logs').selectAll().where('user_id', '=', user.id).execute();

type RawPart = { name: string; content: string; fileName?: string };

/** Sends a form as it is written here; `end` is what follows the last part. */
async function sendForm(device: TestDevice, parts: RawPart[], end = '--limit--\r\n') {
  const written = parts.map(({ name, content, fileName }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    return `--limit\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`;
  });
  const response = await fetch(`${app.url}/v1/daemon/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${device.key}`, 'content-type': 'multipart/form-data; boundary=limit' },
    body: written.join('') + end,
  });
  return {
    status: response.status,
    ...((await response.json()) as {
      data: { log_id: string };
      error: { code: string; details: { path: string[] }[] };
    }),
  };
}

/** Makes the store of the running service do something else until the test has finished. */
function replaceObjects(change: Partial<Objects>): void {
  const { objects } = app.service;
  app.service.objects = { ...objects, ...change };
  onTestFinished(() => {
    app.service.objects = objects;
  });
}

/** Files are taken in as ever, and `store` happens instead of storing them. */
function replaceStore(store: (file: StagedObject, key: string) => Promise<void>): void {
  const { objects } = app.service;
  replaceObjects({
    stage: async (content) => {
      const staged = await objects.stage(content);
      return { ...staged, store: (key) => store(staged, key) };
    },
  });
}

const download = async (user: TestUser, id: string, headers: Record<string, string> = {}) => {
  const response = await user.client.logs.download(id, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

test('a log is stored, listed, viewed and downloaded', async () => {
  const [user, device] = await userWithDevice();
  const log = await upload(device, 'first\nsecond\n', { compressed: false } as never);
  expect(log).toEqual({ log_id: log.log_id, size: 13, ...METADATA });
  const whole = {
    log_id: log.log_id,
    device_id: device.id,
    ...METADATA,
    size: 13,
    text_size: 13,
    compressed: false,
    created_at: '2026-01-20T10:00:00.000Z',
  };
  expect((await user.client.logs.list()).items).toEqual([whole]);
  expect(await user.client.logs.get(log.log_id)).toEqual({
    ...whole,
    from: 0,
    text: 'first\nsecond\n',
    next_from: null,
  });
  const file = await download(user, log.log_id);
  expect(file.text).toBe('first\nsecond\n');
  expect(file.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''daemon-2026-01-20.log");
  expect(await usedBy(user)).toBe(13);
  expect(await filesIn('incoming')).toEqual([]);
});

test('gzip is known by its first bytes, viewed as text and downloaded as it came', async () => {
  const [user, device] = await userWithDevice();
  const text = 'line\n'.repeat(1000);
  const file = gzipSync(text);
  const { log_id, size } = await upload(device, file);
  expect(size).toBe(file.byteLength);
  expect(await user.client.logs.get(log_id)).toMatchObject({ compressed: true, text_size: 5000, text });
  const response = await user.client.logs.download(log_id);
  expect(Buffer.from(await response.arrayBuffer()).equals(file)).toBe(true);
});

test.each([
  ['gzip that is said to be text', gzipSync('text'), false],
  ['text that is said to be gzip', Buffer.from('text'), true],
  ['one byte that is said to be gzip', Buffer.from([0x1f]), true],
  ['nothing that is said to be gzip', Buffer.alloc(0), true],
])('%s is refused', async (_, content, compressed) => {
  const [user, device] = await userWithDevice();
  expect(await refusalOf(upload(device, content, { compressed }))).toMatchObject({
    code: 'VALIDATION_ERROR',
    details: [{ path: ['body', 'metadata', 'compressed'] }],
  });
  expect([await usedBy(user), await rowsOf(user), await filesIn('incoming')]).toEqual([0, [], []]);
});

test.each([
  ['cut off', gzipSync(randomBytes(100_000)).subarray(0, 50_000)],
  ['broken', Buffer.concat([Buffer.from([0x1f, 0x8b]), randomBytes(1000)])],
])('gzip that is %s is refused', async (_, content) => {
  const [user, device] = await userWithDevice();
  expect(await refusalOf(upload(device, content))).toMatchObject({ code: 'VALIDATION_ERROR' });
  expect([await usedBy(user), await rowsOf(user), await filesIn('incoming')]).toEqual([0, [], []]);
});

test('the metadata may stand before or after the file', async () => {
  const [user, device] = await userWithDevice();
  const file = { name: 'log_file', content: 'text', fileName: '../../etc/passwd' };
  const metadata = { name: 'metadata', content: JSON.stringify(METADATA) };
  for (const parts of [
    [file, metadata],
    [metadata, file],
    [{ name: 'unknown', content: 'x' }, file, metadata],
  ]) {
    const { status, data } = await sendForm(device, parts);
    expect(status).toBe(201);
    expect(await user.client.logs.get(data.log_id)).toMatchObject({ text: 'text' });
  }
  expect((await filesIn('logs')).every((name) => /^[0-9a-f-]{36}$/.test(name))).toBe(true);
});

const FILE = { name: 'log_file', content: 'text', fileName: 'a.log' };
const SAID = { name: 'metadata', content: JSON.stringify(METADATA) };
test.each<[string, RawPart[], string | undefined, string[]]>([
  ['no file', [SAID], undefined, ['body', 'log_file']],
  ['no metadata', [FILE], undefined, ['body', 'metadata']],
  ['metadata that is no JSON', [FILE, { ...SAID, content: '{' }], undefined, ['body', 'metadata']],
  ['no type', [FILE, { ...SAID, content: '{"date":"2026-01-20"}' }], undefined, ['body', 'metadata', 'type']],
  [
    'a day that never was',
    [FILE, { ...SAID, content: '{"type":"d","date":"2026-02-30"}' }],
    undefined,
    ['body', 'metadata', 'date'],
  ],
  [
    'the year 0',
    [FILE, { ...SAID, content: '{"type":"d","date":"0000-01-01"}' }],
    undefined,
    ['body', 'metadata', 'date'],
  ],
  ['two files', [FILE, FILE, SAID], undefined, ['body']],
  ['metadata without end', [FILE, { ...SAID, content: `"${'x'.repeat(70_000)}"` }], undefined, ['body', 'metadata']],
  ['a form without end', [SAID, FILE], '', ['body']],
])('a form with %s is refused and leaves nothing', async (_, parts, end, where) => {
  const [user, device] = await userWithDevice();
  const { status, error } = await sendForm(device, parts, end);
  expect([status, error.code, error.details[0]?.path]).toEqual([400, 'VALIDATION_ERROR', where]);
  expect([await usedBy(user), await rowsOf(user), await filesIn('incoming')]).toEqual([0, [], []]);
});

test('a form is taken where one is expected, and only there', async () => {
  const [user, device] = await userWithDevice();
  const json = await fetch(`${app.url}/v1/daemon/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${device.key}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const form = await fetch(`${app.url}/v1/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}` },
    body: new FormData(),
  });
  expect([json.status, form.status]).toEqual([415, 415]);
});

test('a file may have 50 MiB and not one byte more', async () => {
  const [user, device] = await userWithDevice();
  const most = Buffer.alloc(50 * MIB, 'x');
  expect((await upload(device, most)).size).toBe(50 * MIB);
  const over = Buffer.concat([most, Buffer.from('x')]);
  expect(await refusalOf(upload(device, over))).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  expect(await usedBy(user)).toBe(50 * MIB);
  expect(await filesIn('incoming')).toEqual([]);
});

test('gzip may inflate to 64 MiB and not one byte more', async () => {
  const [user, device] = await userWithDevice();
  const most = gzipSync(Buffer.alloc(64 * MIB));
  expect((await upload(device, most)).size).toBe(most.byteLength);
  const bomb = gzipSync(Buffer.alloc(64 * MIB + 1));
  expect(await refusalOf(upload(device, bomb))).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  expect(await usedBy(user)).toBe(most.byteLength);
});

test.each(['as it is', 'as gzip'])('a large log arrives %s, byte by byte', async (how) => {
  const [user, device] = await userWithDevice();
  const lines = Array.from({ length: 60 }, (_, at) => `${at}\r\n--\r\n${randomBytes(100_000).toString('base64')}`);
  const text = Buffer.from(lines.join('\r\n'));
  const content = how === 'as gzip' ? gzipSync(text, { level: 1 }) : text;
  const { log_id, size } = await upload(device, content);
  expect(size).toBe(content.byteLength);
  const { text_size } = await user.client.logs.get(log_id);
  expect(text_size).toBe(text.byteLength);
  const file = await user.client.logs.download(log_id);
  expect(Buffer.from(await file.arrayBuffer()).equals(content)).toBe(true);
});

test('uploads side by side never go over the quota', async () => {
  const [user, device] = await userWithDevice();
  await allow(user, 3500);
  const uploads = await Promise.allSettled(Array.from({ length: 10 }, () => upload(device, 'x'.repeat(1000))));
  const refused = uploads.filter((each) => each.status === 'rejected').map(({ reason }) => reason.code);
  expect(refused).toEqual(Array(7).fill('STORAGE_QUOTA_EXCEEDED'));
  expect(await usedBy(user)).toBe(3000);
  expect(await rowsOf(user)).toHaveLength(3);
  await upload(device, 'x'.repeat(500));
  expect(await refusalOf(upload(device, ''))).toMatchObject({ status: 413, code: 'STORAGE_QUOTA_EXCEEDED' });
  expect(await filesIn('incoming')).toEqual([]);
});

test('an upload whose sender goes away leaves nothing', async () => {
  const [user, device] = await userWithDevice();
  const sent = request(`${app.url}/v1/daemon/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${device.key}`, 'content-type': 'multipart/form-data; boundary=limit' },
  });
  sent.on('error', () => {});
  sent.write('--limit\r\nContent-Disposition: form-data; name="log_file"; filename="a"\r\n\r\nhalf of a li');
  await expect.poll(() => filesIn('incoming')).toHaveLength(1);
  sent.destroy();
  await expect.poll(() => filesIn('incoming')).toEqual([]);
  expect([await usedBy(user), await rowsOf(user)]).toEqual([0, []]);
});

test('when the store fails the upload fails, and its storage is free again', async () => {
  const [user, device] = await userWithDevice();
  replaceStore(() => Promise.reject(new Error('the disk burns')));
  expect(await refusalOf(upload(device, 'text'))).toMatchObject({ status: 500 });
  expect([await usedBy(user), await rowsOf(user), await filesIn('incoming')]).toEqual([0, [], []]);
});

test('when neither storing nor removing works, the storage is free and the sweep removes the rest later', async () => {
  const [user, device] = await userWithDevice();
  const failing = () => Promise.reject(new Error('the disk burns'));
  replaceStore(async (staged, key) => {
    await staged.store(key);
    return failing();
  });
  const { remove } = app.service.objects;
  replaceObjects({ remove: failing });
  expect(await refusalOf(upload(device, 'text'))).toMatchObject({ status: 500 });
  expect(await usedBy(user)).toBe(0);
  const [row] = await rowsOf(user);
  expect(row).toMatchObject({ is_stored: false, size: 0 });

  app.clock.advance(3601);
  await sweepLogs({ ...app.ctx, objects: { ...app.service.objects, remove } });
  expect(await rowsOf(user)).toEqual([]);
  expect(await filesIn('logs')).not.toContain(row!.id);
  expect(await usedBy(user)).toBe(0);
});

test('an upload that died with its process is nobody’s log, and the sweep gives its storage back after an hour', async () => {
  const [user, device] = await userWithDevice();
  const kept = await upload(device, 'kept');
  let isStoring = false;
  replaceStore(() => {
    isStoring = true;
    return new Promise(() => {});
  });
  // Answered never; the end of the service ends it.
  upload(device, 'dead').catch(() => {});
  await expect.poll(() => isStoring).toBe(true);
  expect((await user.client.logs.list()).items.map(({ log_id }) => log_id)).toEqual([kept.log_id]);
  expect(await usedBy(user)).toBe(8);

  app.clock.advance(3599);
  await sweepLogs(app.ctx);
  expect(await usedBy(user)).toBe(8);
  app.clock.advance(2);
  await sweepLogs(app.ctx);
  expect(await usedBy(user)).toBe(4);
  expect(await rowsOf(user)).toHaveLength(1);
});

test('a deleted log is gone with its file, once, and its storage is free', async () => {
  const [user, device] = await userWithDevice();
  const { log_id } = await upload(device, 'text');
  await upload(device, 'other');
  const deletions = await Promise.allSettled(Array.from({ length: 10 }, () => user.client.logs.remove(log_id)));
  expect(deletions.some(({ status }) => status === 'fulfilled')).toBe(true);
  expect(await usedBy(user)).toBe(5);
  expect(await filesIn('logs')).not.toContain(log_id);
  const refused = [user.client.logs.get(log_id), user.client.logs.download(log_id), user.client.logs.remove(log_id)];
  const codes = (await Promise.all(refused.map(refusalOf))).map(({ code }) => code);
  expect(codes).toEqual(Array(3).fill('LOG_NOT_FOUND'));
});

test.each([
  ['bytes=0-0', 206, 'a', 'bytes 0-0/10'],
  ['bytes=2-5', 206, 'cdef', 'bytes 2-5/10'],
  ['bytes=7-', 206, 'hij', 'bytes 7-9/10'],
  ['bytes=7-100', 206, 'hij', 'bytes 7-9/10'],
  ['bytes=-3', 206, 'hij', 'bytes 7-9/10'],
  ['bytes=-100', 206, 'abcdefghij', 'bytes 0-9/10'],
  ['bytes=0-1,4-5', 200, 'abcdefghij', null],
  ['bytes=5-2', 200, 'abcdefghij', null],
  ['lines=1-2', 200, 'abcdefghij', null],
])('Range: %s', async (range, status, text, contentRange) => {
  const [user, device] = await userWithDevice();
  const { log_id } = await upload(device, 'abcdefghij');
  const part = await download(user, log_id, { range });
  expect([part.status, part.text, part.headers.get('content-range')]).toEqual([status, text, contentRange]);
  expect(part.headers.get('content-length')).toBe(String(text.length));
});

test('a range beyond the end is refused, and says how long the file is', async () => {
  const [user, device] = await userWithDevice();
  const { log_id } = await upload(device, 'abc');
  const empty = await upload(device, '');
  for (const [id, range] of [
    [log_id, 'bytes=3-'],
    [log_id, 'bytes=-0'],
    [empty.log_id, 'bytes=0-'],
  ] as const) {
    const refused = await refusalOf(user.client.logs.download(id, { headers: { range } }));
    expect(refused).toMatchObject({ status: 416, code: 'RANGE_NOT_SATISFIABLE' });
  }
  expect((await download(user, empty.log_id)).text).toBe('');
});

test('a download goes on where it stopped while its ETag is the same', async () => {
  const [user, device] = await userWithDevice();
  const { log_id } = await upload(device, 'abcdef');
  const etag = (await download(user, log_id)).headers.get('etag')!;
  expect(await download(user, log_id, { range: 'bytes=3-', 'if-range': etag })).toMatchObject({
    status: 206,
    text: 'def',
  });
  const other = await download(user, log_id, { range: 'bytes=3-', 'if-range': '"other"' });
  expect(other).toMatchObject({ status: 200, text: 'abcdef' });
});

test.each([
  ['text', (text: string) => Buffer.from(text)] as const,
  ['gzip', (text: string) => gzipSync(text)] as const,
])('a long log is viewed part by part without a torn character: %s', async (_, encode) => {
  const [user, device] = await userWithDevice();
  const text = '日本語 – ü 🎉\n'.repeat(40_000);
  const { log_id } = await upload(device, encode(text));
  let read = '';
  let parts = 0;
  for (let from: number | null = 0; from !== null; parts++) {
    const part = await user.client.logs.get(log_id, { from });
    expect(part.from).toBe(from);
    read += part.text;
    from = part.next_from;
  }
  expect(read === text).toBe(true);
  expect(parts).toBe(Math.ceil(Buffer.byteLength(text) / (256 * 1024)));
  expect(await user.client.logs.get(log_id, { from: 10_000_000 })).toMatchObject({ text: '', next_from: null });
});

test.each([
  ['text', (text: string) => Buffer.from(text)] as const,
  ['gzip', (text: string) => gzipSync(text)] as const,
])('the last lines are viewed by their number: %s', async (_, encode) => {
  const [user, device] = await userWithDevice();
  const lines = Array.from({ length: 60_000 }, (_, n) => `line ${n} ü`);
  const text = `${lines.join('\n')}\n`;
  const { log_id } = await upload(device, encode(text));
  const last = '\nline 59998 ü\nline 59999 ü\n'.slice(1);
  expect(await user.client.logs.get(log_id, { tail: 2 })).toMatchObject({
    text: last,
    from: Buffer.byteLength(text) - Buffer.byteLength(last),
    next_from: null,
  });
  const most = await user.client.logs.get(log_id, { tail: 10_000 });
  expect(most.text).toBe(`${lines.slice(-10_000).join('\n')}\n`);
  const short = await upload(device, encode('one\ntwo'));
  expect((await user.client.logs.get(short.log_id, { tail: 1 })).text).toBe('two');
  expect((await user.client.logs.get(short.log_id, { tail: 5 })).text).toBe('one\ntwo');
});

test('lists are filtered by device, type and day', async () => {
  const [user, first] = await userWithDevice();
  const second = await app.makeDevice(user);
  const a = await upload(first, 'a', { type: 'daemon', date: '2026-01-19' });
  app.clock.advance(1);
  const b = await upload(first, 'b', { type: 'runner', date: '2026-01-20' });
  app.clock.advance(1);
  const d = await upload(second, 'd', { type: 'daemon', date: '2026-01-20' });
  const found = async (query: Parameters<typeof user.client.logs.list>[0]) =>
    (await user.client.logs.list(query)).items.map(({ log_id }) => log_id);
  expect(await found({})).toEqual([d.log_id, b.log_id, a.log_id]);
  expect(await found({ device_id: first.id })).toEqual([b.log_id, a.log_id]);
  expect(await found({ type: 'daemon' })).toEqual([d.log_id, a.log_id]);
  expect(await found({ date: '2026-01-20' })).toEqual([d.log_id, b.log_id]);
});

test("another user's log cannot be told from one that never was", async () => {
  const [, device] = await userWithDevice();
  const { log_id } = await upload(device, 'text');
  const stranger = await app.makeUser();
  for (const id of [log_id, randomUUID()]) {
    const { logs } = stranger.client;
    const refused = await Promise.all([logs.get(id), logs.download(id), logs.remove(id)].map(refusalOf));
    expect(refused.map(({ code }) => code)).toEqual(Array(3).fill('LOG_NOT_FOUND'));
  }
  expect((await stranger.client.logs.list()).items).toEqual([]);
});

test('logs are kept as long as the plan says, and their storage is free then', async () => {
  const opened = await openAppForTest({
    at: '2026-03-01T10:00:00Z',
    plan: 'free',
    env: { DATA_DIR: directory, JWT_EXPIRES_IN: '365d' },
  });
  const free = await opened.makeUser();
  const device = await opened.makeDevice(free);
  await upload(device, 'old');
  opened.clock.advance(7 * 86_400 - 1);
  const young = await upload(device, 'young');
  expect(await deleteOldLogs(opened.ctx)).toBe(0);
  opened.clock.advance(2);
  expect(await deleteOldLogs(opened.ctx)).toBe(1);
  expect((await free.client.logs.list()).items.map(({ log_id }) => log_id)).toEqual([young.log_id]);
  expect((await free.client.auth.me()).user.storage_used).toBe(5);

  await opened.service.db.updateTable('users').set({ plan: 'pro' }).where('id', '=', free.id).execute();
  opened.clock.advance(29 * 86_400);
  expect(await deleteOldLogs(opened.ctx)).toBe(0);
  opened.clock.advance(86_400);
  expect(await deleteOldLogs(opened.ctx)).toBe(1);
});

test('the files of a deleted account are removed', async () => {
  const [user, device] = await userWithDevice();
  const { log_id } = await upload(device, 'text');
  await app.service.db.deleteFrom('users').where('id', '=', user.id).execute();
  expect(await filesIn('logs')).toContain(log_id);
  await deleteOldLogs(app.ctx);
  expect(await filesIn('logs')).not.toContain(log_id);
});

test('a log outlives its device', async () => {
  const [user, device] = await userWithDevice();
  const { log_id } = await upload(device, 'text');
  await user.client.devices.remove(device.id);
  expect(await user.client.logs.get(log_id)).toMatchObject({ device_id: null, text: 'text' });
});

test('where uploads are switched off there is no such endpoint, and devices are told so', async () => {
  const opened = await openAppForTest({ env: { ENABLE_LOG_UPLOAD: 'false', DATA_DIR: directory } });
  const device = await opened.makeDevice(await opened.makeUser());
  expect(await refusalOf(upload(device, 'text'))).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
  expect((await device.client.daemon.syncConfig()).config.log_upload_enabled).toBe(false);
});
