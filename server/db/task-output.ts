import { defineEntity, p } from '@mikro-orm/core';
import { Task } from './task.ts';

/**
 * A piece of what an attempt has written so far, as its device sent it. How far each stream is lies on the attempt; the
 * task itself keeps the beginning and the end of both.
 */
export const TaskOutput = defineEntity({
  name: 'TaskOutput',
  tableName: 'task_outputs',
  properties: {
    task: () => p.manyToOne(Task).mapToPk().deleteRule('cascade').primary(),
    attempt: p.integer().primary(),
    stream: p.string().length(6).$type<'stdout' | 'stderr'>().primary(),
    /** Bytes of the stream before this piece. */
    start: p.integer().primary(),
    /** UTF-8 in whole characters. Bytes, because text cannot hold NUL and offsets count bytes. */
    chunk: p.blob().$type<Buffer>(),
    createdAt: p.datetime(3),
  },
  indexes: [{ name: 'task_outputs_age', properties: ['createdAt'] }],
});
