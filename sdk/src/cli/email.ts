/** email: from which address a device takes commands by mail. */
import type { EmailConfig } from '../generated/types.ts';
import { type Arguments, type Command, UsageError } from './arguments.ts';
import { findDevice } from './devices.ts';
import { answer, plain } from './output.ts';
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
  run: async (args) => {
    const [action = ''] = args.words;
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!run) throw new UsageError(args.words.length > 0 ? `There is no "email ${action}"` : 'The action is missing');
    await run(args);
    return 0;
  },
};

const ACTIONS: Record<string, (args: Arguments) => Promise<void>> = {
  show: async (args) => {
    args.expectWords('The action');
    const { client } = await openClient(args);
    const device = await findDevice(client, args.text('device'));
    const config = await client.email.getConfig(device.id);
    answer(args, config, () => described(config));
  },

  set: async (args) => {
    const [, address = ''] = args.expectWords('The action', 'The address');
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
  },

  verify: async (args) => {
    const [, code = ''] = args.expectWords('The action', 'The code');
    const { client } = await openClient(args);
    const verified = await client.email.verify({ code });
    answer(args, verified, () => `${plain(verified.email_address)} is verified: commands from it are yours.`);
  },

  test: async (args) => {
    args.expectWords('The action');
    const { client } = await openClient(args);
    const device = await findDevice(client, args.text('device'));
    const sent = await client.email.test({ device_id: device.id });
    const way = sent.via === 'device' ? "the device's own server" : "the service's server";
    answer(args, sent, () => `Sent to ${plain(sent.to)} through ${way}, which says: ${plain(sent.reply)}`);
  },
};

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
  const rows = [
    ['Address', plain(email_address)],
    ['Verified', is_verified ? 'yes' : 'no; a code has been mailed to it: ccjk-cloud email verify CODE'],
    ['Commands', is_active ? 'are taken' : 'are not taken'],
    ['IMAP', place(config.imap_host, config.imap_port)],
    ['SMTP', place(config.smtp_host, config.smtp_port)],
    ['Login', `${plain(username ?? email_address)}, ${has_password ? 'with' : 'without'} a password`],
    ['Last read', last_check ?? '-'],
    ...(last_error === null ? [] : [['Problem', plain(last_error)]]),
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(11)}${value}`).join('\n');
}
