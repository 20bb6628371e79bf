import { z } from 'zod';
import { c, Time, text } from '../wire.ts';
import { Metadata } from './register.ts';
import { ChannelId, ChannelType, Lifetime, Name, ok, open, Pagination, page, relayFailures } from './wire.ts';

const Channel = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    description: z.string().nullable(),
    type: ChannelType,
    creator: z.string().nullable().meta({ description: 'The owner of the key with which it was made' }),
    createdAt: Time,
    expiresAt: Time.nullable(),
    isActive: z.boolean(),
    metadata: Metadata,
  })
  .meta({ id: 'Channel' });

/** Channels: where messages are published and subscribed to. */
export const channels = c.router(
  {
    create: {
      method: 'POST',
      path: '/channels',
      summary: 'Create a channel',
      description:
        'A `private` one belongs to the owner of the key with which it is made, and is open to that owner alone. A `temporary` one lives until 30 minutes after its last use.',
      body: z
        .object({
          id: ChannelId.optional().meta({ description: 'Left out: one is made' }),
          name: Name.nullish(),
          description: text(1000).nullish(),
          type: ChannelType.default('public'),
          expiresIn: Lifetime.nullish().meta({ description: 'Seconds, at most 30 days; left out: it does not expire' }),
          metadata: Metadata.optional().meta({ description: 'At most 2048 bytes as JSON' }),
        })
        .meta({
          id: 'NewChannel',
          examples: [{ id: 'my-channel', name: 'My channel', type: 'public', expiresIn: 86_400 }],
        }),
      responses: {
        201: ok(Channel),
        ...relayFailures('CHANNEL_EXISTS', 'INVALID_CHANNEL_FORMAT', 'METADATA_TOO_LARGE'),
      },
      metadata: open('write', 'channels'),
    },
    list: {
      method: 'GET',
      path: '/channels',
      summary: 'List channels, or read one',
      description:
        'With `id` the one channel; else those that are active, the newest first. Private ones are shown to their owner.',
      query: z.object({ id: ChannelId.optional(), type: ChannelType.optional(), ...page }),
      responses: {
        200: z.object({
          success: z.literal(true),
          data: z.union([Channel, z.array(Channel)]),
          pagination: Pagination.optional().meta({ description: 'Of a list' }),
        }),
        ...relayFailures('NOT_FOUND', 'INVALID_CHANNEL_FORMAT'),
      },
      metadata: open('read', 'read'),
    },
  },
  { pathPrefix: '/api' },
);
