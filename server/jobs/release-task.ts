import { releaseTask } from '../domain/dispatch.ts';
import type { DeclaredJob } from './registry.ts';

/** Queues a task when its time has come. Should every retry fail, the sweep finds it. */
export const releaseTaskJob: DeclaredJob<{ taskId: string }> = {
  retries: 10,
  backoffSeconds: 1,
  maxBackoffSeconds: 60,
  expirySeconds: 60,
  atOnce: 10,
  isTimed: true,
  handle: (ctx, { taskId }) => releaseTask(ctx, taskId),
};
