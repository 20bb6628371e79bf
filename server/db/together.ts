/**
 * Together — statements that go out as one write and are answered in one round trip. PostgreSQL carries them out one after
 * the other, each with a snapshot of its own: one that follows a lock sees what was committed before the lock was had.
 * After one that fails, those of its transaction that follow fail too.
 */
import type { RawBuilder } from 'kysely';
import type { Db } from './orm.ts';

type Statements<Rows extends readonly unknown[]> = { [At in keyof Rows]: RawBuilder<Rows[At]> };
type Answers<Rows extends readonly unknown[]> = { [At in keyof Rows]: Rows[At][] };

/** The rows of each; throws what the first that failed was refused with, when all have been answered. */
export const together = <Rows extends readonly unknown[]>(
  db: Db,
  ...statements: Statements<Rows>
): Promise<Answers<Rows>> =>
  db.getExecutor().provideConnection(async (connection) => {
    const answers = await Promise.allSettled(
      statements.map((statement) => connection.executeQuery(statement.compile(db))),
    );
    return answers.map((answer) => {
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value.rows;
    }) as Answers<Rows>;
  });
