/** backup: create, list, show, delete; restore. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import type { CcjkCloud } from '../core/client.ts';
import { objectOf } from '../daemon/config-file.ts';
import { readDeviceCredentials, stateFolder } from '../daemon/machine.ts';
import type { ConfigBackup, Device } from '../generated/types.ts';
import { type Arguments, act, type Command, UsageError } from './arguments.ts';
import { configFileOf } from './daemon.ts';
import { findDevice, listDevices } from './devices.ts';
import { Failure } from './failures.ts';
import { answer, answerPage, bytes, type Column, CREATED, ID, note, PROGRAM, plain } from './output.ts';
import { openClient } from './profile.ts';

const ONE = ['The id of the backup'];

export const backup: Command = {
  summary: 'Keep the configuration of a machine',
  usage: 'backup [list] | backup create [FILE|-] | backup show|delete ID',
  help: `  list    the newest first; "auto" are those that a daemon made by itself
  create  of a JSON file, of stdin with -, or of CCJK_CONFIG_FILE
  show    the configuration itself
  delete  its storage is free again

  --device NAME|ID  create: whose it is (this machine); list: only those of it
  --name NAME       create: what it is called (the name of the file)
  --limit N         list: how many, 1 to 100 (20)`,
  options: { device: { type: 'string' }, name: { type: 'string' }, limit: { type: 'string' } },
  run: (args) =>
    act(args, 'backup', {
      list: { run: list },
      create: { words: ['The file?'], run: create },
      show: { words: ONE, run: show },
      delete: { words: ONE, run: remove },
    }),
};

async function list(args: Arguments): Promise<void> {
  const limit = args.number('limit', 1, 100) ?? 20;
  const { client } = await openClient(args);
  const named = args.text('device');
  const device_id = named && (await findDevice(client, named)).id;
  const page = await client.config.listBackups({ limit, ...(device_id ? { device_id } : {}) });
  answerPage(args, 'backups', page, COLUMNS);
}

const COLUMNS: Column<ConfigBackup>[] = [
  ID,
  CREATED,
  { title: 'SIZE', width: 11, of: ({ size }) => bytes(size) },
  { title: 'NAME', width: 19, of: ({ config_name, is_auto }) => `${config_name}${is_auto ? ' (auto)' : ''}` },
];

async function create(args: Arguments, typed?: string): Promise<void> {
  const file = typed ?? configFileOf(args);
  if (!file) throw new UsageError('The file is missing: name one, give - for stdin, or set CCJK_CONFIG_FILE');
  const config_data = objectOf(await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')));
  if (!config_data)
    throw new Failure(
      `${file === '-' ? 'What came on stdin' : file} is no JSON object.`,
      'Only those can be backed up.',
    );
  const config_name = args.text('name') ?? (file === '-' ? 'config' : basename(file));
  const { client } = await openClient(args);
  const device = await deviceFor(client, args.text('device'));
  const made = await client.config.backup({ device_id: device.id, config_name, config_data });
  answer(
    args,
    made,
    () =>
      `Saved ${plain(config_name)} of ${plain(device.device_name)} as ${made.id}.\nPut it back with: ${PROGRAM} restore ${made.id}`,
  );
}

/** The one that is named; else this machine, if it is one; else the only one. */
async function deviceFor(client: CcjkCloud, named: string | undefined): Promise<Device> {
  const own = named ? undefined : await readDeviceCredentials(stateFolder()).catch(() => undefined);
  const here = own?.device_id && (await listDevices(client)).find(({ id }) => id === own.device_id);
  return here || findDevice(client, named);
}

async function show(args: Arguments, id: string): Promise<void> {
  const whole = await (await openClient(args)).client.config.getBackup(id);
  answer(args, whole, () => JSON.stringify(whole.config_data, null, 2));
}

async function remove(args: Arguments, id: string): Promise<void> {
  answer(args, await (await openClient(args)).client.config.removeBackup(id), () => `Deleted ${id}.`);
}

export const restore: Command = {
  summary: 'Put a backup back on its machine',
  usage: 'restore BACKUP [--device NAME|ID]',
  help: `  The daemon of the device writes it with its next heartbeat, if it was started
  with --config-file; what was there before lies beside it.

  --device NAME|ID  another device than the one of which it is`,
  options: { device: { type: 'string' } },
  run: async (args) => {
    const [id = ''] = args.expectWords('The id of the backup');
    const { client } = await openClient(args);
    const named = args.text('device');
    const target = named === undefined ? undefined : await findDevice(client, named);
    const wanted = await client.config.restore(id, target ? { device_id: target.id } : {});
    const device = target ?? (await client.devices.get(wanted.device_id ?? ''));
    answer(
      args,
      wanted,
      () => `${plain(device.device_name)} is to restore ${plain(wanted.config_name)} with its next heartbeat.`,
    );
    if (device.daemon_status === 'offline') note(`${plain(device.device_name)} is offline; the backup waits for it.`);
    return 0;
  },
};
