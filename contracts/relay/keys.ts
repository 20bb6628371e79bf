import { z } from 'zod';
import { access, c, Id, PERMISSIONS, type Permission, Time, TimeInput, text } from '../wire.ts';
import { Algorithm, Metadata } from './register.ts';
import { KEEPERS, ok, okWithMessage, open, relayFailures } from './wire.ts';

const PermissionName = z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]);

const PublicKey = z
  .object({
    id: Id,
    channelId: z.string(),
    publicKey: z.string(),
    algorithm: Algorithm,
    createdAt: Time,
    expiresAt: Time,
    lastUsedAt: Time.nullable(),
    metadata: Metadata,
  })
  .meta({ id: 'PublicKey' });

const info = {
  id: Id,
  keyPrefix: z.string(),
  userId: z.string().nullable().meta({ description: 'The owner: an account, or the text given with X-Admin-Key' }),
  name: z.string(),
  permissions: z.array(PermissionName),
  isActive: z.boolean(),
  createdAt: Time,
  expiresAt: Time.nullable(),
  lastUsedAt: Time.nullable(),
};

const RelayKey = z.object(info).meta({ id: 'RelayKey' });

const Revocation = z
  .object({
    revocationId: Id,
    keyId: Id,
    status: z.enum(['pending', 'confirmed', 'cancelled', 'expired', 'locked']),
    reason: z.string(),
    createdAt: Time,
    expiresAt: Time,
  })
  .meta({ id: 'Revocation' });

const KeyPath = z.object({
  id: z.string().max(64).meta({ description: 'A channel id, the uuid of a public key, or that of a relay key' }),
});

const keeping = access({ auth: KEEPERS, permission: 'revoke', rate: 'read' });

/** Public keys, and the keys of the relay (`sk_live_…`). */
export const keys = c.router(
  {
    create: {
      method: 'POST',
      path: '/keys',
      summary: 'Create a relay key',
      description:
        'With `X-Admin-Key` for anyone, named by `userId`; with the access token of a user for that user. The key is in this answer and never again.',
      body: z
        .object({
          userId: text(255, 1).optional().meta({ description: 'With X-Admin-Key: whose key it is' }),
          name: text(100, 1).default('API key'),
          permissions: z.array(PermissionName).min(1).max(4).default(['read', 'write']),
          expiresAt: TimeInput.nullish().meta({ description: 'In the future; left out: it does not expire' }),
        })
        .meta({
          id: 'NewRelayKey',
          examples: [{ userId: 'user-123', name: 'My App API Key', permissions: ['read', 'write'] }],
        }),
      responses: {
        201: okWithMessage(z.object({ key: z.string(), info: RelayKey, ...info }).meta({ id: 'CreatedRelayKey' })),
        ...relayFailures('INSUFFICIENT_SCOPE'),
      },
      metadata: access({ auth: ['admin', 'user'], rate: 'register' }),
    },
    list: {
      method: 'GET',
      path: '/keys',
      summary: 'List your relay keys',
      description: 'Those of the same owner that have not been revoked, the newest first; with X-Admin-Key all.',
      responses: { 200: ok(z.array(RelayKey)) },
      metadata: access({ auth: KEEPERS, permission: 'read', rate: 'read' }),
    },
    get: {
      method: 'GET',
      path: '/keys/:id',
      summary: 'Read a public key, or a relay key of yours',
      description: 'By the id of its channel or by its own.',
      pathParams: KeyPath,
      responses: { 200: ok(z.union([PublicKey, RelayKey])), ...relayFailures('NOT_FOUND', 'KEY_EXPIRED') },
      metadata: open('read', 'read', { auth: KEEPERS }),
    },
    remove: {
      method: 'DELETE',
      path: '/keys/:id',
      summary: 'Revoke a key, or confirm its revocation',
      description:
        'At once, by the id of its channel or by its own; or, with the id of a revocation and its confirmation code (in the body or the query), as the second phase of that one.',
      pathParams: KeyPath,
      query: z.object({ confirmationCode: text(128).optional() }),
      body: z
        .object({ confirmationCode: text(128).optional() })
        .nullish()
        .meta({ id: 'Confirmation', examples: [{ confirmationCode: 'P4sTq…' }] }),
      responses: {
        200: okWithMessage(z.object({ deletedId: Id, channelId: z.string().nullable() }).meta({ id: 'RevokedKey' })),
        ...relayFailures('NOT_FOUND', 'CONFIRMATION_WRONG', 'CONFIRMATION_LOCKED'),
      },
      metadata: keeping,
    },
    revoke: {
      method: 'POST',
      path: '/keys/:id/revoke',
      summary: 'Request the revocation of a key',
      description:
        'The first of two phases. The confirmation code is in this answer and never again; a new request takes the place of one that is pending.',
      pathParams: KeyPath,
      body: z
        .object({
          reason: text(1000, 10),
          confirmationHours: z.int().min(1).max(8760).default(24).meta({ description: 'How long it can be confirmed' }),
        })
        .meta({ id: 'RevocationRequest', examples: [{ reason: 'The laptop was lost', confirmationHours: 24 }] }),
      responses: {
        201: ok(Revocation.extend({ confirmationCode: z.string() }).meta({ id: 'RequestedRevocation' })),
        ...relayFailures('NOT_FOUND'),
      },
      metadata: keeping,
    },
    revocation: {
      method: 'GET',
      path: '/keys/:id/revoke',
      summary: 'Read the revocation of a key',
      description: 'The last one that was requested.',
      pathParams: KeyPath,
      responses: { 200: ok(Revocation), ...relayFailures('NOT_FOUND') },
      metadata: keeping,
    },
    cancelRevocation: {
      method: 'POST',
      path: '/keys/:id/revoke/cancel',
      summary: 'Cancel the revocation of a key',
      description: 'While it is pending, or locked by wrong codes.',
      pathParams: KeyPath,
      body: c.noBody(),
      responses: { 200: ok(Revocation), ...relayFailures('NOT_FOUND') },
      metadata: keeping,
    },
  },
  { pathPrefix: '/api' },
);
