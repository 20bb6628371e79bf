/**
 * Config backups — what a device's configuration was, kept until it is deleted, and given back to a device.
 *
 * A restore waits at the device: each sync shows it again until the device has confirmed it, so that neither a lost answer
 * nor a crash loses it. A device has one restore at a time, the latest.
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { atomically, type Ctx, userIdOf } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { audit } from './audit.ts';
import { type Page, type PageRequest, readPage } from './pages.ts';
import { giveStorageBack, takeStorage } from './storage.ts';

export type BackupRow = Selectable<Tables['config_backups']>;
export type BackupSummary = Omit<BackupRow, 'config_data'>;

const SUMMARY = ['id', 'user_id', 'device_id', 'config_name', 'size', 'is_auto', 'created_at'] as const;

export type NewBackup = {
  deviceId: string;
  configName: string;
  configData: Record<string, unknown>;
  /** Made by the device itself. */
  isAuto: boolean;
};

/** @throws Failed DEVICE_NOT_FOUND, or AUTH_FAILED where it is the device that acts | STORAGE_QUOTA_EXCEEDED */
export const createBackup = (ctx: Ctx, backup: NewBackup): Promise<BackupSummary> =>
  atomically(ctx, async (tx) => {
    const userId = userIdOf(tx.actor);
    const written = JSON.stringify(backup.configData);
    const size = Buffer.byteLength(written);
    await takeStorage(tx, size);
    const device = await tx.db
      .selectFrom('devices')
      .select('id')
      .where('id', '=', backup.deviceId)
      .where('user_id', '=', userId)
      .forKeyShare()
      .executeTakeFirst();
    if (!device) throw new Failed(backup.isAuto ? 'AUTH_FAILED' : 'DEVICE_NOT_FOUND');
    return tx.db
      .insertInto('config_backups')
      .values({
        id: tx.newId(),
        user_id: userId,
        device_id: device.id,
        config_name: backup.configName,
        config_data: written as never,
        size,
        is_auto: backup.isAuto,
        created_at: tx.now(),
      })
      .returning(SUMMARY)
      .executeTakeFirstOrThrow();
  });

const backupsOf = (ctx: Ctx) => ctx.db.selectFrom('config_backups').where('user_id', '=', userIdOf(ctx.actor));

/** The user's backups without their data, the newest first. */
export function listBackups(
  ctx: Ctx,
  deviceId: string | undefined,
  request: PageRequest,
): Promise<Page<BackupSummary>> {
  const matching = deviceId ? backupsOf(ctx).where('device_id', '=', deviceId) : backupsOf(ctx);
  return readPage(
    matching.select(SUMMARY),
    matching.select((eb) => eb.fn.countAll<number>().as('total')),
    request,
  );
}

/** @throws Failed BACKUP_NOT_FOUND */
export async function getBackup(ctx: Ctx, id: string): Promise<BackupRow> {
  const backup = await backupsOf(ctx).selectAll().where('id', '=', id).executeTakeFirst();
  if (!backup) throw new Failed('BACKUP_NOT_FOUND');
  return backup;
}

/**
 * Leaves the backup for its device, or for another one of the user's.
 * @throws Failed BACKUP_NOT_FOUND | DEVICE_NOT_FOUND
 */
export const requestRestore = (ctx: Ctx, id: string, otherDeviceId: string | undefined): Promise<BackupRow> =>
  atomically(ctx, async (tx) => {
    const userId = userIdOf(tx.actor);
    // Held, so that it is not deleted before the wish names it.
    const backup = await backupsOf(tx).selectAll().where('id', '=', id).forKeyShare().executeTakeFirst();
    if (!backup) throw new Failed('BACKUP_NOT_FOUND');
    const target = otherDeviceId ?? backup.device_id;
    if (!target) {
      const message = 'The device of this backup has been deleted; name another one in device_id';
      throw new Failed('DEVICE_NOT_FOUND', { message });
    }
    // A new version of its configuration: the next heartbeat tells the device to sync.
    const device = await tx.db
      .updateTable('devices')
      .set({ config_version: sql`config_version + 1`, updated_at: tx.now() })
      .where('id', '=', target)
      .where('user_id', '=', userId)
      .returning(['id', 'config_version'])
      .executeTakeFirst();
    if (!device) throw new Failed('DEVICE_NOT_FOUND');
    const wish = { backup_id: backup.id, requested_at: tx.now() };
    await tx.db
      .insertInto('config_restores')
      .values({ device_id: device.id, ...wish })
      .onConflict((conflict) => conflict.column('device_id').doUpdateSet(wish))
      .execute();
    await audit(tx, 'config.restore_requested', `device:${device.id}`, { backup_id: backup.id });
    tx.events.emit({
      type: 'config.updated',
      userId,
      deviceId: device.id,
      configVersion: device.config_version,
    });
    return backup;
  });

export type PendingRestore = Pick<BackupRow, 'id' | 'config_name' | 'config_data'>;

/** What the device is to restore. */
export const pendingRestore = (ctx: Ctx, deviceId: string): Promise<PendingRestore | undefined> =>
  ctx.db
    .selectFrom('config_restores as wish')
    .innerJoin('config_backups as backup', 'backup.id', 'wish.backup_id')
    .select(['backup.id', 'backup.config_name', 'backup.config_data'])
    .where('wish.device_id', '=', deviceId)
    .executeTakeFirst();

/**
 * The device has restored a backup, and is not told of it again. Confirming twice changes nothing.
 * @throws Failed BACKUP_NOT_FOUND
 */
export const confirmRestore = (ctx: Ctx, deviceId: string, backupId: string): Promise<void> =>
  atomically(ctx, async (tx) => {
    const { id } = await getBackup(tx, backupId);
    const { numDeletedRows } = await tx.db
      .deleteFrom('config_restores')
      .where('device_id', '=', deviceId)
      .where('backup_id', '=', id)
      .executeTakeFirstOrThrow();
    if (numDeletedRows > 0n) await audit(tx, 'config.restored', `device:${deviceId}`, { backup_id: id });
  });

/** @throws Failed BACKUP_NOT_FOUND */
export const deleteBackup = (ctx: Ctx, id: string): Promise<void> =>
  atomically(ctx, async (tx) => {
    const userId = userIdOf(tx.actor);
    const deleted = await tx.db
      .deleteFrom('config_backups')
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .returning(['id', 'size'])
      .executeTakeFirst();
    if (!deleted) throw new Failed('BACKUP_NOT_FOUND');
    await giveStorageBack(tx, userId, deleted.size);
    await audit(tx, 'config.backup_deleted', `config_backup:${deleted.id}`);
  });
