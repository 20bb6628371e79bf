import type { logs } from '../../../contracts/cloud/logs.ts';
import { deleteLog, getLog, type LogRow, listLogs, readLog, viewLog } from '../../domain/logs.ts';
import type { Handlers } from '../contract.ts';
import { attachment, rangeOf } from '../ranges.ts';
import { paging, time } from './presented.ts';

const present = (log: LogRow) => ({
  log_id: log.id,
  device_id: log.device_id,
  type: log.log_type,
  date: log.log_date,
  size: log.size,
  text_size: log.text_size,
  compressed: log.is_compressed,
  created_at: time(log.created_at),
});

const fileName = (log: LogRow): string => `${log.log_type}-${log.log_date}.log${log.is_compressed ? '.gz' : ''}`;

export const logHandlers: Handlers<typeof logs> = {
  list: async (ctx, { query }) => {
    const filter = { deviceId: query.device_id, type: query.type, date: query.date };
    const page = await listLogs(ctx, filter, query);
    return { status: 200, data: { logs: page.rows.map(present), ...paging(page) } };
  },

  get: async (ctx, { params, query }) => {
    const view = query.tail === undefined ? { from: query.from } : { tail: query.tail };
    const { log, part } = await viewLog(ctx, params.log_id, view);
    return { status: 200, data: { ...present(log), from: part.from, text: part.text, next_from: part.next } };
  },

  download: async (ctx, { params, headers }) => {
    const log = await getLog(ctx, params.log_id);
    const file = { name: fileName(log), etag: `"${log.id}"`, size: log.size };
    const range = rangeOf(headers, file);
    return { ...attachment(file, range), stream: await readLog(ctx, log, range) };
  },

  remove: async (ctx, { params }) => {
    await deleteLog(ctx, params.log_id);
    return { status: 200, data: { log_id: params.log_id, deleted: true } };
  },
};
