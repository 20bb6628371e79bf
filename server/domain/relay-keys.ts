/**
 * Relay keys — what a program shows to the relay (`sk_live_…`), within its permissions. They lie beside the keys of users,
 * under another prefix. A user makes them for themselves, the operator for anyone.
 */
import { type Selectable, sql } from 'kysely';
import { atomically, type Ctx, type RelayKeyActor, type Service } from '../context.ts';
import { joined } from '../db/joined.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { noteApiKeyUse } from './api-keys.ts';
import { audit } from './audit.ts';
import type { Plan } from './plans.ts';
import { ownerOf, reaches } from './relay-reach.ts';

type Permission = RelayKeyActor['permissions'][number];

export type RelayKeyRow = Omit<Selectable<Tables['api_keys']>, 'key_hash'>;

/** `sk_live_` and the first four characters of the secret. */
const SHOWN_CHARACTERS = 12;
const OURS = 'sk_live_%';
/** Of a key that the operator made, which belongs to no account. */
const OPERATORS_PLAN: Plan = 'enterprise';

const COLUMNS = [
  'id',
  'user_id',
  'owner',
  'name',
  'key_prefix',
  'scopes',
  'is_active',
  'last_used',
  'expires_at',
  'created_at',
] as const;

type NewRelayKey = {
  /** Whose it is; a user makes keys for themselves alone. */
  owner: string | undefined;
  name: string;
  permissions: readonly Permission[];
  expiresAt: Date | null;
};

/**
 * The key itself is in this answer and nowhere else.
 * @throws Failed VALIDATION_ERROR | INSUFFICIENT_SCOPE
 */
export async function createRelayKey(
  ctx: Ctx,
  { owner: asked, name, permissions, expiresAt }: NewRelayKey,
): Promise<RelayKeyRow & { key: string }> {
  const now = ctx.now();
  const accountId = ctx.actor.kind === 'user' ? ctx.actor.userId : null;
  if (accountId !== null && asked !== undefined && asked.toLowerCase() !== accountId) {
    throw new Failed('INSUFFICIENT_SCOPE', { message: 'You make keys for yourself only: leave out userId' });
  }
  const owner = accountId ?? asked;
  if (owner === undefined) throw wrong('userId', 'Say whose key it is');
  if (expiresAt && expiresAt <= now) throw wrong('expiresAt', 'must be in the future');
  const key = ctx.tokens.newRelayKey();
  const row: RelayKeyRow = {
    id: ctx.newId(),
    user_id: accountId,
    owner,
    name,
    key_prefix: key.slice(0, SHOWN_CHARACTERS),
    scopes: [...new Set(permissions)],
    is_active: true,
    last_used: null,
    expires_at: expiresAt,
    created_at: now,
  };
  await atomically(ctx, async (tx) => {
    await tx.db
      .insertInto('api_keys')
      .values({ ...row, key_hash: tx.tokens.hash(key) })
      .execute();
    await audit(tx, 'relay_key.created', `api_key:${row.id}`, { permissions: row.scopes, expires_at: expiresAt });
  });
  return { ...row, key };
}

/** Those of the actor's owner that have not been revoked, expired ones too, the newest first; all of them for the operator. */
export const listRelayKeys = (ctx: Ctx): Promise<RelayKeyRow[]> => {
  let keys = ctx.db
    .selectFrom('api_keys')
    .select(COLUMNS)
    .where('is_active', '=', true)
    .where('key_prefix', 'like', OURS);
  if (ctx.actor.kind !== 'admin') keys = keys.where('owner', '=', ownerOf(ctx.actor));
  return keys.orderBy('created_at', 'desc').orderBy('id', 'desc').execute();
};

/** Undefined when there is none in force that the actor may see. */
export async function findRelayKey(ctx: Ctx, id: string): Promise<RelayKeyRow | undefined> {
  const row = await ctx.db
    .selectFrom('api_keys')
    .select(COLUMNS)
    .where('id', '=', id)
    .where('is_active', '=', true)
    .where('key_prefix', 'like', OURS)
    .executeTakeFirst();
  return row && reaches(ctx.actor, row.owner) ? row : undefined;
}

/** Its streams end within a moment, everywhere. */
export async function revokeRelayKey(tx: Ctx, key: RelayKeyRow): Promise<void> {
  await tx.db.updateTable('api_keys').set({ is_active: false }).where('id', '=', key.id).execute();
  tx.events.emit({ type: 'relay_key.revoked', apiKeyId: key.id });
  await audit(tx, 'relay_key.revoked', `api_key:${key.id}`);
}

type Known = {
  /** The hash. */
  key: string;
  id: string;
  owner: string | null;
  user_id: string | null;
  scopes: Permission[];
  last_used: Date | null;
  expires_at: Date | null;
  plan: Plan | null;
};

const findKnown = joined<Known>(async (db, hashes) => {
  const { rows } = await sql<Known>`
    select k.key_hash as key, k.id, k.owner, k.user_id, k.scopes, k.last_used, k.expires_at, u.plan
      from api_keys k left join users u on u.id = k.user_id
     where k.key_hash = any(${hashes}::text[]) and k.is_active and (k.user_id is null or u.is_active)`.execute(db);
  return rows;
});

/** Who acts with `key`; undefined when it is not in force. Notes that it was used. */
export async function findRelayKeyActor(
  service: Pick<Service, 'db' | 'tokens' | 'now' | 'log'>,
  key: string,
): Promise<RelayKeyActor | undefined> {
  const now = service.now();
  const row = await findKnown(service.db, service.tokens.hash(key));
  if (!row || row.owner === null || (row.expires_at && row.expires_at <= now)) return undefined;
  noteApiKeyUse(service, { id: row.id, lastUsed: row.last_used }, now);
  return {
    kind: 'relayKey',
    apiKeyId: row.id,
    owner: row.owner,
    accountId: row.user_id,
    plan: row.plan ?? OPERATORS_PLAN,
    permissions: row.scopes,
    expiresAt: row.expires_at,
  };
}

const wrong = (field: string, message: string) =>
  new Failed('VALIDATION_ERROR', { details: [{ path: ['body', field], message, code: 'custom' }] });
