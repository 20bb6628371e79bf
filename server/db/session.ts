import { defineEntity, p } from '@mikro-orm/core';
import { Device } from './device.ts';
import { User } from './user.ts';

/** A sign-in. Neither its access tokens nor its refresh token are stored, only the SHA-256 of the latter. */
export const Session = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    /** The `sid` of its access tokens. */
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade'),
    device: () => p.manyToOne(Device).mapToPk().deleteRule('set null').nullable(),
    refreshHash: p.string().length(64).unique(),
    /** When the current refresh token replaced the one before. */
    rotatedAt: p.datetime(3).nullable(),
    userAgent: p.string().length(255).nullable(),
    ipAddress: p.type('inet').columnType('inet').$type<string>().nullable(),
    createdAt: p.datetime(3).defaultRaw('now()'),
    lastUsedAt: p.datetime(3).defaultRaw('now()'),
    expiresAt: p.datetime(3).index('sessions_expires'),
    revokedAt: p.datetime(3).nullable(),
  },
  indexes: [
    { name: 'sessions_user', properties: ['user'] },
    { name: 'sessions_device', properties: ['device'], where: 'device_id is not null' },
  ],
});
