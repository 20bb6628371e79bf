import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z' });
  return app.close;
});

const DATA = { theme: 'dark', nested: { list: [1, 'ü', null] } };
const SIZE = Buffer.byteLength(JSON.stringify(DATA));

const backUp = (user: TestUser, device: TestDevice, config_data: Record<string, unknown> = DATA) =>
  user.client.config.backup({ device_id: device.id, config_name: 'claude-code-config', config_data });

const usedBy = async (user: TestUser) => (await user.client.auth.me()).user.storage_used;

/** Sets the quota of one user, in bytes. */
const allow = (user: TestUser, bytes: number) =>
  app.service.db.updateTable('users').set({ storage_quota: bytes }).where('id', '=', user.id).execute();

async function userWithDevice(): Promise<[TestUser, TestDevice]> {
  const user = await app.makeUser();
  return [user, await app.makeDevice(user)];
}

test('a backup keeps its data whole and counts its bytes', async () => {
  const [user, device] = await userWithDevice();
  const backup = await backUp(user, device);
  expect(backup).toEqual({
    id: backup.id,
    device_id: device.id,
    config_name: 'claude-code-config',
    size: SIZE,
    is_auto: false,
    created_at: '2026-01-20T10:00:00.000Z',
  });
  expect(await user.client.config.getBackup(backup.id)).toEqual({ ...backup, config_data: DATA });
  expect(await usedBy(user)).toBe(SIZE);
});

test("a device's own backup is an automatic one of its user", async () => {
  const [user, device] = await userWithDevice();
  const backup = await device.client.daemon.backupConfig({ config_name: 'settings', config_data: DATA });
  expect(backup).toMatchObject({ is_auto: true, device_id: device.id });
  expect((await user.client.config.listBackups()).items).toEqual([backup]);
});

test('backups are listed by device, the newest first', async () => {
  const [user, first] = await userWithDevice();
  const second = await app.makeDevice(user);
  const ids: string[] = [];
  for (const device of [first, second, first]) {
    app.clock.advance(1);
    ids.push((await backUp(user, device)).id);
  }
  const { items, pagination } = await user.client.config.listBackups({ device_id: first.id });
  expect(items.map(({ id }) => id)).toEqual([ids[2], ids[0]]);
  expect(pagination.total).toBe(2);
  expect((await user.client.config.listBackups()).pagination.total).toBe(3);
});

test('a restore is shown at each sync until the device confirms it', async () => {
  const [user, device] = await userWithDevice();
  const { id } = await backUp(user, device);
  expect((await device.client.daemon.syncConfig()).restore).toBeNull();
  expect(await user.client.config.restore(id)).toMatchObject({ id, config_data: DATA });

  const restore = { backup_id: id, config_name: 'claude-code-config', config_data: DATA };
  expect((await device.client.daemon.syncConfig()).restore).toEqual(restore);
  expect((await device.client.daemon.syncConfig()).restore).toEqual(restore);

  for (const _ of ['once', 'again']) {
    expect(await device.client.daemon.restoredConfig({ backup_id: id })).toEqual({ backup_id: id, restored: true });
    expect((await device.client.daemon.syncConfig()).restore).toBeNull();
  }
});

test('the next heartbeat tells the device that there is something to sync', async () => {
  const [user, device] = await userWithDevice();
  const { id } = await backUp(user, device);
  const before = await device.client.daemon.heartbeat({});
  await user.client.config.restore(id);
  const after = await device.client.daemon.heartbeat({});
  expect(after.config_version).toBeGreaterThan(before.config_version);
  expect((await device.client.daemon.syncConfig()).config_version).toBe(after.config_version);
});

test('a later restore takes the place of an earlier one, whose confirmation leaves it', async () => {
  const [user, device] = await userWithDevice();
  const [first, second] = [await backUp(user, device), await backUp(user, device, { second: true })];
  await user.client.config.restore(first.id);
  await user.client.config.restore(second.id);
  await device.client.daemon.restoredConfig({ backup_id: first.id });
  expect((await device.client.daemon.syncConfig()).restore).toMatchObject({ backup_id: second.id });
});

test('a backup of a deleted device is restored to another one', async () => {
  const [user, lost] = await userWithDevice();
  const { id } = await backUp(user, lost);
  await user.client.devices.remove(lost.id);
  const replacement = await app.makeDevice(user);
  expect(await refusalOf(user.client.config.restore(id))).toMatchObject({ status: 404, code: 'DEVICE_NOT_FOUND' });
  await user.client.config.restore(id, { device_id: replacement.id });
  expect((await replacement.client.daemon.syncConfig()).restore).toMatchObject({ backup_id: id });
});

test('a deleted backup frees its storage and is restored no more', async () => {
  const [user, device] = await userWithDevice();
  const { id } = await backUp(user, device);
  await user.client.config.restore(id);
  expect(await user.client.config.removeBackup(id)).toEqual({ backup_id: id, deleted: true });
  expect(await usedBy(user)).toBe(0);
  expect((await device.client.daemon.syncConfig()).restore).toBeNull();
  expect(await refusalOf(user.client.config.removeBackup(id))).toMatchObject({ code: 'BACKUP_NOT_FOUND' });
});

