/** Device keys — 256 bit, shown once, SHA-256 at rest. One device has one; it lives as long as the device, or until it is rotated. */
import type { Actor, Service } from '../context.ts';

/** The key to show, and what is stored of it. */
export function makeDeviceKey({ tokens }: Pick<Service, 'tokens'>): { key: string; hash: string } {
  const key = tokens.newDeviceKey();
  return { key, hash: tokens.hash(key) };
}

/** Who acts with `key`; undefined when no device of an active account has it. */
export async function findDeviceActor(
  { db, tokens }: Pick<Service, 'db' | 'tokens'>,
  key: string,
): Promise<Extract<Actor, { kind: 'device' }> | undefined> {
  const keyHash = tokens.hash(key);
  const row = await db
    .selectFrom('devices as device')
    .innerJoin('users as user', 'user.id', 'device.user_id')
    .select(['device.id', 'device.user_id', 'device.device_id', 'device.daemon_status'])
    .select(['device.heartbeat_interval', 'device.config_version', 'user.plan'])
    .where('device.key_hash', '=', keyHash)
    .where('user.is_active', '=', true)
    .executeTakeFirst();
  return (
    row && {
      kind: 'device',
      userId: row.user_id,
      plan: row.plan,
      deviceId: row.id,
      device: {
        keyHash,
        machineId: row.device_id,
        status: row.daemon_status,
        heartbeatInterval: row.heartbeat_interval,
        configVersion: row.config_version,
      },
    }
  );
}
