/** Somebody kept a table from the migrations for too long: a backup, say. Print the message without the stack. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';

  constructor(waitedMs: number, cause: unknown) {
    super(
      `The tables could not be brought to this version within ${Math.round(waitedMs / 1000)} s: somebody holds one of them (pg_stat_activity says who). Nothing is half done; start again when that has ended.`,
      { cause },
    );
  }
}
