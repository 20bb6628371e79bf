import type { z } from 'zod';
import type { NewTask as NewTaskSchema, tasks } from '../../../contracts/cloud/tasks.ts';
import { awaitOutput } from '../../domain/outputs.ts';
import type { TaskRow } from '../../domain/task-states.ts';
import {
  awaitTask,
  cancelTask,
  createBatch,
  createTask,
  listTaskEvents,
  listTasks,
  type NewTask,
  type QueuedTask,
  retryTask,
} from '../../domain/tasks.ts';
import type { Handlers } from '../contract.ts';
import { paging, time, timeOrNull } from './presented.ts';

/** A task as a caller describes it. */
export const fromWire = (task: z.output<typeof NewTaskSchema>): NewTask => ({
  deviceId: task.device_id,
  type: task.type,
  command: task.command,
  args: task.args,
  priority: task.priority,
  timeoutMs: task.timeout,
  maxRetries: task.max_retries,
  runAt: task.run_at === undefined ? undefined : new Date(task.run_at),
  expiresInSeconds: task.expires_in,
  onDisconnect: task.on_disconnect,
  graceSeconds: task.grace_seconds,
  source: task.source,
});

export const queued = ({ id, status, estimatedStart }: QueuedTask) => ({
  task_id: id,
  status,
  estimated_start: time(estimatedStart),
});

type Summary = Omit<TaskRow, 'stdout' | 'stderr'>;

const summary = (task: Summary) => ({
  id: task.id,
  device_id: task.device_id,
  type: task.task_type,
  command: task.command,
  args: task.args,
  status: task.status,
  reason: task.reason,
  priority: task.priority,
  timeout: task.timeout_ms,
  timeout_seconds: task.timeout_seconds,
  max_retries: task.max_retries,
  retry_count: task.retry_count,
  attempt: task.attempt,
  progress: task.progress,
  exit_code: task.exit_code,
  signal: task.signal,
  error_message: task.error_message,
  on_disconnect: task.on_disconnect,
  grace_seconds: task.grace_seconds,
  source: task.source,
  parent_task_id: task.parent_task_id,
  request_id: task.request_id,
  traceparent: task.traceparent,
  batch_id: task.batch_id,
  after_task_id: task.after_task_id,
  run_at: timeOrNull(task.run_at),
  expires_at: time(task.expires_at),
  started_at: timeOrNull(task.started_at),
  completed_at: timeOrNull(task.completed_at),
  cancel_requested_at: timeOrNull(task.cancel_requested_at),
  created_at: time(task.created_at),
  updated_at: time(task.updated_at),
});

const whole = (task: TaskRow) => ({
  ...summary(task),
  stdout: task.stdout,
  stderr: task.stderr,
  stdout_truncated: task.stdout_truncated,
  stderr_truncated: task.stderr_truncated,
});

export const taskHandlers: Handlers<typeof tasks> = {
  create: async (ctx, { body }) => ({ status: 201, data: queued(await createTask(ctx, fromWire(body))) }),

  createBatch: async (ctx, { body }) => {
    const batch = await createBatch(ctx, body.tasks.map(fromWire), body.mode);
    return { status: 201, data: { batch_id: batch.batchId, mode: body.mode, tasks: batch.tasks.map(queued) } };
  },

  list: async (ctx, { query }) => {
    const filter = { status: query.status, deviceId: query.device_id, batchId: query.batch_id };
    const page = await listTasks(ctx, filter, query);
    return { status: 200, data: { tasks: page.rows.map(summary), ...paging(page) } };
  },

  get: async (ctx, { params, query, signal }) => ({
    status: 200,
    data: whole(await awaitTask(ctx, params.task_id, query.wait * 1000, signal)),
  }),

  listEvents: async (ctx, { params }) => {
    const events = await listTaskEvents(ctx, params.task_id);
    return {
      status: 200,
      data: { events: events.map(({ task_id: _, ...event }) => ({ ...event, created_at: time(event.created_at) })) },
    };
  },

  output: async (ctx, { params, query, signal }) => {
    const { stream, from, attempt, wait } = query;
    const output = await awaitOutput(ctx, params.task_id, { stream, from, attempt }, { waitMs: wait * 1000, signal });
    const { nextOffset, ...rest } = output;
    return { status: 200, data: { task_id: params.task_id, stream, ...rest, next_offset: nextOffset } };
  },

  cancel: async (ctx, { params }) => ({ status: 200, data: whole(await cancelTask(ctx, params.task_id)) }),

  retry: async (ctx, { params }) => ({ status: 201, data: queued(await retryTask(ctx, params.task_id)) }),
};
