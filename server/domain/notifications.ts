/** Notifications — what a user is told in a row of their own, and over their WebSockets. */
import type { Ctx } from '../context.ts';

/** What a new message says; undefined when it has been deleted meanwhile. */
export const readMessage = (
  ctx: Ctx,
  { messageId, userId }: { messageId: string; userId: string },
): Promise<{ title: string; content: string | null } | undefined> =>
  ctx.db
    .selectFrom('messages')
    .select(['title', 'content'])
    .where('id', '=', messageId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
