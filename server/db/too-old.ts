/** The database is older than the statements are written for; the message tells the operator which. Print it without the stack. */
export class DatabaseTooOld extends Error {
  override readonly name = 'DatabaseTooOld';
}
