/** One call of the administration: reads the words, does what they say, prints the answer. */
import { parseArgs } from 'node:util';
import { PostgresUnavailable } from '../adapters/postgres-unavailable.ts';
import { ConfigurationFailed, readSettings } from '../config.ts';
import { type Answer, commands, type Options } from './commands.ts';
import { AdministrationFailed } from './place.ts';

const MOST_LISTED = 10_000;
const MOST_TASKS = 1_000_000;

const USAGE = `Usage: npm run admin -- COMMAND [--json]

${Object.entries(commands)
  .map(([name, { words, summary }]) => `  ${[name, ...words].join(' ').padEnd(22)} ${summary}`)
  .join('\n')}

  --limit N   rows of a list, by default 100
  --tasks N   how many tasks the drill makes, by default 2000

USER is an address or an id. The database is that of DATABASE_URL, or the embedded one in DATA_DIR.`;

/** Gives the exit code: 2 when the words make no sense. */
export async function administer(typed: readonly string[], env: Record<string, string | undefined>): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...typed],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        limit: { type: 'string', default: '100' },
        tasks: { type: 'string', default: '2000' },
        search: { type: 'string' },
        user: { type: 'string' },
      },
    });
    if (values.help) return say(USAGE);
    const options = {
      limit: wholeNumber('limit', values.limit, MOST_LISTED),
      tasks: wholeNumber('tasks', values.tasks, MOST_TASKS),
      search: values.search,
      user: values.user,
    };
    const { document, text } = await carryOut(positionals, options, env);
    return say(values.json ? JSON.stringify(document, null, 2) : text);
  } catch (error) {
    const isUsage = error instanceof UsageFailed || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${isUsage ? `${(error as Error).message}\n\n${USAGE}` : reasonOf(error)}\n`);
    return isUsage ? 2 : 1;
  }
}

class UsageFailed extends Error {}

/** @throws UsageFailed */
function carryOut(
  typed: readonly string[],
  options: Options,
  env: Record<string, string | undefined>,
): Promise<Answer> {
  for (const length of [2, 1]) {
    const name = typed.slice(0, length).join(' ');
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) continue;
    const words = typed.slice(length);
    if (words.length !== command.words.length)
      throw new UsageFailed(`${name} takes: ${command.words.join(' ') || 'nothing'}`);
    return command.run(readSettings(env), words, options);
  }
  throw new UsageFailed(typed.length > 0 ? `There is no command "${typed.join(' ')}"` : 'A command is missing');
}

/** @throws UsageFailed */
function wholeNumber(name: string, typed: string, most: number): number {
  if (/^\d+$/.test(typed) && Number(typed) >= 1 && Number(typed) <= most) return Number(typed);
  throw new UsageFailed(`--${name} is a whole number from 1 to ${most}, not "${typed}"`);
}

const say = (text: string): 0 => {
  process.stdout.write(`${text}\n`);
  return 0;
};

const reasonOf = (error: unknown): string => {
  const isPlain = [AdministrationFailed, ConfigurationFailed, PostgresUnavailable].some(
    (kind) => error instanceof kind,
  );
  const { message, stack, code } = error as NodeJS.ErrnoException;
  // With a code it comes from the system or the database, and its message says enough.
  return isPlain || code ? message || String(code) : (stack ?? message);
};
