/** The tables that say which test shows what: each test that they name is there. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const FOLDERS = ['relay', 'control'];

/** `file: \`a test\`, \`another\`; file: \`a third\`` as pairs of file and test. */
const namedIn = (cell: string): { file: string; title: string }[] =>
  [...cell.matchAll(/(?:^|; )([\w./-]+): ((?:`[^`]+`(?:, )?)+)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/`([^`]+)`/g)].map(([, title = '']) => ({ file, title })),
  );

test.each(FOLDERS)('each row of the tables in %s names tests that there are', async (folder) => {
  const home = new URL(`${folder}/`, import.meta.url);
  const text = await readFile(new URL('README.md', home), 'utf8');
  const rows = text.split('\n').filter((line) => /^\|(?!-)/.test(line));
  const cells = rows.map((row) => row.split('|').at(-2)?.trim() ?? '').filter((cell) => cell !== 'test');
  for (const cell of cells) {
    const named = namedIn(cell);
    expect(named.length, cell).toBe([...cell.matchAll(/`[^`]+`/g)].length);
    expect(named.length, 'a row without a test').toBeGreaterThan(0);
    for (const { file, title } of named) {
      const source = await readFile(new URL(`${file}.test.ts`, home), 'utf8');
      expect(source.includes(`('${title}'`) || source.includes(`"${title}"`), `${file}: ${title}`).toBe(true);
    }
  }
});
