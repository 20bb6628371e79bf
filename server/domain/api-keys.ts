/**
 * API keys — what a program shows to act for a user, within the scopes that the user gave it. A key is shown once and kept
 * as SHA-256; deleted or expired, its next request is refused. The keys of the relay lie in the same table under another
 * prefix and are not touched here.
 */
import { type Selectable, sql } from 'kysely';
import { type Actor, atomically, type Ctx, type Service, userIdOf } from '../context.ts';
import { joined } from '../db/joined.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { audit } from './audit.ts';
import type { Plan } from './plans.ts';

type ApiKeyActor = Extract<Actor, { kind: 'apiKey' }>;
type Scope = ApiKeyActor['scopes'][number];

export type ApiKeyRow = Pick<
  Selectable<Tables['api_keys']>,
  'id' | 'name' | 'key_prefix' | 'scopes' | 'last_used' | 'expires_at' | 'created_at'
>;

/** `ck_live_` and the first four characters of the secret: enough to tell keys apart, 24 of 256 bit given away. */
const SHOWN_CHARACTERS = 12;
const OURS = 'ck_live_%';

/** How exact `last_used` is: it is not worth a write at every request. */
const LAST_USED_GRAIN_MS = 60_000;

/**
 * The key itself is in this answer and nowhere else.
 * @throws Failed VALIDATION_ERROR when it would have expired already
 */
export async function createApiKey(
  ctx: Ctx,
  { name, scopes, expiresAt }: { name: string; scopes: readonly Scope[]; expiresAt: Date | null },
): Promise<ApiKeyRow & { key: string }> {
  const now = ctx.now();
  if (expiresAt && expiresAt <= now) throw wrongExpiry();
  const key = ctx.tokens.newApiKey();
  const row: ApiKeyRow = {
    id: ctx.newId(),
    name,
    key_prefix: key.slice(0, SHOWN_CHARACTERS),
    scopes: [...new Set(scopes)],
    last_used: null,
    expires_at: expiresAt,
    created_at: now,
  };
  await atomically(ctx, async (tx) => {
    await tx.db
      .insertInto('api_keys')
      .values({ ...row, user_id: userIdOf(tx.actor), key_hash: tx.tokens.hash(key) })
      .execute();
    await audit(tx, 'api_key.created', `api_key:${row.id}`, { scopes: row.scopes, expires_at: expiresAt });
  });
  return { ...row, key };
}

/** The keys that have not been deleted, expired ones too, the newest first. */
export const listApiKeys = (ctx: Ctx): Promise<ApiKeyRow[]> =>
  ctx.db
    .selectFrom('api_keys')
    .select(['id', 'name', 'key_prefix', 'scopes', 'last_used', 'expires_at', 'created_at'])
    .where('user_id', '=', userIdOf(ctx.actor))
    .where('is_active', '=', true)
    .where('key_prefix', 'like', OURS)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();

/** @throws Failed API_KEY_NOT_FOUND */
export const deleteApiKey = (ctx: Ctx, id: string): Promise<void> =>
  atomically(ctx, async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('api_keys')
      .set({ is_active: false })
      .where('id', '=', id)
      .where('user_id', '=', userIdOf(tx.actor))
      .where('is_active', '=', true)
      .where('key_prefix', 'like', OURS)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw new Failed('API_KEY_NOT_FOUND');
    await audit(tx, 'api_key.deleted', `api_key:${id}`);
    tx.events.emit({ type: 'api-key.ended', userId: userIdOf(tx.actor), apiKeyId: id });
  });

/** Whether a key of these scopes opens what needs `scope`. */
export const mayUse = (scopes: readonly Scope[], scope: Scope): boolean =>
  scopes.includes(scope) || (scope.startsWith('task:') && scopes.includes('task:admin'));

/** Ends all keys of a user, those of the relay too; their sockets and streams end within a moment, everywhere. */
export async function endApiKeys(tx: Ctx, userId: string): Promise<void> {
  const ended = await tx.db
    .updateTable('api_keys')
    .set({ is_active: false })
    .where('user_id', '=', userId)
    .where('is_active', '=', true)
    .returning(['id', 'key_prefix'])
    .execute();
  for (const { id: apiKeyId, key_prefix } of ended) {
    const isRelays = key_prefix.startsWith('sk_live_');
    tx.events.emit(isRelays ? { type: 'relay_key.revoked', apiKeyId } : { type: 'api-key.ended', userId, apiKeyId });
  }
}

type Known = {
  /** The hash. */
  key: string;
  id: string;
  user_id: string;
  scopes: Scope[];
  last_used: Date | null;
  expires_at: Date | null;
  plan: Plan;
};

const findKnown = joined<Known>(async (db, hashes) => {
  const { rows } = await sql<Known>`
    select k.key_hash as key, k.id, k.user_id, k.scopes, k.last_used, k.expires_at, u.plan
      from api_keys k join users u on u.id = k.user_id
     where k.key_hash = any(${hashes}::text[]) and k.is_active and u.is_active`.execute(db);
  return rows;
});

/** Who acts with `key`; undefined when it is not in force. Notes that it was used. */
export async function findApiKeyActor(
  service: Pick<Service, 'db' | 'tokens' | 'now' | 'log'>,
  key: string,
): Promise<ApiKeyActor | undefined> {
  const now = service.now();
  const row = await findKnown(service.db, service.tokens.hash(key));
  if (!row || (row.expires_at && row.expires_at <= now)) return undefined;
  noteApiKeyUse(service, { id: row.id, lastUsed: row.last_used }, now);
  return {
    kind: 'apiKey',
    userId: row.user_id,
    plan: row.plan,
    apiKeyId: row.id,
    scopes: row.scopes,
    expiresAt: row.expires_at ?? undefined,
  };
}

/** Keys whose use is being written: one write each at a time, also while the database is slow. */
const noting = new Set<string>();

/** Not awaited: nobody's request waits for it or fails with it. When it fails, a later request tries again. */
export function noteApiKeyUse(
  { db, log }: Pick<Service, 'db' | 'log'>,
  { id, lastUsed }: { id: string; lastUsed: Date | null },
  now: Date,
): void {
  if (noting.has(id) || (lastUsed && now.getTime() - lastUsed.getTime() < LAST_USED_GRAIN_MS)) return;
  noting.add(id);
  db.updateTable('api_keys')
    .set({ last_used: now })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('last_used', 'is', null), eb('last_used', '<', now)]))
    .execute()
    .catch((error: unknown) => log.warn({ err: error, apiKeyId: id }, 'the use of an API key was not noted'))
    .finally(() => noting.delete(id));
}

const wrongExpiry = () =>
  new Failed('VALIDATION_ERROR', {
    details: [{ path: ['body', 'expires_at'], message: 'must be in the future', code: 'custom' }],
  });
