/**
 * Whether credentials are still in force, of many at once: for those who hold a connection and send no further request.
 */
import { sql } from 'kysely';
import type { Actor, Service } from '../context.ts';

/** Whoever can hold a connection. */
export type Bearer = Extract<Actor, { kind: 'user' | 'apiKey' | 'device' }>;

const idOf = (actor: Bearer): string => {
  if (actor.kind === 'user') return actor.sessionId;
  return actor.kind === 'apiKey' ? actor.apiKeyId : actor.deviceId;
};

/** Those of `bearers` whose session, key or device, or the account behind it, has ended. */
export async function findEnded<Some extends Bearer>(
  { db, now }: Pick<Service, 'db' | 'now'>,
  bearers: readonly Some[],
): Promise<Set<Some>> {
  if (bearers.length === 0) return new Set();
  const at = now();
  const idsOf = (kind: Bearer['kind']) => bearers.filter((bearer) => bearer.kind === kind).map(idOf);
  const devices = bearers.filter((bearer) => bearer.kind === 'device');
  const { rows } = await sql<{ name: string }>`
    select 'user:' || s.id as name
      from sessions s join users u on u.id = s.user_id
     where s.id = any(${idsOf('user')}::uuid[]) and s.revoked_at is null and s.expires_at > ${at} and u.is_active
    union all
    select 'apiKey:' || k.id
      from api_keys k join users u on u.id = k.user_id
     where k.id = any(${idsOf('apiKey')}::uuid[]) and k.is_active
       and (k.expires_at is null or k.expires_at > ${at}) and u.is_active
    union all
    select 'device:' || d.id || ':' || d.key_hash
      from devices d join users u on u.id = d.user_id
     where d.id = any(${devices.map(idOf)}::uuid[]) and u.is_active`.execute(db);
  const live = new Set(rows.map(({ name }) => name));
  const nameOf = (bearer: Bearer) =>
    `${bearer.kind}:${idOf(bearer)}${bearer.kind === 'device' ? `:${bearer.device.keyHash}` : ''}`;
  return new Set(bearers.filter((bearer) => !live.has(nameOf(bearer))));
}
