/** messages: list, read, read-all, delete. */
import type { Message } from '../generated/types.ts';
import { type Arguments, act, type Command } from './arguments.ts';
import { answer, answerPage, type Column, CREATED, ID, plain } from './output.ts';
import { openClient } from './profile.ts';

const ONE = ['The id of the message'];

export const messages: Command = {
  summary: 'Read what the service has told you',
  usage: 'messages [list] | messages read|delete ID | messages read-all',
  help: `  list      the newest first; those with a * are unread
  read      shows one, and marks it as read
  read-all  marks all as read
  delete    what it tells of stays

  --unread   list: only those
  --limit N  list: how many, 1 to 100 (20)`,
  options: { unread: { type: 'boolean' }, limit: { type: 'string' } },
  run: (args) =>
    act(args, 'messages', {
      list: { run: list },
      read: { words: ONE, run: read },
      'read-all': { run: readAll },
      delete: { words: ONE, run: remove },
    }),
};

async function list(args: Arguments): Promise<void> {
  const limit = args.number('limit', 1, 100) ?? 20;
  const { client } = await openClient(args);
  const page = await client.messages.list({ limit, ...(args.is('unread') ? { unread: true } : {}) });
  answerPage(args, 'messages', page, COLUMNS);
}

const COLUMNS: Column<Message>[] = [
  ID,
  CREATED,
  { title: ' ', width: 1, of: ({ read }) => (read ? '' : '*') },
  { title: 'TITLE', width: 29, of: ({ title }) => title },
];

async function read(args: Arguments, id: string): Promise<void> {
  const message = await (await openClient(args)).client.messages.read(id);
  const content = message.content?.split('\n').map(plain).join('\n') ?? '';
  answer(args, message, () => `${plain(message.title)}\n${message.created_at}\n\n${content}`.trimEnd());
}

async function readAll(args: Arguments): Promise<void> {
  const done = await (await openClient(args)).client.messages.readAll();
  answer(args, done, () => `Marked ${done.messages_read} as read.`);
}

async function remove(args: Arguments, id: string): Promise<void> {
  answer(args, await (await openClient(args)).client.messages.remove(id), () => `Deleted ${id}.`);
}
