import { defineEntity, p } from '@mikro-orm/core';
import { Device } from './device.ts';
import { User } from './user.ts';

export type TaskStatus =
  | 'pending'
  | 'queued'
  | 'assigned'
  | 'running'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'timeout';

/** A command for one device. The states and who may change them: `domain/tasks.ts`. */
export const Task = defineEntity({
  name: 'Task',
  tableName: 'tasks',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade'),
    device: () => p.manyToOne(Device).mapToPk().deleteRule('set null').nullable(),
    taskType: p.string().length(50).$type<'bash' | 'workflow' | 'custom'>(),
    command: p.text(),
    args: p.json<Record<string, unknown>>().nullable(),
    status: p.string().length(20).default('pending').$type<TaskStatus>(),
    /** Why it has this status, where that is not plain. */
    reason: p.string().length(50).nullable(),
    priority: p.integer().default(5),
    timeoutSeconds: p.integer().default(300),
    /** What the caller asked for, in milliseconds; the column above is the document's, rounded up. */
    timeoutMs: p.integer().default(300_000),
    maxRetries: p.integer().default(3),
    /** The caller set max_retries, and so wants a command that ran and failed to be run again. */
    retriesWanted: p.boolean().default(false),
    retryCount: p.integer().default(0),
    onDisconnect: p.string().length(10).default('wait').$type<'wait' | 'fail' | 'requeue'>(),
    graceSeconds: p.integer().default(10),

    exitCode: p.integer().nullable(),
    signal: p.string().length(20).nullable(),
    stdout: p.text().nullable(),
    stderr: p.text().nullable(),
    stdoutTruncated: p.boolean().default(false),
    stderrTruncated: p.boolean().default(false),
    errorMessage: p.text().nullable(),
    progress: p.integer().nullable(),
    startedAt: p.datetime(3).nullable(),
    completedAt: p.datetime(3).nullable(),

    /** How often it was handed out; the attempt now under way while it is assigned or running. */
    attempt: p.integer().default(0),
    /** Null unless it is assigned or running. */
    leaseId: p.uuid().nullable(),
    leaseUntil: p.datetime(3).nullable(),
    /** When the server gives up waiting for the end of a running task. */
    deadlineAt: p.datetime(3).nullable(),
    cancelRequestedAt: p.datetime(3).nullable(),

    source: p.string().length(50).default('api').$type<'api' | 'email' | 'web' | 'cli'>(),
    parentTask: () => p.manyToOne(Task).mapToPk().deleteRule('set null').nullable(),
    /** Of the request that created it, and of the caller's span: by these its daemon writes of it too. */
    requestId: p.string().length(128).nullable(),
    traceparent: p.string().length(55).nullable(),
    batchId: p.uuid().nullable(),
    afterTask: () => p.manyToOne(Task).mapToPk().deleteRule('set null').nullable(),
    /** Not before this time, as the caller asked. */
    runAt: p.datetime(3).nullable(),
    /** When a pending task is due: run_at, or the end of a retry delay. Null while it waits for another task. */
    readyAt: p.datetime(3).nullable(),
    /** Not delivered by then: cancelled. */
    expiresAt: p.datetime(3),
    createdAt: p.datetime(3).defaultRaw('now()'),
    updatedAt: p.datetime(3).defaultRaw('now()'),
  },
  indexes: [
    {
      name: 'tasks_claim',
      properties: ['device', 'priority', 'createdAt'],
      columns: [{ name: 'device_id' }, { name: 'priority', sort: 'DESC' }, { name: 'created_at' }],
      where: "status = 'queued'",
    },
    // For counting them: of many the index alone is read, and it holds equal ones together.
    {
      name: 'tasks_open',
      properties: ['user', 'status', 'device'],
      where: "status in ('pending', 'queued', 'assigned', 'running')",
    },
    // The release before counts by it; it goes with the next.
    { name: 'tasks_held', properties: ['user', 'device'], where: "status in ('assigned', 'running')" },
    {
      name: 'tasks_waiting',
      properties: ['user', 'status', 'createdAt', 'id'],
      where: "status in ('pending', 'queued')",
    },
    {
      name: 'tasks_finished',
      properties: ['user', 'status', 'createdAt', 'id'],
      where: "status in ('completed', 'failed', 'cancelled', 'timeout')",
    },
    { name: 'tasks_lease', properties: ['leaseUntil'], where: "status in ('assigned', 'running')" },
    { name: 'tasks_deadline', properties: ['deadlineAt'], where: "status = 'running'" },
    { name: 'tasks_ready', properties: ['readyAt'], where: "status = 'pending'" },
    { name: 'tasks_expiry', properties: ['expiresAt'], where: "status in ('pending', 'queued')" },
    // Read backwards for the newest first.
    { name: 'tasks_user', properties: ['user', 'createdAt', 'id'] },
    {
      name: 'tasks_device',
      properties: ['device', 'createdAt'],
      columns: [{ name: 'device_id' }, { name: 'created_at', sort: 'DESC' }],
    },
    { name: 'tasks_parent', properties: ['parentTask'], where: 'parent_task_id is not null' },
    { name: 'tasks_after', properties: ['afterTask'], where: 'after_task_id is not null' },
    { name: 'tasks_batch', properties: ['batchId'], where: 'batch_id is not null' },
  ],
});
