/**
 * Devices — register, read, configure, delete, and know whether they are there.
 * A device is `offline` until its first heartbeat, and again when it says so or misses three.
 */
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import { atomically, type Ctx, userIdOf } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { addressOf, audit } from './audit.ts';
import { type PendingRestore, pendingRestore } from './config-backups.ts';
import { makeDeviceKey } from './device-keys.ts';
import { tellPresence } from './notifications.ts';
import { type Page, type PageRequest, readPage } from './pages.ts';
import { PLANS } from './plans.ts';
import { LIFE, move } from './task-states.ts';

export type DeviceRow = Omit<Selectable<Tables['devices']>, 'key_hash'> & { current_tasks: number };
export type DeviceStatus = DeviceRow['daemon_status'];

export type DeviceConfig = Pick<
  DeviceRow,
  'heartbeat_interval' | 'task_check_interval' | 'log_upload_enabled' | 'max_concurrent_tasks'
>;

/** Settings that are left out or undefined stay as they are. */
export type ConfigChange = { [Name in keyof DeviceConfig]?: DeviceConfig[Name] | undefined };

/** Heartbeats that a device may miss before it counts as offline. */
const MISSED_HEARTBEATS = 3;

export type Machine = {
  deviceName: string;
  osType?: string | undefined;
  osVersion?: string | undefined;
  arch?: string | undefined;
  ccjkVersion?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
};

export type Registered = { id: string; key: string; config: DeviceConfig; isNew: boolean };

/**
 * Makes a device of the machine, or gives the known machine a new key; the old one stops working.
 * @throws Failed PLAN_LIMIT_REACHED
 */
export const registerDevice = (ctx: Ctx, machineId: string, machine: Machine): Promise<Registered> =>
  atomically(ctx, async (tx) => {
    const userId = userIdOf(tx.actor);
    const { key, hash } = makeDeviceKey(tx);
    await lockUser(tx);
    const facts = {
      device_name: machine.deviceName,
      os_type: machine.osType ?? null,
      os_version: machine.osVersion ?? null,
      arch: machine.arch ?? null,
      ccjk_version: machine.ccjkVersion ?? null,
      metadata: (machine.metadata ? JSON.stringify(machine.metadata) : null) as never,
      key_hash: hash,
      ip_address: addressOf(tx),
      daemon_status: 'offline' as const,
      updated_at: tx.now(),
    };
    const before = await tx.db
      .selectFrom('devices')
      .select('daemon_status')
      .where('user_id', '=', userId)
      .where('device_id', '=', machineId)
      .forUpdate()
      .executeTakeFirst();
    const known = await tx.db
      .updateTable('devices')
      .set(facts)
      .where('user_id', '=', userId)
      .where('device_id', '=', machineId)
      .returning(['id', ...CONFIG])
      .executeTakeFirst();
    const device = known ?? (await insertDevice(tx, { ...facts, device_id: machineId }));
    await audit(tx, known ? 'device.key_rotated' : 'device.registered', `device:${device.id}`);
    const { id, ...config } = device;
    if (known) tx.events.emit({ type: 'device.rekeyed', userId, deviceId: id });
    const left = before && { id, user_id: userId, device_name: machine.deviceName, before: before.daemon_status };
    if (left && left.before !== 'offline') await tellChanged(tx, [left], 'offline');
    return { id, key, config, isNew: !known };
  });

/** What a machine says of itself that has its key already. */
export type Introduction = Pick<Machine, 'deviceName' | 'osType' | 'ccjkVersion'> & { hostname?: string | undefined };

/**
 * Notes what the machine of a device says of itself when its daemon begins. The key stays; the device is offline until its
 * first heartbeat.
 * @throws Failed AUTH_FAILED when it was deleted meanwhile
 */
