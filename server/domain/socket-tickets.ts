/**
 * Tickets — each opens one WebSocket within 30 seconds, for whoever asked for it, in any process. They stand in a URL
 * where no header can be sent, so they are good for nothing else and, once used, for nothing at all.
 */
import type { Ctx, Service } from '../context.ts';
import { Failed } from '../failed.ts';
import { type Bearer, findEnded } from './live-credentials.ts';

const LIFE_MS = 30_000;

/** @throws Failed ROUTE_NOT_FOUND */
export async function createSocketTicket(ctx: Ctx): Promise<{ ticket: string; expiresAt: Date }> {
  const { actor, config } = ctx;
  if (!config.ENABLE_WEBSOCKET) throw new Failed('ROUTE_NOT_FOUND', { message: 'WebSockets are switched off here' });
  if (!('userId' in actor))
    throw new Error(`A ${actor.kind} actor gets no ticket: the contract opened this route too far`);
  const ticket = ctx.tokens.newSocketTicket();
  const expiresAt = new Date(ctx.now().getTime() + LIFE_MS);
  await ctx.db
    .insertInto('socket_tickets')
    .values({
      hash: ctx.tokens.hash(ticket),
      user_id: actor.userId,
      actor: JSON.stringify(actor) as never,
      expires_at: expiresAt,
    })
    .execute();
  return { ticket, expiresAt };
}

/** Who asked for the ticket, and may still; undefined when it was used, is too old, or never was. */
export async function redeemSocketTicket(
  service: Pick<Service, 'db' | 'now' | 'tokens'>,
  ticket: string,
): Promise<Bearer | undefined> {
  const row = await service.db
    .deleteFrom('socket_tickets')
    .where('hash', '=', service.tokens.hash(ticket))
    .returning(['actor', 'expires_at'])
    .executeTakeFirst();
  if (!row || row.expires_at <= service.now()) return undefined;
  const bearer = revive(row.actor);
  return (await findEnded(service, [bearer])).size === 0 ? bearer : undefined;
}

const revive = (stored: Record<string, unknown>): Bearer => {
  const { expiresAt, ...bearer } = stored;
  const end = typeof expiresAt === 'string' ? { expiresAt: new Date(expiresAt) } : {};
  return { ...bearer, ...end } as Bearer;
};
