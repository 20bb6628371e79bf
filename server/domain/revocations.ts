/**
 * Revocations — a public key or a relay key is taken out of force, at once or in two phases.
 *
 *   pending → confirmed    with the code that was shown when it was requested, in time
 *   pending → locked       after five wrong codes
 *   pending, locked → cancelled    by whoever may revoke the key, or by the next request
 *
 * Who does not reach a key finds nothing. Whoever changes a key or its revocations holds the row of the key first, so that of
 * two at the same moment the second finds what the first has left.
 */
import { type Selectable, sql } from 'kysely';
import { actorName, atomically, type Ctx } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { audit } from './audit.ts';
import { deletePublicKey, findPublicKey, mayRevoke, type PublicKeyRow } from './public-keys.ts';
import { findRelayKey, type RelayKeyRow, revokeRelayKey } from './relay-keys.ts';
import { isChannelId } from './relay-reach.ts';

type RevocationRow = Selectable<Tables['key_revocations']>;

/** `expired` is not stored: it is a pending one whose time is over. */
export type Revocation = Omit<RevocationRow, 'status'> & { status: RevocationRow['status'] | 'expired' };

export type Revoked = { id: string; channelId: string | null };

type Key = { publicKey: PublicKeyRow } | { relayKey: RelayKeyRow };

const MAX_FAILURES = 5;
const HOUR_MS = 3_600_000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By the id of a channel, of a public key or of a relay key: what can be none of these is not looked for. */
export async function findKey(ctx: Ctx, id: string): Promise<Key | undefined> {
  if (!isChannelId(id)) return undefined;
  const byChannel = await findPublicKey(ctx, { channelId: id });
  if (byChannel) return { publicKey: byChannel };
  if (!UUID.test(id)) return undefined;
  const publicKey = await findPublicKey(ctx, { id });
  if (publicKey) return { publicKey };
  const relayKey = await findRelayKey(ctx, id);
  return relayKey && { relayKey };
}

/** @throws Failed NOT_FOUND */
export const revokeKey = (ctx: Ctx, id: string): Promise<Revoked> =>
  atomically(ctx, async (tx) => carryOut(tx, await holdKey(tx, id)));

/** The code is in this answer and nowhere else. @throws Failed NOT_FOUND */
export const requestRevocation = (
  ctx: Ctx,
  id: string,
  { reason, confirmationHours }: { reason: string; confirmationHours: number },
): Promise<Revocation & { confirmationCode: string }> =>
  atomically(ctx, async (tx) => {
    const key = await holdKey(tx, id);
    const now = tx.now();
    const confirmationCode = tx.tokens.newConfirmationCode();
    await end(tx, idOf(key));
    const row: RevocationRow = {
      id: tx.newId(),
      key_id: idOf(key),
      reason,
      requested_by: actorName(tx.actor),
      status: 'pending',
      code_hash: tx.tokens.hash(confirmationCode),
      failures: 0,
      created_at: now,
      expires_at: new Date(now.getTime() + confirmationHours * HOUR_MS),
    };
    await tx.db.insertInto('key_revocations').values(row).execute();
    await audit(tx, 'revocation.requested', `revocation:${row.id}`, { key_id: row.key_id });
    return { ...row, confirmationCode };
  });

/** The last one of the key. @throws Failed NOT_FOUND */
export async function getRevocation(ctx: Ctx, id: string): Promise<Revocation> {
  const key = await requireKey(ctx, id);
  const row = await ctx.db
    .selectFrom('key_revocations')
    .selectAll()
    .where('key_id', '=', idOf(key))
    .orderBy('created_at', 'desc')
    .orderBy(sql`status = 'pending'`, 'desc')
    .executeTakeFirst();
  if (!row) throw noRevocation();
  return asSeen(ctx, row);
}

/** @throws Failed NOT_FOUND */
export const cancelRevocation = (ctx: Ctx, id: string): Promise<Revocation> =>
  atomically(ctx, async (tx) => {
    const [row] = await end(tx, idOf(await holdKey(tx, id)));
    if (!row) throw noRevocation();
    await audit(tx, 'revocation.cancelled', `revocation:${row.id}`, { key_id: row.key_id });
    return asSeen(tx, row);
  });

