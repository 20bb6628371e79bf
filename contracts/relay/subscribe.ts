import { z } from 'zod';
import { c, Id } from '../wire.ts';
import { Priority } from './publish.ts';
import { ChannelId, open, relayFailures } from './wire.ts';

/** Milliseconds since 1970. */
const Timestamp = z.int().meta({ description: 'Milliseconds since 1970' });

const EventId = z
  .string()
  .regex(/^event-\d+$/)
  .meta({ description: 'The last id of a reconnect', examples: ['event-42'] });

/** The events of a subscription; `data` is sent as JSON. */
export const StreamEvent = z
  .discriminatedUnion('event', [
    z
      .object({
        event: z.literal('connected'),
        id: EventId.optional(),
        retry: z.int().meta({ description: 'Milliseconds to wait before a reconnect', examples: [15_000] }),
        data: z.object({
          channel: z.string(),
          type: z.literal('channel'),
          timestamp: Timestamp,
          message: z.literal('Connected'),
          gap: z.literal(true).optional().meta({ description: 'Messages after the last id are gone already' }),
        }),
      })
      .meta({ id: 'ConnectedEvent' }),
    z
      .object({
        event: z.literal('message'),
        id: EventId,
        data: z.object({
          id: Id,
          channel: z.string(),
          message: z.string(),
          sender: z.string().nullable(),
          priority: Priority,
          encrypted: z.boolean(),
          timestamp: Timestamp,
        }),
      })
      .meta({ id: 'MessageEvent' }),
  ])
  .meta({ id: 'StreamEvent', description: 'One Server-Sent Event of a subscription; its data is sent as JSON' });

/** Messages of a channel as they are published, as Server-Sent Events. */
export const subscribe = c.router(
  {
    open: {
      method: 'GET',
      path: '/subscribe',
      summary: 'Subscribe to a channel',
      description: `A stream of Server-Sent Events. First \`connected\`, then a \`message\` for each message, with the id \`event-<n>\`:
n grows in the order of publishing and never starts again for a channel. \`connected\` has the id after which the stream
goes on, so that a cut before the first message loses none either. A comment comes each 30 seconds.

Without a last id only what is published from now on is sent. With \`Last-Event-ID\` (or \`lastEventId\`; the header comes
first) all stored messages after it are sent in order, once, and then what is published. Where that id is unknown, or
older than what is stored, \`connected\` carries \`"gap":true\` and all that is stored follows.

A relay key may be in the query, \`?Authorization=Bearer+KEY\`, because an EventSource sends no headers.`,
      headers: z.object({ 'last-event-id': z.string().max(255).optional() }),
      query: z.object({
        channel: ChannelId,
        lastEventId: z.string().max(255).optional().meta({ description: 'Of the last event that you have' }),
        order: z.enum(['sequence', 'priority']).default('sequence').meta({
          description: 'priority: what is stored comes by priority; its ids then say up to where all was sent',
        }),
      }),
      responses: {
        200: c.otherResponse({
          contentType: 'text/event-stream',
          body: z.string().meta({ description: 'event: connected | message' }),
        }),
        ...relayFailures('CHANNEL_NOT_FOUND', 'INVALID_CHANNEL_FORMAT'),
      },
      metadata: open('read', 'subscribe', { inQuery: true }),
    },
  },
  { pathPrefix: '/api' },
);
