/** What a machine says of itself, and where its daemon keeps things. */
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import * as system from 'node:os';
import { join, resolve } from 'node:path';
import { VERSION } from '../core/version.ts';
import type { NewDevice } from '../generated/types.ts';
import { makePrivateFolder, readIfThere, writeDurably } from './durable-files.ts';

type Environment = Record<string, string | undefined>;

/** `$CCJK_STATE_DIR`, else `ccjk-cloud` under `$XDG_STATE_HOME` or `~/.local/state`. One daemon can use it at a time. */
export const stateFolder = (env: Environment = process.env): string =>
  env.CCJK_STATE_DIR
    ? resolve(env.CCJK_STATE_DIR)
    : join(env.XDG_STATE_HOME || join(system.homedir(), '.local', 'state'), 'ccjk-cloud');

/** Which device this machine is, and its key. */
export type DeviceCredentials = {
  url: string;
  device_id: string | null;
  device_name: string | null;
  device_key: string;
};

export const credentialsPath = (folder: string): string => join(folder, 'credentials.json');

/** @throws Error when the file cannot be read as what it should be */
export async function readDeviceCredentials(folder: string): Promise<DeviceCredentials | undefined> {
  const text = await readIfThere(credentialsPath(folder));
  return text === undefined ? undefined : (JSON.parse(text) as DeviceCredentials);
}

export async function writeDeviceCredentials(folder: string, credentials: DeviceCredentials): Promise<void> {
  await makePrivateFolder(folder);
  await writeDurably(credentialsPath(folder), `${JSON.stringify(credentials, null, 2)}\n`);
}

/** So that the number that the operating system keeps confidential never leaves the machine. */
const MACHINE_SALT = 'ccjk-cloud machine id';

/**
 * What tells this machine from others of the same user: `$CCJK_MACHINE_ID`, else a digest of the operating system's own
 * id, else a random one that is kept in `folder`. Two daemons on one machine need two of them.
 */
export async function machineId(folder: string, env: Environment = process.env): Promise<string> {
  if (env.CCJK_MACHINE_ID) return env.CCJK_MACHINE_ID;
  const own = systemId();
  if (own) return createHmac('sha256', MACHINE_SALT).update(own).digest('hex').slice(0, 32);
  const path = join(folder, 'machine-id');
  const kept = await readIfThere(path);
  if (kept) return kept.trim();
  const made = randomUUID();
  await makePrivateFolder(folder);
  await writeDurably(path, `${made}\n`);
  return made;
}

function systemId(): string | undefined {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim();
    return /^[0-9a-f]{32}$/.test(id) ? id : undefined; // "uninitialized" on images that have not booted
  } catch {
    return undefined;
  }
}

/** What registration says of this machine. */
export const describeMachine = (name: string = system.hostname()): NewDevice => ({
  device_name: name.slice(0, 100) || 'machine',
  os_type: { win32: 'windows', android: 'termux' }[process.platform as string] ?? process.platform,
  os_version: system.release().slice(0, 50),
  arch: process.arch,
  ccjk_version: VERSION,
  metadata: { node: process.versions.node },
});

type CpuTimes = { idle: number; total: number };

const cpuTimes = (): CpuTimes => {
  const all = system.cpus().map(({ times }) => times);
  const idle = all.reduce((sum, times) => sum + times.idle, 0);
  return { idle, total: all.reduce((sum, t) => sum + t.user + t.nice + t.sys + t.idle + t.irq, 0) };
};

/** Gives the load of the machine each time it is called, in percent; that of the processors since the call before. */
export function openGauge(folder: string): () => Promise<Record<string, number>> {
  let before: CpuTimes = { idle: 0, total: 0 };
  return async () => {
    const now = cpuTimes();
    const spent = now.total - before.total;
    const cpu = spent > 0 ? 1 - (now.idle - before.idle) / spent : 0;
    before = now;
    const disk = await statfs(folder).catch(() => undefined);
    return {
      cpu_usage: percent(cpu),
      memory_usage: percent(1 - system.freemem() / system.totalmem()),
      ...(disk?.blocks ? { disk_usage: percent(1 - disk.bavail / disk.blocks) } : {}),
      load_average: Math.round((system.loadavg()[0] ?? 0) * 100) / 100,
      uptime_seconds: Math.round(system.uptime()),
    };
  };
}

const percent = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
