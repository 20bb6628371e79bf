/**
 * Public keys — registered with a channel of their own, for whose holder messages are sealed. The same key is registered
 * once while it lives. Key and channel expire together; a key that is revoked leaves its channel behind.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { atomically, type Ctx } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { audit } from './audit.ts';
import { newChannelId, openChannel } from './channels.ts';
import { endOf, metadataAsJson, ownerOf, reaches, requireChannelId } from './relay-reach.ts';

export type PublicKeyRow = Selectable<Tables['public_keys']>;
export type KeyAlgorithm = PublicKeyRow['algorithm'];

const MAX_KEY_BYTES = 4096;
const PEM_LINE = 64;
/** Of the keys that are listed. */
const MAX_LISTED = 100;
/** How exact `last_used_at` is. */
const LAST_USED_GRAIN_MS = 60_000;

type NewPublicKey = {
  publicKey: string;
  /** Left out: what the key is. */
  algorithm?: KeyAlgorithm | undefined;
  expiresInSeconds: number;
  metadata: Record<string, unknown> | null;
};

/** @throws Failed KEY_TOO_LARGE | METADATA_TOO_LARGE | VALIDATION_ERROR | DUPLICATE_KEY */
export async function registerPublicKey(ctx: Ctx, asked: NewPublicKey): Promise<PublicKeyRow> {
  if (Buffer.byteLength(asked.publicKey) > MAX_KEY_BYTES) throw new Failed('KEY_TOO_LARGE');
  const metadata = metadataAsJson(asked.metadata);
  const pem = asPem(asked.publicKey);
  const key = parse(pem);
  const algorithm = algorithmOf(key);
  if (asked.algorithm !== undefined && asked.algorithm !== algorithm) {
    throw wrong('algorithm', `The key is ${algorithm}, not ${asked.algorithm}`);
  }
  const channelId = newChannelId('encrypted');
  const fingerprint = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return atomically(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<PublicKeyRow>`
      insert into public_keys as known (id, channel_id, public_key, algorithm, fingerprint, owner, metadata, created_at, expires_at)
      values (${tx.newId()}, ${channelId}, ${pem}, ${algorithm}, ${fingerprint}, ${ownerOf(tx.actor)}, ${metadata}::jsonb,
              ${now}, ${endOf(tx, asked.expiresInSeconds)})
      on conflict (fingerprint) do update
        set id = excluded.id, channel_id = excluded.channel_id, public_key = excluded.public_key, owner = excluded.owner,
            metadata = excluded.metadata, created_at = excluded.created_at, expires_at = excluded.expires_at, last_used_at = null
        where known.expires_at <= ${now}
      returning *`.execute(tx.db);
    const [row] = rows;
    if (!row) throw new Failed('DUPLICATE_KEY');
    await openChannel(tx, {
      id: channelId,
      name: null,
      description: null,
      type: 'encrypted',
      expiresInSeconds: asked.expiresInSeconds,
      metadata: asked.metadata,
    });
    await audit(tx, 'public_key.registered', `public_key:${row.id}`, { channel_id: channelId });
    return row;
  });
}

/** By its channel or by its id, expired or not. @throws Failed NOT_FOUND | INVALID_CHANNEL_FORMAT */
export async function getPublicKey(ctx: Ctx, by: { channelId: string } | { id: string }): Promise<PublicKeyRow> {
  if ('channelId' in by) requireChannelId(by.channelId);
  const row = await findPublicKey(ctx, by);
  if (!row) throw new Failed('NOT_FOUND', { message: 'There is no public key with this id' });
  return row;
}

export const findPublicKey = (
  ctx: Pick<Ctx, 'db'>,
  by: { channelId: string } | { id: string },
): Promise<PublicKeyRow | undefined> => {
  const keys = ctx.db.selectFrom('public_keys').selectAll();
  return ('id' in by ? keys.where('id', '=', by.id) : keys.where('channel_id', '=', by.channelId)).executeTakeFirst();
};

/** Those of the actor, the newest first. @throws Failed VALIDATION_ERROR without a key */
export const listOwnPublicKeys = (ctx: Ctx): Promise<PublicKeyRow[]> => {
  const owner = ownerOf(ctx.actor);
  if (owner === null)
    throw new Failed('VALIDATION_ERROR', { message: 'Name a channelId or a keyId, or send X-API-Key' });
  return ctx.db
    .selectFrom('public_keys')
    .selectAll()
    .where('owner', '=', owner)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(MAX_LISTED)
    .execute();
};

export const isExpired = (ctx: Pick<Ctx, 'now'>, key: PublicKeyRow): boolean => key.expires_at <= ctx.now();

/** False when the actor does not reach it: for them it does not exist. */
export const mayRevoke = (ctx: Ctx, key: PublicKeyRow): boolean => reaches(ctx.actor, key.owner);

/** Deletes it; its channel stays, and takes no message to be sealed any more. */
export async function deletePublicKey(tx: Ctx, key: PublicKeyRow): Promise<void> {
  await tx.db.deleteFrom('public_keys').where('id', '=', key.id).execute();
  await audit(tx, 'public_key.revoked', `public_key:${key.id}`, { channel_id: key.channel_id });
}

/**
 * The message as only the holder of the channel's key reads it. One that a client has sealed already passes as it is.
 * @throws Failed VALIDATION_ERROR | KEY_EXPIRED
 */
export async function sealForChannel(ctx: Ctx, channelId: string, message: string): Promise<string> {
  if (ctx.sealing.isSealed(message)) return message;
  const key = await findPublicKey(ctx, { channelId });
  if (!key) throw wrong('encrypted', 'This channel has no public key: register one, or seal the message yourself');
  if (isExpired(ctx, key)) throw new Failed('KEY_EXPIRED');
  const now = ctx.now();
  if (!key.last_used_at || now.getTime() - key.last_used_at.getTime() >= LAST_USED_GRAIN_MS) {
    await ctx.db.updateTable('public_keys').set({ last_used_at: now }).where('id', '=', key.id).execute();
  }
  return ctx.sealing.seal(key.public_key, message);
}

// ---- What a key is --------------------------------------------------------------------------------------------------

const PEM = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/;

/** With lines as the format has them, whatever the line breaks were: CRLF, none, or written out as `\n`. */
const asPem = (given: string): string => {
  const [, body] = PEM.exec(given.replaceAll('\\n', '\n')) ?? [];
  if (body === undefined) throw wrong('publicKey', 'Not a public key in PEM (-----BEGIN PUBLIC KEY-----)');
  const lines = body.replace(/\s/g, '').match(new RegExp(`.{1,${PEM_LINE}}`, 'g')) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
};

const parse = (pem: string): KeyObject => {
  try {
    return createPublicKey(pem);
  } catch {
    throw wrong('publicKey', 'The public key cannot be read');
  }
};

const algorithmOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyAlgorithm => {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa' && modulusLength === 2048) return 'RSA-2048';
  if (asymmetricKeyType === 'rsa' && modulusLength === 4096) return 'RSA-4096';
  if (asymmetricKeyType === 'ec' && namedCurve === 'secp256k1') return 'ECC-SECP256K1';
  throw wrong('publicKey', 'The key must be RSA of 2048 or 4096 bit, or on the curve secp256k1');
};

const wrong = (field: string, message: string) =>
  new Failed('VALIDATION_ERROR', { message, details: [{ path: ['body', field], message, code: 'custom' }] });
