/** What is written: for people in tables of 80 columns, for programs as JSON; secrets never. */
import type { Page } from '../core/paging.ts';
import type { Arguments } from './arguments.ts';

/** What starts this program again: npx, where npx has started it, as in a clone. */
export const PROGRAM = process.env.npm_command === 'exec' ? 'npx ccjk-cloud' : 'ccjk-cloud';

const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;
type Colour = keyof typeof COLOURS;

/** Only for a person who can see it. */
export const paint = (colour: Colour, text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
    ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m`
    : text;

/** To stdout: the answer. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** To stderr: what is not the answer. */
export const note = (text: string): void => void process.stderr.write(`${text}\n`);

/** The answer, in the form that was asked for. */
export function answer(args: Arguments, document: unknown, text: () => string): void {
  print(args.is('json') ? JSON.stringify(document, null, 2) : text());
}

const STATUS_COLOURS: Record<string, Colour> = {
  completed: 'green',
  online: 'green',
  running: 'yellow',
  busy: 'yellow',
  failed: 'red',
  timeout: 'red',
  error: 'red',
  cancelled: 'dim',
  offline: 'dim',
};

export const paintStatus = (padded: string): string => {
  const colour = STATUS_COLOURS[padded.trim()];
  return colour ? paint(colour, padded) : padded;
};

export type Column<Row> = {
  title: string;
  width: number;
  of: (row: Row) => string;
  paint?: (padded: string) => string;
};

const columns = (): number => Math.max(80, process.stdout.columns ?? 80);

/** The last column takes the room that is left. */
export function table<Row>(rows: readonly Row[], spec: readonly Column<Row>[]): string {
  const used = spec.slice(0, -1).reduce((sum, { width }) => sum + width + 2, 0);
  const widths = spec.map(({ width }, at) => (at === spec.length - 1 ? Math.max(width, columns() - used) : width));
  const line = (cells: string[]) => cells.join('  ').trimEnd();
  const head = line(spec.map(({ title }, at) => pad(title, widths[at] ?? 0)));
  const body = rows.map((row) =>
    line(spec.map(({ of, paint: coloured = (text) => text }, at) => coloured(pad(of(row), widths[at] ?? 0)))),
  );
  return [paint('dim', head), ...body].join('\n');
}

/** A page of a list; `name` is what its items are called. */
export function answerPage<Row>(
  args: Arguments,
  name: string,
  { items, pagination, nextCursor }: Page<Row>,
  spec: readonly Column<Row>[],
  none = `No ${name}.`,
): void {
  answer(args, { [name]: items, pagination, next_cursor: nextCursor }, () => {
    if (items.length === 0) return none;
    const { total } = pagination;
    return (
      table(items, spec) + (total > items.length ? `\n${paint('dim', `${items.length} of ${total} ${name}`)}` : '')
    );
  });
}

/** Lines of a name and a value each; those without a value are left out. */
export const facts = (rows: readonly (readonly [string, string | undefined | null])[]): string => {
  const told = rows.filter(([, value]) => value);
  const width = Math.max(9, ...told.map(([name]) => name.length)) + 2;
  return told.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`).join('\n');
};

export const bytes = (count: number): string => {
  const power = Math.min(3, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return power === 0 ? `${count} bytes` : `${(count / 1024 ** power).toFixed(1)} ${['', 'KiB', 'MiB', 'GiB'][power]}`;
};

/** The columns with which most tables begin and go on. */
export const ID = { title: 'ID', width: 36, of: ({ id }: { id: string }) => id };
export const CREATED = {
  title: 'CREATED',
  width: 8,
  of: ({ created_at }: { created_at: string }) => ago(created_at),
};

/** Names and commands come from elsewhere: what would steer the terminal is taken out. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ');

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** On one line of at most `width` columns. */
export function cut(text: string, width: number): string {
  let used = 0;
  let kept = '';
  for (const character of plain(text)) {
    const wide = WIDE.test(character) ? 2 : 1;
    if (used + wide > width) return `${[...kept].slice(0, -1).join('')}…`;
    used += wide;
    kept += character;
  }
  return kept;
}

const pad = (text: string, width: number): string => {
  const kept = cut(text, width);
  const used = [...kept].reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);
  return kept + ' '.repeat(Math.max(0, width - used));
};

/** How long ago, in one or two digits. */
export function ago(time: string | null): string {
  if (time === null) return 'never';
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}

export const duration = (ms: number): string => {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
};
