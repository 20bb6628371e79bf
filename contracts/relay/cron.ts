import { z } from 'zod';
import { access, c, Time } from '../wire.ts';
import { ok, relayFailures } from './wire.ts';

const headers = z.object({ 'x-cron-secret': z.string().max(1024).optional() });
const Outcome = z.object({ deleted: z.int(), errors: z.array(z.string()) }).meta({ id: 'CleanupOutcome' });

/** Clean-ups, for a scheduler of yours; the service does the same by itself each night. */
export const cron = c.router(
  {
    cleanupChannels: {
      method: 'GET',
      path: '/cleanup-channels',
      summary: 'Clean up channels that have expired',
      description: 'Needs X-Cron-Secret. Persistent ones become inactive, temporary ones are deleted.',
      headers,
      query: z.object({ task: z.enum(['persistent', 'temporary', 'all']).default('all') }),
      responses: {
        200: ok(
          z
            .object({
              task: z.string(),
              persistentChannelsMarkedInactive: z.int(),
              temporaryChannelsDeleted: z.int(),
              errors: z.array(z.string()),
              duration: z.string(),
              timestamp: Time,
            })
            .meta({ id: 'ChannelCleanup' }),
        ),
        ...relayFailures('UNAUTHORIZED'),
      },
      metadata: access({ auth: [], rate: 'read' }),
    },
    cleanupKeys: {
      method: 'GET',
      path: '/cleanup-keys',
      summary: 'Clean up keys, messages and the audit log',
      description:
        'Needs X-Cron-Secret. Deletes public keys that have expired or have no channel, messages that have expired, and audit rows older than 90 days.',
      headers,
      query: z.object({
        task: z.enum(['expired-keys', 'audit-logs', 'orphaned-keys', 'messages', 'all']).default('all'),
      }),
      responses: {
        200: ok(
          z
            .object({
              task: z.string(),
              results: z.object({
                expiredKeys: Outcome,
                auditLogs: Outcome,
                orphanedKeys: Outcome,
                oldMessages: Outcome,
              }),
              timestamp: Time,
            })
            .meta({ id: 'KeyCleanup' }),
        ),
        ...relayFailures('UNAUTHORIZED'),
      },
      metadata: access({ auth: [], rate: 'read' }),
    },
  },
  { pathPrefix: '/api/cron' },
);
