/** devices: list, remove, add; and how a device is named. */
import type { CcjkCloud } from '../core/client.ts';
import type { Device } from '../generated/types.ts';
import { type Arguments, act, type Command, pairsOf, UsageError } from './arguments.ts';
import { Failure } from './failures.ts';
import { ago, answer, type Column, facts, ID, PROGRAM, paintStatus, plain, table } from './output.ts';
import { openClient } from './profile.ts';

export async function listDevices(client: CcjkCloud): Promise<Device[]> {
  const all: Device[] = [];
  for await (const device of client.devices.list({ limit: 100 })) all.push(device);
  return all;
}

/** The device with this name or id; without one the only device. @throws Failure that lists the names */
export async function findDevice(client: CcjkCloud, named: string | undefined): Promise<Device> {
  const all = await listDevices(client);
  const found = all.filter(({ id, device_name }) => named === undefined || id === named || device_name === named);
  if (found.length === 1 && found[0]) return found[0];
  if (all.length === 0)
    throw new Failure('You have no device yet.', `On the machine that is to run commands, start: ${PROGRAM} daemon`);
  const names = (devices: Device[]) =>
    devices.map(({ device_name, id, daemon_status }) => `  ${plain(device_name)}  ${daemon_status}  ${id}`).join('\n');
  if (found.length > 1 && named !== undefined)
    throw new Failure(`${found.length} devices are called "${named}".`, `Name one by its id:\n${names(found)}`);
  const problem = named === undefined ? 'You have several devices.' : `No device of yours is called "${named}".`;
  throw new Failure(problem, `Name one by its name or id:\n${names(all)}`);
}

const ONE = ['The name or id of the device'];

export const devices: Command = {
  summary: 'List, add, configure and remove devices',
  usage: 'devices [list] | devices add NAME | devices config|remove ID',
  help: `  list    the machines of your account
  add     makes a device and its key ahead of time, for a machine that cannot
          sign in
  config  shows the settings of a device, by its name or id, or changes them
  remove  deletes a device: its key stops working, its open tasks are cancelled

  --set NAME=VALUE  config: a new value; may be repeated. The settings are
                    heartbeat_interval and task_check_interval (seconds),
                    max_concurrent_tasks, log_upload_enabled (true, false)`,
  options: { set: { type: 'string', multiple: true } },
  run: (args) =>
    act(args, 'devices', {
      list: { run: list },
      add: { words: ['The name'], run: add },
      config: { words: ONE, run: configure },
      remove: { words: ONE, run: remove },
    }),
};

async function list(args: Arguments): Promise<void> {
  const all = await listDevices((await openClient(args)).client);
  answer(args, { devices: all }, () =>
    all.length > 0 ? table(all, COLUMNS) : `No devices yet. Start one with: ${PROGRAM} daemon`,
  );
}

async function add(args: Arguments, device_name: string): Promise<void> {
  const { client, url } = await openClient(args);
  const made = await client.devices.createKey({ device_name });
  answer(args, made, () =>
    [
      `Made ${plain(made.device_name)} (${made.device_id}). Its key, shown only now:`,
      '',
      `  ${made.device_key}`,
      '',
      'Start its daemon on that machine with:',
      `  CCJK_DEVICE_KEY=${made.device_key} ${PROGRAM} daemon --url ${url}`,
      '',
      'Or, where a ccjk daemon is installed already, set in ~/.ccjk/daemon-config.json:',
      `  "mode": "cloud", "cloudToken": "${made.device_key}", "cloudApiUrl": "${url}/api/control"`,
    ].join('\n'),
  );
}

async function configure(args: Arguments, named: string): Promise<void> {
  const changes = pairsOf(args, 'set').map(([name, value]) => [name, parsed(value)] as const);
  const { client } = await openClient(args);
  let device = await findDevice(client, named);
  const unknown = changes.find(([name]) => !Object.hasOwn(device.config, name));
  if (unknown) throw new UsageError(`There is no setting "${unknown[0]}"`);
  if (changes.length > 0) device = await client.devices.updateConfig(device.id, Object.fromEntries(changes));
  answer(args, device.config, () => facts(Object.entries(device.config).map(([name, value]) => [name, String(value)])));
}

/** Numbers and truth are written as in JSON; the service judges the rest. */
const parsed = (value: string): unknown => {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

async function remove(args: Arguments, named: string): Promise<void> {
  const { client } = await openClient(args);
  const { id, device_name } = await findDevice(client, named);
  const removed = await client.devices.remove(id);
  answer(
    args,
    removed,
    () => `Removed ${plain(device_name)} (${id}). Its key works no more, and its open tasks are cancelled.`,
  );
}

const COLUMNS: Column<Device>[] = [
  ID,
  { title: 'STATUS', width: 11, of: ({ daemon_status }) => daemon_status, paint: paintStatus },
  { title: 'SEEN', width: 8, of: ({ last_heartbeat }) => ago(last_heartbeat) },
  { title: 'NAME', width: 19, of: ({ device_name }) => device_name },
];
