/** Answers for people: rows under their titles, as wide as what they hold; times in UTC, to the second. */

export type Cell = string | number | boolean | Date | null;

/** The titles are the fields, `last_login_at` as LAST LOGIN AT. */
export function tableOf(rows: readonly Record<string, Cell>[]): string {
  const [first] = rows;
  if (!first) return 'none';
  const lines = [Object.keys(first).map(titleOf), ...rows.map((row) => Object.values(row).map(written))];
  const widths = Object.keys(first).map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const titleOf = (field: string): string => field.replaceAll('_', ' ').toUpperCase();

const written = (cell: Cell): string => {
  if (cell === null) return '-';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  // Names are what users typed: nothing in them moves the cursor of the operator.
  return cell instanceof Date ? `${cell.toISOString().slice(0, 19)}Z` : String(cell).replaceAll(/\p{Cc}/gu, '?');
};
