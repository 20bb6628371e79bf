/** Machines with the SDK's daemon, each a process with journal and spool on the disk, which a harness kills and freezes. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { CcjkCloud } from '../../sdk/src/index.ts';
import type { Said, Told } from './daemon.ts';
import type { Trial } from './harness.ts';
import { until } from './until.ts';

const PROGRAM = new URL('./daemon.ts', import.meta.url);
const PASSWORD = 'correct horse battery staple';
const PATIENCE_MS = 60_000;

/**
 * Says under which lease a command runs: the shell around it is started with the folder of the attempt, whose name is the
 * lease. A command with this in front has it in `$lease`.
 */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
export const KNOW_LEASE = 'mapfile -d "" -t around </proc/$PPID/cmdline; lease=${around[4]##*/}';

export type Owner = { client: CcjkCloud };
export type Device = { id: string; key: string; owner: Owner };

/** A new account, which calls as it is told: by default it tries nothing again. */
export async function makeOwner(baseUrl: string, fetch?: (url: string, init: RequestInit) => Promise<Response>) {
  const account = { email: `${randomUUID()}@example.com`, password: PASSWORD };
  const { token } = await new CcjkCloud({ baseUrl }).auth.register(account);
  return { client: new CcjkCloud({ baseUrl, token, maxRetries: 0, ...(fetch && { fetch }) }) } satisfies Owner;
}

/** A device that may hold `concurrency` tasks. */
export async function makeDevice(owner: Owner, concurrency: number): Promise<Device> {
  const registration = { device_name: 'machine', os_type: 'linux' as const };
  const { device_id: id, device_key: key } = await owner.client.daemon.register(randomUUID(), registration);
  await owner.client.devices.updateConfig(id, { max_concurrent_tasks: concurrency });
  return { id, key, owner };
}

/** A folder of the harness; it goes with it. */
export function makeFolder(trial: Trial, name: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), `ccjk-proof-${name}-`));
  trial.afterwards(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return folder;
}

export type Daemon = {
  /** Where it keeps what it must not forget. */
  folder: string;
  /** What it has said since it was started. */
  said: Said[];
  /** How often it has said something of that type. */
  times(type: Said['type']): number;
  isAlive(): boolean;
  /** Whether a command runs. */
  isBusy(): boolean;
  /** The leases of what its journal and its spool hold, by their files. */
  leases(): Set<string>;
  /** `kill -9`; done when it is gone. Its commands run on. */
  kill(): Promise<void>;
  /** SIGSTOP; done when it stands still. */
  freeze(): Promise<void>;
  /** It is to freeze when it comes to that point, and nowhere else; done when it has heard so, or is frozen. */
  freezeAt(point: string): Promise<void>;
  isFrozen(): boolean;
  /** SIGCONT. */
  wake(): void;
};

export type DaemonOptions = {
  baseUrl: string;
  device: Device;
  folder: string;
  /** Of its commands, too. */
  env?: Record<string, string>;
  onSaid?: (said: Said) => void;
};

/** Starts one and waits until the service has answered it; it ends with the harness. */
export async function startDaemon(trial: Trial, options: DaemonOptions): Promise<Daemon> {
  const { baseUrl, device, folder, env = {}, onSaid = () => {} } = options;
  const child: ChildProcess = fork(PROGRAM, [baseUrl, device.key, folder], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL'); // of one that is frozen, too
    await gone; // also when it was gone before
  };
  trial.afterwards(kill);

  const said: Said[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (!line.endsWith('}')) return; // the last line of one that is killed may be half a line
    const one = JSON.parse(line) as Said;
    said.push(one);
    onSaid(one);
  });
  const times = (type: Said['type']) => said.filter((one) => one.type === type).length;
  const isFrozen = () => stateOf(child.pid as number) === 'T';
  const isReady = await until(() => times('ready') > 0 || child.exitCode !== null, PATIENCE_MS);
  if (!isReady || child.exitCode !== null) throw new Error(`A daemon does not start: ${JSON.stringify(said)}`);
  return {
    folder,
    said,
    times,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    isBusy: () => times('started') + times('adopted') > times('finished'),
    leases: () => new Set(['journal', 'spool'].flatMap((name) => leasesIn(path.join(folder, name)))),
    kill,
    async freeze() {
      child.kill('SIGSTOP');
      await until(isFrozen, PATIENCE_MS);
    },
    async freezeAt(freezeAt) {
      const before = times('told');
      child.send({ freezeAt } satisfies Told);
      await until(() => times('told') > before || isFrozen(), PATIENCE_MS);
    },
    isFrozen,
    wake: () => void child.kill('SIGCONT'),
  };
}

const leasesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => path.basename(name, '.json'))
    : [];

/** T: it is stopped. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  } catch {
    return undefined;
  }
}
