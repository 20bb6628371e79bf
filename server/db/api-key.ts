import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.ts';

/** A key of a user (`ck_live_`), or of the relay (`sk_live_`), whose permissions lie in `scopes`. */
export const ApiKey = defineEntity({
  name: 'ApiKey',
  tableName: 'api_keys',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade').nullable(),
    /** Of a relay key: whose things it reaches. The account's id, or a text when the operator made it; then `user` is null. */
    owner: p.string().length(255).nullable(),
    name: p.string().length(100),
    /** SHA-256 of the key, in hex. */
    keyHash: p.string().length(255).unique(),
    /** The first characters of the key, to tell keys apart. */
    keyPrefix: p.string().length(20),
    scopes: p.array(),
    isActive: p.boolean().default(true),
    lastUsed: p.datetime(3).nullable(),
    expiresAt: p.datetime(3).nullable(),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
  indexes: [
    { name: 'api_keys_user', properties: ['user'] },
    { name: 'api_keys_owner', properties: ['owner'], where: 'owner is not null' },
  ],
});
