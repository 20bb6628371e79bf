/** Logs as their owner reads them, whole and in parts, and how long they are kept. */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteOldLogs } from '../../server/domain/logs.ts';
import { openAppForTest, refusalOf, type TestUser } from '../setup/app.ts';
import { METADATA, openLogs, upload } from '../setup/logs.ts';

let logs: Awaited<ReturnType<typeof openLogs>>;
beforeAll(async () => {
  logs = await openLogs();
});
afterAll(() => logs.close());

const download = async (user: TestUser, id: string, headers: Record<string, string> = {}) => {
  const response = await user.client.logs.download(id, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

test('a log is stored, listed, viewed and downloaded', async () => {
  const [user, device] = await logs.userWithDevice();
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
  expect(await logs.usedBy(user)).toBe(13);
  expect(await logs.filesIn('incoming')).toEqual([]);
});

test('gzip is known by its first bytes, viewed as text and downloaded as it came', async () => {
  const [user, device] = await logs.userWithDevice();
  const text = 'line\n'.repeat(1000);
  const file = gzipSync(text);
  const { log_id, size } = await upload(device, file);
  expect(size).toBe(file.byteLength);
  expect(await user.client.logs.get(log_id)).toMatchObject({ compressed: true, text_size: 5000, text });
  const response = await user.client.logs.download(log_id);
  expect(Buffer.from(await response.arrayBuffer()).equals(file)).toBe(true);
});

test('a deleted log is gone with its file, once, and its storage is free', async () => {
  const [user, device] = await logs.userWithDevice();
  const { log_id } = await upload(device, 'text');
  await upload(device, 'other');
  const deletions = await Promise.allSettled(Array.from({ length: 10 }, () => user.client.logs.remove(log_id)));
  expect(deletions.some(({ status }) => status === 'fulfilled')).toBe(true);
  expect(await logs.usedBy(user)).toBe(5);
  expect(await logs.filesIn('logs')).not.toContain(log_id);
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
  const [user, device] = await logs.userWithDevice();
  const { log_id } = await upload(device, 'abcdefghij');
  const part = await download(user, log_id, { range });
  expect([part.status, part.text, part.headers.get('content-range')]).toEqual([status, text, contentRange]);
  expect(part.headers.get('content-length')).toBe(String(text.length));
});

test('a range beyond the end is refused, and says how long the file is', async () => {
  const [user, device] = await logs.userWithDevice();
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
  const [user, device] = await logs.userWithDevice();
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
  const [user, device] = await logs.userWithDevice();
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
  const [user, device] = await logs.userWithDevice();
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
  const [user, first] = await logs.userWithDevice();
  const second = await logs.app.makeDevice(user);
  const a = await upload(first, 'a', { type: 'daemon', date: '2026-01-19' });
  logs.app.clock.advance(1);
  const b = await upload(first, 'b', { type: 'runner', date: '2026-01-20' });
  logs.app.clock.advance(1);
  const d = await upload(second, 'd', { type: 'daemon', date: '2026-01-20' });
  const found = async (query: Parameters<typeof user.client.logs.list>[0]) =>
    (await user.client.logs.list(query)).items.map(({ log_id }) => log_id);
  expect(await found({})).toEqual([d.log_id, b.log_id, a.log_id]);
  expect(await found({ device_id: first.id })).toEqual([b.log_id, a.log_id]);
  expect(await found({ type: 'daemon' })).toEqual([d.log_id, a.log_id]);
  expect(await found({ date: '2026-01-20' })).toEqual([d.log_id, b.log_id]);
});

test("another user's log cannot be told from one that never was", async () => {
  const [, device] = await logs.userWithDevice();
  const { log_id } = await upload(device, 'text');
  const stranger = await logs.app.makeUser();
  for (const id of [log_id, randomUUID()]) {
    const { logs: theirs } = stranger.client;
    const refused = await Promise.all([theirs.get(id), theirs.download(id), theirs.remove(id)].map(refusalOf));
    expect(refused.map(({ code }) => code)).toEqual(Array(3).fill('LOG_NOT_FOUND'));
  }
  expect((await stranger.client.logs.list()).items).toEqual([]);
});

test('logs are kept as long as the plan says, and their storage is free then', async () => {
  const opened = await openAppForTest({
    at: '2026-03-01T10:00:00Z',
    plan: 'free',
    env: { DATA_DIR: logs.directory, JWT_EXPIRES_IN: '365d' },
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
  const [user, device] = await logs.userWithDevice();
  const { log_id } = await upload(device, 'text');
  await logs.app.service.db.deleteFrom('users').where('id', '=', user.id).execute();
  expect(await logs.filesIn('logs')).toContain(log_id);
  await deleteOldLogs(logs.app.ctx);
  expect(await logs.filesIn('logs')).not.toContain(log_id);
});

test('a log outlives its device', async () => {
  const [user, device] = await logs.userWithDevice();
  const { log_id } = await upload(device, 'text');
  await user.client.devices.remove(device.id);
  expect(await user.client.logs.get(log_id)).toMatchObject({ device_id: null, text: 'text' });
});
