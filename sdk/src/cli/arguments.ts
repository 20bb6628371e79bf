/** What was typed, as typed values. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The words after the program make no sense; the message says which, and `help` where to look. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** What every command takes. */
const EVERYWHERE = {
  url: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options;

/** The options and words of one call. */
export class Arguments {
  readonly words: readonly string[];
  readonly #values: Record<string, unknown>;

  /** @throws UsageError */
  constructor(typed: readonly string[], options: Options = {}) {
    try {
      const { values, positionals } = parseArgs({
        args: [...typed],
        options: { ...EVERYWHERE, ...options },
        allowPositionals: true,
      });
      this.#values = values;
      this.words = positionals;
    } catch (error) {
      throw new UsageError((error as Error).message.split('. ')[0] ?? '');
    }
  }

  /** One whose name ends in "?" may be left out. @throws UsageError unless there are just these words */
  expectWords(...names: string[]): string[] {
    if (this.words.length > names.length) throw new UsageError(`Unexpected argument "${this.words[names.length]}"`);
    const missing = names[this.words.length];
    if (missing && !missing.endsWith('?')) throw new UsageError(`${missing} is missing`);
    return [...this.words];
  }

  is(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    return this.#values[name] as string | undefined;
  }

  /** @throws UsageError */
  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const typed = this.text(name);
    const value = values.find((one) => one === typed);
    if (typed !== undefined && value === undefined)
      throw new UsageError(`--${name} must be one of ${values.join(', ')}, not "${typed}"`);
    return value;
  }

  list(name: string): string[] {
    return (this.#values[name] as string[] | undefined) ?? [];
  }

  /** @throws UsageError */
  number(name: string, min: number, max: number): number | undefined {
    const typed = this.text(name);
    if (typed === undefined) return undefined;
    const value = Number(typed);
    if (typed.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${typed}"`);
    return value;
  }

  /** In milliseconds. @throws UsageError */
  duration(name: string): number | undefined {
    const typed = this.text(name);
    if (typed === undefined) return undefined;
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(typed.trim()) ?? [];
    const inMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? ''];
    if (!inMs) throw new UsageError(`--${name} must be a duration such as 90s, 5m or 2h, not "${typed}"`);
    return Math.round(Number(amount) * inMs);
  }
}

/** The values of an option that is NAME=VALUE each. @throws UsageError */
export const pairsOf = (args: Arguments, name: string): [string, string][] =>
  args.list(name).map((typed) => {
    const at = typed.indexOf('=');
    if (at < 1) throw new UsageError(`--${name} must be NAME=VALUE, not "${typed}"`);
    return [typed.slice(0, at), typed.slice(at + 1)];
  });

/** What a command does to its noun, such as `read` in `messages read ID`. */
export type Action = {
  /** What follows it, such as "The id of the message"; those that end in "?" may be left out. */
  words?: string[];
  run(args: Arguments, ...words: string[]): Promise<unknown>;
};

/** Does what the first word says; without one it lists. @throws UsageError when there is no such action */
export async function act(args: Arguments, noun: string, actions: Record<string, Action>): Promise<number> {
  const [name = 'list'] = args.words;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action)
    throw new UsageError(args.words[0] ? `There is no "${noun} ${args.words.join(' ')}"` : 'The action is missing');
  const [, ...words] = args.expectWords('The action?', ...(action.words ?? []));
  await action.run(args, ...words);
  return 0;
}

/** One command of the program. */
export type Command = {
  /** One line, for the list of commands. */
  summary: string;
  /** After "Usage: ccjk-cloud ". */
  usage: string;
  help: string;
  options?: Options;
  /** Gives the exit code. */
  run(args: Arguments): Promise<number>;
};
