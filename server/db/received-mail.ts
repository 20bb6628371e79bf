import { defineEntity, p } from '@mikro-orm/core';
import { Task } from './task.ts';
import { User } from './user.ts';

/** A mail that became a task: once for each account, however often and whichever way it comes. */
export const ReceivedMail = defineEntity({
  name: 'ReceivedMail',
  tableName: 'received_mails',
  properties: {
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade').primary(),
    /** Without the angle brackets. */
    messageId: p.string().length(998).primary(),
    task: () => p.manyToOne(Task).mapToPk().deleteRule('cascade'),
    sender: p.string().length(255),
    via: p.string().length(10).$type<'webhook' | 'imap' | 'smtp'>(),
    createdAt: p.datetime(3),
    /** When the result was mailed back. */
    answeredAt: p.datetime(3).nullable(),
  },
  uniques: [{ name: 'received_mails_task', properties: ['task'] }],
});
