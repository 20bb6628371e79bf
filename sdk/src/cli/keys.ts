/** keys: create, list and revoke keys of the relay. */
import type { Relay } from '../core/lazy-relay.ts';
import type { NewRelayKey } from '../generated/types.ts';
import { type Arguments, act, type Command, UsageError } from './arguments.ts';
import { minuteOf } from './channels.ts';
import { ago, answer, PROGRAM, plain, table } from './output.ts';
import { openRelay } from './profile.ts';

type Permission = NonNullable<NewRelayKey['permissions']>[number];

const PERMISSIONS: readonly Permission[] = ['read', 'write', 'admin', 'revoke'];
const MAX_CONFIRMATION_HOURS = 8760;
const ONE = ['The id of the key'];

export const keys: Command = {
  summary: 'Create, list and revoke keys of the relay',
  usage: 'keys [list] | keys create|revoke|confirm|cancel …',
  help: `  For whoever is signed in, else for the owner of CCJK_RELAY_KEY.

  list     your keys that are in force
  create   makes one, and shows it this once
  revoke   asks for the end of a key, or of the public key of a channel, and
           shows the code that confirms it; the key works until then
  confirm  ends it: the id of the revocation, and its code
  cancel   the key of this id stays in force

  --permission NAME  create: ${PERMISSIONS.join(', ')}; may be repeated
                     (read and write)
  --expires TIME     create: such as 12h or 90d (never)
  --reason TEXT      revoke: why, 10 to 1000 characters
  --hours N          revoke: how long it can be confirmed, 1 to ${MAX_CONFIRMATION_HOURS} (24)
  --now              revoke: at once, without a code`,
  options: {
    permission: { type: 'string', multiple: true },
    expires: { type: 'string' },
    reason: { type: 'string' },
    hours: { type: 'string' },
    now: { type: 'boolean' },
  },
  run: (args) =>
    act(args, 'keys', {
      list: { run: list },
      create: { words: ['The name?'], run: create },
      revoke: { words: ONE, run: revoke },
      confirm: { words: ['The id of the revocation', 'The code'], run: confirm },
      cancel: { words: ONE, run: cancel },
    }),
};

const open = async (args: Arguments): Promise<Relay> => (await openRelay(args)).relay;

async function list(args: Arguments): Promise<void> {
  const all = await (await open(args)).keys.list();
  answer(args, { keys: all }, () =>
    all.length === 0
      ? `No keys. Make one with: ${PROGRAM} keys create`
      : table(all, [
          { title: 'ID', width: 36, of: ({ id }) => id },
          { title: 'USED', width: 8, of: ({ lastUsedAt }) => ago(lastUsedAt) },
          { title: 'EXPIRES', width: 16, of: ({ expiresAt }) => minuteOf(expiresAt) },
          { title: 'NAME', width: 14, of: ({ name, permissions }) => `${name} (${permissions.join(', ')})` },
        ]),
  );
}

async function create(args: Arguments, name?: string): Promise<void> {
  const permissions = args.list('permission');
  const unknown = permissions.find((one) => !(PERMISSIONS as readonly string[]).includes(one));
  if (unknown !== undefined) throw new UsageError(`There is no permission "${unknown}"`);
  const expiresMs = args.duration('expires');
  const made = await (await open(args)).keys.create({
    ...(name === undefined ? {} : { name }),
    ...(permissions.length > 0 ? { permissions: permissions as Permission[] } : {}),
    ...(expiresMs === undefined ? {} : { expiresAt: new Date(Date.now() + expiresMs).toISOString() }),
  });
  answer(args, made, () =>
    [
      `Made ${plain(made.name)} (${made.id}), which may ${made.permissions.join(', ')}. The key, shown only now:`,
      '',
      `  ${made.key}`,
      '',
      'Commands of the relay use it as CCJK_RELAY_KEY; programs send it as X-API-Key.',
    ].join('\n'),
  );
}

async function revoke(args: Arguments, id: string): Promise<void> {
  if (args.is('now')) return revoked(args, (await open(args)).keys.remove(id));
  const reason = args.text('reason');
  if (reason === undefined) throw new UsageError('--reason is missing (or --now, to revoke it without a code)');
  const confirmationHours = args.number('hours', 1, MAX_CONFIRMATION_HOURS);
  const relay = await open(args);
  const asked = await relay.keys.revoke(id, { reason, ...(confirmationHours ? { confirmationHours } : {}) });
  answer(args, asked, () =>
    [
      `${asked.keyId} works on until its revocation is confirmed, by ${minuteOf(asked.expiresAt)} UTC, with:`,
      '',
      `  ${PROGRAM} keys confirm ${asked.revocationId} ${asked.confirmationCode}`,
      '',
      `The code is shown only now. To keep the key: ${PROGRAM} keys cancel ${id}`,
    ].join('\n'),
  );
}

async function confirm(args: Arguments, id: string, code: string): Promise<void> {
  return revoked(args, (await open(args)).keys.confirm(id, code));
}

async function cancel(args: Arguments, id: string): Promise<void> {
  const cancelled = await (await open(args)).keys.cancelRevocation(id);
  answer(args, cancelled, () => `${cancelled.keyId} stays in force.`);
}

async function revoked(args: Arguments, call: ReturnType<Relay['keys']['remove']>): Promise<void> {
  const done = await call;
  answer(args, done, () => `Revoked ${done.deletedId}.`);
}
