import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.ts';

/** What opens one WebSocket in place of a credential that must not stand in a URL. Deleted by its use. */
export const SocketTicket = defineEntity({
  name: 'SocketTicket',
  tableName: 'socket_tickets',
  properties: {
    /** SHA-256 of the ticket, in hex. */
    hash: p.string().length(64).primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade').index('socket_tickets_user'),
    /** Who asked for it. */
    actor: p.json<Record<string, unknown>>(),
    expiresAt: p.datetime(3).index('socket_tickets_expires'),
  },
});
