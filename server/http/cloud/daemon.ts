import type { daemon } from '../../../contracts/cloud/daemon.ts';
import { confirmRestore, createBackup } from '../../domain/config-backups.ts';
import { changeStatus, registerDevice, syncConfig } from '../../domain/devices.ts';
import { claimTasks, deviceOf, type HandedTask, startTask } from '../../domain/dispatch.ts';
import { takeHeartbeat } from '../../domain/heartbeats.ts';
import { uploadLog } from '../../domain/logs.ts';
import { appendOutput } from '../../domain/outputs.ts';
import { recordResult } from '../../domain/results.ts';
import type { Handlers } from '../contract.ts';
import { presentBackup } from './config.ts';
import { deviceConfig } from './devices.ts';
import { time } from './presented.ts';

const handed = (task: HandedTask) => ({
  id: task.id,
  type: task.task_type,
  command: task.command,
  args: { ...task.args, timeout: task.timeout_ms },
  priority: task.priority,
  max_retries: task.max_retries,
  timeout: task.timeout_ms,
  grace_seconds: task.grace_seconds,
  attempt: task.attempt,
  lease_id: task.lease_id,
  lease_expires_at: time(task.lease_until),
  created_at: time(task.created_at),
  request_id: task.request_id,
  traceparent: task.traceparent,
});

export const daemonHandlers: Handlers<typeof daemon> = {
  register: async (ctx, { headers, body }) => {
    const { device_name, os_type, os_version, arch, ccjk_version, metadata } = body;
    const machine = {
      deviceName: device_name,
      osType: os_type,
      osVersion: os_version,
      arch,
      ccjkVersion: ccjk_version,
      metadata,
    };
    const { id, key, config, isNew } = await registerDevice(ctx, headers['x-device-id'], machine);
    return { status: isNew ? 201 : 200, data: { device_id: id, device_key: key, config: deviceConfig(config) } };
  },

  heartbeat: async (ctx, { body }) => {
    const tasks = body.current_tasks.map((item) =>
      typeof item === 'string'
        ? { taskId: item }
        : { taskId: item.task_id, leaseId: item.lease_id, progress: item.progress },
    );
    const answer = await takeHeartbeat(ctx, { status: body.status, tasks, systemInfo: body.system_info });
    return {
      status: 200,
      data: {
        server_time: time(ctx.now()),
        next_heartbeat_seconds: answer.heartbeatSeconds,
        cancel_tasks: answer.cancel.map(({ taskId, graceSeconds }) => ({
          task_id: taskId,
          grace_seconds: graceSeconds,
        })),
        lost_tasks: answer.lost,
        config_version: answer.configVersion,
        tasks_available: answer.tasksAvailable,
      },
    };
  },

  claim: async (ctx, { query, signal }) => {
    const { limit, wait, claim_id: claimId } = query;
    const tasks = await claimTasks(ctx, { limit, claimId, waitMs: wait * 1000, signal });
    return { status: 200, data: { tasks: tasks.map(handed), count: tasks.length } };
  },

  start: async (ctx, { params, body }) => {
    const { id, leaseUntil } = await startTask(ctx, params.task_id, body.lease_id);
    return { status: 200, data: { task_id: id, status: 'running', lease_expires_at: time(leaseUntil) } };
  },

  result: async (ctx, { params, body }) => {
    const result = {
      status: body.status,
      exitCode: body.exit_code ?? null,
      signal: body.signal ?? null,
      stdout: body.stdout,
      stderr: body.stderr,
      errorMessage: body.error_message ?? null,
      startedAt: body.started_at ?? null,
      completedAt: body.completed_at ?? null,
      neverStarted: body.never_started,
    };
    const { taskId, attempt, status } = await recordResult(ctx, params.task_id, result, body.lease_id);
    return { status: 200, data: { task_id: taskId, attempt, status } };
  },

  output: async (ctx, { params, body }) => {
    const { lease_id: leaseId, stream, offset, chunk } = body;
    const { nextOffset, truncated } = await appendOutput(ctx, params.task_id, { leaseId, stream, offset, chunk });
    return { status: 200, data: { task_id: params.task_id, stream, next_offset: nextOffset, truncated } };
  },

  syncConfig: async (ctx) => {
    const { config, configVersion, restore } = await syncConfig(ctx, deviceOf(ctx).deviceId);
    return {
      status: 200,
      data: {
        config: deviceConfig(config),
        config_version: configVersion,
        restore: restore
          ? { backup_id: restore.id, config_name: restore.config_name, config_data: restore.config_data }
          : null,
      },
    };
  },

  uploadLog: async (ctx, { form }) => {
    const log = await uploadLog(ctx, form);
    return { status: 201, data: { log_id: log.id, size: log.size, type: log.log_type, date: log.log_date } };
  },

  backupConfig: async (ctx, { body }) => {
    const { config_name: configName, config_data: configData } = body;
    const backup = await createBackup(ctx, {
      deviceId: deviceOf(ctx).deviceId,
      configName,
      configData,
      isAuto: true,
    });
    return { status: 201, data: presentBackup(backup) };
  },

  restoredConfig: async (ctx, { body }) => {
    await confirmRestore(ctx, deviceOf(ctx).deviceId, body.backup_id);
    return { status: 200, data: { backup_id: body.backup_id, restored: true } };
  },

  offline: async (ctx) => {
    const { deviceId } = deviceOf(ctx);
    await changeStatus(ctx, deviceId, 'offline');
    return { status: 200, data: { device_id: deviceId, daemon_status: 'offline' } };
  },
};
