/** Messages — what `notifications.ts` has told a user: list, mark as read, delete; and the mails that carry them. */
import { type Selectable, sql } from 'kysely';
import { type Ctx, userIdOf } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { type Paragraph, writeLetter } from './letters.ts';
import { type Page, type PageRequest, readPage } from './pages.ts';

export type MessageRow = Omit<Selectable<Tables['messages']>, 'user_id'>;

const MESSAGE = [
  'id',
  'task_id',
  'message_type',
  'title',
  'content',
  'data',
  'read',
  'sent_via_email',
  'sent_via_push',
  'created_at',
] as const satisfies readonly (keyof MessageRow)[];

/** The newest first; `unread` true or false leaves the others out. */
export function listMessages(
  ctx: Ctx,
  { unread }: { unread?: boolean | undefined },
  request: PageRequest,
): Promise<Page<MessageRow>> {
  let matching = ctx.db.selectFrom('messages').where('user_id', '=', userIdOf(ctx.actor));
  // Written as the condition of the index.
  if (unread !== undefined) matching = matching.where(unread ? sql<boolean>`not read` : sql<boolean>`read`);
  return readPage(
    matching.select(MESSAGE),
    matching.select((eb) => eb.fn.countAll<number>().as('total')),
    request,
  );
}

/** @throws Failed MESSAGE_NOT_FOUND */
export async function readMessage(ctx: Ctx, id: string): Promise<MessageRow> {
  const message = await ctx.db
    .updateTable('messages')
    .set({ read: true })
    .where('id', '=', id)
    .where('user_id', '=', userIdOf(ctx.actor))
    .returning(MESSAGE)
    .executeTakeFirst();
  if (!message) throw new Failed('MESSAGE_NOT_FOUND');
  return message;
}

/** Per statement: however many there are, none runs into its time limit. */
const BATCH = 5_000;

/** Returns how many were unread. What comes meanwhile stays unread. */
export async function readAllMessages(ctx: Ctx): Promise<number> {
  const until = ctx.now();
  for (let total = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`
      update messages set read = true where id = any(array(
        select id from messages
         where user_id = ${userIdOf(ctx.actor)} and not read and created_at <= ${until}
         limit ${BATCH}
           for update skip locked
      ))`.execute(ctx.db);
    total += Number(numAffectedRows);
    if (numAffectedRows < BATCH) return total;
  }
}

/** @throws Failed MESSAGE_NOT_FOUND */
export async function deleteMessage(ctx: Ctx, id: string): Promise<void> {
  const { numDeletedRows } = await ctx.db
    .deleteFrom('messages')
    .where('id', '=', id)
    .where('user_id', '=', userIdOf(ctx.actor))
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw new Failed('MESSAGE_NOT_FOUND');
}

/** Of one mail; the others are on the service. */
const MAX_PER_MAIL = 20;

/**
 * For the job: one mail with those messages of one user that have not been mailed or deleted yet. Who has changed their
 * mind meanwhile gets none. Who dies when the mail server has taken it, and before that is noted, sends it again: under the
 * id of the order, so that a reader's mail program can tell.
 */
export async function mailMessages(ctx: Ctx, ids: readonly string[]): Promise<void> {
  const messages = await ctx.db
    .selectFrom('messages as message')
    .innerJoin('users as user', 'user.id', 'message.user_id')
    .select(['message.id', 'message.title', 'message.content', 'message.created_at', 'user.email'])
    .where(sql<boolean>`message.id = any(${ids})`)
    .where('message.sent_via_email', '=', false)
    .where('user.notify_by_email', '=', true)
    .where('user.is_verified', '=', true)
    .where('user.is_active', '=', true)
    .orderBy('message.created_at')
    .orderBy('message.id')
    .execute();
  const [first] = messages;
  if (!first) return;
  const isOne = messages.length === 1;
  const shown = messages.slice(0, MAX_PER_MAIL);
  const left = messages.length - shown.length;
  const paragraphs: Paragraph[] = shown.flatMap(({ title, content }) => [
    title,
    ...(content && isOne ? [{ verbatim: content }] : []),
  ]);
  if (left > 0) paragraphs.push(`And ${left} more.`);
  paragraphs.push('You get this because notify_by_email is set in your profile of CCJK Cloud.');
  const subject = isOne ? first.title : `${messages.length} messages, the first: ${first.title}`;
  const { isAccepted, reply } = await ctx.mail.send(
    writeLetter({ id: ids[0] ?? first.id, to: first.email, subject, paragraphs }),
  );
  if (!isAccepted) return ctx.log.warn({ messageId: first.id, reply }, 'the mail server refuses a letter for good');
  const sent = messages.map(({ id }) => id);
  await ctx.db.updateTable('messages').set({ sent_via_email: true }).where(sql<boolean>`id = any(${sent})`).execute();
}
