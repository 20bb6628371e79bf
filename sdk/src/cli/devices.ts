/** devices: list, remove, add; and how a device is named. */
import type { CcjkCloud } from '../core/client.ts';
import type { Device } from '../generated/types.ts';
import { type Command, UsageError } from './arguments.ts';
import { Failure } from './failures.ts';
import { ago, answer, paintStatus, plain, table } from './output.ts';
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
    throw new Failure('You have no device yet.', 'On the machine that is to run commands, start: ccjk-cloud daemon');
  const names = (devices: Device[]) =>
    devices.map(({ device_name, id, daemon_status }) => `  ${plain(device_name)}  ${daemon_status}  ${id}`).join('\n');
  if (found.length > 1 && named !== undefined)
    throw new Failure(`${found.length} devices are called "${named}".`, `Name one by its id:\n${names(found)}`);
  const problem = named === undefined ? 'You have several devices.' : `No device of yours is called "${named}".`;
  throw new Failure(problem, `Name one by its name or id:\n${names(all)}`);
}

export const devices: Command = {
  summary: 'List, add and remove devices',
  usage: 'devices [list] | devices remove NAME|ID | devices add NAME',
  help: `  list    the machines of your account
  remove  deletes a device: its key stops working, its open tasks are cancelled
  add     makes a device and its key ahead of time, for a machine that cannot
          sign in`,
  run: async (args) => {
    const [action = 'list', ...rest] = args.words;
    const { client, url } = await openClient(args);
    if (action === 'list' && rest.length === 0) {
      const all = await listDevices(client);
      answer(args, { devices: all }, () =>
        all.length > 0 ? deviceTable(all) : 'No devices yet. Start one with: ccjk-cloud daemon',
      );
      return 0;
    }
    if (!['remove', 'add'].includes(action)) throw new UsageError(`There is no "devices ${args.words.join(' ')}"`);
    const [, name = ''] = args.expectWords(
      'The action',
      action === 'add' ? 'The name' : 'The name or id of the device',
    );
    if (action === 'remove') {
      const device = await findDevice(client, name);
      const removed = await client.devices.remove(device.id);
      answer(
        args,
        removed,
        () =>
          `Removed ${plain(device.device_name)} (${device.id}). Its key works no more, and its open tasks are cancelled.`,
      );
      return 0;
    }
    const made = await client.devices.createKey({ device_name: name });
    answer(args, made, () =>
      [
        `Made ${plain(made.device_name)} (${made.device_id}). Its key, shown only now:`,
        '',
        `  ${made.device_key}`,
        '',
        'Start its daemon on that machine with:',
        `  CCJK_DEVICE_KEY=${made.device_key} ccjk-cloud daemon --url ${url}`,
        '',
        'Or, where a ccjk daemon is installed already, set in ~/.ccjk/daemon-config.json:',
        `  "mode": "cloud", "cloudToken": "${made.device_key}", "cloudApiUrl": "${url}/api/control"`,
      ].join('\n'),
    );
    return 0;
  },
};

const deviceTable = (all: readonly Device[]): string =>
  table(all, [
    { title: 'ID', width: 36, of: ({ id }) => id },
    { title: 'STATUS', width: 11, of: ({ daemon_status }) => daemon_status, paint: paintStatus },
    { title: 'SEEN', width: 8, of: ({ last_heartbeat }) => ago(last_heartbeat) },
    { title: 'NAME', width: 19, of: ({ device_name }) => device_name },
  ]);
