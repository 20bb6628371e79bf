import { defineEntity, p } from '@mikro-orm/core';

export type RevocationStatus = 'pending' | 'confirmed' | 'cancelled' | 'locked';

/** The revocation of a public key or a relay key in two phases. */
export const KeyRevocation = defineEntity({
  name: 'KeyRevocation',
  tableName: 'key_revocations',
  properties: {
    id: p.uuid().primary(),
    /** Of a public key or of an API key, which may be gone. */
    keyId: p.uuid(),
    reason: p.string().length(1000),
    requestedBy: p.string().length(60),
    status: p.string().length(20).default('pending').$type<RevocationStatus>(),
    /** SHA-256 of the confirmation code, in hex. */
    codeHash: p.string().length(64),
    /** Wrong codes so far. */
    failures: p.integer().default(0),
    createdAt: p.datetime(3),
    /** Not confirmed by then: over. */
    expiresAt: p.datetime(3),
  },
  indexes: [{ name: 'key_revocations_key', properties: ['keyId', 'createdAt'] }],
});
