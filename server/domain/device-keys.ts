/** Device keys — 256 bit, shown once, SHA-256 at rest. One device has one; it lives as long as the device, or until it is rotated. */
import { sql } from 'kysely';
import type { Actor, Service } from '../context.ts';
import { joined } from '../db/joined.ts';
import type { Plan } from './plans.ts';

/** The key to show, and what is stored of it. */
export function makeDeviceKey({ tokens }: Pick<Service, 'tokens'>): { key: string; hash: string } {
  const key = tokens.newDeviceKey();
  return { key, hash: tokens.hash(key) };
}

type Keyed = {
  /** The hash. */
  key: string;
  id: string;
  user_id: string;
  device_id: string | null;
  daemon_status: string;
  heartbeat_interval: number;
  config_version: number;
  plan: Plan;
};

const findKeyed = joined<Keyed>(async (db, hashes) => {
  const { rows } = await sql<Keyed>`
    select d.key_hash as key, d.id, d.user_id, d.device_id, d.daemon_status, d.heartbeat_interval, d.config_version, u.plan
      from devices d join users u on u.id = d.user_id
     where d.key_hash = any(${hashes}::text[]) and u.is_active`.execute(db);
  return rows;
});

/** Who acts with `key`; undefined when no device of an active account has it. */
export async function findDeviceActor(
  { db, tokens }: Pick<Service, 'db' | 'tokens'>,
  key: string,
): Promise<Extract<Actor, { kind: 'device' }> | undefined> {
  const keyHash = tokens.hash(key);
  const row = await findKeyed(db, keyHash);
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
