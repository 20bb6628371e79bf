import { defineEntity, p } from '@mikro-orm/core';
import { Device } from './device.ts';
import { Task, type TaskStatus } from './task.ts';

/** Each time a task was handed to a device: the lease, when, and what came back. */
export const TaskAttempt = defineEntity({
  name: 'TaskAttempt',
  tableName: 'task_attempts',
  properties: {
    task: () => p.manyToOne(Task).mapToPk().deleteRule('cascade').primary(),
    number: p.integer().primary(),
    device: () => p.manyToOne(Device).mapToPk().deleteRule('set null').nullable(),
    leaseId: p.uuid(),
    claimId: p.uuid().nullable(),
    assignedAt: p.datetime(3),
    startedAt: p.datetime(3).nullable(),
    endedAt: p.datetime(3).nullable(),
    /** How many bytes of live output were kept, and whether there was more than is kept. */
    stdoutBytes: p.integer().default(0),
    stderrBytes: p.integer().default(0),
    stdoutCut: p.boolean().default(false),
    stderrCut: p.boolean().default(false),
    /** SHA-256 of the reported result, in hex: tells a repeat from another result. */
    resultDigest: p.string().length(64).nullable(),
    resultStatus: p.string().length(20).$type<TaskStatus>().nullable(),
    /** What came back, where it is not the task's own: it was tried again, or the result came too late to count. */
    result: p.json<Record<string, unknown>>().nullable(),
  },
  indexes: [{ name: 'task_attempts_claim', properties: ['device', 'claimId'] }],
});
