/** SECURITY.md: what it names as proof is there, and every proof that there is stands in it. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const [, list = ''] = /const HARNESSES[^=]*= \[([^\]]*)\]/.exec(read('test/proof/main.ts')) ?? [];
const harnesses = [...list.matchAll(/'([\w-]+)'/g)].map(([, name]) => name);

const text = read('SECURITY.md');
const [, table = ''] = /^\| asset .*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(text) ?? [];
/** What is in the last cell of each row. */
const proofs = table
  .trimEnd()
  .split('\n')
  .map((row) => row.split('|').at(-2) ?? '');
const named = proofs.flatMap((cell) => [...cell.matchAll(/\*\*([\w-]+)\*\*/g)].map(([, name]) => name));

it('has a proof in each row', () => {
  expect(proofs.length).toBeGreaterThan(10);
  expect(proofs.filter((cell) => !/\*\*[\w-]+\*\*|`[^`]+\.test\.ts`/.test(cell))).toEqual([]);
});

it('names harnesses that there are', () => {
  expect(named.filter((name) => !harnesses.includes(name))).toEqual([]);
});

it('names every harness', () => {
  expect(harnesses.length).toBeGreaterThan(0);
  expect(harnesses.filter((name) => !named.includes(name))).toEqual([]);
});

it('names files that there are', () => {
  const files = [...text.matchAll(/`(test\/[^`]+)`|\]\(([^)]+)\)/g)].map(([, file, link]) => file ?? link ?? '');
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});
