import { defineEntity, p } from '@mikro-orm/core';
import { Task, type TaskStatus } from './task.ts';

/** Every change of a task's status: who, from, to, why. */
export const TaskEvent = defineEntity({
  name: 'TaskEvent',
  tableName: 'task_events',
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    task: () => p.manyToOne(Task).mapToPk().deleteRule('cascade'),
    attempt: p.integer(),
    fromStatus: p.string().length(20).$type<TaskStatus>().nullable(),
    toStatus: p.string().length(20).$type<TaskStatus>(),
    actor: p.string().length(60),
    reason: p.string().length(50).nullable(),
    createdAt: p.datetime(3),
  },
  indexes: [{ name: 'task_events_task', properties: ['task', 'id'] }],
});
