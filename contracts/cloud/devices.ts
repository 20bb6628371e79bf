import { z } from 'zod';
import { access, c, failures, Id, ok, openJson, PageQuery, page, Time, text } from '../wire.ts';

export const DeviceStatus = z.enum(['online', 'offline', 'busy', 'error', 'maintenance']);

const settings = {
  heartbeat_interval: z.int().min(5).max(3600).meta({ description: 'Seconds between heartbeats' }),
  task_check_interval: z.int().min(1).max(3600).meta({ description: 'Seconds between looks for new tasks' }),
  log_upload_enabled: z.boolean(),
  max_concurrent_tasks: z.int().min(1).max(100),
};

export const DeviceConfig = z.object(settings).meta({ id: 'DeviceConfig' });

export const Device = z
  .object({
    id: Id,
    device_name: z.string(),
    machine_id: z.string().nullable().meta({
      description:
        "The machine's own id, as it was sent in X-Device-ID; null until the key of a device that was made ahead of time is first sent with one",
    }),
    os_type: z.string().nullable(),
    os_version: z.string().nullable(),
    arch: z.string().nullable(),
    ccjk_version: z.string().nullable(),
    daemon_status: DeviceStatus,
    presence: z
      .enum(['socket', 'heartbeat', 'offline'])
      .meta({ description: 'How it is known to be there: by an open WebSocket, or by its heartbeats' }),
    last_heartbeat: Time.nullable(),
    last_sync: Time.nullable(),
    ip_address: z.string().nullable(),
    location: z.string().nullable(),
    metadata: openJson().nullable(),
    system_info: openJson().nullable().meta({ description: 'As the last heartbeat that had one reported it' }),
    current_tasks: z.int().meta({ description: 'Tasks that it holds: assigned or running' }),
    config: DeviceConfig,
    config_version: z.int(),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'Device' });

const DevicePath = z.object({ device_id: Id });

/** The machines of a user, each with a daemon that runs tasks. */
export const devices = c.router(
  {
    list: {
      method: 'GET',
      path: '/devices',
      summary: 'List your devices',
      description: 'The newest first.',
      query: PageQuery.extend({ status: DeviceStatus.optional() }),
      responses: { 200: ok(page('devices', Device)) },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'device:read' }),
    },
    get: {
      method: 'GET',
      path: '/devices/:device_id',
      summary: 'Read a device',
      description: 'One device with its state and settings.',
      pathParams: DevicePath,
      responses: { 200: ok(Device), ...failures('DEVICE_NOT_FOUND') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'device:read' }),
    },
    createKey: {
      method: 'POST',
      path: '/devices/keys',
      summary: 'Make a device and its key ahead of time',
      description:
        'For a machine that cannot sign in itself. The key is in this answer and never again; the device counts against your plan. The first X-Device-ID that is sent with the key becomes the id of the machine, unless another device of yours has it.',
      body: z
        .object({ device_name: text(100, 1) })
        .meta({ id: 'NewDeviceKey', examples: [{ device_name: 'Build server' }] }),
      responses: {
        201: ok(z.object({ device_id: Id, device_name: z.string(), device_key: z.string() }).meta({ id: 'DeviceKey' })),
        ...failures('PLAN_LIMIT_REACHED'),
      },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'device:write', idempotent: true, showsSecret: true }),
    },
    updateConfig: {
      method: 'PATCH',
      path: '/devices/:device_id/config',
      summary: 'Change the settings of a device',
      description: 'Only the fields that are sent change. The device learns of it with its next heartbeat.',
      pathParams: DevicePath,
      body: z
        .object(settings)
        .partial()
        .meta({ id: 'DeviceConfigChange', examples: [{ heartbeat_interval: 60, max_concurrent_tasks: 5 }] }),
      responses: { 200: ok(Device), ...failures('DEVICE_NOT_FOUND') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'device:write' }),
    },
    remove: {
      method: 'DELETE',
      path: '/devices/:device_id',
      summary: 'Delete a device',
      description:
        'Its key stops working at once and its open tasks are cancelled. Finished tasks stay, without a device.',
      pathParams: DevicePath,
      body: c.noBody(),
      responses: { 200: ok(z.object({ device_id: Id, deleted: z.literal(true) })), ...failures('DEVICE_NOT_FOUND') },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'device:write' }),
    },
  },
  { pathPrefix: '/v1' },
);
