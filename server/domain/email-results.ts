/**
 * Results by mail — a task that came by mail is answered by mail, however it ended: a job is written in the transaction
 * that ends it. The answer goes the way that the settings of the device name, and ours where they name none or where
 * their server refuses it.
 */
import { sql } from 'kysely';
import type { Ctx } from '../context.ts';
import type { TaskStatus } from '../db/task.ts';
import type { Delivery, Letter } from '../ports.ts';
import { sendByDevice } from './email-configs.ts';
import { oneLine, type Paragraph, type Words, writeLetter } from './letters.ts';
import { named, withoutControls } from './notifications.ts';
import { endOf } from './output-clip.ts';

/** Of these tasks, which have just ended, those that came by mail. */
export async function orderResults(tx: Ctx, tasks: readonly { id: string; source: string }[]): Promise<void> {
  for (const { id } of tasks.filter(({ source }) => source === 'email')) {
    await tx.jobs.send({ name: 'send-mail', data: { about: 'result', taskId: id } });
  }
}

/** For the job. Does nothing for a task that no mail made, such as a retry by hand, or that has been answered. */
export async function mailResult(ctx: Ctx, taskId: string): Promise<void> {
  const answer = await readAnswer(ctx, taskId);
  if (!answer) return;
  const { message_id: inReplyTo, sender: to } = answer;
  const letter = writeLetter({ id: answer.id, to, inReplyTo, ...wordsOf(answer) });
  const { isAccepted, reply } = await deliver(ctx, letter, answer);
  if (!isAccepted) return ctx.log.warn({ taskId, reply }, 'the mail server refuses a letter for good');
  await ctx.db.updateTable('received_mails').set({ answered_at: ctx.now() }).where('task_id', '=', taskId).execute();
}

async function deliver(ctx: Ctx, letter: Letter, { device_id }: Answer): Promise<Delivery> {
  const config = await ctx.db
    .selectFrom('email_configs')
    .selectAll()
    .where('device_id', '=', device_id)
    .where('email_address', '=', letter.to)
    .where('is_active', '=', true)
    .executeTakeFirst();
  const byDevice = config && (await sendByDevice(ctx, config, letter));
  if (byDevice?.isAccepted) return byDevice;
  if (byDevice) ctx.log.info({ taskId: letter.id, reply: byDevice.reply }, 'a mail server of a user refuses a letter');
  return ctx.mail.send(letter);
}

/** In bytes, of the end of each stream. */
const SHOWN_BYTES = 16 * 1024;
/** In characters. */
const SHOWN_COMMAND = 4096;

type Answer = NonNullable<Awaited<ReturnType<typeof readAnswer>>>;

/** A character of UTF-8 has at least a byte. */
const readAnswer = (ctx: Ctx, taskId: string) =>
  ctx.db
    .selectFrom('received_mails as mail')
    .innerJoin('tasks as task', 'task.id', 'mail.task_id')
    .innerJoin('users as user', 'user.id', 'mail.user_id')
    .leftJoin('devices as device', 'device.id', 'task.device_id')
    .select(['mail.message_id', 'mail.sender', 'task.id', 'task.device_id', 'task.status', 'task.exit_code'])
    .select(['task.error_message', 'task.reason', 'task.signal', 'task.started_at', 'task.completed_at'])
    .select(['device.device_name', sql<string>`left(task.command, ${SHOWN_COMMAND})`.as('command')])
    .select([
      sql<string>`right(coalesce(task.stdout, ''), ${SHOWN_BYTES})`.as('stdout'),
      sql<string>`right(coalesce(task.stderr, ''), ${SHOWN_BYTES})`.as('stderr'),
      sql<number>`octet_length(coalesce(task.stdout, ''))`.as('stdout_bytes'),
      sql<number>`octet_length(coalesce(task.stderr, ''))`.as('stderr_bytes'),
    ])
    .where('mail.task_id', '=', taskId)
    .where('mail.answered_at', 'is', null)
    .where('user.is_active', '=', true)
    .executeTakeFirst();

const OUTCOMES: Partial<Record<TaskStatus, string>> = { timeout: 'timed out' };

function wordsOf(answer: Answer): Words {
  const outcome = OUTCOMES[answer.status] ?? answer.status;
  const paragraphs: Paragraph[] = [
    `Your task has ${outcome === 'completed' ? 'completed' : `ended: ${outcome}`}.`,
    { verbatim: withoutControls(answer.command) },
    factsOf(answer),
    ...ending('stdout', answer.stdout, answer.stdout_bytes),
    ...ending('stderr', answer.stderr, answer.stderr_bytes),
    `It is task ${answer.id} of CCJK Cloud. Answers to this mail are not read; send each command as a new mail.`,
  ];
  return { subject: `Task ${outcome}: ${named(answer.command)}`, paragraphs };
}

function factsOf(answer: Answer): string {
  const { exit_code, signal, started_at, completed_at, device_name, error_message, reason } = answer;
  const lines = [
    exit_code === null ? [] : [`Exit code: ${exit_code}`],
    signal === null ? [] : [`Signal: ${signal}`],
    started_at === null || completed_at === null ? [] : [`Duration: ${secondsBetween(started_at, completed_at)} s`],
    device_name === null ? [] : [`Device: ${oneLine(device_name)}`],
    reason === null ? [] : [`Reason: ${reason}`],
    error_message === null ? [] : [`Error: ${withoutControls(error_message)}`],
  ];
  return lines.flat().join('\n');
}

const secondsBetween = (from: Date, to: Date): number => Math.max(0, (to.getTime() - from.getTime()) / 1000);

function ending(stream: string, text: string, bytes: number): Paragraph[] {
  if (bytes === 0) return [];
  const shown = endOf(text, SHOWN_BYTES);
  const isWhole = Buffer.byteLength(shown) === bytes;
  return [
    isWhole ? `${stream}:` : `The last ${SHOWN_BYTES / 1024} KiB of ${stream}:`,
    { verbatim: withoutControls(shown).trimEnd() },
  ];
}
