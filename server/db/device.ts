import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.ts';

/**
 * A machine with a daemon. Neither `last_heartbeat` nor `daemon_status` has an index: they change all the time, and
 * without one PostgreSQL updates the row in place.
 */
export const Device = defineEntity({
  name: 'Device',
  tableName: 'devices',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade'),
    deviceName: p.string().length(100),
    /** The machine's own id, unique among its user's; null until a device that was made ahead of time registers. */
    deviceId: p.string().length(100).nullable(),
    /** SHA-256 of the device key, in hex. */
    keyHash: p.string().length(64).unique(),
    osType: p.string().length(50).nullable(),
    osVersion: p.string().length(50).nullable(),
    arch: p.string().length(20).nullable(),
    ccjkVersion: p.string().length(20).nullable(),
    daemonStatus: p
      .string()
      .length(20)
      .default('offline')
      .$type<'online' | 'offline' | 'busy' | 'error' | 'maintenance'>(),
    lastHeartbeat: p.datetime(3).nullable(),
    /** When it last had a WebSocket open. */
    lastSocket: p.datetime(3).nullable(),
    lastSync: p.datetime(3).nullable(),
    ipAddress: p.type('inet').columnType('inet').$type<string>().nullable(),
    location: p.string().length(100).nullable(),
    metadata: p.json<Record<string, unknown>>().nullable(),
    systemInfo: p.json<Record<string, unknown>>().nullable(),
    /** Seconds. */
    heartbeatInterval: p.integer().default(30),
    /** Seconds. */
    taskCheckInterval: p.integer().default(10),
    logUploadEnabled: p.boolean().default(true),
    maxConcurrentTasks: p.integer().default(3),
    /** Grows with each change of the four above. */
    configVersion: p.integer().default(1),
    createdAt: p.datetime(3).defaultRaw('now()'),
    updatedAt: p.datetime(3).defaultRaw('now()'),
  },
  uniques: [{ name: 'devices_user_machine', properties: ['user', 'deviceId'] }],
});
