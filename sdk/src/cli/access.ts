/** api-keys: list, create, revoke; sessions: list, revoke. */
import type { ApiKey, NewApiKey, Session } from '../generated/types.ts';
import { type Arguments, act, type Command, UsageError } from './arguments.ts';
import { ago, answer, type Column, CREATED, ID, PROGRAM, plain, table } from './output.ts';
import { openClient } from './profile.ts';

export const apiKeys: Command = {
  summary: 'List, create and revoke API keys',
  usage: 'api-keys [list] | api-keys create NAME | api-keys revoke ID',
  help: `  create  a key for a program, shown once
  revoke  the next request with it is refused

  --scope SCOPE   what it may do; may be repeated, or several with commas:
                  user:read, user:write, device:read, device:write, task:create,
                  task:read, task:cancel, task:admin, config:read, config:write,
                  log:read, stats:read
  --expires TIME  after as long, such as 90d (never)`,
  options: { scope: { type: 'string', multiple: true }, expires: { type: 'string' } },
  run: (args) =>
    act(args, 'api-keys', {
      list: { run: listKeys },
      create: { words: ['The name of the key'], run: createKey },
      revoke: { words: ['The id of the key'], run: revokeKey },
    }),
};

async function listKeys(args: Arguments): Promise<void> {
  const found = await (await openClient(args)).client.apiKeys.list();
  answer(args, found, () => (found.api_keys.length > 0 ? table(found.api_keys, KEYS) : 'No API keys.'));
}

const KEYS: Column<ApiKey>[] = [
  ID,
  CREATED,
  { title: 'USED', width: 8, of: ({ last_used }) => ago(last_used) },
  { title: 'NAME', width: 12, of: ({ name }) => name },
  { title: 'SCOPES', width: 8, of: ({ scopes }) => scopes.join(' ') },
];

async function createKey(args: Arguments, name: string): Promise<void> {
  const scopes = args.list('scope').flatMap((typed) => typed.split(',')) as NewApiKey['scopes'];
  if (scopes.length === 0) throw new UsageError('--scope is missing');
  const lifeMs = args.duration('expires');
  const expires_at = lifeMs === undefined ? {} : { expires_at: new Date(Date.now() + lifeMs).toISOString() };
  const made = await (await openClient(args)).client.apiKeys.create({ name, scopes, ...expires_at });
  answer(args, made, () =>
    [
      `Made ${plain(made.name)} (${made.id}). The key, shown only now:`,
      '',
      `  ${made.key}`,
      '',
      'Programs take it from CCJK_API_KEY. End it with:',
      `  ${PROGRAM} api-keys revoke ${made.id}`,
    ].join('\n'),
  );
}

async function revokeKey(args: Arguments, id: string): Promise<void> {
  answer(args, await (await openClient(args)).client.apiKeys.remove(id), () => `Revoked ${id}.`);
}

export const sessions: Command = {
  summary: 'List and revoke sessions',
  usage: 'sessions [list] | sessions revoke ID',
  help: `  list    where you are signed in; the one with a * is this one
  revoke  signs it out at once`,
  run: (args) =>
    act(args, 'sessions', {
      list: { run: listSessions },
      revoke: { words: ['The id of the session'], run: revokeSession },
    }),
};

async function listSessions(args: Arguments): Promise<void> {
  const found = await (await openClient(args)).client.auth.listSessions();
  answer(args, found, () => table(found.sessions, SESSIONS));
}

const SESSIONS: Column<Session>[] = [
  ID,
  { title: ' ', width: 1, of: ({ current }) => (current ? '*' : '') },
  { title: 'USED', width: 8, of: ({ last_used_at }) => ago(last_used_at) },
  { title: 'FROM', width: 15, of: ({ ip_address }) => ip_address ?? '' },
  { title: 'PROGRAM', width: 12, of: ({ user_agent }) => user_agent ?? '' },
];

async function revokeSession(args: Arguments, id: string): Promise<void> {
  answer(args, await (await openClient(args)).client.auth.revokeSession(id), () => `Revoked ${id}.`);
}