export const introduceDevice = (ctx: Ctx, id: string, machine: Introduction): Promise<DeviceRow> =>
  atomically(ctx, async (tx) => {
    const { deviceName, osType, ccjkVersion, hostname } = machine;
    const { rows } = await sql<Changed>`
      with judged as (
        select id, daemon_status from devices where id = ${id} for no key update
      )
      update devices d
         set device_name = ${deviceName}, daemon_status = 'offline', updated_at = ${tx.now()},
             os_type = coalesce(${osType ?? null}, d.os_type),
             ccjk_version = coalesce(${ccjkVersion ?? null}, d.ccjk_version),
             ip_address = coalesce(${addressOf(tx)}::inet, d.ip_address),
             metadata = coalesce(d.metadata, '{}')
                     || jsonb_strip_nulls(jsonb_build_object('hostname', ${hostname ?? null}::text))
        from judged
       where d.id = judged.id
      returning d.id, d.user_id, d.device_name, judged.daemon_status as before`.execute(tx.db);
    if (rows.length === 0) throw new Failed('AUTH_FAILED');
    await audit(tx, 'device.introduced', `device:${id}`);
    const left = rows.filter(({ before }) => before !== 'offline');
    await tellChanged(tx, left, 'offline');
    return getDevice(tx, id);
  });

/**
 * Makes a device for a machine that cannot sign in itself.
 * @throws Failed PLAN_LIMIT_REACHED
 */
export const createDeviceKey = (ctx: Ctx, deviceName: string): Promise<{ id: string; key: string }> =>
  atomically(ctx, async (tx) => {
    const { key, hash } = makeDeviceKey(tx);
    await lockUser(tx);
    const { id } = await insertDevice(tx, { device_name: deviceName, key_hash: hash });
    await audit(tx, 'device.key_created', `device:${id}`);
    return { id, key };
  });

const CONFIG = [
  'heartbeat_interval',
  'task_check_interval',
  'log_upload_enabled',
  'max_concurrent_tasks',
] as const satisfies readonly (keyof DeviceConfig)[];

/** A user's devices are counted, made and deleted one request after another, and not while one of them claims. */
export const lockUser = (tx: Ctx) =>
  tx.db.selectFrom('users').select('id').where('id', '=', userIdOf(tx.actor)).forNoKeyUpdate().execute();

type NewDevice = { device_name: string; key_hash: string; device_id?: string };

async function insertDevice(tx: Ctx, device: NewDevice) {
  const userId = userIdOf(tx.actor);
  const plan = 'plan' in tx.actor ? tx.actor.plan : 'free';
  const limit = PLANS[plan].devices;
  const { count } = await tx.db
    .selectFrom('devices')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  if (count >= limit) {
    throw new Failed('PLAN_LIMIT_REACHED', {
      message: `Your plan (${plan}) allows ${limit} ${limit === 1 ? 'device' : 'devices'}; delete one or change the plan`,
      details: { limit, plan },
    });
  }
  return tx.db
    .insertInto('devices')
    .values({ id: tx.newId(), user_id: userId, created_at: tx.now(), updated_at: tx.now(), ...device } as never)
    .returning(['id', ...CONFIG])
    .executeTakeFirstOrThrow();
}

const READ = [
  'id',
  'user_id',
  'device_name',
  'device_id',
  'os_type',
  'os_version',
  'arch',
  'ccjk_version',
  'daemon_status',
  'last_heartbeat',
  'last_socket',
  'last_sync',
  'ip_address',
  'location',
  'metadata',
  'system_info',
  ...CONFIG,
  'config_version',
  'created_at',
  'updated_at',
] as const;

const devicesOf = (ctx: Ctx) => ctx.db.selectFrom('devices').where('devices.user_id', '=', userIdOf(ctx.actor));

const heldTasks = sql<number>`(
  select count(*)::int from tasks t
   where t.user_id = devices.user_id and t.device_id = devices.id and t.status in ('assigned', 'running')
)`;

