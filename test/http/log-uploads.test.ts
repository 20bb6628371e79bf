/** How a log is taken in: the form, the sizes, the quota, and uploads that come to nothing. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { sweepLogs } from '../../server/domain/logs.ts';
import { deleteClosedAccount } from '../../server/domain/users.ts';
import type { Objects, StagedObject } from '../../server/ports.ts';
import { openAppForTest, refusalOf, type TestDevice, type TestUser } from '../setup/app.ts';
import { METADATA, openLogs, upload } from '../setup/logs.ts';

const MIB = 1024 * 1024;

let logs: Awaited<ReturnType<typeof openLogs>>;
beforeAll(async () => {
  logs = await openLogs();
});
afterAll(() => logs.close());

const allow = (user: TestUser, bytes: number) =>
  logs.app.service.db.updateTable('users').set({ storage_quota: bytes }).where('id', '=', user.id).execute();

type RawPart = { name: string; content: string; fileName?: string };

/** Sends a form as it is written here; `end` is what follows the last part. */
async function sendForm(device: TestDevice, parts: RawPart[], end = '--limit--\r\n') {
  const written = parts.map(({ name, content, fileName }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    return `--limit\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`;
  });
  const response = await fetch(`${logs.app.url}/v1/daemon/logs`, {
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
  const { objects } = logs.app.service;
  logs.app.service.objects = { ...objects, ...change };
  onTestFinished(() => {
    logs.app.service.objects = objects;
  });
}

/** Files are taken in as ever, and `store` happens instead of storing them. */
function replaceStore(store: (file: StagedObject, key: string) => Promise<void>): void {
  const { objects } = logs.app.service;
  replaceObjects({
    stage: async (content) => {
      const staged = await objects.stage(content);
      return { ...staged, store: (key) => store(staged, key) };
    },
  });
}

test.each([
  ['gzip that is said to be text', gzipSync('text'), false],
  ['text that is said to be gzip', Buffer.from('text'), true],
  ['one byte that is said to be gzip', Buffer.from([0x1f]), true],
  ['nothing that is said to be gzip', Buffer.alloc(0), true],
])('%s is refused', async (_, content, compressed) => {
  const [user, device] = await logs.userWithDevice();
  expect(await refusalOf(upload(device, content, { compressed }))).toMatchObject({
    code: 'VALIDATION_ERROR',
    details: [{ path: ['body', 'metadata', 'compressed'] }],
  });
  expect([await logs.usedBy(user), await logs.rowsOf(user), await logs.filesIn('incoming')]).toEqual([0, [], []]);
});

test.each([
  ['cut off', gzipSync(randomBytes(100_000)).subarray(0, 50_000)],
  ['broken', Buffer.concat([Buffer.from([0x1f, 0x8b]), randomBytes(1000)])],
])('gzip that is %s is refused', async (_, content) => {
  const [user, device] = await logs.userWithDevice();
  expect(await refusalOf(upload(device, content))).toMatchObject({ code: 'VALIDATION_ERROR' });
  expect([await logs.usedBy(user), await logs.rowsOf(user), await logs.filesIn('incoming')]).toEqual([0, [], []]);
});

test('the metadata may stand before or after the file', async () => {
  const [user, device] = await logs.userWithDevice();
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
  expect((await logs.filesIn('logs')).every((name) => /^[0-9a-f-]{36}$/.test(name))).toBe(true);
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
  const [user, device] = await logs.userWithDevice();
  const { status, error } = await sendForm(device, parts, end);
  expect([status, error.code, error.details[0]?.path]).toEqual([400, 'VALIDATION_ERROR', where]);
  expect([await logs.usedBy(user), await logs.rowsOf(user), await logs.filesIn('incoming')]).toEqual([0, [], []]);
});

test('a form is taken where one is expected, and only there', async () => {
  const [user, device] = await logs.userWithDevice();
  const json = await fetch(`${logs.app.url}/v1/daemon/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${device.key}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const form = await fetch(`${logs.app.url}/v1/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}` },
    body: new FormData(),
  });
  expect([json.status, form.status]).toEqual([415, 415]);
});

test('a file may have 50 MiB and not one byte more', async () => {
  const [user, device] = await logs.userWithDevice();
  const most = Buffer.alloc(50 * MIB, 'x');
  expect((await upload(device, most)).size).toBe(50 * MIB);
  const over = Buffer.concat([most, Buffer.from('x')]);
  expect(await refusalOf(upload(device, over))).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  expect(await logs.usedBy(user)).toBe(50 * MIB);
  expect(await logs.filesIn('incoming')).toEqual([]);
});

test('gzip may inflate to 64 MiB and not one byte more', async () => {
  const [user, device] = await logs.userWithDevice();
  const most = gzipSync(Buffer.alloc(64 * MIB));
  expect((await upload(device, most)).size).toBe(most.byteLength);
  const bomb = gzipSync(Buffer.alloc(64 * MIB + 1));
  expect(await refusalOf(upload(device, bomb))).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  expect(await logs.usedBy(user)).toBe(most.byteLength);
});

test.each(['as it is', 'as gzip'])('a large log arrives %s, byte by byte', async (how) => {
  const [user, device] = await logs.userWithDevice();
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
  const [user, device] = await logs.userWithDevice();
  await allow(user, 3500);
  const uploads = await Promise.allSettled(Array.from({ length: 10 }, () => upload(device, 'x'.repeat(1000))));
  const refused = uploads.filter((each) => each.status === 'rejected').map(({ reason }) => reason.code);
  expect(refused).toEqual(Array(7).fill('STORAGE_QUOTA_EXCEEDED'));
  expect(await logs.usedBy(user)).toBe(3000);
  expect(await logs.rowsOf(user)).toHaveLength(3);
  await upload(device, 'x'.repeat(500));
  expect(await refusalOf(upload(device, ''))).toMatchObject({ status: 413, code: 'STORAGE_QUOTA_EXCEEDED' });
  expect(await logs.filesIn('incoming')).toEqual([]);
});

test('an upload whose sender goes away leaves nothing', async () => {
  const [user, device] = await logs.userWithDevice();
  const sent = request(`${logs.app.url}/v1/daemon/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${device.key}`, 'content-type': 'multipart/form-data; boundary=limit' },
  });
  sent.on('error', () => {});
  sent.write('--limit\r\nContent-Disposition: form-data; name="log_file"; filename="a"\r\n\r\nhalf of a li');
  await expect.poll(() => logs.filesIn('incoming')).toHaveLength(1);
  sent.destroy();
  await expect.poll(() => logs.filesIn('incoming')).toEqual([]);
  expect([await logs.usedBy(user), await logs.rowsOf(user)]).toEqual([0, []]);
});

test.each([
  ['device', async ({ client }: TestUser, device: TestDevice) => void (await client.devices.remove(device.id))],
  [
    'account',
    async (user: TestUser) => {
      await user.client.users.remove({ password: logs.app.password });
      await deleteClosedAccount(logs.app.ctx, user.id);
    },
  ],
] as const)('an upload whose %s is deleted meanwhile is refused as its key is, and leaves nothing', async (_, end) => {
  const [user, device] = await logs.userWithDevice();
  const { objects } = logs.app.service;
  replaceObjects({
    stage: async (content) => {
      const staged = await objects.stage(content);
      await end(user, device);
      return staged;
    },
  });
  expect(await refusalOf(upload(device, 'text'))).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
  expect([await logs.rowsOf(user), await logs.filesIn('incoming')]).toEqual([[], []]);
});

test('when the store fails the upload fails, and its storage is free again', async () => {
  const [user, device] = await logs.userWithDevice();
  replaceStore(() => Promise.reject(new Error('the disk burns')));
  expect(await refusalOf(upload(device, 'text'))).toMatchObject({ status: 500 });
  expect([await logs.usedBy(user), await logs.rowsOf(user), await logs.filesIn('incoming')]).toEqual([0, [], []]);
});

test('when neither storing nor removing works, the storage is free and the sweep removes the rest later', async () => {
  const [user, device] = await logs.userWithDevice();
  const failing = () => Promise.reject(new Error('the disk burns'));
  replaceStore(async (staged, key) => {
    await staged.store(key);
    return failing();
  });
  const { remove } = logs.app.service.objects;
  replaceObjects({ remove: failing });
  expect(await refusalOf(upload(device, 'text'))).toMatchObject({ status: 500 });
  expect(await logs.usedBy(user)).toBe(0);
  const [row] = await logs.rowsOf(user);
  expect(row).toMatchObject({ is_stored: false, size: 0 });

  logs.app.clock.advance(3601);
  await sweepLogs({ ...logs.app.ctx, objects: { ...logs.app.service.objects, remove } });
  expect(await logs.rowsOf(user)).toEqual([]);
  expect(await logs.filesIn('logs')).not.toContain(row!.id);
  expect(await logs.usedBy(user)).toBe(0);
});

/** What there is of a user's logs: one of four bytes, and nothing of any other. */
async function expectOneLog(user: TestUser, id: string): Promise<void> {
  expect(await logs.rowsOf(user)).toMatchObject([{ id, is_stored: true, size: 4 }]);
  expect(await logs.usedBy(user)).toBe(4);
  expect(await logs.filesIn('logs')).toContain(id);
  expect(await logs.filesIn('incoming')).toEqual([]);
}

test('a repeat with the same key has the first answer and makes no second log, though nothing more has room', async () => {
  const [user, device] = await logs.userWithDevice();
  await allow(user, 4);
  const first = await upload(device, 'text', {}, { idempotencyKey: 'monday' });
  const files = await logs.filesIn('logs');
  expect(await upload(device, 'text', {}, { idempotencyKey: 'monday' })).toEqual(first);
  await expectOneLog(user, first.log_id);
  expect(await logs.filesIn('logs')).toEqual(files);
});

test('repeats that arrive at the same moment make one log, and the files of the others go', async () => {
  const [user, device] = await logs.userWithDevice();
  const before = await logs.filesIn('logs');
  const { promise: haveAllArrived, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  replaceStore(async (staged, key) => {
    await staged.store(key);
    arrived += 1;
    if (arrived === 5) resolve();
    await haveAllArrived;
  });
  const sendings = Array.from({ length: 5 }, () => upload(device, 'text', {}, { idempotencyKey: 'monday' }));
  const ids = new Set((await Promise.all(sendings)).map(({ log_id }) => log_id));
  expect(ids.size).toBe(1);
  const [id] = ids as Set<string>;
  await expectOneLog(user, id as string);
  expect((await logs.filesIn('logs')).sort()).toEqual([...before, id].sort());
});

test.each([
  ['another file', 'next', {}],
  ['another day', 'text', { date: '2026-01-21' }],
  ['another type', 'text', { type: 'task' }],
])('%s under the same key is refused and leaves nothing', async (_, content, metadata) => {
  const [user, device] = await logs.userWithDevice();
  const first = await upload(device, 'text', {}, { idempotencyKey: 'monday' });
  const refusal = await refusalOf(upload(device, content, metadata, { idempotencyKey: 'monday' }));
  expect(refusal).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  await expectOneLog(user, first.log_id);
});

test('two files that arrive under one key at the same moment leave one log, and the other is refused', async () => {
  const [user, device] = await logs.userWithDevice();
  const { promise: haveBothArrived, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  replaceStore(async (staged, key) => {
    await staged.store(key);
    arrived += 1;
    if (arrived === 2) resolve();
    await haveBothArrived;
  });
  const sendings = ['text', 'next'].map((content) => upload(device, content, {}, { idempotencyKey: 'monday' }));
  const [taken, refused] = (await Promise.allSettled(sendings)).sort((a) => (a.status === 'fulfilled' ? -1 : 1));
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  await expectOneLog(user, (taken as PromiseFulfilledResult<{ log_id: string }>).value.log_id);
});

test('an upload that failed has used up no key: its repeat is carried out', async () => {
  const [user, device] = await logs.userWithDevice();
  const { objects } = logs.app.service;
  replaceStore(() => Promise.reject(new Error('the disk burns')));
  const failing = device.client.daemon.uploadLog(
    { log_file: new Blob(['text']), metadata: METADATA },
    { idempotencyKey: 'monday', maxRetries: 0 },
  );
  expect(await refusalOf(failing)).toMatchObject({ status: 500 });
  logs.app.service.objects = objects;
  const { log_id } = await upload(device, 'text', {}, { idempotencyKey: 'monday' });
  await expectOneLog(user, log_id);
});

test('a log that counts stays when the word of its commit is lost, and the repeat has its answer', async () => {
  const [user, device] = await logs.userWithDevice();
  const { db } = logs.app.service;
  const lost = new Error('the connection was cut');
  let isStoring = false;
  replaceStore(async (staged, key) => {
    await staged.store(key);
    isStoring = true;
  });
  // The next transaction after the file was stored commits, and nobody hears of it.
  logs.app.service.db = new Proxy(db, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'transaction' || !isStoring) return typeof value === 'function' ? value.bind(target) : value;
      isStoring = false;
      return () => ({
        execute: async (work: Parameters<ReturnType<typeof db.transaction>['execute']>[0]) => {
          await target.transaction().execute(work);
          throw lost;
        },
      });
    },
  });
  onTestFinished(() => {
    logs.app.service.db = db;
  });
  const sending = device.client.daemon.uploadLog(
    { log_file: new Blob(['text']), metadata: METADATA },
    { idempotencyKey: 'monday', maxRetries: 0 },
  );
  expect(await refusalOf(sending)).toMatchObject({ status: 500 });
  const { log_id } = await upload(device, 'text', {}, { idempotencyKey: 'monday' });
  await expectOneLog(user, log_id);
});

test('an upload that died with its process is nobody’s log, and the sweep gives its storage back after an hour', async () => {
  const [user, device] = await logs.userWithDevice();
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
  expect(await logs.usedBy(user)).toBe(8);

  logs.app.clock.advance(3599);
  await sweepLogs(logs.app.ctx);
  expect(await logs.usedBy(user)).toBe(8);
  logs.app.clock.advance(2);
  await sweepLogs(logs.app.ctx);
  expect(await logs.usedBy(user)).toBe(4);
  expect(await logs.rowsOf(user)).toHaveLength(1);
});

test('where uploads are switched off there is no such endpoint, and devices are told so', async () => {
  const opened = await openAppForTest({ env: { ENABLE_LOG_UPLOAD: 'false', DATA_DIR: logs.directory } });
  const device = await opened.makeDevice(await opened.makeUser());
  expect(await refusalOf(upload(device, 'text'))).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
  expect((await device.client.daemon.syncConfig()).config.log_upload_enabled).toBe(false);
});
