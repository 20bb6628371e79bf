import { z } from 'zod';
import { AnyTime, access, c, failures, Id, MIB, ok, openJson, queryNumber, Time, text } from '../wire.ts';
import { backupContent, ConfigBackup } from './config.ts';
import { DeviceConfig, DeviceStatus } from './devices.ts';
import { LogUpload, UploadedLog } from './logs.ts';
import { OutputStream, TaskStatus, TaskType } from './tasks.ts';

/**
 * The machine's own id at registration; later that or the device's uuid, and then it must match the key. A device that was
 * made ahead of time takes the first that comes.
 */
const OwnDevice = z.object({
  'x-device-id': text(100, 1)
    .optional()
    .meta({ description: "The machine's own id or the device's id; must match the key" }),
});

const TaskPath = z.object({ task_id: Id });

export const HandedTask = z
  .object({
    id: Id,
    type: TaskType,
    command: z.string(),
    args: openJson().meta({ description: 'As the caller sent them, with timeout in milliseconds' }),
    priority: z.int(),
    max_retries: z.int(),
    timeout: z.int().meta({ description: 'Milliseconds' }),
    grace_seconds: z.int(),
    attempt: z.int(),
    lease_id: Id.meta({
      description: 'Send it with start, heartbeat and result: it proves that this attempt is yours',
    }),
    lease_expires_at: Time,
    created_at: Time,
    request_id: z.string().nullable().meta({ description: 'Of the request that created it: write it in your log' }),
    traceparent: z
      .string()
      .nullable()
      .meta({ description: 'Of the span that created it (W3C Trace Context): the parent of yours' }),
  })
  .meta({ id: 'HandedTask' });

const exit = { exit_code: z.int().min(-2_147_483_648).max(2_147_483_647).nullable().optional() };

/** Length of one output stream in a result, in characters: two of them fit the 16 MiB body with room for escapes. */
const MAX_OUTPUT = 16 * MIB;

/** Length of one piece of live output, in characters: it fits the 2 MiB body with room for escapes. */
const MAX_CHUNK = 256 * 1024;
const MAX_OFFSET = 2_147_483_647;

export const TaskResult = z
  .object({
    status: z.enum(['completed', 'failed', 'cancelled', 'timeout']),
    ...exit,
    signal: text(20).nullable().optional(),
    stdout: z
      .string()
      .max(MAX_OUTPUT)
      .default('')
      .meta({ description: 'The first 64 KiB and the last 960 KiB are kept' }),
    stderr: z.string().max(MAX_OUTPUT).default(''),
    error_message: text(4000).nullable().optional(),
    started_at: AnyTime.nullable().optional(),
    completed_at: AnyTime.nullable().optional(),
    lease_id: Id.optional(),
    never_started: z
      .boolean()
      .default(false)
      .meta({ description: 'The command was not started at all, so that it can safely be tried again' }),
  })
  .meta({
    id: 'TaskResult',
    examples: [
      {
        status: 'completed',
        exit_code: 0,
        stdout: 'output...',
        stderr: '',
        started_at: '2026-01-20T10:01:00Z',
        completed_at: '2026-01-20T10:01:30Z',
      },
    ],
  });

