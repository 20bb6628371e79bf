/** logs: list, show, download, delete. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { codeOf } from '../daemon/durable-files.ts';
import type { Log } from '../generated/types.ts';
import { type Arguments, act, type Command, UsageError } from './arguments.ts';
import { findDevice } from './devices.ts';
import { EXIT, Failure } from './failures.ts';
import { answer, answerPage, bytes, type Column } from './output.ts';
import { openClient } from './profile.ts';

const ONE = ['The id of the log'];
const LAST_BYTE = 2_000_000_000;

export const logs: Command = {
  summary: 'Read the logs that devices have sent',
  usage: 'logs [list] | logs show|delete ID | logs download ID FILE|-',
  help: `  list      the newest first
  show      its text; what a task wrote is in "tasks logs"
  download  the file as it was sent, which may be gzip; - is stdout
  delete    its storage is free again

  --device NAME|ID   list: only those of this device
  --type TYPE        list: only of this type, such as daemon
  --date YYYY-MM-DD  list: only of this day
  --limit N          list: how many, 1 to 100 (20)
  --from N           show: from this byte of the text on
  --tail N           show: only the last lines, 1 to 10000`,
  options: {
    device: { type: 'string' },
    type: { type: 'string' },
    date: { type: 'string' },
    limit: { type: 'string' },
    from: { type: 'string' },
    tail: { type: 'string' },
  },
  run: (args) =>
    act(args, 'logs', {
      list: { run: list },
      show: { words: ONE, run: show },
      download: { words: [...ONE, 'The file'], run: download },
      delete: { words: ONE, run: remove },
    }),
};

async function list(args: Arguments): Promise<void> {
  const limit = args.number('limit', 1, 100) ?? 20;
  const [named, type, date] = [args.text('device'), args.text('type'), args.text('date')];
  const { client } = await openClient(args);
  const page = await client.logs.list({
    limit,
    ...(named ? { device_id: (await findDevice(client, named)).id } : {}),
    ...(type ? { type } : {}),
    ...(date ? { date } : {}),
  });
  answerPage(args, 'logs', page, COLUMNS);
}

const COLUMNS: Column<Log>[] = [
  { title: 'ID', width: 36, of: ({ log_id }) => log_id },
  { title: 'DATE', width: 10, of: ({ date }) => date },
  { title: 'SIZE', width: 11, of: ({ size }) => bytes(size) },
  { title: 'TYPE', width: 17, of: ({ type }) => type },
];

/** All of it, part by part; as JSON one part, which says where the next begins. */
async function show(args: Arguments, id: string): Promise<void> {
  const tail = args.number('tail', 1, 10_000);
  let from: number | null = args.number('from', 0, LAST_BYTE) ?? 0;
  if (tail && from) throw new UsageError('--from and --tail do not go together');
  const { client } = await openClient(args);
  while (from !== null) {
    const view = await client.logs.get(id, tail ? { tail } : { from });
    if (args.is('json')) return answer(args, view, () => '');
    await new Promise((written) => process.stdout.write(view.text, written));
    from = view.next_from;
  }
}

async function download(args: Arguments, id: string, file: string): Promise<void> {
  const { client } = await openClient(args);
  const { body } = await client.logs.download(id);
  const draft = `${file}.part`;
  const target = file === '-' ? process.stdout : createWriteStream(draft);
  try {
    await pipeline(Readable.fromWeb(body as ReadableStream), target, { end: file !== '-' });
    if (file === '-') return;
    await rename(draft, file);
  } catch (error) {
    if (file !== '-') await rm(draft, { force: true });
    if (codeOf(error)?.startsWith('E')) throw error; // of the file, and says so
    throw new Failure('The download broke off.', 'Try it again.', EXIT.unreachable);
  }
  answer(args, { log_id: id, file }, () => `Wrote ${file}.`);
}

async function remove(args: Arguments, id: string): Promise<void> {
  answer(args, await (await openClient(args)).client.logs.remove(id), () => `Deleted ${id}.`);
}
