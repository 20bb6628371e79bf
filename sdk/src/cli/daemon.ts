/** daemon: make this machine one that runs commands. */
import { type DaemonEvent, runDaemon } from '../daemon/index.ts';
import { takeFolder } from '../daemon/lock.ts';
import {
  credentialsPath,
  type DeviceCredentials,
  describeMachine,
  machineId,
  readDeviceCredentials,
  stateFolder,
  writeDeviceCredentials,
} from '../daemon/machine.ts';
import type { Arguments, Command } from './arguments.ts';
import { EXIT, Failure } from './failures.ts';
import { cut, duration, note, paint, print } from './output.ts';
import { normal, openClient, urlOf } from './profile.ts';

/** npm passes Ctrl-C on to a process that the terminal has told already: the same wish, not a second one. */
const SAME_SIGNAL_MS = 500;

export const daemon: Command = {
  summary: 'Run the commands of your account on this machine',
  usage: 'daemon [OPTIONS]',
  help: `  Registers this machine the first time, for which you must be signed in, or set
  CCJK_API_KEY, or CCJK_DEVICE_KEY from "devices add". Its key and state lie in
  $CCJK_STATE_DIR, by default ~/.local/state/ccjk-cloud. Several daemons on one
  machine need a CCJK_STATE_DIR and a CCJK_MACHINE_ID each.

  Ctrl-C stops the daemon and leaves running commands to the next one; a second
  Ctrl-C leaves at once. Commands run as the user who starts the daemon: whoever
  holds your account can do here what that user can.

  --name NAME       what the device is called (the host name)
  --concurrency N   at most so many commands at a time, 1 to 100
  --config-file PATH
                    a JSON file (CCJK_CONFIG_FILE): backed up when it has
                    changed, at most once an hour, and replaced by
                    "restore"; its former self is PATH.before-restore
  --register        get a new key, when the old one is no longer accepted`,
  options: {
    name: { type: 'string' },
    concurrency: { type: 'string' },
    'config-file': { type: 'string' },
    register: { type: 'boolean' },
  },
  run: async (args) => {
    args.expectWords();
    const concurrency = args.number('concurrency', 1, 100);
    const folder = stateFolder();
    takeFolder(folder).release(); // before a new key is asked for, which would end the daemon that has it
    const { url, device_key, device_name } = await keyFor(args, folder);
    const isJson = args.is('json');
    if (!isJson) print(`${device_name ?? 'This machine'} takes commands from ${url}. Stop with Ctrl-C.`);
    const running = runDaemon({
      baseUrl: url,
      deviceKey: device_key,
      stateDir: folder,
      concurrency,
      configFile: configFileOf(args),
      onEvent: (event) => tell(event, isJson),
    });
    obeySignals(running);
    await running.done;
    return EXIT.ok;
  },
};

/** The configuration of this machine, as a path. */
export const configFileOf = (args: Arguments): string | undefined =>
  args.text('config-file') ?? (process.env.CCJK_CONFIG_FILE || undefined);

async function keyFor(args: Arguments, folder: string): Promise<DeviceCredentials> {
  const kept = await readDeviceCredentials(folder).catch(() => {
    throw new Failure(`${credentialsPath(folder)} cannot be read.`, 'Delete it and start the daemon again.');
  });
  const named = args.text('url') ?? process.env.CCJK_URL;
  if (kept && named && normal(named) !== kept.url)
    throw new Failure(
      `This machine is registered at ${kept.url}, not at ${normal(named)}.`,
      `Use another CCJK_STATE_DIR, or delete ${credentialsPath(folder)}.`,
    );
  const given = process.env.CCJK_DEVICE_KEY;
  if (kept && !args.is('register') && (!given || given === kept.device_key)) return kept;
  const url = kept?.url ?? (await urlOf(args));
  const made =
    given && !args.is('register')
      ? { url, device_id: null, device_name: args.text('name') ?? null, device_key: given }
      : await register(args, folder);
  await writeDeviceCredentials(folder, made);
  return made;
}

async function register(args: Arguments, folder: string): Promise<DeviceCredentials> {
  const { client, url } = await openClient(args);
  const machine = describeMachine(args.text('name'));
  const { device_id, device_key } = await client.daemon.register(await machineId(folder), machine);
  return { url, device_id, device_name: machine.device_name, device_key };
}

function obeySignals(running: ReturnType<typeof runDaemon>): void {
  let firstAt = 0;
  const onSignal = () => {
    if (firstAt > 0) {
      if (Date.now() - firstAt > SAME_SIGNAL_MS) process.exit(EXIT.failure);
      return;
    }
    firstAt = Date.now();
    const count = running.running;
    note(
      count === 0
        ? 'Stopping.'
        : `Stopping. ${count === 1 ? '1 task still runs and goes' : `${count} tasks still run and go`} on; the next daemon takes over. Press Ctrl-C again to leave at once.`,
    );
    running.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

function tell(event: DaemonEvent, isJson: boolean): void {
  const time = new Date();
  const line = isJson ? undefined : lineOf(event);
  if (isJson) print(JSON.stringify({ time: time.toISOString(), ...event }));
  else if (line) print(`${paint('dim', time.toTimeString().slice(0, 8))}  ${line}`);
}

function lineOf(event: DaemonEvent): string | undefined {
  const id = 'task_id' in event && event.task_id ? `${event.task_id}  ` : '';
  const message = 'message' in event && event.message ? cut(event.message, 200) : '';
  switch (event.type) {
    case 'ready':
      return event.held > 0 ? `ready      ${event.held} taken over` : 'ready';
    case 'started':
    case 'adopted':
      return `${event.type.padEnd(9)}  ${id}${cut(event.command, 40)}`;
    case 'stopping':
      return `stopping   ${id}${message}`;
    case 'finished': {
      const colour = event.status === 'completed' ? 'green' : event.status === 'cancelled' ? 'yellow' : 'red';
      const why = message && `, ${message}`;
      return `${paint(colour, event.status.padEnd(9))}  ${id}${duration(event.duration_ms)}${why}`;
    }
    case 'dropped':
      return `dropped    ${id}${message}`;
    case 'config':
      return `settings   ${event.config.max_concurrent_tasks} tasks at a time, heartbeat every ${event.config.heartbeat_interval} s`;
    case 'config-backup':
      return `saved      the configuration, as ${event.backup_id}`;
    case 'config-restore':
      return `restored   ${cut(event.config_name, 40)}, from ${event.backup_id}`;
    case 'log-upload':
      return `log sent   ${event.log_id}`;
    case 'outage':
      return `${paint('red', 'away')}       ${message}; trying again`;
    case 'restored':
      return `${paint('green', 'back')}       the service answers again`;
    case 'problem':
      return `${paint('red', 'problem')}    ${id}${message}`;
    case 'stopped':
      return event.running > 0 ? `stopped    ${event.running} tasks go on` : 'stopped';
    case 'reported':
      return event.outcome === 'unwanted' ? `unwanted   ${id}the service has gone on without this result` : undefined;
  }
}