/** @throws Failed NOT_FOUND | CONFIRMATION_WRONG | CONFIRMATION_LOCKED */
export async function confirmRevocation(ctx: Ctx, revocationId: string, code: string): Promise<Revoked> {
  if (!UUID.test(revocationId)) throw noRevocation();
  // The count of wrong codes has to outlive the failure, so it is told after the commit.
  const outcome = await atomically(ctx, async (tx): Promise<Revoked | Failed> => {
    const named = await readRevocation(tx, revocationId);
    const key = named && (await findHeld(tx, named.key_id));
    const row = key && (await readRevocation(tx, revocationId));
    if (!row) return noRevocation();
    if (row.status === 'locked') return new Failed('CONFIRMATION_LOCKED');
    if (asSeen(tx, row).status !== 'pending') return noRevocation();
    if (row.code_hash !== tx.tokens.hash(code)) return countWrongCode(tx, row);
    await setStatus(tx, row.id, 'confirmed');
    return carryOut(tx, key);
  });
  if (outcome instanceof Failed) throw outcome;
  return outcome;
}

const readRevocation = (ctx: Ctx, id: string): Promise<RevocationRow | undefined> =>
  ctx.db.selectFrom('key_revocations').selectAll().where('id', '=', id).executeTakeFirst();

async function countWrongCode(tx: Ctx, row: RevocationRow): Promise<Failed> {
  const failures = row.failures + 1;
  await tx.db.updateTable('key_revocations').set({ failures }).where('id', '=', row.id).execute();
  if (failures >= MAX_FAILURES) {
    await setStatus(tx, row.id, 'locked');
    await audit(tx, 'revocation.locked', `revocation:${row.id}`, { key_id: row.key_id });
  }
  return new Failed('CONFIRMATION_WRONG');
}

const setStatus = (tx: Ctx, id: string, status: RevocationRow['status']) =>
  tx.db.updateTable('key_revocations').set({ status }).where('id', '=', id).execute();

/** Cancels what is pending or locked for the key. */
const end = (tx: Ctx, keyId: string): Promise<RevocationRow[]> =>
  tx.db
    .updateTable('key_revocations')
    .set({ status: 'cancelled' })
    .where('key_id', '=', keyId)
    .where('status', 'in', ['pending', 'locked'])
    .where((eb) => eb.or([eb('status', '=', 'locked'), eb('expires_at', '>', tx.now())]))
    .returningAll()
    .execute();

const asSeen = (ctx: Ctx, row: RevocationRow): Revocation =>
  row.status === 'pending' && row.expires_at <= ctx.now() ? { ...row, status: 'expired' } : row;

const idOf = (key: Key): string => ('publicKey' in key ? key.publicKey.id : key.relayKey.id);

async function findReached(ctx: Ctx, id: string): Promise<Key | undefined> {
  const key = await findKey(ctx, id);
  return key && 'publicKey' in key && !mayRevoke(ctx, key.publicKey) ? undefined : key;
}

/** As it is once its row is locked; undefined when it has gone before that. */
async function findHeld(tx: Ctx, id: string): Promise<Key | undefined> {
  const key = await findReached(tx, id);
  if (!key) return undefined;
  const table = 'publicKey' in key ? 'public_keys' : 'api_keys';
  await tx.db.selectFrom(table).select('id').where('id', '=', idOf(key)).forUpdate().execute();
  return findReached(tx, idOf(key));
}

const requireKey = async (ctx: Ctx, id: string): Promise<Key> => (await findReached(ctx, id)) ?? noKey();
const holdKey = async (tx: Ctx, id: string): Promise<Key> => (await findHeld(tx, id)) ?? noKey();

const noKey = (): never => {
  throw new Failed('NOT_FOUND', { message: 'There is no key of yours with this id' });
};

async function carryOut(tx: Ctx, key: Key): Promise<Revoked> {
  if ('publicKey' in key) {
    await deletePublicKey(tx, key.publicKey);
    return { id: key.publicKey.id, channelId: key.publicKey.channel_id };
  }
  await revokeRelayKey(tx, key.relayKey);
  return { id: key.relayKey.id, channelId: null };
}

const noRevocation = () => new Failed('NOT_FOUND', { message: 'There is no revocation under way with this id' });
