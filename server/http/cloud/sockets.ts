import type { sockets } from '../../../contracts/cloud/sockets.ts';
import { createSocketTicket } from '../../domain/socket-tickets.ts';
import type { Handlers } from '../contract.ts';
import { time } from './presented.ts';

export const socketHandlers: Handlers<typeof sockets> = {
  createTicket: async (ctx) => {
    const { ticket, expiresAt } = await createSocketTicket(ctx);
    return { status: 201, data: { ticket, expires_at: time(expiresAt) } };
  },
};
