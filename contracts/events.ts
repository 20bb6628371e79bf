/**
 * What goes over a WebSocket: frames of JSON text, told apart by `type`. A client sends commands and gets answers; what
 * happens comes as events, whose content lies under `data`.
 */
import { z } from 'zod';
import { DeviceStatus } from './cloud/devices.ts';
import { OutputStream, TaskStatus } from './cloud/tasks.ts';
import { Id, Time } from './wire.ts';

const UUID = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';

const Channel = z
  .string()
  .regex(new RegExp(`^(device|task):${UUID}$`), 'must be device:<uuid> or task:<uuid>')
  .toLowerCase()
  .meta({ description: '`device:<uuid>` or `task:<uuid>`' });

/** Longer than a time in any form. */
const MAX_TIMESTAMP = 64;

// ---- From the client ------------------------------------------------------------------------------------------------

export const SocketCommand = z
  .discriminatedUnion('type', [
    z
      .object({
        type: z.literal('ping'),
        timestamp: z
          .union([z.string().max(MAX_TIMESTAMP), z.number()])
          .optional()
          .meta({ description: 'Not looked at' }),
      })
      .meta({ id: 'PingCommand' }),
    z.object({ type: z.literal('subscribe'), channel: Channel }).meta({ id: 'SubscribeCommand' }),
    z.object({ type: z.literal('unsubscribe'), channel: Channel }).meta({ id: 'UnsubscribeCommand' }),
  ])
  .meta({
    id: 'SocketCommand',
    description: 'What a client sends over `/v1/ws`, as a text frame of at most 64 KiB',
    examples: [{ type: 'subscribe', channel: 'task:1c6f0b56-6d4a-4a0e-9b8f-0a3a5c1d2e3f' }],
  });

export type SocketCommand = z.output<typeof SocketCommand>;

// ---- From the server: answers ---------------------------------------------------------------------------------------

const answers = [
  z.object({ type: z.literal('pong'), timestamp: Time }).meta({ id: 'PongFrame' }),
  z.object({ type: z.literal('subscribed'), channel: z.string() }).meta({ id: 'SubscribedFrame' }),
  z
    .object({
      type: z.literal('unsubscribed'),
      channel: z.string(),
      code: z
        .string()
        .optional()
        .meta({ description: 'Why, when it was not asked for: what the channel is of is gone' }),
    })
    .meta({ id: 'UnsubscribedFrame' }),
  z
    .object({
      type: z.literal('error'),
      code: z.string().meta({ description: 'As error.code of an answer over HTTP' }),
      message: z.string(),
      channel: z.string().optional().meta({ description: 'Of the command that failed' }),
    })
    .meta({ id: 'ErrorFrame' }),
] as const;

// ---- From the server: events ----------------------------------------------------------------------------------------

/** `task.completed` is the component TaskCompletedFrame. */
const event = <Type extends string, Data extends z.ZodRawShape>(type: Type, data: Data) =>
  z.object({ type: z.literal(type), data: z.object(data) }).meta({
    id: `${type.replace(/(?:^|\.)\w/g, (letters) => letters.at(-1)!.toUpperCase())}Frame`,
  });

const forOwners = [
  event('device.online', { device_id: Id, timestamp: Time }),
  event('device.offline', { device_id: Id, timestamp: Time }),
  event('device.updated', {
    device_id: Id,
    status: z.enum([...DeviceStatus.options, 'deleted']),
    timestamp: Time,
  }),
  event('task.updated', {
    task_id: Id,
    status: TaskStatus,
    progress: z.int().nullable().meta({ description: 'Percent, when the device reports it' }),
  }),
  event('task.completed', {
    task_id: Id,
    status: TaskStatus.meta({ description: 'However it ended: completed, failed, cancelled or timeout' }),
    exit_code: z.int().nullable(),
    stdout: z.string().meta({ description: 'Its last 16 KiB' }),
    stdout_truncated: z.boolean().meta({ description: 'The task has more' }),
  }),
  event('task.output', {
    task_id: Id,
    attempt: z.int(),
    stream: OutputStream,
    offset: z.int().meta({ description: 'Bytes of UTF-8 before chunk. A jump means that a piece is to be read' }),
    chunk: z.string(),
    truncated: z.boolean().meta({ description: 'The stream goes on, but no more of it is kept' }),
  }),
  event('message.new', { message_id: Id, title: z.string(), content: z.string().nullable() }),
] as const;

const forDevices = [
  event('task.available', { device_id: Id }),
  event('task.cancel', { task_id: Id, grace_seconds: z.int() }),
  event('config.updated', { device_id: Id, config_version: z.int() }),
] as const;

const forAll = [
  event('resync', { timestamp: Time }),
  event('restart', {
    reconnect_after_ms: z.int().meta({ description: 'Wait this long, so that not all come back in the same moment' }),
  }),
] as const;

export const SocketFrame = z.discriminatedUnion('type', [...answers, ...forOwners, ...forDevices, ...forAll]).meta({
  id: 'SocketFrame',
  description:
    'What the service sends over `/v1/ws`. device.* and message.new come without subscribing; task.* come to the channels of the task and of its device, task.output to that of the task alone. The socket of a device gets task.available, task.cancel and config.updated. resync says that events may have been lost: read again what you show. restart comes before a close with 1012.',
});

export type SocketFrame = z.output<typeof SocketFrame>;
