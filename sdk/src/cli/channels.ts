/** channels: list, show and create channels of the relay. */
import type { Channel } from '../generated/types.ts';
import { type Arguments, act, type Command } from './arguments.ts';
import { answer, answerPage, type Column, facts, PROGRAM, plain } from './output.ts';
import { openRelay } from './profile.ts';

const TYPES = ['public', 'encrypted', 'private', 'temporary'] as const;

export const channels: Command = {
  summary: 'List, show and create channels of the relay',
  usage: 'channels [list] | channels show ID | channels create [ID]',
  help: `  list    those that are open to you, the newest first
  show    one of them
  create  makes one; without ID it gets one. A private one is yours alone, which
          takes CCJK_RELAY_KEY, from "keys create"

  --type TYPE      ${TYPES.join(', ')}; create: public
  --name NAME      create: what it is called
  --expires TIME   create: such as 90m, 12h or 7d, at most 30d (never)
  --limit N        list: how many, 1 to 100 (50)`,
  options: {
    type: { type: 'string' },
    name: { type: 'string' },
    expires: { type: 'string' },
    limit: { type: 'string' },
  },
  run: (args) =>
    act(args, 'channels', {
      list: { run: list },
      show: { words: ['The id of the channel'], run: show },
      create: { words: ['The id?'], run: create },
    }),
};

async function list(args: Arguments): Promise<void> {
  const type = args.oneOf('type', TYPES);
  const limit = args.number('limit', 1, 100) ?? 50;
  const { relay } = await openRelay(args);
  const page = await relay.channels.list({ limit, ...(type ? { type } : {}) });
  answerPage(args, 'channels', page, COLUMNS, `No channels. Make one with: ${PROGRAM} channels create`);
}

async function show(args: Arguments, id: string): Promise<void> {
  const channel = await (await openRelay(args)).relay.channels.get(id);
  answer(args, channel, () => describe(channel));
}

async function create(args: Arguments, id?: string): Promise<void> {
  const type = args.oneOf('type', TYPES);
  const name = args.text('name');
  const expiresMs = args.duration('expires');
  const { relay } = await openRelay(args);
  const channel = await relay.channels.create({
    ...(id === undefined ? {} : { id }),
    ...(type === undefined ? {} : { type }),
    ...(name === undefined ? {} : { name }),
    ...(expiresMs === undefined ? {} : { expiresIn: Math.ceil(expiresMs / 1000) }),
  });
  answer(args, channel, () => `Made ${channel.id}.\nListen with: ${PROGRAM} subscribe ${channel.id}`);
}

const COLUMNS: Column<Channel>[] = [
  { title: 'ID', width: 24, of: ({ id }) => id },
  { title: 'TYPE', width: 9, of: ({ type }) => type },
  { title: 'EXPIRES', width: 16, of: ({ expiresAt }) => minuteOf(expiresAt) },
  { title: 'NAME', width: 20, of: ({ name }) => name ?? '' },
];

/** In UTC. */
export const minuteOf = (time: string | null): string => time?.slice(0, 16).replace('T', ' ') ?? 'never';

const describe = ({ id, type, name, description, creator, createdAt, expiresAt }: Channel): string =>
  facts([
    ['Channel', id],
    ['Type', type],
    ['Name', name && plain(name)],
    ['About', description && plain(description)],
    ['Owner', creator && plain(creator)],
    ['Created', createdAt],
    ['Expires', expiresAt ?? 'never'],
  ]);
