import { defineEntity, p } from '@mikro-orm/core';
import { ConfigBackup } from './config-backup.ts';
import { Device } from './device.ts';

/** A backup that waits for its device to fetch and confirm it: one at a time, the latest wish. */
export const ConfigRestore = defineEntity({
  name: 'ConfigRestore',
  tableName: 'config_restores',
  properties: {
    device: () => p.manyToOne(Device).mapToPk().primary().deleteRule('cascade'),
    backup: () => p.manyToOne(ConfigBackup).mapToPk().deleteRule('cascade').index('config_restores_backup'),
    requestedAt: p.datetime(3),
  },
});
