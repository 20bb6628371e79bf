/**
 * Mail addresses — for whom an address works: for the accounts that have verified it, by a mailed code or as their own;
 * while nobody has, for its only claimant, who is whoever has settings with it; with two claimants and no proof, for
 * nobody.
 */
import { type RawBuilder, sql } from 'kysely';
import { atomically, type Ctx, userIdOf } from '../context.ts';
import { Failed } from '../failed.ts';
import { audit } from './audit.ts';
import { baseUrlOf } from './letters.ts';
import { LIFE_HOURS, mailToken } from './mail-tokens.ts';
import type { Plan } from './plans.ts';

export type WorkingConfig = {
  id: string;
  user_id: string;
  device_id: string;
  device_name: string;
  plan: Plan;
};

/** The active settings that may give commands from `address`, the oldest first; of one account alone, if it is given. */
export async function workingConfigs(ctx: Ctx, address: string, accountId: string | null): Promise<WorkingConfig[]> {
  const from = address.toLowerCase();
  const { rows } = await sql<WorkingConfig & { is_active: boolean; is_verified: boolean; is_taken: boolean }>`
    select config.id, config.user_id, config.device_id, config.is_active, device.device_name, owner.plan,
           ${hasVerified(sql.ref('config.user_id'), sql.val(from))} as is_verified, ${isTaken(from)} as is_taken
      from email_configs config
      join users owner on owner.id = config.user_id and owner.is_active
      join devices device on device.id = config.device_id
     where config.email_address = ${from}
     order by config.created_at, config.id`.execute(ctx.db);
  const isContested = new Set(rows.map(({ user_id }) => user_id)).size > 1;
  return rows
    .filter(({ is_verified, is_taken }) => is_verified || !(is_taken || isContested))
    .filter(({ is_active, user_id }) => is_active && (accountId === null || user_id === accountId));
}

/** Whether the account has shown that it reads the mail of this address. */
export async function isAddressVerified(ctx: Ctx, userId: string, address: string): Promise<boolean> {
  const { rows } = await sql<{ verified: boolean }>`
    select ${hasVerified(sql.val(userId), sql.val(address))} as verified`.execute(ctx.db);
  return rows[0]?.verified ?? false;
}

export const hasVerified = (userId: RawBuilder<unknown>, address: RawBuilder<unknown>) => sql<boolean>`(
  exists (select from verified_addresses v where v.user_id = ${userId} and v.address = ${address})
  or exists (select from users u where u.id = ${userId} and u.email = ${address} and u.is_verified)
)`;

/** Whether anybody has. */
const isTaken = (address: string) => sql<boolean>`(
  exists (
    select from verified_addresses v join users u on u.id = v.user_id
     where v.address = ${address} and u.is_active
  )
  or exists (select from users u where u.email = ${address} and u.is_verified and u.is_active)
)`;

/**
 * The address to which the code was mailed works for the account from now on. Of any number that show the same code at
 * once, one passes.
 * @throws Failed ROUTE_NOT_FOUND; VALIDATION_ERROR when the code is wrong, used, expired, or another account's
 */
export const verifyAddress = (ctx: Ctx, code: string): Promise<string> =>
  atomically(ctx, async (tx) => {
    requireEmailService(tx);
    const userId = userIdOf(tx.actor);
    const spent = await tx.db
      .updateTable('mail_tokens')
      .set({ used_at: tx.now() })
      .where('hash', '=', tx.tokens.hash(code))
      .where('purpose', '=', 'address')
      .where('user_id', '=', userId)
      .where('used_at', 'is', null)
      .where('expires_at', '>', tx.now())
      .returning('address')
      .executeTakeFirst();
    if (!spent?.address) {
      const message = 'is wrong, was used or has expired; post the mail settings again for another';
      throw new Failed('VALIDATION_ERROR', { details: [{ path: ['body', 'code'], message, code: 'custom' }] });
    }
    await tx.db
      .insertInto('verified_addresses')
      .values({ user_id: userId, address: spent.address, verified_at: tx.now() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await audit(tx, 'email.address_verified', `user:${userId}`);
    return spent.address;
  });

/** For the job. Does nothing once the address is verified, or no settings of the account name it any more. */
export async function sendAddressCode(ctx: Ctx, userId: string, address: string): Promise<void> {
  const claim = await ctx.db
    .selectFrom('email_configs as config')
    .innerJoin('users as user', 'user.id', 'config.user_id')
    .select('config.id')
    .where('config.user_id', '=', userId)
    .where('config.email_address', '=', address)
    .where('user.is_active', '=', true)
    .executeTakeFirst();
  if (!claim || (await isAddressVerified(ctx, userId, address))) return;
  const baseUrl = baseUrlOf(ctx);
  await mailToken(ctx, { id: userId, email: address }, 'address', (code) => ({
    subject: 'Verify this address for commands by mail',
    paragraphs: [
      `An account of CCJK Cloud at ${baseUrl} wants its devices to take commands that are mailed from this address. If the account is yours, show it with this code within ${LIFE_HOURS.address} hours:`,
      { verbatim: code },
      'On a command line:',
      { verbatim: `ccjk-cloud email verify ${code}` },
      'If it is not, ignore this mail, and give the code to nobody: whoever has it can run commands in your name.',
    ],
  }));
}

/** @throws Failed ROUTE_NOT_FOUND where the operator has switched mail off */
export function requireEmailService({ config }: Ctx): void {
  if (config.ENABLE_EMAIL_SERVICE) return;
  throw new Failed('ROUTE_NOT_FOUND', { message: 'This server takes no commands by mail (ENABLE_EMAIL_SERVICE)' });
}
