import { z } from 'zod';
import { access, c, Time } from '../wire.ts';

const Checks = z.object({ database: z.enum(['ok', 'failed']), process: z.enum(['ok', 'stopping']) });

/** What a supervisor of the relay asks. Plain answers, without an envelope. */
export const health = c.router(
  {
    health: {
      method: 'GET',
      path: '/health',
      summary: 'Is the relay alive',
      description: 'Answers without the database.',
      responses: {
        200: z
          .object({
            status: z.literal('healthy'),
            timestamp: Time,
            uptime: z.number().meta({ description: 'Seconds since the process started' }),
          })
          .meta({ id: 'RelayHealth' }),
      },
      metadata: access({ auth: [], rate: 'none' }),
    },
    ready: {
      method: 'GET',
      path: '/ready',
      summary: 'Can the relay serve requests',
      description: 'Looks at the database; 503 while it is away or the process is stopping.',
      responses: {
        200: z.object({ status: z.literal('ready'), timestamp: Time, checks: Checks }).meta({ id: 'RelayReady' }),
        503: z
          .object({ status: z.literal('not ready'), timestamp: Time, checks: Checks })
          .meta({ id: 'RelayNotReady' }),
      },
      metadata: access({ auth: [], rate: 'none' }),
    },
  },
  { pathPrefix: '/api' },
);
