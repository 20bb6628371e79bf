/**
 * Mail intake — how a mail becomes a task: the one way for what a gateway posts, what is read from a mailbox, and what
 * comes over SMTP.
 *
 *   subject     begins with `[CCJK]`, or with `[CCJK:name of a device]`
 *   sender      an address that works for an account (email-addresses.ts) and has active settings; among several devices
 *               the named one, else the one with the oldest settings
 *   command     the body up to a line that begins the signature
 *   once        a Message-ID makes one task for each account; a repeat, by whichever way, answers the first
 *
 * Who wrote the mail, whoever brings it here has made sure of: by the signature of the gateway, or by DMARC. Automatic
 * mail is refused, and answers to mail of ours, so that no loop begins.
 */
import { atomically, type Ctx } from '../context.ts';
import { type WorkingConfig, workingConfigs } from './email-addresses.ts';
import { isOurMessageId } from './letters.ts';
import { createTask, type QueuedTask } from './tasks.ts';

export type ReceivedMail = {
  via: 'webhook' | 'imap' | 'smtp';
  /** With or without the angle brackets. */
  messageId: string;
  /** The ids in In-Reply-To. */
  inReplyTo: readonly string[];
  /** The address alone, authenticated by whoever received the mail. */
  from: string;
  /** Decoded. */
  subject: string;
  /** The plain text of the body, decoded. */
  text: string;
  /** The header Auto-Submitted; null where there is none. */
  autoSubmitted: string | null;
  /** The account in whose mailbox it was found: of nobody else's it may become a task. Null: it came to the service. */
  accountId: string | null;
};

/** Why a mail becomes no task. None of these passes by waiting. */
export type Refusal =
  | 'not-a-command'
  | 'automatic'
  | 'answer-to-ours'
  | 'bad-message-id'
  | 'bad-command'
  | 'unknown-sender'
  | 'unknown-device';

export type Intake =
  | { isTaken: true; isRepeat: boolean; task: QueuedTask }
  /** `message` is a sentence for the sender or their gateway. */
  | { isTaken: false; reason: Refusal; message: string };

/**
 * Makes the task that a mail asks for, or finds the one that it made before.
 * @throws Failed DAILY_TASKS_REACHED, which passes at midnight (UTC)
 */
export async function takeMail(ctx: Ctx, mail: ReceivedMail): Promise<Intake> {
  const order = read(mail);
  if ('reason' in order) return order;
  const configs = await workingConfigs(ctx, mail.from, mail.accountId);
  const [oldest] = configs;
  if (!oldest) return refused('unknown-sender', 'No device takes commands from this address');
  const config = order.deviceName === undefined ? oldest : configs.find((each) => isNamed(each, order.deviceName));
  if (!config) return refused('unknown-device', 'No device of this name takes commands from this address');
  return atomically({ ...ctx, actor: actorOf(config) }, (tx) => takeOnce(tx, mail, order, config));
}

type Order = { messageId: string; deviceName: string | undefined; command: string };

/** The device's name is the rest of the brackets. */
const PREFIX = /^\[CCJK(?::([^\]]*))?\]/;

/** What fits a line of a mail, and what goes into a header of ours as it is. */
const MESSAGE_ID = /^[\x21-\x7e]{1,998}$/;

/** Of UTF-16, as the contract counts the command of a task. */
const MAX_COMMAND = 256 * 1024;

function read({ subject, text, messageId, inReplyTo, autoSubmitted }: ReceivedMail): Order | Refused {
  const [prefix, deviceName] = PREFIX.exec(subject.trim()) ?? [];
  if (prefix === undefined) return refused('not-a-command', 'The subject of a command begins with [CCJK]');
  if (autoSubmitted !== null && !/^\s*no\s*(;|$)/i.test(autoSubmitted))
    return refused('automatic', 'A mail that was sent automatically is no command');
  if ([messageId, ...inReplyTo].some(isOurMessageId))
    return refused('answer-to-ours', 'An answer to a mail of ours is no command; begin a new mail');
  const id = messageId.trim().replace(/^<(.*)>$/, '$1');
  if (!MESSAGE_ID.test(id)) return refused('bad-message-id', 'A Message-ID has 1 to 998 visible characters of ASCII');
  const command = commandIn(text);
  if (command === '') return refused('bad-command', 'The body has no command');
  if (command.length > MAX_COMMAND || command.includes('\0') || !command.isWellFormed())
    return refused('bad-command', `A command is text of at most ${MAX_COMMAND} characters`);
  return { messageId: id, deviceName: deviceName?.trim(), command };
}

const SIGNATURE = /^(-- ?|_{3,})$/;

function commandIn(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const end = lines.findIndex((line) => SIGNATURE.test(line));
  return (end < 0 ? lines : lines.slice(0, end)).join('\n').trim();
}

type Refused = Extract<Intake, { isTaken: false }>;

const refused = (reason: Refusal, message: string): Refused => ({ isTaken: false, reason, message });

const isNamed = ({ device_name }: WorkingConfig, name: string | undefined): boolean =>
  device_name.trim().toLowerCase() === name?.toLowerCase();

const actorOf = ({ id, user_id, plan }: WorkingConfig) => ({
  kind: 'mail' as const,
  userId: user_id,
  plan,
  emailConfigId: id,
});

/** Defaults of a task that is made through the API. */
const DEFAULTS = { priority: 5, expiresInSeconds: 604_800, onDisconnect: 'wait', graceSeconds: 10 } as const;

async function takeOnce(tx: Ctx, mail: ReceivedMail, order: Order, config: WorkingConfig): Promise<Intake> {
  // One mail of the account after another, so that the second of two alike finds the first.
  await tx.db.selectFrom('users').select('id').where('id', '=', config.user_id).forNoKeyUpdate().execute();
  const before = await findTask(tx, config.user_id, order.messageId);
  if (before) return { isTaken: true, isRepeat: true, task: before };
  const { command } = order;
  const task = await createTask(tx, {
    ...DEFAULTS,
    deviceId: config.device_id,
    type: 'bash',
    command,
    source: 'email',
  });
  await tx.db
    .insertInto('received_mails')
    .values({
      user_id: config.user_id,
      message_id: order.messageId,
      task_id: task.id,
      sender: mail.from.toLowerCase(),
      via: mail.via,
      created_at: tx.now(),
    })
    .execute();
  return { isTaken: true, isRepeat: false, task };
}

async function findTask(tx: Ctx, userId: string, messageId: string): Promise<QueuedTask | undefined> {
  const found = await tx.db
    .selectFrom('received_mails as mail')
    .innerJoin('tasks as task', 'task.id', 'mail.task_id')
    .leftJoin('devices as device', 'device.id', 'task.device_id')
    .select(['task.id', 'task.status', 'task.created_at', 'device.task_check_interval'])
    .where('mail.user_id', '=', userId)
    .where('mail.message_id', '=', messageId)
    .executeTakeFirst();
  if (!found) return undefined;
  const { id, status, created_at, task_check_interval } = found;
  return { id, status, estimatedStart: new Date(created_at.getTime() + (task_check_interval ?? 0) * 1000) };
}
