/**
 * Notifications — tell a user what happened: a row of `messages`, written in the transaction of what it tells, then
 * `message.new`, and a mail to whoever wants it at an address that is verified.
 *
 *   task_created                          a task was queued or planned
 *   task_completed                        it completed
 *   task_failed                           it failed or timed out for good, expired, or was cancelled at its device; what
 *                                         the user cancelled, and what follows from that or from another task, is no news
 *   device_online, device_offline         a device came or went
 *
 * All that one transaction tells is one statement, and one mail for each user.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Ctx } from '../context.ts';
import type { TaskStatus } from '../db/task.ts';
import { oneLine } from './letters.ts';

type Note = {
  user_id: string;
  task_id: string | null;
  message_type: 'task_created' | 'task_completed' | 'task_failed' | 'device_online' | 'device_offline';
  title: string;
  content: string | null;
  data: Record<string, unknown>;
};

/** In characters: what fits a line. The command itself is in the task. */
const MAX_NAME = 120;
/** In bytes of UTF-8; a message travels in an event, and an event in a notification of PostgreSQL. */
const MAX_CONTENT = 2048;
/** In characters, of what the end of an output may take of it. */
export const MAX_TAIL = 1000;

type Created = {
  id: string;
  user_id: string;
  device_id: string;
  command: string;
  status: string;
  batch_id: string | null;
};

/** For the statement that creates `tasks`; `created` selects the ids of those that it has really created. */
export const newsOfCreated = (tx: Ctx, tasks: readonly Created[], created: RawBuilder<unknown>): News =>
  newsOf(
    tx,
    tasks.map(({ id, user_id, device_id, command, status, batch_id }) => ({
      user_id,
      task_id: id,
      message_type: 'task_created',
      title: `Task ${status === 'queued' ? 'queued' : 'planned'}: ${named(command)}`,
      content: readable(command),
      data: { task_id: id, device_id, status, batch_id },
    })),
    sql`task_id in (${created})`,
  );

export type Ended = {
  id: string;
  user_id: string;
  device_id: string | null;
  device_name: string | null;
  command: string;
  exit_code: number | null;
  error_message: string | null;
  stderr_tail: string | null;
  started_at: Date | null;
  cancel_requested_at: Date | null;
};

/** `tasks` have all ended with `status`, for `reason`. */
export const tellEnded = (tx: Ctx, tasks: readonly Ended[], status: TaskStatus, reason: string | null): Promise<void> =>
  notify(
    tx,
    tasks.flatMap((task): Note[] => {
      const what = outcomeOf(task, status, reason);
      if (!what) return [];
      const { id, user_id, device_id, exit_code, command } = task;
      return [
        {
          user_id,
          task_id: id,
          message_type: status === 'completed' ? 'task_completed' : 'task_failed',
          title: `Task ${what}: ${named(command)}`,
          content: readable(reportOf(task, tx.now())),
          data: { task_id: id, device_id, status, reason, exit_code },
        },
      ];
    }),
  );

/** Undefined: no news for its user. */
function outcomeOf({ cancel_requested_at }: Ended, status: TaskStatus, reason: string | null): string | undefined {
  if (status === 'completed' || status === 'failed') return status;
  if (status === 'timeout') return 'timed out';
  if (reason === 'expired') return 'expired';
  return reason === 'cancelled' && !cancel_requested_at ? 'cancelled at its device' : undefined;
}

function reportOf({ device_name, exit_code, error_message, stderr_tail, started_at }: Ended, now: Date): string {
  const seconds = started_at && Math.max(0, Math.round((now.getTime() - started_at.getTime()) / 1000));
  const facts = [
    exit_code === null ? [] : [`exit code ${exit_code}`],
    seconds === null ? [] : [`after ${seconds} s`],
    device_name === null ? [] : [`on ${oneLine(device_name)}`],
  ].flat();
  return [facts.join(', '), error_message, stderr_tail].filter(Boolean).join('\n');
}

type Device = { id: string; user_id: string; device_name: string };

/** `devices` have come, or gone. */
export const tellPresence = (tx: Ctx, devices: readonly Device[], isHere: boolean): Promise<void> =>
  notify(
    tx,
    devices.map(({ id, user_id, device_name }) => ({
      user_id,
      task_id: null,
      message_type: isHere ? 'device_online' : 'device_offline',
      title: `Device ${isHere ? 'online' : 'offline'}: ${named(device_name)}`,
      content: null,
      data: { device_id: id, device_name },
    })),
  );

async function notify(tx: Ctx, notes: readonly Note[]): Promise<void> {
  if (notes.length === 0) return;
  const news = newsOf(tx, notes);
  const { rows } = await sql<{ to_mail: string[] }>`
    with written as (${news.insertion}) select ${news.toMail} as to_mail`.execute(tx.db);
  await news.tell(rows[0]?.to_mail ?? []);
}

/** Messages as the parts of a statement, so that the statement may do something else besides. */
type News = {
  /** Its place is `with written as (…)`. */
  insertion: RawBuilder<unknown>;
  /** The ids of those that somebody wants as a mail: a value of `select`. */
  toMail: RawBuilder<string[]>;
  /** What is left to do when the statement has run. */
  tell(toMail: readonly string[]): Promise<void>;
};

function newsOf(tx: Ctx, notes: readonly Note[], which: RawBuilder<unknown> = sql`true`): News {
  const messages = notes.map((note) => ({ id: tx.newId(), ...note }));
  return {
    insertion: sql`
      insert into messages (id, user_id, task_id, message_type, title, content, data, created_at)
      select id, user_id, task_id, message_type, title, content, data, ${tx.now()}::timestamptz
        from jsonb_to_recordset(${JSON.stringify(messages)}::jsonb)
          as note (id uuid, user_id uuid, task_id uuid, message_type text, title text, content text, data jsonb)
       where ${which}
      returning id, user_id`,
    toMail: sql<string[]>`array(
      select written.id from written join users on users.id = written.user_id
       where users.notify_by_email and users.is_verified and users.is_active)`,
    async tell(toMail) {
      for (const { id, user_id: userId, title, content } of messages) {
        tx.events.emit({ type: 'message.new', userId, messageId: id, title, content });
      }
      const byUser = Map.groupBy(
        messages.filter(({ id }) => toMail.includes(id)),
        ({ user_id }) => user_id,
      );
      for (const mine of byUser.values()) {
        await tx.jobs.send({ name: 'send-mail', data: { about: 'messages', messageIds: mine.map(({ id }) => id) } });
      }
    },
  };
}

/** The first line of it, cut to what fits. */
export const named = (text: string): string => {
  const [first = ''] = text.trim().split('\n', 1);
  const characters = [...oneLine(first)];
  return characters.length <= MAX_NAME ? characters.join('') : `${characters.slice(0, MAX_NAME - 1).join('')}…`;
};

const ESCAPE = String.fromCharCode(27);
/** Colours, cursors, titles: what a terminal is told, and nobody else. */
const FOR_TERMINALS = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\p{Cc}]*)|(?![\\n\\t])\\p{Cc}`, 'gu');

/** What people read of it. */
export const withoutControls = (text: string): string => text.replace(FOR_TERMINALS, '').toWellFormed();

/** The same in whole characters, at most MAX_CONTENT bytes. */
function readable(text: string): string | null {
  const plain = withoutControls(text).trim();
  const bytes = Buffer.from(plain);
  if (bytes.length <= MAX_CONTENT) return plain || null;
  let end = MAX_CONTENT - Buffer.byteLength('…');
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}…`;
}
