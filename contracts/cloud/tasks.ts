import { z } from 'zod';
import { access, c, failures, Id, ok, openJson, PageQuery, page, queryNumber, Time, TimeInput, text } from '../wire.ts';

export const TaskStatus = z.enum([
  'pending',
  'queued',
  'assigned',
  'running',
  'completed',
  'failed',
  'cancelled',
  'timeout',
]);
export const TaskType = z.enum(['bash', 'workflow', 'custom']);
export const TaskSource = z.enum(['api', 'email', 'web', 'cli']);
export const OutputStream = z.enum(['stdout', 'stderr']);
export const OnDisconnect = z.enum(['wait', 'fail', 'requeue']);

/** Length of a command: what fits the 1 MiB body with room for the rest. */
const MAX_COMMAND = 256 * 1024;
const DAY_MS = 86_400_000;

export const NewTask = z
  .object({
    device_id: Id.meta({ description: 'The device that is to run it' }),
    type: TaskType.default('bash'),
    command: text(MAX_COMMAND, 1),
    args: openJson().optional().meta({ description: 'Kept whole; a daemon reads cwd, env and timeout' }),
    priority: z.int().min(1).max(10).default(5).meta({ description: '10 is the most urgent' }),
    timeout: z
      .int()
      .min(1000)
      .max(DAY_MS)
      .optional()
      .meta({ description: 'Milliseconds of run time, by default 300000; beats args.timeout' }),
    max_retries: z.int().min(0).max(10).optional().meta({
      description:
        'How often it may be run again, by default 3. Unless you set it yourself, only a task that never ran is tried again; a command that failed is not.',
    }),
    run_at: TimeInput.optional().meta({ description: 'Not before this time' }),
    expires_in: z
      .int()
      .min(60)
      .max(2_592_000)
      .default(604_800)
      .meta({ description: 'Seconds after which an undelivered task is cancelled' }),
    on_disconnect: OnDisconnect.default('wait').meta({
      description: 'What happens when the device falls silent while it runs',
    }),
    grace_seconds: z.int().min(0).max(300).default(10).meta({ description: 'Between SIGTERM and SIGKILL' }),
    source: TaskSource.default('api'),
  })
  .meta({
    id: 'NewTask',
    examples: [
      {
        device_id: '6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11',
        type: 'bash',
        command: 'npm run build',
        args: { cwd: '/project/path', env: { NODE_ENV: 'production' } },
        priority: 7,
        timeout: 300000,
      },
    ],
  });

export const QueuedTask = z
  .object({
    task_id: Id,
    status: TaskStatus,
    estimated_start: Time.meta({ description: 'The earliest time at which the device can start it' }),
  })
  .meta({ id: 'QueuedTask' });

export const TaskSummary = z
  .object({
    id: Id,
    device_id: Id.nullable().meta({ description: 'Null after the device was deleted' }),
    type: TaskType,
    command: z.string(),
    args: openJson().nullable(),
    status: TaskStatus,
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why it has this status: expired, predecessor, lost, unconfirmed, device_deleted, …' }),
    priority: z.int(),
    timeout: z.int().meta({ description: 'Milliseconds' }),
    timeout_seconds: z.int(),
    max_retries: z.int(),
    retry_count: z.int(),
    attempt: z.int().meta({ description: 'How often it was handed to a device' }),
    progress: z.int().nullable().meta({ description: 'Percent, when the device reports it' }),
    exit_code: z.int().nullable(),
    signal: z.string().nullable(),
    error_message: z.string().nullable(),
    on_disconnect: OnDisconnect,
    grace_seconds: z.int(),
    source: TaskSource,
    parent_task_id: Id.nullable().meta({ description: 'The task that this one retries' }),
    request_id: z.string().nullable().meta({ description: 'X-Request-Id of the request that created it' }),
    traceparent: z
      .string()
      .nullable()
      .meta({ description: 'As it came with that request (W3C Trace Context); the daemon gets it with the task' }),
    batch_id: Id.nullable(),
    after_task_id: Id.nullable().meta({ description: 'In a sequential batch: the one that must complete before' }),
    run_at: Time.nullable(),
    expires_at: Time,
    started_at: Time.nullable(),
    completed_at: Time.nullable(),
    cancel_requested_at: Time.nullable(),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'TaskSummary' });

export const Task = TaskSummary.extend({
  stdout: z.string().nullable().meta({ description: 'The first 64 KiB and the last 960 KiB' }),
  stderr: z.string().nullable(),
  stdout_truncated: z.boolean(),
  stderr_truncated: z.boolean(),
}).meta({ id: 'Task' });

export const TaskEvent = z
  .object({
    id: z.int(),
    attempt: z.int(),
    from_status: TaskStatus.nullable(),
    to_status: TaskStatus,
    actor: z.string().meta({ description: 'Who: user:<id>, api_key:<id>, device:<id>, email_config:<id> or system' }),
    reason: z.string().nullable(),
    created_at: Time,
  })
  .meta({ id: 'TaskEvent' });

