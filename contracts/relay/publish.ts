import { z } from 'zod';
import { c, Id, isStorableText, MIB, queryNumber, Time } from '../wire.ts';
import { ChannelId, Name, ok, open, relayFailures } from './wire.ts';

export const Priority = z.enum(['critical', 'high', 'normal', 'low', 'bulk']);

/** The body of a publish as JSON: a message of the largest size whose characters are mostly escaped. */
const BODY_LIMIT = 10 * MIB;

const Published = z
  .object({
    id: Id,
    messageId: Id.meta({ description: 'The same as id' }),
    channel: z.string(),
    publishedAt: Time,
    autoCreated: z.boolean().meta({ description: 'Whether this publish made the channel' }),
  })
  .meta({ id: 'PublishedMessage' });

const QueuedMessage = z
  .object({
    id: Id,
    message: z.string(),
    sender: z.string().nullable(),
    priority: Priority,
    encrypted: z.boolean(),
    timestamp: z.int().meta({ description: 'Milliseconds since 1970' }),
  })
  .meta({ id: 'QueuedMessage' });

/** Messages: published to a channel, delivered live, and kept for those who come later. */
export const publish = c.router(
  {
    send: {
      method: 'POST',
      path: '/publish',
      summary: 'Publish a message',
      description:
        'Subscribers get it at once. It is kept 12 hours, in private and encrypted channels 24, unless `cache` is false; a channel keeps its newest 1,000 messages and 64 MiB. With `encrypted` it is sealed for the public key of the channel before it is stored; a message that is sealed already passes as it is.',
      body: z
        .object({
          channel: ChannelId,
          message: z
            .string()
            .refine(isStorableText, { error: 'must not contain NUL characters or lone surrogates' })
            .meta({ description: 'At most 4,718,592 bytes of UTF-8' }),
          priority: Priority.default('normal'),
          sender: Name.nullish(),
          cache: z.boolean().default(true).meta({ description: 'False: delivered live and never stored' }),
          encrypted: z.boolean().default(false),
          autoCreate: z.boolean().default(true).meta({
            description: 'Where there is no such channel, make a temporary one; else 404',
          }),
        })
        .meta({
          id: 'NewMessage',
          examples: [{ channel: 'my-channel', message: 'Hello, World!', priority: 'normal', sender: 'Server' }],
        }),
      responses: {
        201: ok(Published),
        ...relayFailures('CHANNEL_NOT_FOUND', 'INVALID_CHANNEL_FORMAT', 'MESSAGE_TOO_LARGE', 'KEY_EXPIRED'),
      },
      metadata: open('write', 'publish', { bodyLimit: BODY_LIMIT, tooLarge: 'MESSAGE_TOO_LARGE' }),
    },
    list: {
      method: 'GET',
      path: '/publish',
      summary: 'Look at the messages that a channel keeps',
      description:
        'By priority, then the newest first. Looking takes nothing away; `queueLength` counts all that is kept.',
      query: z.object({
        channel: ChannelId,
        count: queryNumber(1, 100).default(10).meta({ description: 'How many at most' }),
      }),
      responses: {
        200: ok(
          z
            .object({ channel: z.string(), messages: z.array(QueuedMessage), queueLength: z.int() })
            .meta({ id: 'Queue' }),
        ),
        ...relayFailures('CHANNEL_NOT_FOUND', 'INVALID_CHANNEL_FORMAT'),
      },
      metadata: open('read', 'read'),
    },
  },
  { pathPrefix: '/api' },
);