/** What the daemon on a machine calls, with the key of its device. */
export const daemon = c.router(
  {
    register: {
      method: 'POST',
      path: '/daemon/register',
      summary: 'Register this machine',
      description:
        'Makes a device and its key (201), or gives a known machine a new key (200); the old key stops working. The key is in this answer and never again.',
      headers: z.object({
        'x-device-id': text(100, 1).meta({ description: "The machine's own id, unique among your machines" }),
      }),
      body: z
        .object({
          device_name: text(100, 1),
          os_type: text(50).optional().meta({ description: 'darwin, linux, windows, termux' }),
          os_version: text(50).optional(),
          arch: text(20).optional(),
          ccjk_version: text(20).optional(),
          metadata: openJson().optional(),
        })
        .meta({
          id: 'NewDevice',
          examples: [
            {
              device_name: 'MacBook Pro',
              os_type: 'darwin',
              os_version: '23.1.0',
              arch: 'arm64',
              ccjk_version: '3.7.0',
            },
          ],
        }),
      responses: {
        200: ok(
          z.object({ device_id: Id, device_key: z.string(), config: DeviceConfig }).meta({ id: 'RegisteredDevice' }),
        ),
        201: ok(
          z.object({ device_id: Id, device_key: z.string(), config: DeviceConfig }).meta({ id: 'RegisteredDevice' }),
        ),
        ...failures('PLAN_LIMIT_REACHED'),
      },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'device:write', idempotent: true, showsSecret: true }),
    },
    heartbeat: {
      method: 'POST',
      path: '/daemon/heartbeat',
      summary: 'Report that this machine is alive',
      description:
        'Renews the leases of the tasks that it names, and tells which tasks to stop and which are no longer its own.',
      headers: OwnDevice,
      body: z
        .object({
          status: DeviceStatus.default('online'),
          current_tasks: z
            .array(
              z.union([
                Id,
                z.object({ task_id: Id, lease_id: Id.optional(), progress: z.int().min(0).max(100).optional() }),
              ]),
            )
            .max(1000)
            .default([])
            .meta({ description: 'Ids, or {task_id, lease_id}' }),
          system_info: openJson().optional(),
        })
        .meta({
          id: 'Heartbeat',
          examples: [
            {
              status: 'online',
              current_tasks: [],
              system_info: { cpu_usage: 25.5, memory_usage: 45.2, disk_usage: 60 },
            },
          ],
        }),
      responses: {
        200: ok(
          z
            .object({
              server_time: Time,
              next_heartbeat_seconds: z.int(),
              cancel_tasks: z.array(z.object({ task_id: Id, grace_seconds: z.int() })),
              lost_tasks: z.array(Id).meta({ description: 'Named tasks that are no longer yours: stop them' }),
              config_version: z.int(),
              tasks_available: z.boolean(),
            })
            .meta({ id: 'HeartbeatAnswer' }),
        ),
      },
      metadata: access({ auth: ['device'] }),
    },
    claim: {
      method: 'GET',
      path: '/daemon/tasks/pending',
      summary: 'Take tasks to run',
      description:
        'Hands out queued tasks, the most urgent first, within the limits of device and plan. With claim_id the same call can be repeated after a lost answer, and each task is to be started before it runs; without it delivery counts as start.',
      headers: OwnDevice,
      query: z.object({
        limit: queryNumber(1, 100).default(10),
        wait: queryNumber(0, 30).default(0).meta({ description: 'Seconds to wait when there is nothing' }),
        claim_id: Id.optional().meta({ description: 'A new uuid for each claim; the same for its repeats' }),
      }),
      responses: { 200: ok(z.object({ tasks: z.array(HandedTask), count: z.int() }).meta({ id: 'HandedTasks' })) },
      metadata: access({ auth: ['device'] }),
    },
    start: {
      method: 'POST',
      path: '/daemon/tasks/:task_id/start',
      summary: 'Say that a task starts now',
      description: 'Start the command only after this was answered with 200. It may be repeated with the same lease.',
      headers: OwnDevice,
      pathParams: TaskPath,
      body: z
        .object({ lease_id: Id })
        .meta({ id: 'TaskStart', examples: [{ lease_id: '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa' }] }),
      responses: {
        200: ok(z.object({ task_id: Id, status: TaskStatus, lease_expires_at: Time }).meta({ id: 'StartedTask' })),
        ...failures('TASK_NOT_FOUND', 'TASK_CANCELLED', 'LEASE_LOST'),
      },
      metadata: access({ auth: ['device'] }),
    },
    result: {
      method: 'POST',
      path: '/daemon/tasks/:task_id/result',
      summary: 'Report how a task ended',
      description: 'May be repeated until it is answered: the same result of an attempt gets the same answer.',
      headers: OwnDevice,
      pathParams: TaskPath,
      body: TaskResult,
      responses: {
        200: ok(
          z
            .object({
              task_id: Id,
              attempt: z.int(),
              status: TaskStatus.meta({ description: 'What was recorded for this attempt' }),
            })
            .meta({ id: 'RecordedResult' }),
        ),
        ...failures('TASK_NOT_FOUND', 'RESULT_CONFLICT', 'LEASE_LOST'),
      },
      metadata: access({ auth: ['device'], bodyLimit: 16 * MIB }),
    },
    output: {
      method: 'POST',
      path: '/daemon/tasks/:task_id/output',
      summary: 'Send what a task has written',
      description:
        'A piece of one stream of the attempt that the lease names. offset counts the bytes of UTF-8 before it. A piece that begins before next_offset has arrived already and changes nothing; one that begins after it is refused. 16 MiB of each stream are kept; what lies beyond the first MiB counts against the storage of the user, and where that is full the stream ends there. truncated says that the rest is not wanted.',
      headers: OwnDevice,
      pathParams: TaskPath,
      body: z
        .object({
          lease_id: Id,
          stream: OutputStream,
          offset: z.int().min(0).max(MAX_OFFSET),
          chunk: z
            .string()
            .max(MAX_CHUNK)
            .meta({ description: 'Whole characters; an empty one only asks for next_offset' }),
        })
        .meta({
          id: 'NewOutput',
          examples: [
            {
              lease_id: '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa',
              stream: 'stdout',
              offset: 0,
              chunk: 'added 312 packages in 4s\n',
            },
          ],
        }),
      responses: {
        200: ok(
          z
            .object({
              task_id: Id,
              stream: OutputStream,
              next_offset: z.int().meta({ description: 'Where the next piece has to begin' }),
              truncated: z.boolean().meta({ description: 'The stream is full: send no more of it' }),
            })
            .meta({ id: 'RecordedOutput' }),
        ),
        ...failures('TASK_NOT_FOUND', 'LEASE_LOST', 'OUTPUT_GAP'),
      },
      metadata: access({ auth: ['device'], bodyLimit: 2 * MIB }),
    },
    syncConfig: {
      method: 'GET',
      path: '/daemon/config/sync',
      summary: 'Fetch the settings of this machine',
      description: 'The settings with their version, and a backup that is to be restored here.',
      headers: OwnDevice,
      responses: {
        200: ok(
          z
            .object({
              config: DeviceConfig,
              config_version: z.int(),
              restore: z
                .object({ backup_id: Id, config_name: z.string(), config_data: openJson() })
                .nullable()
                .meta({ description: 'Repeated until the restore is confirmed' }),
            })
            .meta({ id: 'SyncedConfig' }),
        ),
      },
      metadata: access({ auth: ['device'] }),
    },
    uploadLog: {
      method: 'POST',
      path: '/daemon/logs',
      contentType: 'multipart/form-data',
      summary: 'Upload a log',
      description:
        'A form with the file and its metadata as JSON, in any order. Gzip is recognised by its first bytes; inflated, it may have 64 MiB or 20 times its size, whichever is more. With an Idempotency-Key the same file and metadata make one log, also when they are sent twice at once.',
      headers: OwnDevice,
      body: LogUpload,
      responses: { 201: ok(UploadedLog), ...failures('ROUTE_NOT_FOUND', 'STORAGE_QUOTA_EXCEEDED') },
      metadata: access({ auth: ['device'], bodyLimit: 50 * MIB, idempotent: true }),
    },
    backupConfig: {
      method: 'POST',
      path: '/daemon/config/backup',
      summary: 'Back up the configuration of this machine',
      description: 'Keeps it as an automatic backup (is_auto). It counts against the storage of the user.',
      headers: OwnDevice,
      body: z
        .object(backupContent)
        .meta({ id: 'NewAutoBackup', examples: [{ config_name: 'claude-code-config', config_data: {} }] }),
      responses: { 201: ok(ConfigBackup), ...failures('STORAGE_QUOTA_EXCEEDED') },
      metadata: access({ auth: ['device'], idempotent: true }),
    },
    restoredConfig: {
      method: 'POST',
      path: '/daemon/config/restored',
      summary: 'Confirm a restore',
      description: 'The backup that the sync showed has been restored and is not shown again. It may be repeated.',
      headers: OwnDevice,
      body: z
        .object({ backup_id: Id })
        .meta({ id: 'RestoredConfig', examples: [{ backup_id: '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa' }] }),
      responses: {
        200: ok(z.object({ backup_id: Id, restored: z.literal(true) })),
        ...failures('BACKUP_NOT_FOUND'),
      },
      metadata: access({ auth: ['device'] }),
    },
    offline: {
      method: 'POST',
      path: '/daemon/offline',
      summary: 'Report that this machine goes offline',
      description: 'Tasks that it holds keep their leases until they run out.',
      headers: OwnDevice,
      body: c.noBody(),
      responses: { 200: ok(z.object({ device_id: Id, daemon_status: DeviceStatus })) },
      metadata: access({ auth: ['device'] }),
    },
  },
  { pathPrefix: '/v1' },
);
