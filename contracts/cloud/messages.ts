import { z } from 'zod';
import { access, c, failures, Id, ok, openJson, PageQuery, page, queryFlag, Time } from '../wire.ts';

export const MessageType = z.enum(['task_created', 'task_completed', 'task_failed', 'device_online', 'device_offline']);

export const Message = z
  .object({
    id: Id,
    task_id: Id.nullable().meta({ description: 'The task of which it tells' }),
    message_type: MessageType,
    title: z.string(),
    content: z.string().nullable(),
    data: openJson().nullable().meta({ description: 'What a program needs of it, such as ids and the exit code' }),
    read: z.boolean(),
    sent_via_email: z.boolean(),
    sent_via_push: z.boolean(),
    created_at: Time,
  })
  .meta({ id: 'Message' });

const MessagePath = z.object({ message_id: Id });

/** What the service tells a user: tasks that began and ended, devices that came and went. */
export const messages = c.router(
  {
    list: {
      method: 'GET',
      path: '/messages',
      summary: 'List your messages',
      description: 'The newest first.',
      query: PageQuery.extend({
        unread: queryFlag()
          .optional()
          .meta({ description: 'true: only unread ones; false: only those that were read' }),
      }),
      responses: { 200: ok(page('messages', Message)) },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'user:read' }),
    },
    read: {
      method: 'POST',
      path: '/messages/:message_id/read',
      summary: 'Mark a message as read',
      description: 'Repeating it changes nothing.',
      pathParams: MessagePath,
      body: c.noBody(),
      responses: { 200: ok(Message), ...failures('MESSAGE_NOT_FOUND') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'user:write' }),
    },
    readAll: {
      method: 'POST',
      path: '/messages/read-all',
      summary: 'Mark all your messages as read',
      description: 'All that have come until now.',
      body: c.noBody(),
      responses: {
        200: ok(z.object({ messages_read: z.int().meta({ description: 'How many were unread' }) })),
      },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'user:write' }),
    },
    remove: {
      method: 'DELETE',
      path: '/messages/:message_id',
      summary: 'Delete a message',
      description: 'The task or device of which it tells stays.',
      pathParams: MessagePath,
      body: c.noBody(),
      responses: { 200: ok(z.object({ message_id: Id, deleted: z.literal(true) })), ...failures('MESSAGE_NOT_FOUND') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'user:write' }),
    },
  },
  { pathPrefix: '/v1' },
);
