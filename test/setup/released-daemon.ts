/**
 * The ccjk daemon as it is released, as far as the service can tell: each request that it sends, byte for byte, and what it
 * does with each answer. It heartbeats, runs what comes with the answer one after another, and reports each once.
 */
import { hostname } from 'node:os';

export type Command = {
  id: string;
  deviceId: string;
  commandType: 'shell' | 'script' | 'file' | 'system';
  command: string;
  args?: string[];
  cwd?: string;
  env?: Record<string, string>;
  timeout?: number;
  priority?: number;
};

export type CommandResult = { exitCode: number; stdout: string; stderr: string; success: boolean; duration: number };

// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
export type Answer = { status: number; headers: Headers; body: any };

type Sent = { token?: string; bearer?: string; body?: unknown; text?: string; headers?: Record<string, string> };

/** One request under `/api/control`, with the headers of that daemon. */
export async function callControl(url: string, method: string, path: string, sent: Sent = {}): Promise<Answer> {
  const { token, bearer, body, text = body === undefined ? undefined : JSON.stringify(body) } = sent;
  const response = await fetch(`${url}/api/control${path}`, {
    method,
    headers: {
      'Content-Type': 'application/json',
      ...(token === undefined ? {} : { 'X-Device-Token': token }),
      ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
      ...sent.headers,
    },
    ...(text === undefined ? {} : { body: text }),
  });
  const received = await response.text();
  return { status: response.status, headers: response.headers, body: received === '' ? null : JSON.parse(received) };
}

export function openReleasedDaemon(url: string, deviceToken: string) {
  const currentTasks = new Set<string>();
  const call = (method: string, path: string, body?: unknown) =>
    callControl(url, method, path, { token: deviceToken, body });

  const heartbeat = (status: 'online' | 'offline' | 'busy' = currentTasks.size > 0 ? 'busy' : 'online') =>
    call('POST', '/devices/heartbeat', {
      status,
      currentTasks: [...currentTasks],
      timestamp: new Date().toISOString(),
    });

  const report = async (id: string, result: CommandResult) => {
    const answer = await call('POST', `/commands/${id}/result`, result);
    if (answer.body.success) currentTasks.delete(id);
    return answer;
  };

  return {
    currentTasks,
    register: (name = `CCJK Device (${hostname()})`, platform: string = process.platform) =>
      call('POST', '/devices/register', { name, platform, hostname: hostname(), version: '3.7.1' }),
    heartbeat,
    /** What a heartbeat hands out. */
    takeTasks: async (): Promise<Command[]> => (await heartbeat()).body.data.pendingTasks,
    pullTasks: async (): Promise<Command[]> => (await call('GET', '/devices/pending')).body.data.commands,
    report,
    /** Runs one delivery: `run` is what its commands come to. */
    process: async (
      delivery: readonly Command[],
      run: (command: Command) => CommandResult | Promise<CommandResult>,
    ) => {
      for (const command of delivery) {
        currentTasks.add(command.id);
        await report(command.id, await run(command));
      }
    },
    goOffline: async () => {
      await heartbeat('offline');
      currentTasks.clear();
    },
  };
}
