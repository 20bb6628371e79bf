/**
 * The wire of the ccjk daemon as it is released: `/api/control`. It knows the key of its device, which it sends in
 * `X-Device-Token`, and answers of the form `{success, data}` or `{success, error: "text"}`.
 *
 * That daemon never acknowledges a start, so delivery is the start; it runs the commands of one delivery one after another.
 */
import { z } from 'zod';
import { DeviceStatus } from './cloud/devices.ts';
import { TaskStatus } from './cloud/tasks.ts';
import type { FailureCode } from './failures.ts';
import { access, c, failureCodes, failuresIn, Id, MIB, queryNumber, Time, text } from './wire.ts';

// ---- Envelope -------------------------------------------------------------------------------------------------------

const ok = <Data extends z.ZodType>(data: Data) => z.object({ success: z.literal(true), data });

/** The envelope of an answer that failed with one of `codes`, of which only the sentence goes over the wire. */
export const controlFailure = (codes: readonly FailureCode[]) =>
  z
    .object({
      success: z.literal(false),
      error: z.string().meta({ description: 'One sentence that says what to do' }),
    })
    .register(failureCodes, { codes });

const failures = failuresIn(controlFailure);

// ---- Values ---------------------------------------------------------------------------------------------------------

const CommandType = z
  .enum(['shell', 'script', 'file', 'system'])
  .meta({ description: '`shell` is `bash` under /v1, `script` is `workflow`; the others are `custom`' });

const MAX_COMMAND = 256 * 1024;
const MAX_WORDS = 1000;
const MAX_WORD = 64 * 1024;
/** Of a path: what Linux takes. */
const MAX_PATH = 4096;
const DAY_MS = 86_400_000;
/** In characters: with its escapes it fits the body of 16 MiB. */
const MAX_OUTPUT = 16 * MIB;

const Command = z.object({
  id: Id,
  deviceId: Id,
  commandType: CommandType,
  command: z.string(),
  args: z.array(z.string()).optional().meta({ description: 'Words that follow the command: `args.argv` under /v1' }),
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  timeout: z.int().optional().meta({ description: 'Milliseconds' }),
  priority: z.int().optional().meta({ description: '1 to 10; 10 is the most urgent' }),
});

const Device = z.object({
  id: Id,
  name: z.string(),
  platform: z.string().nullable().meta({ description: 'As Node names it: darwin, linux, win32, …' }),
  status: DeviceStatus,
});

/** The released daemon, and programs that use it. */
export const control = c.router(
  {
    register: {
      method: 'POST',
      path: '/devices/register',
      summary: 'Say which machine a device is',
      description:
        'What the daemon does when it begins. The device and its key were made before, by `POST /v1/daemon/register` or `POST /v1/devices/keys`; the key stays as it is, and the device is offline until the first heartbeat.',
      body: z
        .object({
          name: text(100, 1),
          platform: text(50, 1).optional().meta({ description: 'As Node names it: darwin, linux, win32, …' }),
          hostname: text(255).optional(),
          version: text(20).optional().meta({ description: 'Of ccjk' }),
        })
        .meta({ examples: [{ name: 'Build server', platform: 'win32', hostname: 'build-1', version: '3.7.1' }] }),
      responses: { 200: ok(z.object({ device: Device })) },
      metadata: access({ auth: ['device'] }),
    },
    heartbeat: {
      method: 'POST',
      path: '/devices/heartbeat',
      summary: 'Report that this machine is alive, and take commands',
      description:
        'Renews the leases of the commands that it names, and hands out those that wait, within the limits of device and plan. They run from then on and come no second time. A machine that goes offline gets none.',
      body: z
        .object({
          status: DeviceStatus.default('online'),
          currentTasks: z.array(Id).max(1000).default([]).meta({ description: 'Ids of the commands that run' }),
          timestamp: text(50).optional().meta({ description: 'Not used: the time is ours' }),
        })
        .meta({ examples: [{ status: 'online', currentTasks: [], timestamp: '2026-01-20T10:00:00.000Z' }] }),
      responses: { 200: ok(z.object({ pendingTasks: z.array(Command), deviceStatus: DeviceStatus })) },
      metadata: access({ auth: ['device'] }),
    },
    pending: {
      method: 'GET',
      path: '/devices/pending',
      summary: 'Take commands',
      description: 'Those that wait, as a heartbeat hands them out: what came with one does not come with the other.',
      responses: { 200: ok(z.object({ commands: z.array(Command) })) },
      metadata: access({ auth: ['device'] }),
    },
    result: {
      method: 'POST',
      path: '/commands/:id/result',
      summary: 'Report how a command ended',
      description: 'May be repeated until it is answered: the same result gets the same answer.',
      pathParams: z.object({ id: z.string() }),
      body: z
        .object({
          exitCode: z
            .int()
            .min(-2_147_483_648)
            .max(4_294_967_295)
            .meta({ description: 'Windows counts without a sign; it is kept with one' }),
          stdout: z.string().max(MAX_OUTPUT).default(''),
          stderr: z.string().max(MAX_OUTPUT).default(''),
          success: z.boolean(),
          duration: z.number().min(0).default(0).meta({ description: 'Milliseconds that it ran until now' }),
        })
        .meta({ examples: [{ exitCode: 0, stdout: 'ok\n', stderr: '', success: true, duration: 1500 }] }),
      responses: {
        200: ok(z.object({ commandId: Id, status: TaskStatus })),
        ...failures('TASK_NOT_FOUND', 'RESULT_CONFLICT', 'LEASE_LOST'),
      },
      metadata: access({ auth: ['device'], bodyLimit: 16 * MIB }),
    },
    list: {
      method: 'GET',
      path: '/devices',
      summary: 'List your devices, as this family shows them',
      description: 'The newest first. Of more than `limit`, `offset` leads to the others.',
      query: z.object({ limit: queryNumber(1, 100).default(100), offset: queryNumber(0, 1_000_000_000).default(0) }),
      responses: {
        200: ok(
          z.object({
            devices: z.array(
              Device.extend({
                hostname: z.string().nullable(),
                version: z.string().nullable(),
                lastHeartbeat: Time.nullable(),
              }),
            ),
            total: z.int(),
          }),
        ),
      },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'device:read' }),
    },
    execute: {
      method: 'POST',
      path: '/execute',
      summary: 'Queue a command on one device',
      description: 'It is a task like any other, under the id `commandId` also in /v1.',
      body: z
        .object({
          deviceId: Id,
          commandType: CommandType,
          command: text(MAX_COMMAND, 1),
          args: z.array(text(MAX_WORD)).max(MAX_WORDS).optional(),
          cwd: text(MAX_PATH, 1).optional(),
          env: z.record(text(MAX_PATH, 1), text(MAX_WORD)).optional(),
          timeout: z.int().min(1000).max(DAY_MS).optional().meta({ description: 'Milliseconds, by default 300000' }),
        })
        .meta({
          examples: [
            {
              deviceId: '6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11',
              commandType: 'shell',
              command: 'npm',
              args: ['run', 'build'],
              cwd: '/project/path',
              env: { NODE_ENV: 'production' },
              timeout: 300000,
            },
          ],
        }),
      responses: {
        201: ok(z.object({ commandId: Id, status: TaskStatus })),
        ...failures('DEVICE_NOT_FOUND', 'DAILY_TASKS_REACHED'),
      },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'task:create', idempotent: true }),
    },
  },
  { pathPrefix: '/api/control' },
);