test('twenty deletions of one backup at once give its storage back once', async () => {
  const [user, device] = await userWithDevice();
  const kept = await backUp(user, device);
  const { id } = await backUp(user, device);
  const deletions = await Promise.allSettled(Array.from({ length: 20 }, () => user.client.config.removeBackup(id)));
  expect(deletions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await usedBy(user)).toBe(kept.size);
});

test('a backup that is deleted while it is asked for is restored or is not there', async () => {
  const [user, device] = await userWithDevice();
  const { client } = user;
  for (let round = 0; round < 20; round += 1) {
    const { id } = await backUp(user, device);
    const asked = Array.from({ length: 4 }, () =>
      client.config.restore(id).then(
        () => 'restored',
        (error) => (error as { code: string }).code,
      ),
    );
    const [outcomes] = await Promise.all([Promise.all(asked), client.config.removeBackup(id)]);
    for (const outcome of outcomes) expect(['restored', 'BACKUP_NOT_FOUND']).toContain(outcome);
  }
  expect((await device.client.daemon.syncConfig()).restore).toBeNull();
});

test('uploads side by side never go over the quota, and fill it to the last byte', async () => {
  const [user, device] = await userWithDevice();
  await allow(user, 5 * SIZE);
  const uploads = await Promise.allSettled(Array.from({ length: 20 }, () => backUp(user, device)));
  const refused = uploads.filter((upload) => upload.status === 'rejected').map(({ reason }) => reason);
  expect(refused).toHaveLength(15);
  expect(refused[0]).toMatchObject({
    status: 413,
    code: 'STORAGE_QUOTA_EXCEEDED',
    details: { limit: 5 * SIZE, used: 5 * SIZE, needed: SIZE, plan: 'enterprise' },
  });
  expect(await usedBy(user)).toBe(5 * SIZE);
});

test('a repeat with the same key makes one backup', async () => {
  const [user, device] = await userWithDevice();
  const body = { device_id: device.id, config_name: 'once', config_data: DATA };
  const idempotencyKey = randomUUID();
  const backups = await Promise.all([1, 2, 3].map(() => user.client.config.backup(body, { idempotencyKey })));
  expect(new Set(backups.map(({ id }) => id)).size).toBe(1);
  expect(await usedBy(user)).toBe(SIZE);
});

test('the keys of two devices are their own, though both back up the same', async () => {
  const [user, first] = await userWithDevice();
  const second = await app.makeDevice(user);
  const body = { config_name: 'settings', config_data: DATA };
  const idempotencyKey = randomUUID();
  const backUpTwice = async ({ client }: TestDevice) => [
    await client.daemon.backupConfig(body, { idempotencyKey }),
    await client.daemon.backupConfig(body, { idempotencyKey }),
  ];
  for (const device of [first, second]) {
    const [made, again] = await backUpTwice(device);
    expect(made?.device_id).toBe(device.id);
    expect(again).toEqual(made);
  }
  expect((await user.client.config.listBackups()).items).toHaveLength(2);
});

test("another user's backups and devices cannot be told from ones that never were", async () => {
  const [owner, device] = await userWithDevice();
  const [stranger, own] = await userWithDevice();
  const { id } = await backUp(owner, device);
  const { config } = stranger.client;
  const refused = await Promise.all(
    [
      config.getBackup(id),
      config.restore(id),
      config.removeBackup(id),
      config.getBackup(randomUUID()),
      own.client.daemon.restoredConfig({ backup_id: id }),
    ].map(refusalOf),
  );
  expect(refused.map(({ code }) => code)).toEqual(Array(5).fill('BACKUP_NOT_FOUND'));
  expect(await refusalOf(backUp(stranger, device))).toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  const mine = await backUp(stranger, own);
  expect(await refusalOf(config.restore(mine.id, { device_id: device.id }))).toMatchObject({
    code: 'DEVICE_NOT_FOUND',
  });
});

test('asking for a restore, confirming it and deleting a backup leave their marks in the audit log', async () => {
  const [user, device] = await userWithDevice();
  const { id } = await backUp(user, device);
  await user.client.config.restore(id);
  await device.client.daemon.restoredConfig({ backup_id: id });
  await user.client.config.removeBackup(id);
  const rows = await app.service.db
    .selectFrom('audit_logs')
    .select(['action', 'actor', 'target'])
    .where('user_id', '=', user.id)
    .where('action', 'like', 'config.%')
    .orderBy('id')
    .execute();
  expect(rows).toEqual([
    { action: 'config.restore_requested', actor: `user:${user.id}`, target: `device:${device.id}` },
    { action: 'config.restored', actor: `device:${device.id}`, target: `device:${device.id}` },
    { action: 'config.backup_deleted', actor: `user:${user.id}`, target: `config_backup:${id}` },
  ]);
});
