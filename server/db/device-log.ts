import { defineEntity, p } from '@mikro-orm/core';
import { Device } from './device.ts';
import { User } from './user.ts';

/** A log file that a device sent. The file lies in the object store; a row without a user waits for its file's removal. */
export const DeviceLog = defineEntity({
  name: 'DeviceLog',
  tableName: 'device_logs',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('set null').nullable(),
    device: () => p.manyToOne(Device).mapToPk().deleteRule('set null').nullable(),
    logType: p.string().length(50),
    logDate: p.date(),
    /** Bytes as they are stored; they count against the user's storage from the moment the row exists. */
    size: p.bigint('number'),
    /** Bytes of the text, without compression. */
    textSize: p.bigint('number'),
    /** The file is gzip. */
    isCompressed: p.boolean(),
    /** False while the file is on its way into the store. */
    isStored: p.boolean().default(false),
    createdAt: p.datetime(3),
  },
  indexes: [
    { name: 'device_logs_user', properties: ['user', 'createdAt', 'id'] },
    { name: 'device_logs_device', properties: ['device', 'createdAt'] },
    { name: 'device_logs_age', properties: ['createdAt'] },
    { name: 'device_logs_unstored', properties: ['createdAt'], where: 'not is_stored' },
  ],
});
