import type { stats } from '../../../contracts/cloud/stats.ts';
import { type Stats, summarize, summarizeDevice } from '../../domain/stats.ts';
import type { Handlers } from '../contract.ts';

const present = ({ completed, failed, cancelled, executionSeconds, daily }: Stats) => ({
  tasks_completed: completed,
  tasks_failed: failed,
  tasks_cancelled: cancelled,
  total_execution_time: executionSeconds,
  daily_breakdown: daily,
});

/** `30d` is 30. */
const daysOf = (period: string): number => Number.parseInt(period, 10);

export const statsHandlers: Handlers<typeof stats> = {
  summary: async (ctx, { query }) => {
    const summary = await summarize(ctx, daysOf(query.period));
    return {
      status: 200,
      data: { ...present(summary), devices_online: summary.devicesOnline, storage_used: summary.storageUsed },
    };
  },

  device: async (ctx, { params, query }) => ({
    status: 200,
    data: {
      device_id: params.device_id,
      ...present(await summarizeDevice(ctx, params.device_id, daysOf(query.period))),
    },
  }),
};
