/**
 * Whether credentials are still in force, of many at once: for those who hold a connection and send no further request.
 */
import { sql } from 'kysely';
import type { Actor, RelayKeyActor, Service } from '../context.ts';

/** Whoever can hold a socket. */
export type Bearer = Extract<Actor, { kind: 'user' | 'apiKey' | 'device' }>;
/** Whoever can hold a socket or a stream with a credential. */
type Holder = Bearer | RelayKeyActor;

const idOf = (actor: Holder): string => {
  if (actor.kind === 'user') return actor.sessionId;
  return actor.kind === 'device' ? actor.deviceId : actor.apiKeyId;
};

/** Those of `bearers` whose session, key or device, or the account behind it, has ended. */
export async function findEnded<Some extends Holder>(
  { db, now }: Pick<Service, 'db' | 'now'>,
  bearers: readonly Some[],
): Promise<Set<Some>> {
  if (bearers.length === 0) return new Set();
  const at = now();
  const idsOf = (...kinds: Holder['kind'][]) => bearers.filter(({ kind }) => kinds.includes(kind)).map(idOf);
  const devices = bearers.filter((bearer) => bearer.kind === 'device');
  const { rows } = await sql<{ name: string }>`
    select 'user:' || s.id as name
      from sessions s join users u on u.id = s.user_id
     where s.id = any(${idsOf('user')}::uuid[]) and s.revoked_at is null and s.expires_at > ${at} and u.is_active
    union all
    select case when k.key_prefix like 'sk_live_%' then 'relayKey:' else 'apiKey:' end || k.id
      from api_keys k left join users u on u.id = k.user_id
     where k.id = any(${idsOf('apiKey', 'relayKey')}::uuid[]) and k.is_active
       and (k.expires_at is null or k.expires_at > ${at}) and (k.user_id is null or u.is_active)
    union all
    select 'device:' || d.id || ':' || d.key_hash
      from devices d join users u on u.id = d.user_id
     where d.id = any(${devices.map(idOf)}::uuid[]) and u.is_active`.execute(db);
  const live = new Set(rows.map(({ name }) => name));
  const nameOf = (bearer: Holder) =>
    `${bearer.kind}:${idOf(bearer)}${bearer.kind === 'device' ? `:${bearer.device.keyHash}` : ''}`;
  return new Set(bearers.filter((bearer) => !live.has(nameOf(bearer))));
}
