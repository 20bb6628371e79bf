/** The tables of README.md name tests: here they are looked for, so that no row outlives its test. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const HERE = import.meta.dirname;

/** `room/file`: «words», «words», … */
const REFERENCES = /`([\w./-]+)`: («.+?»(?:, «.+?»)*)(?=[;. ]|$)/gm;

/** Lines on which a test, or the table before its name, ends or begins. */
const NAMING = /\b(it|test|describe)\b|\)\(['"`]/;

const namesIn = (file: string): string =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => NAMING.test(line))
    .join('\n');

test('every test that the tables name is there', () => {
  const readme = readFileSync(path.join(HERE, 'README.md'), 'utf8');
  const named = [...readme.matchAll(REFERENCES)].flatMap(([, file = '', words = '']) =>
    words
      .slice(1, -1)
      .split('», «')
      .map((each) => ({ file: path.resolve(HERE, `${file}.test.ts`), words: each })),
  );
  expect(named.length).toBeGreaterThan(200);
  const lost = named.filter(({ file, words }) => !existsSync(file) || !namesIn(file).includes(words));
  expect(lost).toEqual([]);
});
