/**
 * A machine with its daemon: in this process where only its work matters, as a process of its own where it is killed.
 * Commands write a line when they run, so that a second run of one attempt cannot hide.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, vi } from 'vitest';
import { type DaemonEvent, type DaemonOptions, runDaemon } from '../../sdk/src/daemon/index.ts';
import { findProcess } from '../../sdk/src/daemon/processes.ts';
import { CcjkCloud, type NewTask, type Task } from '../../sdk/src/index.ts';
import type { TestApp, TestDevice, TestUser } from '../setup/app.ts';

export const PATIENCE = { timeout: 60_000, interval: 20 };

/** Writes a line, waits until the file `go` is there, and ends; also when its folder goes, as it does after a test that failed. */
export const HELD_COMMAND = 'echo $$ >>runs; while [ -e runs ] && [ ! -e go ]; do sleep 0.02; done; echo done';

export const linesOf = (text: string): string[] => text.split('\n').filter(Boolean);

export const lives = (pid: number): boolean => {
  const found = findProcess(pid);
  return found !== undefined && !found.isZombie;
};

export type Machine = Awaited<ReturnType<ReturnType<typeof machinesOf>['openMachine']>>;

export async function endOf({ client }: TestUser, id: string, seconds = 60): Promise<Task> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; ) {
    const task = await client.tasks.get(id, { wait: 5 });
    if (!['pending', 'queued', 'assigned', 'running'].includes(task.status)) return task;
  }
  throw new Error(`The task has not ended: ${JSON.stringify(await client.tasks.get(id))}`);
}

export const deviceStatus = async ({ user, device }: { user: TestUser; device: TestDevice }) =>
  (await user.client.devices.get(device.id)).daemon_status;

const PROGRAM = `
  import { runDaemon } from ${JSON.stringify(new URL('../../sdk/src/daemon/index.ts', import.meta.url).href)};
  const [baseUrl, deviceKey, stateDir, deadly] = process.argv.slice(1);
  const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
  let points = 0;
  const faults = (point) => {
    if ([point, String(++points)].includes(deadly)) process.kill(process.pid, 'SIGKILL');
  };
  const daemon = runDaemon({ baseUrl, deviceKey, stateDir, onEvent: say, faults });
  process.once('SIGTERM', () => daemon.stop());
  await daemon.done;
`;

/** What daemons are started with, for the service that the file has opened. */
export function machinesOf(app: () => TestApp) {
  async function openMachine(change: { max_concurrent_tasks?: number } = {}) {
    const made = await app().makeUser();
    // Tests move the clock beyond the end of an access token.
    const { token, refreshToken } = made;
    const user = { ...made, client: new CcjkCloud({ baseUrl: app().url, token, refreshToken, maxRetries: 0 }) };
    const device = await app().makeDevice(user, { max_concurrent_tasks: 10, ...change });
    const folder = mkdtempSync(join(tmpdir(), 'ccjk-daemon-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
    const at = (name: string) => join(folder, name);
    const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '');
    const queue = async (command: string, more: Partial<NewTask> = {}) => {
      const task = { device_id: device.id, command, args: { cwd: folder }, ...more };
      return (await user.client.tasks.create(task)).task_id;
    };
    return { user, device, folder, at, read, queue, state: at('state'), ended: (id: string) => endOf(user, id) };
  }

  function start(machine: Machine, options: Partial<DaemonOptions> = {}) {
    const events: DaemonEvent[] = [];
    const daemon = runDaemon({
      baseUrl: app().url,
      deviceKey: machine.device.key,
      stateDir: machine.state,
      onEvent: (event) => events.push(event),
      ...options,
    });
    onTestFinished(() => daemon.stop());
    const told = <Type extends DaemonEvent['type']>(type: Type) =>
      vi.waitFor(() => {
        const event = events.find((one) => one.type === type);
        if (!event) throw new Error(`No ${type} among ${JSON.stringify(events)}`);
        return event as Extract<DaemonEvent, { type: Type }>;
      }, PATIENCE);
    return { ...daemon, events, told };
  }

  /** `deadly`: the point at which it is killed, by its name or as the n-th of all. */
  function startProcess({ device, state }: Machine, { deadly = '', baseUrl = app().url, env = {} } = {}) {
    const child: ChildProcess = spawn(
      process.execPath,
      ['--input-type=module', '-e', PROGRAM, baseUrl, device.key, state, deadly],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    const events: DaemonEvent[] = [];
    // The last line of one that is killed may be half a line.
    if (child.stdout)
      createInterface(child.stdout).on('line', (line) => line.endsWith('}') && events.push(JSON.parse(line)));
    const gone = once(child, 'exit');
    return {
      events,
      gone,
      /** Once the journal knows the process. */
      hasStarted: () => vi.waitFor(() => expect(events.map(({ type }) => type)).toContain('started'), PATIENCE),
      pid: child.pid as number,
      kill: async (signal: NodeJS.Signals = 'SIGKILL') => {
        child.kill(signal);
        await gone; // also when it was gone before
      },
    };
  }

  /** `fate` of an answer, by its request; the service has carried the request out unless it is refused. */
  async function openProxy(fate: (method: string, path: string) => 'pass' | 'lose' | 'refuse') {
    const seen: string[] = [];
    const server = createServer((incoming, outgoing) => {
      const { method = '', url = '', headers } = incoming;
      seen.push(`${method} ${url}`);
      const decided = fate(method, url.split('?')[0] ?? '');
      if (decided === 'refuse') return void incoming.socket.destroy();
      const onward = forward(`${app().url}${url}`, { method, headers }, (answer) => {
        if (decided === 'lose') {
          answer.resume().on('end', () => incoming.socket.destroy());
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => incoming.socket.destroy());
      outgoing.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  return { openMachine, start, startProcess, openProxy };
}
