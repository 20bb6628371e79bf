import { defineEntity, p } from '@mikro-orm/core';
import { Device } from './device.ts';
import { User } from './user.ts';

export const ConfigBackup = defineEntity({
  name: 'ConfigBackup',
  tableName: 'config_backups',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade'),
    device: () => p.manyToOne(Device).mapToPk().deleteRule('set null').nullable(),
    configName: p.string().length(100),
    configData: p.json<Record<string, unknown>>(),
    /** Bytes of the data as JSON, which count against the user's storage. */
    size: p.bigint('number').default(0),
    isAuto: p.boolean().default(false),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
  indexes: [
    {
      name: 'config_backups_user',
      properties: ['user', 'createdAt'],
      columns: [{ name: 'user_id' }, { name: 'created_at', sort: 'DESC' }],
    },
    { name: 'config_backups_device', properties: ['device'] },
  ],
});
