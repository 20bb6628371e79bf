import type { cron } from '../../../contracts/relay/cron.ts';
import { uncounted } from '../../context.ts';
import { cleanUpChannels, cleanUpKeys, type Outcome, requireCronSecret } from '../../domain/relay-cleanup.ts';
import type { Handlers } from '../contract.ts';

const present = ({ changed, errors }: Outcome) => ({ deleted: changed, errors });

export const cronHandlers: Handlers<typeof cron> = {
  cleanupChannels: async (ctx, { headers, query: { task } }) => {
    requireCronSecret(ctx, headers['x-cron-secret']);
    const startedAt = performance.now();
    const { persistent, temporary } = await uncounted(ctx, () => cleanUpChannels(ctx, task));
    return {
      status: 200,
      data: {
        task,
        persistentChannelsMarkedInactive: persistent.changed,
        temporaryChannelsDeleted: temporary.changed,
        errors: [...persistent.errors, ...temporary.errors],
        duration: `${Math.round(performance.now() - startedAt)}ms`,
        timestamp: ctx.now().toISOString(),
      },
    };
  },

  cleanupKeys: async (ctx, { headers, query: { task } }) => {
    requireCronSecret(ctx, headers['x-cron-secret']);
    const { expiredKeys, auditLogs, orphanedKeys, oldMessages } = await uncounted(ctx, () => cleanUpKeys(ctx, task));
    const results = {
      expiredKeys: present(expiredKeys),
      auditLogs: present(auditLogs),
      orphanedKeys: present(orphanedKeys),
      oldMessages: present(oldMessages),
    };
    return { status: 200, data: { task, results, timestamp: ctx.now().toISOString() } };
  },
};
