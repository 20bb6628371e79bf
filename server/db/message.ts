import { defineEntity, p } from '@mikro-orm/core';
import { Task } from './task.ts';
import { User } from './user.ts';

/** A notification to a user. */
export const Message = defineEntity({
  name: 'Message',
  tableName: 'messages',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade'),
    task: () => p.manyToOne(Task).mapToPk().deleteRule('cascade').nullable(),
    messageType: p.string().length(50),
    title: p.string().length(255),
    content: p.text().nullable(),
    data: p.json<Record<string, unknown>>().nullable(),
    read: p.boolean().default(false),
    sentViaEmail: p.boolean().default(false),
    sentViaPush: p.boolean().default(false),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
  indexes: [
    {
      name: 'messages_user',
      properties: ['user', 'createdAt'],
      columns: [{ name: 'user_id' }, { name: 'created_at', sort: 'DESC' }],
    },
    { name: 'messages_unread', properties: ['user', 'createdAt'], where: 'not read' },
    { name: 'messages_task', properties: ['task'], where: 'task_id is not null' },
  ],
});
