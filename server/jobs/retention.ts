import { sweepLogs } from '../domain/logs.ts';
import { deleteOldOutput } from '../domain/outputs.ts';
import {
  deleteEndedSessions,
  deleteOldIdempotencyKeys,
  deleteOldMailTokens,
  deleteOldRateCounters,
  deleteOldSocketTickets,
} from '../domain/retention.ts';
import type { DeclaredJob } from './registry.ts';

/** Deletes each hour what nobody will ask for again. */
export const retentionJob: DeclaredJob = {
  retries: 3,
  backoffSeconds: 60,
  maxBackoffSeconds: 600,
  expirySeconds: 1800,
  atOnce: 1,
  cron: '17 * * * *',
  async handle(ctx) {
    const deleted = {
      idempotencyKeys: await deleteOldIdempotencyKeys(ctx),
      rateCounters: await deleteOldRateCounters(ctx),
      mailTokens: await deleteOldMailTokens(ctx),
      deadLogs: await sweepLogs(ctx),
      sessions: await deleteEndedSessions(ctx),
      taskOutputs: await deleteOldOutput(ctx),
      socketTickets: await deleteOldSocketTickets(ctx),
    };
    ctx.log.info(deleted, 'retention has deleted');
  },
};
