/**
 * Mailboxes — reads the mail of users who gave a password for theirs, and hands to the intake what asks for a command.
 *
 *   due       active settings with an IMAP server and a password, a minute after they were read last; after failures the
 *             wait doubles, up to about an hour
 *   claimed   by one statement, which moves last_check: nobody else reads the mailbox before it is due again, and a
 *             reading ends sooner. What a process leaves that dies is read with the next one
 *   settled   mail that has become a task, or never will, is marked as read once that is committed; other mail waits
 *
 * It is a person's own mailbox, so nothing in it is touched but unread mail whose subject begins with [CCJK], that came
 * after the settings were made and in the last seven days: what was asked for long ago is not run unexpectedly. A command
 * is written to the mailbox, by its address or by the name that logs in.
 * Should two processes read one mailbox at once (their clocks disagree), the intake answers the second with the first's
 * task.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import { type EmailConfigRow, loginOf } from './email-configs.ts';
import { type ReceivedMail, takeMail } from './email-intake.ts';
import { oneLine } from './letters.ts';

const EVERY_SECONDS = 60;
/** Of the wait; 2^6 minutes. */
const MAX_DOUBLINGS = 6;
/** As long as a task waits to be delivered. */
const OLDEST_MS = 7 * 86_400_000;
const DEFAULT_PORT = 993;
/** On which servers expect TLS from the first byte. */
const TLS_PORTS = [465, 993];
/** In characters; the column's length. */
const MAX_ERROR = 500;

/** Where a mailbox is and who may open it. */
export type Mailbox = {
  /** The name, for the certificate. */
  host: string;
  /** The address behind it, which has been checked. */
  address: string;
  port: number;
  /** TLS from the first byte; else STARTTLS. A password goes over nothing else. */
  isTlsFirst: boolean;
  username: string;
  password: string;
  /** Those by which mail reaches it. */
  addresses: readonly string[];
  /** Older mail stays as it is. */
  since: Date;
};

/** What was found: a mail whose sender is proven, or why it is none that counts. */
export type Found = { mail: Omit<ReceivedMail, 'via' | 'accountId'> } | { refusal: string };

export type Mailboxes = {
  /**
   * Gives each unread mail that may be a command to `settle`, the oldest first, and marks it as read after that. What
   * fails to settle stays unread; the others have their turn first.
   * @throws MailboxFailed, or as `settle` did
   */
  read(mailbox: Mailbox, signal: AbortSignal, settle: (found: Found) => Promise<void>): Promise<void>;
};

/** The mailbox could not be read. The message is for its owner. */
export class MailboxFailed extends Error {
  override name = 'MailboxFailed';
}

/** Claims up to `limit` mailboxes that are due, those that have waited longest first. */
export async function claimMailboxes(ctx: Ctx, limit: number): Promise<EmailConfigRow[]> {
  const now = ctx.now();
  const { rows } = await sql<EmailConfigRow>`
    update email_configs set last_check = ${now}
     where id = any(array(
       select config.id from email_configs config
         join users on users.id = config.user_id and users.is_active
        where config.is_active and config.sealed_password is not null and config.imap_host is not null
          and (config.last_check is null or config.last_check <=
               ${now}::timestamptz - make_interval(secs => ${EVERY_SECONDS} * 2 ^ least(config.failures, ${MAX_DOUBLINGS})))
        order by config.last_check nulls first
        limit ${limit} for update of config skip locked))
    returning *`.execute(ctx.db);
  return rows;
}

/** Reads a claimed mailbox, and notes with its settings how that went. Rejects only when that cannot be noted. */
export async function readMailbox(
  ctx: Ctx,
  mailboxes: Mailboxes,
  due: EmailConfigRow,
  signal: AbortSignal,
): Promise<void> {
  try {
    await mailboxes.read(await opened(ctx, due), signal, (found) => settle(ctx, due, found));
    await noteSuccess(ctx, due);
  } catch (error) {
    if (signal.aborted) return;
    ctx.log.warn({ err: error, emailConfigId: due.id }, 'a mailbox could not be read');
    await noteFailure(ctx, due, isForOwner(error) ? error.message : 'The service could not read it; it tries again');
  }
}

async function opened(ctx: Ctx, due: EmailConfigRow): Promise<Mailbox> {
  const { imap_host: host, imap_port, created_at } = due;
  const login = loginOf(ctx, due);
  if (!login || host === null)
    throw new MailboxFailed('The password that was kept cannot be read any more; set it again');
  const port = imap_port ?? DEFAULT_PORT;
  return {
    ...login,
    host,
    address: await ctx.mailHosts.checkedAddress(host),
    port,
    isTlsFirst: TLS_PORTS.includes(port),
    addresses: [due.email_address, login.username],
    since: new Date(Math.max(created_at.getTime(), ctx.now().getTime() - OLDEST_MS)),
  };
}

async function settle(ctx: Ctx, due: EmailConfigRow, found: Found): Promise<void> {
  const answer =
    'refusal' in found
      ? { isTaken: false as const, message: found.refusal }
      : await takeMail(ctx, { ...found.mail, via: 'imap', accountId: due.user_id });
  if (answer.isTaken) return;
  ctx.log.info({ emailConfigId: due.id, reason: answer.message }, 'mail was refused');
  await noteRefusal(ctx, due, `A mail became no task: ${answer.message}`);
}

/** What the owner can do something about, or should know. */
const isForOwner = (error: unknown): error is Error =>
  error instanceof MailboxFailed || (error instanceof Failed && error.code !== 'SERVICE_UNAVAILABLE');

/** What was wrong with the server is over; what was wrong with a mail stays to be read. */
const noteSuccess = (ctx: Ctx, due: EmailConfigRow): Promise<void> =>
  note(ctx, due, sql`last_error = case when failures = 0 then last_error end, failures = 0`);

const noteFailure = (ctx: Ctx, due: EmailConfigRow, message: string): Promise<void> =>
  note(ctx, due, sql`last_error = ${dated(ctx, message)}, failures = failures + 1`);

const noteRefusal = (ctx: Ctx, due: EmailConfigRow, message: string): Promise<void> =>
  note(ctx, due, sql`last_error = ${dated(ctx, message)}`);

/** Settings that have been replaced meanwhile have nothing to do with it. */
async function note(ctx: Ctx, { id, updated_at }: EmailConfigRow, change: RawBuilder<unknown>): Promise<void> {
  await sql`update email_configs set ${change} where id = ${id} and updated_at = ${updated_at}`.execute(ctx.db);
}

const dated = (ctx: Ctx, message: string): string =>
  [...oneLine(`${ctx.now().toISOString()}: ${message}`).toWellFormed()].slice(0, MAX_ERROR).join('');
