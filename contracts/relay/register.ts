import { z } from 'zod';
import { c, Id, openJson, Time } from '../wire.ts';
import { ChannelId, Lifetime, ok, open, relayFailures } from './wire.ts';

export const Algorithm = z.enum(['RSA-2048', 'RSA-4096', 'ECC-SECP256K1']);

const WEEK_SECONDS = 7 * 86_400;

export const Metadata = openJson().nullable();

const Registered = z
  .object({
    channelId: z.string(),
    publicKeyId: Id,
    algorithm: Algorithm,
    expiresAt: Time,
    expiresIn: z.int().meta({ description: 'Seconds' }),
  })
  .meta({ id: 'RegisteredKey' });

export const PublicKeyInfo = z
  .object({
    id: Id,
    channelId: z.string(),
    algorithm: Algorithm,
    createdAt: Time,
    expiresAt: Time,
    isExpired: z.boolean(),
  })
  .meta({ id: 'PublicKeyInfo' });

/** Public keys, each with an encrypted channel of its own. */
export const register = c.router(
  {
    create: {
      method: 'POST',
      path: '/register',
      summary: 'Register a public key',
      description:
        'Makes an encrypted channel for it, which lives as long as the key. PEM, with or without line breaks, at most 4096 bytes. The same key can be registered again when it has expired or been revoked.',
      body: z
        .object({
          publicKey: z.string().min(1).meta({ description: 'SPKI as PEM' }),
          algorithm: Algorithm.optional().meta({
            description: 'Left out: what the key is. It must be what the key is',
          }),
          expiresIn: Lifetime.default(WEEK_SECONDS).meta({ description: 'Seconds, at most 30 days' }),
          metadata: Metadata.optional().meta({ description: 'At most 2048 bytes as JSON' }),
        })
        .meta({
          id: 'NewPublicKey',
          examples: [
            {
              publicKey:
                '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA...\n-----END PUBLIC KEY-----',
              algorithm: 'RSA-4096',
              expiresIn: WEEK_SECONDS,
              metadata: { deviceName: 'My Device', appVersion: '1.0.0' },
            },
          ],
        }),
      responses: { 201: ok(Registered), ...relayFailures('DUPLICATE_KEY', 'KEY_TOO_LARGE', 'METADATA_TOO_LARGE') },
      metadata: open('write', 'register', { tooLarge: 'KEY_TOO_LARGE' }),
    },
    find: {
      method: 'GET',
      path: '/register',
      summary: 'Find a public key',
      description:
        'By its channel or by its id, also when it has expired. Without either: the keys that were registered with your relay key, the newest first, at most 100.',
      query: z.object({ channelId: ChannelId.optional(), keyId: Id.optional() }),
      responses: {
        200: ok(z.union([PublicKeyInfo, z.array(PublicKeyInfo)])),
        ...relayFailures('NOT_FOUND', 'INVALID_CHANNEL_FORMAT'),
      },
      metadata: open('read', 'read'),
    },
  },
  { pathPrefix: '/api' },
);
