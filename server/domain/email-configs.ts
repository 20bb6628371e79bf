/**
 * Mail settings — one set for each device: the address from which it takes commands, and the servers of that address.
 * Posting again replaces the whole set, the password too: whoever may change where a password is sent has to know it.
 */
import { type Selectable, sql } from 'kysely';
import { atomically, type Ctx, uncounted, userIdOf } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import type { Delivery, Letter, Sending } from '../ports.ts';
import { audit } from './audit.ts';
import { hasVerified, isAddressVerified, requireEmailService } from './email-addresses.ts';
import { writeLetter } from './letters.ts';

export type EmailConfigRow = Selectable<Tables['email_configs']>;
export type EmailConfig = EmailConfigRow & { is_verified: boolean };

export type NewEmailConfig = {
  deviceId: string;
  address: string;
  username: string | null;
  password: string | null;
  imap: MailPlace;
  smtp: MailPlace;
  isActive: boolean;
};

type MailPlace = { host: string | null; port: number | null; isSecure: boolean };

/**
 * A code is mailed to an address that the account has not verified.
 * @throws Failed ROUTE_NOT_FOUND | VALIDATION_ERROR | DEVICE_NOT_FOUND
 */
export async function saveEmailConfig(
  ctx: Ctx,
  given: NewEmailConfig,
): Promise<{ config: EmailConfig; isNew: boolean }> {
  requireEmailService(ctx);
  // Before the DNS is asked for somebody who names no device of theirs.
  await requireDevice(ctx, given.deviceId);
  await requireHostsOutside(ctx, given);
  return atomically(ctx, async (tx) => {
    const userId = userIdOf(tx.actor);
    // One after another, so that the second finds the row of the first.
    const device = await tx.db
      .selectFrom('devices')
      .select('id')
      .where('id', '=', given.deviceId)
      .where('user_id', '=', userId)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!device) throw new Failed('DEVICE_NOT_FOUND');
    const known = await tx.db
      .selectFrom('email_configs')
      .select('id')
      .where('device_id', '=', device.id)
      .executeTakeFirst();
    const id = known?.id ?? tx.newId();
    const settings = { ...columnsOf(tx, id, given), updated_at: tx.now() };
    const row = await tx.db
      .insertInto('email_configs')
      .values({ id, user_id: userId, device_id: device.id, created_at: tx.now(), ...settings })
      .onConflict((conflict) =>
        conflict.column('device_id').doUpdateSet({ ...settings, last_check: null, last_error: null, failures: 0 }),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
    await audit(tx, 'email.configured', `device:${device.id}`);
    const isVerified = await isAddressVerified(tx, userId, given.address);
    if (!isVerified) {
      await tx.jobs.send({ name: 'send-mail', data: { about: 'address', userId, address: given.address } });
    }
    return { config: { ...row, is_verified: isVerified }, isNew: !known };
  });
}

const columnsOf = (tx: Ctx, id: string, { address, username, password, imap, smtp, isActive }: NewEmailConfig) => ({
  email_address: address,
  username,
  sealed_password: password === null ? null : sealed(tx, password, id),
  imap_host: imap.host,
  imap_port: imap.port,
  imap_secure: imap.isSecure,
  smtp_host: smtp.host,
  smtp_port: smtp.port,
  smtp_secure: smtp.isSecure,
  is_active: isActive,
});

/** @throws Failed VALIDATION_ERROR */
function sealed({ safe }: Ctx, password: string, id: string): Buffer {
  const locked = safe.lock(password, id);
  if (locked) return locked;
  const message = 'is not kept by this server; its operator has to set SECRETS_KEY';
  throw new Failed('VALIDATION_ERROR', { details: [{ path: ['body', 'password'], message, code: 'custom' }] });
}

/** @throws Failed DEVICE_NOT_FOUND */
async function requireDevice(ctx: Ctx, id: string): Promise<void> {
  const device = await ctx.db
    .selectFrom('devices')
    .select('id')
    .where('id', '=', id)
    .where('user_id', '=', userIdOf(ctx.actor))
    .executeTakeFirst();
  if (!device) throw new Failed('DEVICE_NOT_FOUND');
}

async function requireHostsOutside(ctx: Ctx, { imap, smtp }: NewEmailConfig): Promise<void> {
  const places = [
    ['imap_host', imap.host],
    ['smtp_host', smtp.host],
  ] as const;
  const faults = await Promise.all(
    places.map(async ([field, host]) => {
      if (host === null || !(await ctx.mailHosts.leadsInside(host))) return [];
      return [
        { path: ['body', field], message: 'must not lead to a loopback, private or reserved address', code: 'custom' },
      ];
    }),
  );
  const details = faults.flat();
  if (details.length > 0) throw new Failed('VALIDATION_ERROR', { details });
}

/** @throws Failed ROUTE_NOT_FOUND | DEVICE_NOT_FOUND | EMAIL_CONFIG_NOT_FOUND */
export async function getEmailConfig(ctx: Ctx, deviceId: string): Promise<EmailConfig> {
  requireEmailService(ctx);
  const userId = userIdOf(ctx.actor);
  const found = await ctx.db
    .selectFrom('devices as device')
    .leftJoin('email_configs as config', 'config.device_id', 'device.id')
    .selectAll('config')
    .select(hasVerified(sql.ref('device.user_id'), sql.ref('config.email_address')).as('is_verified'))
    .where('device.id', '=', deviceId)
    .where('device.user_id', '=', userId)
    .executeTakeFirst();
  if (!found) throw new Failed('DEVICE_NOT_FOUND');
  if (found.id === null) throw new Failed('EMAIL_CONFIG_NOT_FOUND');
  return found as EmailConfig;
}

