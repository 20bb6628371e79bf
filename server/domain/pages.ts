/** Pages of lists that are ordered by creation, the newest first. */
import type { SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';
import { Failed } from '../failed.ts';

export type PageRequest = { limit: number; offset: number; cursor?: string | undefined };

export type Page<Row> = {
  rows: Row[];
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  nextCursor: string | null;
};

type Place = { createdAt: Date; id: string };

const CURSOR = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const write = ({ createdAt, id }: Place): string => Buffer.from(`${createdAt.getTime()}.${id}`).toString('base64url');

const read = (cursor: string): Place => {
  const [, time, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (!time || !id) {
    const fault = {
      path: ['query', 'cursor'],
      message: 'Pass the next_cursor of the page before',
      code: 'invalid_cursor',
    };
    throw new Failed('VALIDATION_ERROR', { details: [fault] });
  }
  return { createdAt: new Date(Number(time)), id };
};

/**
 * Reads one page of `rows`, which must select `id` and `created_at`. A cursor continues after its row at the same cost
 * on every page; an offset reads and drops what it leaves out.
 * @throws Failed VALIDATION_ERROR for a cursor that is none of ours
 */
export async function readPage<DB, TB extends keyof DB, Row>(
  rows: SelectQueryBuilder<DB, TB, Row>,
  count: { executeTakeFirstOrThrow(): Promise<{ total: number }> },
  { limit, offset, cursor }: PageRequest,
): Promise<Page<Row>> {
  const after = cursor === undefined ? undefined : read(cursor);
  let query = rows
    .orderBy(sql`created_at`, 'desc')
    .orderBy(sql`id`, 'desc')
    .limit(limit + 1);
  query = after
    ? query.where(sql<boolean>`(created_at, id) < (${after.createdAt}, ${after.id}::uuid)`)
    : query.offset(offset);
  const [found, { total }] = await Promise.all([query.execute(), count.executeTakeFirstOrThrow()]);
  const hasMore = found.length > limit;
  const page = found.slice(0, limit);
  const last = page.at(-1) as { created_at: Date; id: string } | undefined;
  const nextCursor = hasMore && last ? write({ createdAt: last.created_at, id: last.id }) : null;
  return { rows: page, total, limit, offset, hasMore, nextCursor };
}
