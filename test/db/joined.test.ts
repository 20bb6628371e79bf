import { expect, it } from 'vitest';
import { joined } from '../../server/db/joined.ts';
import type { Db } from '../../server/db/orm.ts';

const [one, other] = [{}, {}] as [Db, Db];

/** A look-up that notes what it is asked, and knows every key but `missing`. */
function openLookup(look?: (keys: readonly string[]) => Promise<void>) {
  const asked: { db: Db; keys: readonly string[] }[] = [];
  const find = joined(async (db, keys) => {
    asked.push({ db, keys });
    await look?.(keys);
    return keys.filter((key) => key !== 'missing').map((key) => ({ key, name: `row of ${key}` }));
  });
  return { asked, find };
}

it('look-ups of one turn are one statement, and each gets its own row', async () => {
  const { asked, find } = openLookup();
  const rows = await Promise.all(['a', 'b', 'a', 'missing'].map((key) => find(one, key)));
  expect(rows.map((row) => row?.name)).toEqual(['row of a', 'row of b', 'row of a', undefined]);
  expect(asked).toEqual([{ db: one, keys: ['a', 'b', 'missing'] }]);
});

it('what is asked later is looked up anew, so that nothing is remembered', async () => {
  const { asked, find } = openLookup();
  await find(one, 'a');
  await find(one, 'a');
  expect(asked).toHaveLength(2);
});

it('what is asked while a statement is under way does not wait for it', async () => {
  const slow = Promise.withResolvers<void>();
  const { find } = openLookup((keys) => (keys.includes('slow') ? slow.promise : Promise.resolve()));
  const first = find(one, 'slow');
  await new Promise((resolve) => setImmediate(resolve));
  await expect(find(one, 'quick')).resolves.toMatchObject({ key: 'quick' });
  slow.resolve();
  await expect(first).resolves.toMatchObject({ key: 'slow' });
});

it('a statement that fails fails those who asked in its turn, and nobody after them', async () => {
  let isAway = true;
  const { find } = openLookup(async () => {
    if (isAway) throw new Error('The database is away');
  });
  const turn = await Promise.allSettled([find(one, 'a'), find(one, 'b')]);
  expect(turn.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  await expect(find(one, 'a')).resolves.toMatchObject({ key: 'a' });
});

it('two transactions never share a statement', async () => {
  const { asked, find } = openLookup();
  await Promise.all([find(one, 'a'), find(other, 'a')]);
  expect(asked.map(({ db }) => db)).toEqual([one, other]);
});
