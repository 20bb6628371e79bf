import type { register } from '../../../contracts/relay/register.ts';
import type { Ctx } from '../../context.ts';
import {
  getPublicKey,
  isExpired,
  listOwnPublicKeys,
  type PublicKeyRow,
  registerPublicKey,
} from '../../domain/public-keys.ts';
import type { Handlers } from '../contract.ts';

const present = (ctx: Ctx, key: PublicKeyRow) => ({
  id: key.id,
  channelId: key.channel_id,
  algorithm: key.algorithm,
  createdAt: key.created_at.toISOString(),
  expiresAt: key.expires_at.toISOString(),
  isExpired: isExpired(ctx, key),
});

export const registerHandlers: Handlers<typeof register> = {
  create: async (ctx, { body: { publicKey, algorithm, expiresIn, metadata = null } }) => {
    const key = await registerPublicKey(ctx, { publicKey, algorithm, expiresInSeconds: expiresIn, metadata });
    const { channelId, expiresAt } = present(ctx, key);
    return {
      status: 201,
      data: { channelId, publicKeyId: key.id, algorithm: key.algorithm, expiresAt, expiresIn },
    };
  },

  find: async (ctx, { query: { channelId, keyId } }) => {
    if (keyId !== undefined) return { status: 200, data: present(ctx, await getPublicKey(ctx, { id: keyId })) };
    if (channelId !== undefined) return { status: 200, data: present(ctx, await getPublicKey(ctx, { channelId })) };
    return { status: 200, data: (await listOwnPublicKeys(ctx)).map((key) => present(ctx, key)) };
  },
};
