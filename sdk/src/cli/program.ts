/** ccjk-cloud, the command line of CCJK Cloud. */
import { VERSION } from '../core/version.ts';
import { apiKeys, sessions } from './access.ts';
import { account } from './account.ts';
import { Arguments, type Command, UsageError } from './arguments.ts';
import { backup, restore } from './backups.ts';
import { channels } from './channels.ts';
import { daemon } from './daemon.ts';
import { devices } from './devices.ts';
import { email } from './email.ts';
import { report } from './failures.ts';
import { keys } from './keys.ts';
import { logs } from './logs.ts';
import { messages } from './messages.ts';
import { print } from './output.ts';
import { publish } from './publish.ts';
import { run } from './run.ts';
import { login, logout, register, whoami } from './sign-in.ts';
import { stats } from './stats.ts';
import { subscribe } from './subscribe.ts';
import { tasks } from './tasks.ts';

const COMMANDS: Record<string, Command> = {
  register,
  login,
  logout,
  whoami,
  daemon,
  devices,
  run,
  tasks,
  messages,
  email,
  logs,
  stats,
  backup,
  restore,
  account,
  sessions,
  'api-keys': apiKeys,
  publish,
  subscribe,
  channels,
  keys,
};

const EVERYWHERE = `Options of every command:
  --url URL   the service; else CCJK_URL, else where you signed in, else
              http://127.0.0.1:3000
  --json      nothing but one JSON document on stdout (daemon, subscribe: a
              line per event)
  --help      this text

Environment:
  CCJK_API_KEY    an API key (ck_live_…), in place of a login
  CCJK_RELAY_KEY  a key of the relay (sk_live_…), from "keys create"
  NO_COLOR        no colours

Exit codes: 0 it went well, 1 it failed, 2 wrong usage, 3 not signed in,
4 the service cannot be reached; run --follow: the exit code of the command.`;

const OVERVIEW = `Run commands on your own machines.

Usage: ccjk-cloud COMMAND [OPTIONS]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  .join('\n')}

See "ccjk-cloud COMMAND --help" for one of them.

${EVERYWHERE}`;

const helpOf = ({ summary, usage, help }: Command): string =>
  [`${summary}.`, `Usage: ccjk-cloud ${usage}`, help, EVERYWHERE].filter(Boolean).join('\n\n');

/** Does what was typed; gives the exit code. */
export async function program(typed: readonly string[]): Promise<number> {
  const [name = '', ...rest] = typed;
  if (name === '--version' || name === '-v') return say(VERSION);
  if (['', 'help', '--help', '-h'].includes(name)) return say(OVERVIEW);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (!command) throw new UsageError(`There is no command "${name}"`);
    const args = new Arguments(rest, command.options);
    return args.is('help') ? say(helpOf(command)) : await command.run(args);
  } catch (error) {
    return report(error, command ? name : '');
  }
}

const say = (text: string): number => {
  print(text);
  return 0;
};