export const TaskOutput = z
  .object({
    task_id: Id,
    attempt: z.int().meta({ description: '0 before the task was first handed to a device' }),
    stream: OutputStream,
    offset: z.int().meta({
      description:
        'Where chunk begins: from, or the start of the character that from falls into, or later where what lay there was deleted after 7 days',
    }),
    chunk: z.string().meta({ description: 'About 1 MiB at most; there may be more after next_offset' }),
    next_offset: z.int().meta({ description: 'Pass it as from to go on' }),
    truncated: z
      .boolean()
      .meta({ description: 'The stream went on after what is kept: 16 MiB, or what your storage had room for' }),
    complete: z.boolean().meta({ description: 'The attempt has ended and nothing comes after next_offset' }),
  })
  .meta({ id: 'TaskOutput' });

const TaskPath = z.object({ task_id: Id });

/** Tasks: commands that a user queues for one of their devices. Times are ISO 8601 in UTC; `timeout` is milliseconds. */
export const tasks = c.router(
  {
    create: {
      method: 'POST',
      path: '/tasks',
      summary: 'Queue a command on a device',
      description: 'The device gets it with its next look for tasks, or within milliseconds when it is waiting.',
      body: NewTask,
      responses: { 201: ok(QueuedTask), ...failures('DEVICE_NOT_FOUND', 'DAILY_TASKS_REACHED') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:create', idempotent: true }),
    },
    createBatch: {
      method: 'POST',
      path: '/tasks/batch',
      summary: 'Queue several commands',
      description:
        'All are created or none. In mode sequential each waits until the one before it completed; when one does not, the rest are cancelled.',
      body: z
        .object({
          tasks: z.array(NewTask).min(1).max(100),
          mode: z.enum(['parallel', 'sequential']).default('parallel'),
        })
        .meta({
          id: 'NewBatch',
          examples: [
            {
              tasks: [
                { device_id: '6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11', command: 'npm test' },
                { device_id: '6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11', command: 'npm run lint' },
              ],
              mode: 'sequential',
            },
          ],
        }),
      responses: {
        201: ok(
          z
            .object({ batch_id: Id, mode: z.enum(['parallel', 'sequential']), tasks: z.array(QueuedTask) })
            .meta({ id: 'QueuedBatch' }),
        ),
        ...failures('DEVICE_NOT_FOUND', 'DAILY_TASKS_REACHED'),
      },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:create', idempotent: true }),
    },
    list: {
      method: 'GET',
      path: '/tasks',
      summary: 'List your tasks',
      description: 'The newest first, without their output.',
      query: PageQuery.extend({
        status: TaskStatus.optional(),
        device_id: Id.optional(),
        batch_id: Id.optional(),
      }),
      responses: { 200: ok(page('tasks', TaskSummary)) },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:read' }),
    },
    get: {
      method: 'GET',
      path: '/tasks/:task_id',
      summary: 'Read a task',
      description:
        'One task with its output. With wait it answers as soon as the task has finished, or after that many seconds.',
      pathParams: TaskPath,
      query: z.object({
        wait: queryNumber(0, 30).default(0).meta({ description: 'Seconds to wait for the task to finish' }),
      }),
      responses: { 200: ok(Task), ...failures('TASK_NOT_FOUND') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:read' }),
    },
    listEvents: {
      method: 'GET',
      path: '/tasks/:task_id/events',
      summary: 'Read what happened to a task',
      description: 'Each change of its status, the oldest first: who, from, to, why.',
      pathParams: TaskPath,
      responses: { 200: ok(z.object({ events: z.array(TaskEvent) })), ...failures('TASK_NOT_FOUND') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:read' }),
    },
    output: {
      method: 'GET',
      path: '/tasks/:task_id/output',
      summary: 'Read what a task has written so far',
      description:
        'One stream of one attempt, from an offset in bytes of UTF-8. With wait it answers as soon as there is something, or when nothing more will come, or after that many seconds.',
      pathParams: TaskPath,
      query: z.object({
        stream: OutputStream.default('stdout'),
        from: queryNumber(0, 2_147_483_647).default(0).meta({ description: 'Bytes of UTF-8 to leave out' }),
        attempt: queryNumber(1, 1_000_000).optional().meta({ description: 'By default the latest' }),
        wait: queryNumber(0, 30).default(0).meta({ description: 'Seconds to wait for output' }),
      }),
      responses: { 200: ok(TaskOutput), ...failures('TASK_NOT_FOUND') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:read' }),
    },
    cancel: {
      method: 'POST',
      path: '/tasks/:task_id/cancel',
      summary: 'Cancel a task',
      description:
        'A waiting task is cancelled at once. A task that a device holds gets cancel_requested_at: the device stops it, and a result that arrives first wins. Cancelling twice is no error.',
      pathParams: TaskPath,
      body: c.noBody(),
      responses: { 200: ok(Task), ...failures('TASK_NOT_FOUND', 'TASK_FINISHED') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:cancel' }),
    },
    retry: {
      method: 'POST',
      path: '/tasks/:task_id/retry',
      summary: 'Run a finished task again',
      description: 'Makes a new task with the same command for the same device; parent_task_id names the old one.',
      pathParams: TaskPath,
      body: c.noBody(),
      responses: {
        201: ok(QueuedTask),
        ...failures('TASK_NOT_FOUND', 'DEVICE_NOT_FOUND', 'TASK_NOT_FINISHED', 'DAILY_TASKS_REACHED'),
      },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:create', idempotent: true }),
    },
  },
  { pathPrefix: '/v1' },
);
