import { defineEntity, p } from '@mikro-orm/core';
import { Device } from './device.ts';
import { User } from './user.ts';

/**
 * One number of one UTC day, for a user and one of their devices. Those of deleted devices have none; the key takes
 * nulls for distinct, so they lie side by side.
 */
export const Statistic = defineEntity({
  name: 'Statistic',
  tableName: 'statistics',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade'),
    device: () => p.manyToOne(Device).mapToPk().deleteRule('set null').nullable(),
    statDate: p.date(),
    statType: p.string().length(50),
    statValue: p.bigint('number'),
    metadata: p.json<Record<string, unknown>>().nullable(),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
  uniques: [{ name: 'statistics_key', properties: ['user', 'device', 'statDate', 'statType'] }],
  indexes: [
    { name: 'statistics_device', properties: ['device'] },
    { name: 'statistics_user_date', properties: ['user', 'statDate'] },
  ],
});
