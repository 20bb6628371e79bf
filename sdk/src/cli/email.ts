/** email: from which address a device takes commands by mail. */
import type { EmailConfig } from '../generated/types.ts';
import { type Arguments, act, type Command, UsageError } from './arguments.ts';
import { findDevice } from './devices.ts';
import { answer, facts, PROGRAM, plain } from './output.ts';
import { openClient } from './profile.ts';
import { ask } from './prompt.ts';

const PORTS = [25, 143, 465, 587, 993, 2525] as const;
type Port = (typeof PORTS)[number];

export const email: Command = {
  summary: 'Commands by mail: settings, verification, test',
  usage: 'email show | set ADDRESS | verify CODE | test  [OPTIONS]',
  help: `  show    the mail settings of a device
  set     lets a device take commands that are mailed from ADDRESS; what is
          left out is forgotten, the password too
  verify  shows that you read the mail of an address, with the code mailed to it
  test    sends a mail to the address of a device

  --device NAME|ID  which device; may be left out when there is only one
  --imap HOST[:PORT]  where the mailbox is read
  --smtp HOST[:PORT]  where results are handed in; else the service sends them
  --username NAME     at both, by default ADDRESS
  --with-password     asks for the password, or takes CCJK_MAIL_PASSWORD
  --no-tls            talks to servers without TLS; a password still needs it
  --off               keeps the settings, but takes no commands

  A command is a mail whose subject begins with [CCJK], or [CCJK:device name],
  and whose body is the command.`,
  options: {
    device: { type: 'string' },
    imap: { type: 'string' },
    smtp: { type: 'string' },
    username: { type: 'string' },
    'with-password': { type: 'boolean' },
    'no-tls': { type: 'boolean' },
    off: { type: 'boolean' },
  },
  run: (args) =>
    act(args, 'email', {
      show: { run: show },
      set: { words: ['The address'], run: set },
      verify: { words: ['The code'], run: verify },
      test: { run: test },
    }),
};

async function show(args: Arguments): Promise<void> {
  const { client } = await openClient(args);
  const device = await findDevice(client, args.text('device'));
  const config = await client.email.getConfig(device.id);
  answer(args, config, () => described(config));
}

async function set(args: Arguments, address: string): Promise<void> {
  const [imap_host, imap_port] = placeIn(args, 'imap');
  const [smtp_host, smtp_port] = placeIn(args, 'smtp');
  const isSecure = !args.is('no-tls');
  const { client } = await openClient(args);
  const device = await findDevice(client, args.text('device'));
  const config = await client.email.saveConfig({
    device_id: device.id,
    email_address: address,
    ...(args.text('username') === undefined ? {} : { username: args.text('username') as string }),
    ...(args.is('with-password') ? { password: await passwordOf() } : {}),
    imap_host,
    imap_port,
    imap_secure: isSecure,
    smtp_host,
    smtp_port,
    smtp_secure: isSecure,
    is_active: !args.is('off'),
  });
  answer(args, config, () => described(config));
}

async function verify(args: Arguments, code: string): Promise<void> {
  const { client } = await openClient(args);
  const verified = await client.email.verify({ code });
  answer(args, verified, () => `${plain(verified.email_address)} is verified: commands from it are yours.`);
}

async function test(args: Arguments): Promise<void> {
  const { client } = await openClient(args);
  const device = await findDevice(client, args.text('device'));
  const sent = await client.email.test({ device_id: device.id });
  const way = sent.via === 'device' ? "the device's own server" : "the service's server";
  answer(args, sent, () => `Sent to ${plain(sent.to)} through ${way}, which says: ${plain(sent.reply)}`);
}

/** Host and port; the port is null when it is left out. @throws UsageError */
function placeIn(args: Arguments, option: 'imap' | 'smtp'): [host: string | null, port: Port | null] {
  const typed = args.text(option);
  if (typed === undefined) return [null, null];
  const [, host = '', written] = /^(.*?)(?::(\d+))?$/.exec(typed) ?? [];
  const port = PORTS.find((each) => String(each) === written);
  if (host === '' || (written !== undefined && !port))
    throw new UsageError(`--${option} must be HOST or HOST:PORT with one of the ports ${PORTS.join(', ')}`);
  return [host, port ?? null];
}

const passwordOf = async (): Promise<string> =>
  process.env.CCJK_MAIL_PASSWORD || (await ask('Password of the mail account: ', 'CCJK_MAIL_PASSWORD', 'secret'));

function described(config: EmailConfig): string {
  const { email_address, is_verified, is_active, has_password, username, last_check, last_error } = config;
  const place = (host: string | null, port: number | null) => (host ? `${plain(host)}${port ? `:${port}` : ''}` : '-');
  return facts([
    ['Address', plain(email_address)],
    ['Verified', is_verified ? 'yes' : `no; a code has been mailed to it: ${PROGRAM} email verify CODE`],
    ['Commands', is_active ? 'are taken' : 'are not taken'],
    ['IMAP', place(config.imap_host, config.imap_port)],
    ['SMTP', place(config.smtp_host, config.smtp_port)],
    ['Login', `${plain(username ?? email_address)}, ${has_password ? 'with' : 'without'} a password`],
    ['Last read', last_check ?? '-'],
    ['Problem', last_error && plain(last_error)],
  ]);
}
