/** No database to work with, and the message tells the operator why and what to do: print it without the stack. */
export class PostgresUnavailable extends Error {
  override readonly name = 'PostgresUnavailable';
}
