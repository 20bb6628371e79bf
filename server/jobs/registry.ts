/** Every job, by name: what a clock or a retry fires. A job may run more than once, so each one does nothing when repeated. */
import type { Ctx } from '../context.ts';
import type { Job } from '../ports.ts';
import { deleteAccountJob } from './delete-account.ts';
import { logRetentionJob } from './log-retention.ts';
import { relayCleanupJob } from './relay-cleanup.ts';
import { releaseTaskJob } from './release-task.ts';
import { retentionJob } from './retention.ts';
import { sendMailJob } from './send-mail.ts';

export type DeclaredJob<Data extends object = object> = {
  /** After the first failure; the wait doubles from `backoffSeconds` to `maxBackoffSeconds`. */
  retries: number;
  backoffSeconds: number;
  maxBackoffSeconds: number;
  /** A run that takes longer counts as failed. */
  expirySeconds: number;
  /** How many this process runs at the same time. */
  atOnce: number;
  /** Minute, hour, day, month, weekday, in UTC: sent by the clock, and only one at a time in the deployment. */
  cron?: string;
  /** Sent for a time to come: nothing tells when that is, so this is looked for each second. */
  isTimed?: boolean;
  handle(ctx: Ctx, data: Data): Promise<void>;
};

// biome-ignore lint/suspicious/noExplicitAny: a job is run with the data it was sent with, which `Job` ties to its name
export type Registry = { [name: string]: DeclaredJob<any> };

export const registry = {
  'log-retention': logRetentionJob,
  'release-task': releaseTaskJob,
  'delete-account': deleteAccountJob,
  'send-mail': sendMailJob,
  'relay-cleanup': relayCleanupJob,
  retention: retentionJob,
} satisfies Registry & { [Name in Job['name']]: DeclaredJob<Extract<Job, { name: Name }>['data']> };
