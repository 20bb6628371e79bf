import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { entities } from '../../server/db/entities.ts';

const SERVER = path.resolve(import.meta.dirname, '../../server');
const text = readFileSync(path.join(SERVER, '../deploy/SCALE.md'), 'utf8');
const tables = entities.map((entity) => entity.meta.tableName as string);

test('SCALE.md says of every table, and of no other, what becomes of it', () => {
  const [, section = ''] = text.split('### Table by table');
  const [rows = ''] = section.split('\n### ');
  const named = [...rows.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual([...tables, 'migrations'].sort());
});

test('each statement that SCALE.md names is one of the service', () => {
  const [, section = ''] = text.split('### Query by query');
  const [rows = ''] = section.split('### In which order');
  const statements = [...rows.matchAll(/^\| ([^|]*`[^|]*) \|/gm)].flatMap(([, cell = '']) => functionsIn(cell));
  expect(statements.length).toBeGreaterThan(25);
  expect(statements.filter((statement) => !isThere(statement))).toEqual([]);
  expect(isThere({ name: 'lockSlots', file: undefined })).toBe(false);
  expect(isThere({ name: 'findKnown', file: 'sessions.ts' })).toBe(false);
});

const files = globSync('**/*.ts', { cwd: SERVER }).map((file) => ({
  name: path.basename(file),
  source: readFileSync(path.join(SERVER, file), 'utf8'),
}));

/** A name, and the file that it is said to be in. */
type Statement = { name: string; file: string | undefined };

/** What a cell has between backticks but for tables, files and SQL. */
function functionsIn(cell: string): Statement[] {
  const file = /`([\w-]+\.ts)`/.exec(cell)?.[1];
  const names = [...cell.matchAll(/`([a-z]\w*)`/gi)].map(([, name]) => name as string);
  return names.filter((name) => name !== 'insert' && !tables.includes(name)).map((name) => ({ name, file }));
}

function isThere({ name, file }: Statement): boolean {
  const declared = new RegExp(`(?:function|const) ${name}\\b|^ +(?:async )?${name}\\(.*\\{$`, 'm');
  return files.some((each) => (file === undefined || each.name === file) && declared.test(each.source));
}
