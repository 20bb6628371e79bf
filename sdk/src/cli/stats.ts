/** stats: what your devices have done. */
import { type Command, UsageError } from './arguments.ts';
import { findDevice } from './devices.ts';
import { answer, bytes, duration, facts, paint } from './output.ts';
import { openClient } from './profile.ts';

/** Of the longest bar. */
const BAR_COLUMNS = 50;

export const stats: Command = {
  summary: 'Show what your devices have done',
  usage: 'stats [--period 7d] [--device NAME|ID]',
  help: `  Tasks that finished in the period, and on each of its days (UTC).

  --period DAYS     1d to 365d, today included (7d)
  --device NAME|ID  only of this device`,
  options: { period: { type: 'string' }, device: { type: 'string' } },
  run: async (args) => {
    args.expectWords();
    const period = args.text('period') ?? '7d';
    if (!/^[1-9]\d{0,2}d$/.test(period) || Number.parseInt(period, 10) > 365)
      throw new UsageError(`--period must be 1d to 365d, not "${period}"`);
    const { client } = await openClient(args);
    const named = args.text('device');
    const [all, one] =
      named === undefined
        ? [await client.stats.summary({ period })]
        : [undefined, await client.stats.device((await findDevice(client, named)).id, { period })];
    const read = all ?? one;
    answer(args, read, () => {
      const { daily_breakdown } = read;
      const most = Math.max(1, ...daily_breakdown.map(({ count }) => count));
      const days = daily_breakdown.map(({ date, count }) =>
        `${date} ${String(count).padStart(7)}  ${paint('green', '█'.repeat((count / most) * BAR_COLUMNS))}`.trimEnd(),
      );
      const summary = facts([
        ['Completed', String(read.tasks_completed)],
        ['Failed', String(read.tasks_failed)],
        ['Cancelled', String(read.tasks_cancelled)],
        ['Time spent', duration(read.total_execution_time * 1000)],
        ['Devices online', all && String(all.devices_online)],
        ['Storage used', all && bytes(all.storage_used)],
      ]);
      return `${summary}\n\n${days.join('\n')}`;
    });
    return 0;
  },
};
