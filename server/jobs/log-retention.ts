import { deleteOldLogs } from '../domain/logs.ts';
import type { DeclaredJob } from './registry.ts';

/** Deletes each night the logs that are older than their user's plan keeps them. */
export const logRetentionJob: DeclaredJob = {
  retries: 5,
  backoffSeconds: 60,
  maxBackoffSeconds: 3600,
  expirySeconds: 7200,
  atOnce: 1,
  cron: '41 3 * * *',
  async handle(ctx) {
    const logs = await deleteOldLogs(ctx);
    ctx.log.info({ logs }, 'old logs have been deleted');
  },
};
