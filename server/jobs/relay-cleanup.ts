import { cleanUpRelay } from '../domain/relay-cleanup.ts';
import type { DeclaredJob } from './registry.ts';

/** Removes each night what of the relay has expired. */
export const relayCleanupJob: DeclaredJob = {
  retries: 3,
  backoffSeconds: 60,
  maxBackoffSeconds: 600,
  expirySeconds: 1800,
  atOnce: 1,
  cron: '43 3 * * *',
  async handle(ctx) {
    ctx.log.info(await cleanUpRelay(ctx), 'the relay has been cleaned up');
  },
};
