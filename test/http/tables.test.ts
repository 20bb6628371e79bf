/** The tables that say which test shows what: each test that they name is there, so that no row outlives its test. */
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

const FOLDERS = ['relay', 'control'];

/** `file: \`a test\`, \`another\`; file: \`a third\`` as pairs of file and test. */
const namedIn = (cell: string): { file: string; title: string }[] =>
  [...cell.matchAll(/(?:^|; )([\w./-]+): ((?:`[^`]+`(?:, )?)+)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/`([^`]+)`/g)].map(([, title = '']) => ({ file, title })),
  );

test.each(FOLDERS)('each row of the tables in %s names tests that there are', (folder) => {
  const home = path.join(HERE, folder);
  const text = readFileSync(path.join(home, 'README.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\|(?!-)/.test(line));
  const cells = rows.map((row) => row.split('|').at(-2)?.trim() ?? '').filter((cell) => cell !== 'test');
  for (const cell of cells) {
    const named = namedIn(cell);
    expect(named.length, cell).toBe([...cell.matchAll(/`[^`]+`/g)].length);
    expect(named.length, 'a row without a test').toBeGreaterThan(0);
    for (const { file, title } of named) {
      const source = readFileSync(path.join(home, `${file}.test.ts`), 'utf8');
      expect(source.includes(`('${title}'`) || source.includes(`"${title}"`), `${file}: ${title}`).toBe(true);
    }
  }
});