/**
 * How to log in at the servers of these settings. Who gave no name logs in as the address. Undefined without a password,
 * and where the one that was kept cannot be opened with the key that this server has now.
 */
export function loginOf(ctx: Ctx, row: EmailConfigRow): { username: string; password: string } | undefined {
  const password = row.sealed_password && ctx.safe.open(row.sealed_password as Buffer, row.id);
  return password ? { username: row.username ?? row.email_address, password } : undefined;
}

/** Seals every password anew with the key of now. Tells how many, and how many no key of ours opens: those stay as they are. */
export const resealPasswords = (ctx: Ctx): Promise<{ sealed: number; unreadable: number }> =>
  atomically(ctx, async (tx) => {
    const rows = await tx.db
      .selectFrom('email_configs')
      .select(['id', 'sealed_password'])
      .where('sealed_password', 'is not', null)
      .orderBy('id')
      .forUpdate()
      .execute();
    let count = 0;
    for (const { id, sealed_password } of rows) {
      const password = tx.safe.open(sealed_password as Buffer, id);
      if (password === undefined) continue;
      await tx.db
        .updateTable('email_configs')
        .set({ sealed_password: sealed(tx, password, id) })
        .where('id', '=', id)
        .execute();
      count += 1;
    }
    return { sealed: count, unreadable: rows.length - count };
  });

/** Where mail is handed in, when the settings do not say. */
const SUBMISSION_PORT = 587;

/**
 * Sends through the server that the settings name; undefined when they name none.
 * @throws Failed MAIL_REJECTED for what may pass
 */
export async function sendByDevice(
  ctx: Ctx,
  row: EmailConfigRow,
  letter: Letter,
  sending: Sending = {},
): Promise<Delivery | undefined> {
  const { smtp_host: host, smtp_port, smtp_secure: isSecure, email_address: address } = row;
  if (host === null) return undefined;
  const login = loginOf(ctx, row);
  if (row.sealed_password && !login) {
    return { isAccepted: false, reply: 'the password that was kept cannot be read any more; post the settings again' };
  }
  return ctx.mailServers.send({ host, port: smtp_port ?? SUBMISSION_PORT, isSecure, login, address }, letter, sending);
}

const HOUR_MS = 3_600_000;
const TESTS_PER_HOUR = 5;

export type MailTest = { to: string; via: 'device' | 'service'; reply: string };

/**
 * Mails something to the address of a device, through its own server, or ours where it has none.
 * @throws Failed ROUTE_NOT_FOUND | DEVICE_NOT_FOUND | EMAIL_CONFIG_NOT_FOUND | RATE_LIMIT_EXCEEDED | MAIL_REJECTED
 */
export async function testEmailConfig(ctx: Ctx, deviceId: string): Promise<MailTest> {
  const config = await getEmailConfig(ctx, deviceId);
  await takeFromHour(ctx);
  const letter = writeLetter({
    id: ctx.newId(),
    to: config.email_address,
    subject: 'Test of your mail settings',
    paragraphs: [
      'This mail was asked for to try the mail settings of a device of CCJK Cloud. Whoever reads it sees that they work.',
      'Nothing follows from it. If you did not ask for it, somebody has named your address by mistake; ignore it.',
    ],
  });
  const byDevice = await uncounted(ctx, () => sendByDevice(ctx, config, letter, { isAwaited: true }));
  const { isAccepted, reply } = byDevice ?? (await uncounted(ctx, () => sendByService(ctx, letter)));
  if (!isAccepted) throw new Failed('MAIL_REJECTED', { message: `The mail server refuses: ${reply}` });
  return { to: config.email_address, via: byDevice ? 'device' : 'service', reply };
}

/** @throws Failed MAIL_REJECTED */
const sendByService = (ctx: Ctx, letter: Letter): Promise<Delivery> =>
  ctx.mail.send(letter, { isAwaited: true }).catch((error: Error) => {
    throw new Failed('MAIL_REJECTED', { message: `The mail could not be sent: ${error.message}`, cause: error });
  });

/** Whoever asks again and again does not fill somebody's mailbox. */
async function takeFromHour(ctx: Ctx): Promise<void> {
  const key = `email-test:${userIdOf(ctx.actor)}`;
  const now = ctx.now();
  const opened = new Date(now.getTime() - HOUR_MS);
  const { rows } = await sql<{ window_start: Date; hits: number }>`
    insert into rate_counters as known (key, window_start, hits) values (${key}, ${now}, 1)
    on conflict (key) do update set
      window_start = case when known.window_start > ${opened} then known.window_start else excluded.window_start end,
      hits = case when known.window_start > ${opened} then known.hits + 1 else 1 end
    returning window_start, hits`.execute(ctx.db);
  const [{ window_start, hits }] = rows as [{ window_start: Date; hits: number }];
  if (hits <= TESTS_PER_HOUR) return;
  throw new Failed('RATE_LIMIT_EXCEEDED', {
    message: `Up to ${TESTS_PER_HOUR} test mails are sent in an hour`,
    retryAfterSeconds: (window_start.getTime() + HOUR_MS - now.getTime()) / 1000,
  });
}
