/**
 * Audit — who did what to which credential or machine, in the transaction of what it tells. Details never hold a secret,
 * nor anything that a stranger typed.
 */
import { isIP } from 'node:net';
import { type Actor, actorName, type Ctx } from '../context.ts';

/** `noun.what happened`, at most 50 characters. */
export type AuditAction = `${string}.${string}`;

/** `target` is `noun:id`. The row belongs to the actor's user. */
export async function audit(
  ctx: Ctx,
  action: AuditAction,
  target: string | null = null,
  details: Record<string, unknown> | null = null,
): Promise<void> {
  await ctx.db
    .insertInto('audit_logs')
    .values({
      user_id: accountOf(ctx.actor),
      actor: actorName(ctx.actor),
      action,
      target,
      ip_address: addressOf(ctx),
      request_id: ctx.requestId,
      details: details && JSON.stringify(details),
      created_at: ctx.now(),
    } as never)
    .execute();
}

const accountOf = (actor: Actor): string | null => {
  if ('userId' in actor) return actor.userId;
  return actor.kind === 'relayKey' ? actor.accountId : null;
};

/** The caller's address as PostgreSQL can store it: a proxy may pass on anything, and a zone (`%eth0`) is local to us. */
export const addressOf = ({ ipAddress }: Pick<Ctx, 'ipAddress'>): string | null => {
  const address = ipAddress?.split('%', 1)[0] ?? '';
  return isIP(address) ? address : null;
};
