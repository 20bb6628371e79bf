/**
 * Joined look-ups — what is looked up in one turn of the event loop is asked in one statement. A look-up on its own waits
 * for nothing; under load one round trip answers many, and the connections are free for the rest of each request.
 */
import type { Db } from './orm.ts';

type Turn<Row> = { keys: Set<string>; rows: Promise<ReadonlyMap<string, Row>> };

/**
 * A look-up by key, of which `look` finds many at once. The keys are told apart as they are written, so each has one way
 * to be written; a key that PostgreSQL does not take would fail its neighbours too, so none may come from outside as it is.
 */
export function joined<Row extends { key: string }>(
  look: (db: Db, keys: readonly string[]) => Promise<readonly Row[]>,
): (db: Db, key: string) => Promise<Row | undefined> {
  const turns = new WeakMap<Db, Turn<Row>>();

  const begin = (db: Db): Turn<Row> => {
    const keys = new Set<string>();
    const rows = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
      turns.delete(db);
      return new Map((await look(db, [...keys])).map((row) => [row.key, row]));
    });
    const turn = { keys, rows };
    turns.set(db, turn);
    return turn;
  };

  return async (db, key) => {
    const turn = turns.get(db) ?? begin(db);
    turn.keys.add(key);
    return (await turn.rows).get(key);
  };
}
