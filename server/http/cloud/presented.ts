/** How what all nouns share looks on the wire. */
import type { Page } from '../../domain/pages.ts';

export const time = (at: Date): string => at.toISOString();
export const timeOrNull = (at: Date | null): string | null => at?.toISOString() ?? null;

/** The pagination of a list, beside its items. */
export const paging = ({ total, limit, offset, hasMore, nextCursor }: Page<unknown>) => ({
  pagination: { total, limit, offset, has_more: hasMore },
  next_cursor: nextCursor,
});
