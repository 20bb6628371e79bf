/** The wire of the released ccjk daemon: its names and units, and what commands and systems are called there. */
import type { z } from 'zod';
import { NewTask } from '../../contracts/cloud/tasks.ts';
import type { control } from '../../contracts/control.ts';
import { Id } from '../../contracts/wire.ts';
import type { Ctx } from '../context.ts';
import { type DeviceRow, introduceDevice, listDevices } from '../domain/devices.ts';
import { deviceOf, type HandedTask } from '../domain/dispatch.ts';
import { fetchTasks, takeFetchingHeartbeat } from '../domain/heartbeats.ts';
import { recordResult } from '../domain/results.ts';
import { createTask } from '../domain/tasks.ts';
import { Failed } from '../failed.ts';
import { timeOrNull } from './cloud/presented.ts';
import { fromWire } from './cloud/tasks.ts';
import type { Handlers } from './contract.ts';

type CommandType = z.output<typeof control.execute.body>['commandType'];
type TaskType = HandedTask['task_type'];

export const controlHandlers: Handlers<typeof control> = {
  register: async (ctx, { body: { name, platform, hostname, version } }) => {
    const { deviceId } = deviceOf(ctx);
    const device = await introduceDevice(ctx, deviceId, {
      deviceName: name,
      osType: platform && osTypeFrom(platform),
      hostname,
      ccjkVersion: version,
    });
    return { status: 200, data: { device: presentDevice(device) } };
  },

  heartbeat: async (ctx, { body: { status, currentTasks }, signal }) => {
    const tasks = currentTasks.map((taskId) => ({ taskId }));
    const handed = await takeFetchingHeartbeat(ctx, { status, tasks }, signal);
    return { status: 200, data: { pendingTasks: presentCommands(ctx, handed), deviceStatus: status } };
  },

  pending: async (ctx, { signal }) => {
    const handed = await fetchTasks(ctx, signal);
    return { status: 200, data: { commands: presentCommands(ctx, handed) } };
  },

  result: async (ctx, { params, body }) => {
    const { taskId, status } = await recordResult(ctx, taskIdFrom(params.id), {
      status: body.success ? 'completed' : 'failed',
      exitCode: signed(body.exitCode),
      signal: null,
      stdout: body.stdout,
      stderr: body.stderr,
      errorMessage: null,
      startedAt: null,
      completedAt: null,
      neverStarted: false,
      durationMs: body.duration,
    });
    return { status: 200, data: { commandId: taskId, status } };
  },

  list: async (ctx, { query }) => {
    const { rows, total } = await listDevices(ctx, undefined, query);
    const devices = rows.map((device) => ({
      ...presentDevice(device),
      hostname: typeof device.metadata?.hostname === 'string' ? device.metadata.hostname : null,
      version: device.ccjk_version,
      lastHeartbeat: timeOrNull(device.last_heartbeat),
    }));
    return { status: 200, data: { devices, total } };
  },

  execute: async (ctx, { body: { deviceId, commandType, command, args: argv, cwd, env, timeout } }) => {
    const type = TASK_TYPES[commandType];
    const args = { argv, cwd, env, ...(type === 'custom' && { commandType }) };
    const task = NewTask.parse({ device_id: deviceId, type, command, args, timeout });
    const { id, status } = await createTask(ctx, fromWire(task));
    return { status: 201, data: { commandId: id, status } };
  },
};

// ---- What the released daemon calls it ------------------------------------------------------------------------------

/** A `custom` task keeps in its arguments which of them it is. */
const TASK_TYPES: Record<CommandType, TaskType> = {
  shell: 'bash',
  script: 'workflow',
  file: 'custom',
  system: 'custom',
};

const commandTypeOf = ({ task_type, args }: HandedTask): CommandType => {
  if (task_type === 'bash') return 'shell';
  const kept = args?.commandType;
  return task_type === 'custom' && (kept === 'file' || kept === 'system') ? kept : 'script';
};

/** Node and `/v1` have the same names of systems, but for one. */
const osTypeFrom = (platform: string): string => (platform === 'win32' ? 'windows' : platform);
const platformOf = (osType: string): string => (osType === 'windows' ? 'win32' : osType);

/** An exit code as Windows counts it, 0 to 2³² − 1, as the signed number with the same bits. */
const signed = (exitCode: number): number => exitCode | 0;

/** What is no id of ours is the id of no task. */
const taskIdFrom = (given: string): string => {
  const id = Id.safeParse(given);
  if (!id.success) throw new Failed('TASK_NOT_FOUND');
  return id.data;
};

// ---- Presented ------------------------------------------------------------------------------------------------------

const presentDevice = ({ id, device_name, os_type, daemon_status }: DeviceRow) => ({
  id,
  name: device_name,
  platform: os_type && platformOf(os_type),
  status: daemon_status,
});

const presentCommands = (ctx: Ctx, tasks: readonly HandedTask[]) => {
  const { deviceId } = deviceOf(ctx);
  return tasks.map((task) => ({
    id: task.id,
    deviceId,
    commandType: commandTypeOf(task),
    command: task.command,
    ...argumentsOf(task),
    timeout: task.timeout_ms,
    priority: task.priority,
  }));
};

/** Of the open arguments those that this wire knows, as the texts that it knows. */
const argumentsOf = ({ args }: HandedTask) => {
  const { argv, cwd, env } = args ?? {};
  return {
    ...(Array.isArray(argv) && { args: argv.map(asText) }),
    ...(typeof cwd === 'string' && { cwd }),
    ...(isObject(env) && {
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, asText(value)])),
    }),
  };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
