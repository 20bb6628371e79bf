/** What each plan allows. Source: the specification's table of quotas (配额限制). */

export type Plan = 'free' | 'pro' | 'enterprise';

export type PlanLimits = {
  devices: number;
  /** Per UTC day. */
  tasksPerDay: number;
  /** Assigned and running, over all devices of the user. */
  concurrentTasks: number;
  /** Bytes. */
  storage: number;
  logRetentionDays: number;
  /** Requests per minute of an API key. */
  requestsPerMinute: number;
};

const GIB = 1024 ** 3;
const UNLIMITED = Number.POSITIVE_INFINITY;

export const PLANS: Record<Plan, PlanLimits> = {
  free: {
    devices: 1,
    tasksPerDay: 10,
    concurrentTasks: 1,
    storage: GIB,
    logRetentionDays: 7,
    requestsPerMinute: 10,
  },
  pro: {
    devices: 5,
    tasksPerDay: 100,
    concurrentTasks: 3,
    storage: 10 * GIB,
    logRetentionDays: 30,
    requestsPerMinute: 100,
  },
  enterprise: {
    devices: UNLIMITED,
    tasksPerDay: UNLIMITED,
    concurrentTasks: 10,
    storage: 100 * GIB,
    logRetentionDays: 90,
    requestsPerMinute: 1000,
  },
};
