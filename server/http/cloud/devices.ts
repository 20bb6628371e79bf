import type { devices } from '../../../contracts/cloud/devices.ts';
import type { Ctx } from '../../context.ts';
import {
  configureDevice,
  createDeviceKey,
  type DeviceConfig,
  type DeviceRow,
  deleteDevice,
  getDevice,
  listDevices,
  presenceOf,
} from '../../domain/devices.ts';
import type { Handlers } from '../contract.ts';
import { paging, time, timeOrNull } from './presented.ts';

/** The four settings of a device, without the rest of its row. */
export const deviceConfig = (device: DeviceConfig): DeviceConfig => ({
  heartbeat_interval: device.heartbeat_interval,
  task_check_interval: device.task_check_interval,
  log_upload_enabled: device.log_upload_enabled,
  max_concurrent_tasks: device.max_concurrent_tasks,
});

const present = (ctx: Ctx, device: DeviceRow) => ({
  id: device.id,
  device_name: device.device_name,
  machine_id: device.device_id,
  os_type: device.os_type,
  os_version: device.os_version,
  arch: device.arch,
  ccjk_version: device.ccjk_version,
  daemon_status: device.daemon_status,
  presence: presenceOf(device, ctx.now()),
  last_heartbeat: timeOrNull(device.last_heartbeat),
  last_sync: timeOrNull(device.last_sync),
  ip_address: device.ip_address,
  location: device.location,
  metadata: device.metadata,
  system_info: device.system_info,
  current_tasks: device.current_tasks,
  config: deviceConfig(device),
  config_version: device.config_version,
  created_at: time(device.created_at),
  updated_at: time(device.updated_at),
});

export const deviceHandlers: Handlers<typeof devices> = {
  list: async (ctx, { query }) => {
    const page = await listDevices(ctx, query.status, query);
    return { status: 200, data: { devices: page.rows.map((device) => present(ctx, device)), ...paging(page) } };
  },

  get: async (ctx, { params }) => ({ status: 200, data: present(ctx, await getDevice(ctx, params.device_id)) }),

  createKey: async (ctx, { body }) => {
    const { id, key } = await createDeviceKey(ctx, body.device_name);
    return { status: 201, data: { device_id: id, device_name: body.device_name, device_key: key } };
  },

  updateConfig: async (ctx, { params, body }) => ({
    status: 200,
    data: present(ctx, await configureDevice(ctx, params.device_id, body)),
  }),

  remove: async (ctx, { params }) => {
    await deleteDevice(ctx, params.device_id);
    return { status: 200, data: { device_id: params.device_id, deleted: true } };
  },
};
