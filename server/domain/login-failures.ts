/**
 * Login failures — counted for 15 minutes per account and per address, in PostgreSQL and so over all processes. From the
 * tenth on each further answer is held back, the right password's too; nobody is ever locked out. An address that has no
 * account is counted like one that has.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Ctx } from '../context.ts';
import { addressOf } from './audit.ts';

const WINDOW_MS = 15 * 60_000;
const FREE_FAILURES = 10;
const FIRST_DELAY_MS = 250;
/** Less than a call may take in all (http/time-limit.ts). */
const MAX_DELAY_MS = 3_000;

/** Failures of a row that are written to the audit log: enough to see an attack, too few to fill the disk with one. */
export const AUDITED_FAILURES = 10;

/** What an answer waits after `failures` earlier ones. */
export const delayMs = (failures: number): number =>
  failures < FREE_FAILURES ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - FREE_FAILURES));

/** How many failures there are, of the account or of the caller's address, whichever has more. */
export async function readLoginFailures(ctx: Ctx, email: string): Promise<number> {
  const { hits } = await ctx.db
    .selectFrom('rate_counters')
    .select((eb) => eb.fn.max<number | null>('hits').as('hits'))
    .where('key', 'in', keysOf(ctx, email))
    .where('window_start', '>', windowStart(ctx))
    .executeTakeFirstOrThrow();
  return hits ?? 0;
}

/** Adds one, and tells how many there were before. */
export async function countLoginFailure(ctx: Ctx, email: string): Promise<number> {
  const now = ctx.now();
  const opened = windowStart(ctx);
  // One order in every process, the account before the address: two of these never wait for each other in a ring.
  const { rows } = await sql<{ hits: number }>`
    insert into rate_counters as known (key, window_start, hits)
    select key, ${now}::timestamptz, 1 from unnest(${keysOf(ctx, email)}::text[]) as key
    on conflict (key) do update set
      window_start = case when known.window_start > ${opened} then known.window_start else excluded.window_start end,
      hits = case when known.window_start > ${opened} then known.hits + 1 else 1 end
    returning hits`.execute(ctx.db);
  return Math.max(...rows.map(({ hits }) => hits)) - 1;
}

/** After a success: the account's are forgotten, the address's are not, since anybody may have an account of their own. */
export async function forgetLoginFailures(ctx: Ctx, email: string): Promise<void> {
  await ctx.db.deleteFrom('rate_counters').where('key', '=', accountKey(email)).execute();
}

const windowStart = (ctx: Ctx): Date => new Date(ctx.now().getTime() - WINDOW_MS);

/** Hashed: what is typed into that field may be anything, a password too. */
const accountKey = (email: string): string => `login:account:${createHash('sha256').update(email).digest('hex')}`;

const keysOf = (ctx: Ctx, email: string): string[] => {
  const address = addressOf(ctx);
  return [accountKey(email), ...(address ? [`login:address:${networkOf(address)}`] : [])];
};

/** Whoever has one address of IPv6 has all of its /64, so that counts as one. */
const networkOf = (address: string): string => {
  if (!address.includes(':')) return address;
  const [, mapped] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (mapped) return mapped;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head.split(':').filter(Boolean);
  if (tail !== undefined) groups.push('0', '0', '0', '0');
  return `${groups.slice(0, 4).join(':')}::/64`;
};
