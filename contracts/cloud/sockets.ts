import { z } from 'zod';
import { access, c, failures, ok, Time } from '../wire.ts';

/** WebSockets: what opens one where no header can be sent. The frames themselves are in events.ts. */
export const sockets = c.router(
  {
    createTicket: {
      method: 'POST',
      path: '/ws/ticket',
      summary: 'Get a ticket for a WebSocket',
      description:
        'Opens `/v1/ws?ticket=` once within 30 seconds, as whoever asked for it. For browsers, which cannot send a header with a WebSocket; a permanent key has no place in a URL.',
      body: c.noBody(),
      responses: {
        201: ok(z.object({ ticket: z.string(), expires_at: Time }).meta({ id: 'SocketTicket' })),
        ...failures('ROUTE_NOT_FOUND'),
      },
      metadata: access({ auth: ['user', 'apiKey', 'device'], anyScope: true }),
    },
  },
  { pathPrefix: '/v1' },
);
