import type { keys } from '../../../contracts/relay/keys.ts';
import type { Permission } from '../../../contracts/wire.ts';
import type { Ctx } from '../../context.ts';
import { isExpired, type PublicKeyRow } from '../../domain/public-keys.ts';
import { createRelayKey, listRelayKeys, type RelayKeyRow } from '../../domain/relay-keys.ts';
import {
  cancelRevocation,
  confirmRevocation,
  findKey,
  getRevocation,
  type Revocation,
  requestRevocation,
  revokeKey,
} from '../../domain/revocations.ts';
import { Failed } from '../../failed.ts';
import type { Handlers } from '../contract.ts';

const CREATED = 'API key created successfully. Store this key securely - it cannot be retrieved again.';

/** The prefix of every key, as the document shows it. */
const KEY_PREFIX = 'sk_live';

const presentRelayKey = (key: RelayKeyRow) => ({
  id: key.id,
  keyPrefix: KEY_PREFIX,
  userId: key.owner,
  name: key.name,
  permissions: key.scopes as Permission[],
  isActive: key.is_active,
  createdAt: key.created_at.toISOString(),
  expiresAt: key.expires_at?.toISOString() ?? null,
  lastUsedAt: key.last_used?.toISOString() ?? null,
});

const presentPublicKey = (ctx: Ctx, key: PublicKeyRow) => {
  if (isExpired(ctx, key)) throw new Failed('KEY_EXPIRED');
  return {
    id: key.id,
    channelId: key.channel_id,
    publicKey: key.public_key,
    algorithm: key.algorithm,
    createdAt: key.created_at.toISOString(),
    expiresAt: key.expires_at.toISOString(),
    lastUsedAt: key.last_used_at?.toISOString() ?? null,
    metadata: key.metadata as Record<string, unknown> | null,
  };
};

const presentRevocation = (revocation: Revocation) => ({
  revocationId: revocation.id,
  keyId: revocation.key_id,
  status: revocation.status,
  reason: revocation.reason,
  createdAt: revocation.created_at.toISOString(),
  expiresAt: revocation.expires_at.toISOString(),
});

export const keyHandlers: Handlers<typeof keys> = {
  create: async (ctx, { body: { userId, name, permissions, expiresAt } }) => {
    const expiry = expiresAt ? new Date(expiresAt) : null;
    const { key, ...row } = await createRelayKey(ctx, { owner: userId, name, permissions, expiresAt: expiry });
    const info = presentRelayKey(row);
    return { status: 201, message: CREATED, data: { ...info, key, info } };
  },

  list: async (ctx) => ({ status: 200, data: (await listRelayKeys(ctx)).map(presentRelayKey) }),

  get: async (ctx, { params: { id } }) => {
    const found = await findKey(ctx, id);
    if (!found) throw new Failed('NOT_FOUND', { message: 'There is no key with this id' });
    const data = 'publicKey' in found ? presentPublicKey(ctx, found.publicKey) : presentRelayKey(found.relayKey);
    return { status: 200, data };
  },

  remove: async (ctx, { params: { id }, query, body }) => {
    const code = body?.confirmationCode ?? query.confirmationCode;
    const revoked = await (code === undefined ? revokeKey(ctx, id) : confirmRevocation(ctx, id, code));
    const message = revoked.channelId === null ? 'API key revoked successfully' : 'Public key revoked successfully';
    return { status: 200, message, data: { deletedId: revoked.id, channelId: revoked.channelId } };
  },

  revoke: async (ctx, { params: { id }, body }) => {
    const { confirmationCode, ...revocation } = await requestRevocation(ctx, id, body);
    return { status: 201, data: { ...presentRevocation(revocation), confirmationCode } };
  },

  revocation: async (ctx, { params: { id } }) => ({
    status: 200,
    data: presentRevocation(await getRevocation(ctx, id)),
  }),

  cancelRevocation: async (ctx, { params: { id } }) => ({
    status: 200,
    data: presentRevocation(await cancelRevocation(ctx, id)),
  }),
};
