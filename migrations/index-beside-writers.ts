import { Migration } from '@mikro-orm/migrations';

/**
 * An index on a table that is already there. A plain build keeps every writer of the table out until it has read it all;
 * this one lets them go on, and waits for the transactions that are older than itself: a backup, say. PostgreSQL takes it
 * outside a transaction only, so it is one migration, and does nothing where the index is there already.
 */
export abstract class IndexBesideWriters extends Migration {
  protected abstract readonly index: string;
  protected abstract readonly table: string;
  /** The columns, and the condition. */
  protected abstract readonly over: string;

  override isTransactional(): boolean {
    return false;
  }

  override async up(): Promise<void> {
    const [found] = await this.execute(
      `select exists (select from pg_index where indexrelid = to_regclass('"${this.index}"') and indisvalid) as "isThere",
              pg_relation_size('"${this.table}"') = 0 as "isEmpty"`,
    );
    if (found?.isThere) return;
    // Of an empty table in no time: the first start of a service is not longer for it.
    const how = found?.isEmpty ? '' : 'concurrently ';
    // What is built beside writers keeps nobody waiting while it waits.
    if (how) this.addSql('set lock_timeout = 0;');
    // A build that was broken off leaves an index that costs each write and answers nothing.
    this.addSql(`drop index ${how}if exists "${this.index}";`);
    this.addSql(`create index ${how}"${this.index}" on "${this.table}" ${this.over};`);
    this.addSql('reset lock_timeout;');
  }

  override down(): void {
    this.addSql(`drop index concurrently if exists "${this.index}";`);
  }
}
