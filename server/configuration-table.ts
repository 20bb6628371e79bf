/** The table of settings in README.md, from the schemas that read them. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { settings } from './config.ts';

const BEGIN = '<!-- configuration: written by npm run generate -->';
const END = '<!-- /configuration -->';

const rowOf = ([name, schema]: [string, z.ZodType]): string => {
  const { default: value, description = '' } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const shown = value === undefined || value === '' ? '' : `\`${value}\``;
  return `| \`${name}\` | ${shown} | ${description} |`;
};

/** README.md as it is, with its table made anew. */
export function readmeWithConfiguration(): string {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [before = '', rest = ''] = readme.split(BEGIN);
  const [, after = ''] = rest.split(END);
  const table = [
    '| variable | by default | what it is |',
    '|---|---|---|',
    ...Object.entries(settings).map(rowOf),
  ].join('\n');
  return `${before}${BEGIN}\n${table}\n${END}${after}`;
}
