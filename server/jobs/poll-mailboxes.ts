/**
 * Looks every few seconds for mailboxes that are due, and reads as many at once as there is room for. One that stalls
 * holds one place until its time is over, and nobody else. Each process does the same: the claim keeps them apart.
 */
import { BY_ITSELF, type Service } from '../context.ts';
import type { EmailConfigRow } from '../domain/email-configs.ts';
import { claimMailboxes, type Mailboxes, readMailbox } from '../domain/mailboxes.ts';

const EVERY_MS = 5_000;
const AT_ONCE = 10;

export type MailPolling = {
  /** Claims what is due and resolves when that has been read. */
  runNow(): Promise<void>;
  /** Breaks off what is under way; it is read again when it is due. */
  close(): Promise<void>;
};

export function startMailPolling(
  service: Service,
  mailboxes: Mailboxes,
  { intervalMs = EVERY_MS, atOnce = AT_ONCE } = {},
): MailPolling {
  const ctx = { ...service, ...BY_ITSELF };
  const end = new AbortController();
  const underWay = new Set<Promise<void>>();
  let fails = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  const read = (due: EmailConfigRow): Promise<void> => {
    const reading = readMailbox(ctx, mailboxes, due, end.signal)
      .catch((error) => ctx.log.error({ err: error, emailConfigId: due.id }, 'how a mailbox was read was not noted'))
      .finally(() => underWay.delete(reading));
    underWay.add(reading);
    return reading;
  };

  /** What is due and has room is claimed; resolves to when it will have been read. */
  const begin = async (): Promise<Promise<void>[]> => {
    const room = atOnce - underWay.size;
    return room > 0 ? (await claimMailboxes(ctx, room)).map(read) : [];
  };

  const look = async (): Promise<void> => {
    try {
      await begin();
      if (fails) ctx.log.info('mailboxes are read again');
      fails = false;
    } catch (error) {
      if (!fails) ctx.log.error({ err: error }, 'mailboxes could not be claimed; this is tried again');
      fails = true;
    }
    if (!end.signal.aborted) schedule();
  };

  const schedule = () => {
    timer = setTimeout(() => {
      looking = look();
    }, intervalMs);
  };

  schedule();
  return {
    runNow: async () => void (await Promise.all(await begin())),
    async close() {
      clearTimeout(timer);
      end.abort();
      await looking;
      await Promise.all(underWay);
    },
  };
}