/** The user's devices, the newest first. */
export function listDevices(
  ctx: Ctx,
  status: DeviceStatus | undefined,
  request: PageRequest,
): Promise<Page<DeviceRow>> {
  const matching = status ? devicesOf(ctx).where('daemon_status', '=', status) : devicesOf(ctx);
  return readPage(
    matching.select(READ).select(heldTasks.as('current_tasks')),
    matching.select((eb) => eb.fn.countAll<number>().as('total')),
    request,
  );
}

/** @throws Failed DEVICE_NOT_FOUND */
export async function getDevice(ctx: Ctx, id: string): Promise<DeviceRow> {
  const device = await devicesOf(ctx)
    .select(READ)
    .select(heldTasks.as('current_tasks'))
    .where('id', '=', id)
    .executeTakeFirst();
  if (!device) throw new Failed('DEVICE_NOT_FOUND');
  return device;
}

/**
 * Changes only the settings that are given; none are no change. The device learns of it with its next heartbeat.
 * @throws Failed DEVICE_NOT_FOUND
 */
export async function configureDevice(ctx: Ctx, id: string, change: ConfigChange): Promise<DeviceRow> {
  if (Object.values(change).every((setting) => setting === undefined)) return getDevice(ctx, id);
  const userId = userIdOf(ctx.actor);
  const changed = await ctx.db
    .updateTable('devices')
    .set({ ...change, config_version: sql`config_version + 1`, updated_at: ctx.now() })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning(['id', 'config_version'])
    .executeTakeFirst();
  if (!changed) throw new Failed('DEVICE_NOT_FOUND');
  const { id: deviceId, config_version: configVersion } = changed;
  ctx.events.emit({ type: 'config.updated', userId, deviceId, configVersion }, { type: 'slots.freed', userId });
  return getDevice(ctx, deviceId);
}

/**
 * Deletes a device with its key and cancels its open tasks; its history stays, without a device.
 * @throws Failed DEVICE_NOT_FOUND
 */
export const deleteDevice = (ctx: Ctx, id: string): Promise<void> =>
  atomically(ctx, async (tx) => {
    const userId = userIdOf(tx.actor);
    // In the order in which others lock: a claim the user first, a heartbeat held tasks by id, a result its successor last;
    // a claim and a result lock their tasks before the device that their rows name. What was queued until the device was
    // locked comes second.
    await lockUser(tx);
    const { id: known } = await getDevice(tx, id);
    await cancelOpenTasks(tx, known);
    const device = await devicesOf(tx)
      .select(['id', 'daemon_status'])
      .where('id', '=', known)
      .forUpdate()
      .executeTakeFirst();
    if (!device) throw new Failed('DEVICE_NOT_FOUND');
    await cancelOpenTasks(tx, known);
    await tx.db.deleteFrom('devices').where('id', '=', device.id).execute();
    await audit(tx, 'device.deleted', `device:${device.id}`);
    const { id: deviceId, daemon_status: before } = device;
    tx.events.emit({ type: 'device.changed', userId, deviceId, status: 'deleted', before });
  });

async function cancelOpenTasks(tx: Ctx, deviceId: string): Promise<void> {
  const open = await tx.db
    .selectFrom('tasks')
    .select(LIFE)
    .where('device_id', '=', deviceId)
    .where('status', 'in', ['pending', 'queued', 'assigned', 'running'])
    .orderBy((eb) => eb('status', '=', 'pending'))
    .orderBy('id')
    .forUpdate()
    .execute();
  await move(tx, open, 'cancelled', { reason: 'device_deleted' });
}

/** Writes a device's status, once per change. */
export const changeStatus = (ctx: Ctx, id: string, status: DeviceStatus): Promise<void> =>
  writeStatus(ctx, id, status, sql`daemon_status <> ${status}`);

/** It is here again, when it was thought to be offline; what else it says of itself stays. */
export const comeOnline = (ctx: Ctx, id: string): Promise<void> =>
  writeStatus(ctx, id, 'online', sql`daemon_status = 'offline'`);

