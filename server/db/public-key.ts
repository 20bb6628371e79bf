import { defineEntity, p } from '@mikro-orm/core';

export type KeyAlgorithm = 'RSA-2048' | 'RSA-4096' | 'ECC-SECP256K1';

/** A public key, with whose channel messages are sealed. */
export const PublicKey = defineEntity({
  name: 'PublicKey',
  tableName: 'public_keys',
  properties: {
    id: p.uuid().primary(),
    channelId: p.string().length(64).unique(),
    /** PEM, with lines of 64 characters. */
    publicKey: p.text(),
    algorithm: p.string().length(20).$type<KeyAlgorithm>(),
    /** SHA-256 of the key in DER, in hex: the same key is registered once while it lives. */
    fingerprint: p.string().length(64).unique(),
    owner: p.string().length(255).nullable(),
    metadata: p.json<Record<string, unknown>>().nullable(),
    createdAt: p.datetime(3),
    expiresAt: p.datetime(3).index('public_keys_expiry'),
    lastUsedAt: p.datetime(3).nullable(),
  },
  indexes: [{ name: 'public_keys_owner', properties: ['owner', 'createdAt'], where: 'owner is not null' }],
});
