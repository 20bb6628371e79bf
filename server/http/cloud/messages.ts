import type { z } from 'zod';
import type { MessageType, messages } from '../../../contracts/cloud/messages.ts';
import { deleteMessage, listMessages, type MessageRow, readAllMessages, readMessage } from '../../domain/messages.ts';
import type { Handlers } from '../contract.ts';
import { paging, time } from './presented.ts';

const present = (message: MessageRow) => ({
  id: message.id,
  task_id: message.task_id,
  message_type: message.message_type as z.output<typeof MessageType>,
  title: message.title,
  content: message.content,
  data: message.data,
  read: message.read,
  sent_via_email: message.sent_via_email,
  sent_via_push: message.sent_via_push,
  created_at: time(message.created_at),
});

export const messageHandlers: Handlers<typeof messages> = {
  list: async (ctx, { query }) => {
    const page = await listMessages(ctx, { unread: query.unread }, query);
    return { status: 200, data: { messages: page.rows.map(present), ...paging(page) } };
  },

  read: async (ctx, { params }) => ({ status: 200, data: present(await readMessage(ctx, params.message_id)) }),

  readAll: async (ctx) => ({ status: 200, data: { messages_read: await readAllMessages(ctx) } }),

  remove: async (ctx, { params }) => {
    await deleteMessage(ctx, params.message_id);
    return { status: 200, data: { message_id: params.message_id, deleted: true } };
  },
};