/** The row is locked before it is judged: of many who report the same change, one tells it. */
const writeStatus = (ctx: Ctx, id: string, status: DeviceStatus, condition: RawBuilder<unknown>): Promise<void> =>
  atomically(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<Changed>`
      with judged as (
        select id, daemon_status from devices where id = ${id} and ${condition} for no key update
      )
      update devices d
         set daemon_status = ${status}, updated_at = ${now},
             last_heartbeat = case when ${status === 'offline'} then d.last_heartbeat else ${now}::timestamptz end
        from judged
       where d.id = judged.id
      returning d.id, d.user_id, d.device_name, judged.daemon_status as before`.execute(tx.db);
    await tellChanged(tx, rows, status);
  });

/** That a device counts as there and has missed its heartbeats. */
export const isSilent = (now: Date): RawBuilder<SqlBool> =>
  sql`(daemon_status <> 'offline'
       and last_heartbeat < ${now}::timestamptz - ${MISSED_HEARTBEATS}::int * heartbeat_interval * interval '1 s')`;

/** Marks the devices offline that have missed three heartbeats. */
export const markSilent = (ctx: Ctx): Promise<void> =>
  atomically(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<Changed>`
      with judged as (
        select id, daemon_status from devices
         where ${isSilent(now)}
         order by id
           for no key update
      )
      update devices d set daemon_status = 'offline', updated_at = ${now}
        from judged
       where d.id = judged.id
      returning d.id, d.user_id, d.device_name, judged.daemon_status as before`.execute(tx.db);
    await tellChanged(tx, rows, 'offline');
  });

type Changed = { id: string; user_id: string; device_name: string; before: DeviceStatus };

/** Being busy or idle is no news to the user; coming and going is. */
async function tellChanged(tx: Ctx, devices: readonly Changed[], status: DeviceStatus): Promise<void> {
  for (const { id, user_id, before } of devices) {
    tx.events.emit({ type: 'device.changed', userId: user_id, deviceId: id, status, before });
  }
  const cameOrWent = devices.filter(({ before }) => (before === 'offline') !== (status === 'offline'));
  await tellPresence(tx, cameOrWent, status !== 'offline');
}

/** How a device is known to be there. */
export type PresenceKind = 'socket' | 'heartbeat' | 'offline';

/** Its process notes an open WebSocket each ten seconds; beyond this one has ended without a word. */
const SOCKET_SILENCE_MS = 25_000;

export const presenceOf = (device: Pick<DeviceRow, 'daemon_status' | 'last_socket'>, now: Date): PresenceKind => {
  if (device.daemon_status === 'offline') return 'offline';
  const { last_socket } = device;
  return last_socket && now.getTime() - last_socket.getTime() < SOCKET_SILENCE_MS ? 'socket' : 'heartbeat';
};

/** The device has closed its WebSocket; should it have another, that is noted again. */
export async function noteSocketClosed(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.updateTable('devices').set({ last_socket: null }).where('id', '=', id).execute();
}

export type SyncedConfig = { config: DeviceConfig; configVersion: number; restore: PendingRestore | undefined };

/**
 * The settings of the device that asks, which notes that it has them, and what it is to restore.
 * @throws Failed AUTH_FAILED when it has just been deleted
 */
export async function syncConfig(ctx: Ctx, deviceId: string): Promise<SyncedConfig> {
  const { config_version, ...config } = await ctx.db
    .updateTable('devices')
    .set({ last_sync: ctx.now() })
    .where('id', '=', deviceId)
    .returning([...CONFIG, 'config_version'])
    .executeTakeFirstOrThrow(() => new Failed('AUTH_FAILED'));
  const isLogUploadEnabled = config.log_upload_enabled && ctx.config.ENABLE_LOG_UPLOAD;
  const told = { ...config, log_upload_enabled: isLogUploadEnabled };
  return { config: told, configVersion: config_version, restore: await pendingRestore(ctx, deviceId) };
}
