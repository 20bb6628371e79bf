import type { config } from '../../../contracts/cloud/config.ts';
import {
  type BackupRow,
  type BackupSummary,
  createBackup,
  deleteBackup,
  getBackup,
  listBackups,
  requestRestore,
} from '../../domain/config-backups.ts';
import type { Handlers } from '../contract.ts';
import { paging, time } from './presented.ts';

export const presentBackup = (backup: BackupSummary) => ({
  id: backup.id,
  device_id: backup.device_id,
  config_name: backup.config_name,
  size: backup.size,
  is_auto: backup.is_auto,
  created_at: time(backup.created_at),
});

const whole = (backup: BackupRow) => ({ ...presentBackup(backup), config_data: backup.config_data });

export const configHandlers: Handlers<typeof config> = {
  backup: async (ctx, { body }) => {
    const { device_id: deviceId, config_name: configName, config_data: configData } = body;
    const backup = await createBackup(ctx, { deviceId, configName, configData, isAuto: false });
    return { status: 201, data: presentBackup(backup) };
  },

  listBackups: async (ctx, { query }) => {
    const page = await listBackups(ctx, query.device_id, query);
    return { status: 200, data: { backups: page.rows.map(presentBackup), ...paging(page) } };
  },

  getBackup: async (ctx, { params }) => ({ status: 200, data: whole(await getBackup(ctx, params.backup_id)) }),

  restore: async (ctx, { params, query }) => ({
    status: 200,
    data: whole(await requestRestore(ctx, params.backup_id, query.device_id)),
  }),

  removeBackup: async (ctx, { params }) => {
    await deleteBackup(ctx, params.backup_id);
    return { status: 200, data: { backup_id: params.backup_id, deleted: true } };
  },
};
