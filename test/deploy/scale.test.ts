import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { entities } from '../../server/db/entities.ts';

test('SCALE.md says of every table, and of no other, what becomes of it', () => {
  const text = readFileSync(new URL('../../deploy/SCALE.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split('### Table by table');
  const [tables = ''] = section.split('\n### ');
  const named = [...tables.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual([...entities.map((entity) => entity.meta.tableName), 'migrations'].sort());
});
