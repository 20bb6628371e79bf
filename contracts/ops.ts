import { z } from 'zod';
import { access, c, Time } from './wire.ts';

/** Operations: what a supervisor asks. Plain answers, without an envelope. */
export const ops = c.router({
  livez: {
    method: 'GET',
    path: '/livez',
    summary: 'Is the process alive',
    description: 'Answers without the database.',
    responses: { 200: z.object({ status: z.literal('ok'), timestamp: Time }).meta({ id: 'Alive' }) },
    metadata: access({ auth: [], rate: 'none' }),
  },
  readyz: {
    method: 'GET',
    path: '/readyz',
    summary: 'Can the process serve requests',
    description:
      'Looks at the database; 503 while it is away, lacks migrations of this version, or the process is stopping.',
    responses: {
      200: z.object({ status: z.literal('ready'), version: z.string(), timestamp: Time }).meta({ id: 'Ready' }),
      503: z
        .object({ status: z.literal('not ready'), reason: z.string(), version: z.string(), timestamp: Time })
        .meta({ id: 'NotReady' }),
    },
    metadata: access({ auth: [], rate: 'none' }),
  },
});
