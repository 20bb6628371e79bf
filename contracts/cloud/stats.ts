import { z } from 'zod';
import { access, c, failures, Id, ok } from '../wire.ts';

const Period = z.object({
  period: z
    .string()
    .regex(/^([1-9]|[1-9]\d|[12]\d\d|3[0-5]\d|36[0-5])d$/, { error: 'must be 1d to 365d' })
    .default('7d')
    .meta({ description: 'Days, today included: 1d to 365d', examples: ['30d'] }),
});

const counts = {
  tasks_completed: z.int(),
  tasks_failed: z.int().meta({ description: 'Those that ran out of time too' }),
  tasks_cancelled: z.int(),
  total_execution_time: z.int().meta({ description: 'Seconds, from start to end of each task' }),
};

const daily = {
  daily_breakdown: z
    .array(z.object({ date: z.iso.date(), count: z.int() }))
    .meta({ description: 'Each UTC day of the period, the oldest first, with the tasks that finished on it' }),
};

const rule = access({ auth: ['user', 'apiKey'], scope: 'stats:read' });

/** Numbers about finished tasks. Days are UTC. */
export const stats = c.router(
  {
    summary: {
      method: 'GET',
      path: '/stats/summary',
      summary: 'Read your statistics',
      description: 'The tasks of all your devices that finished in the period, and how things are now.',
      query: Period,
      responses: {
        200: ok(
          z
            .object({
              ...counts,
              devices_online: z.int().meta({ description: 'Devices with any status but offline' }),
              storage_used: z.int().meta({ description: 'Bytes' }),
              ...daily,
            })
            .meta({
              id: 'StatsSummary',
              examples: [
                {
                  tasks_completed: 125,
                  tasks_failed: 3,
                  tasks_cancelled: 0,
                  total_execution_time: 4500,
                  devices_online: 3,
                  storage_used: 524288000,
                  daily_breakdown: [{ date: '2026-01-14', count: 15 }],
                },
              ],
            }),
        ),
      },
      metadata: rule,
    },
    device: {
      method: 'GET',
      path: '/stats/device/:device_id',
      summary: 'Read the statistics of a device',
      description: 'The tasks of this device that finished in the period.',
      pathParams: z.object({ device_id: Id }),
      query: Period,
      responses: {
        200: ok(z.object({ device_id: Id, ...counts, ...daily }).meta({ id: 'DeviceStats' })),
        ...failures('DEVICE_NOT_FOUND'),
      },
      metadata: rule,
    },
  },
  { pathPrefix: '/v1' },
);
