import { z } from 'zod';
import { access, c, failures, Id, ok, PageQuery, page, queryNumber, Time, text } from '../wire.ts';

const LogDate = z.iso.date({ abort: true }).refine((date) => date >= '1970', { error: 'must lie after 1969' });

export const LogUpload = z
  .object({
    log_file: z.file().meta({ description: 'At most 50 MiB, as text or gzip' }),
    metadata: z
      .object({
        type: text(50, 1).meta({ description: 'What the log is of' }),
        date: LogDate.meta({ description: 'The day that it is about' }),
        compressed: z
          .boolean()
          .optional()
          .meta({ description: 'Whether the file is gzip; refused when it disagrees with the file' }),
      })
      .meta({ id: 'LogMetadata', examples: [{ type: 'daemon', date: '2026-01-20', compressed: true }] }),
  })
  .meta({ id: 'LogUpload' });

export const UploadedLog = z
  .object({ log_id: Id, size: z.int().meta({ description: 'Bytes' }), type: z.string(), date: z.iso.date() })
  .meta({ id: 'UploadedLog' });

const log = {
  log_id: Id,
  device_id: Id.nullable().meta({ description: 'Null when the device has been deleted' }),
  type: z.string(),
  date: z.iso.date(),
  size: z.int().meta({ description: 'Bytes of the file; they count against your storage' }),
  text_size: z.int().meta({ description: 'Bytes of its text, inflated' }),
  compressed: z.boolean(),
  created_at: Time,
};

const LogPath = z.object({ log_id: Id });

const reads = access({ auth: ['user', 'apiKey'], scope: 'log:read' });

/** Log files that devices have sent. */
export const logs = c.router(
  {
    list: {
      method: 'GET',
      path: '/logs',
      summary: 'List your logs',
      description: 'The newest first.',
      query: PageQuery.extend({
        device_id: Id.optional(),
        type: text(50, 1).optional(),
        date: LogDate.optional().meta({ description: 'The day that the log is about' }),
      }),
      responses: { 200: ok(page('logs', z.object(log).meta({ id: 'Log' }))) },
      metadata: reads,
    },
    get: {
      method: 'GET',
      path: '/logs/:log_id',
      summary: 'View a log',
      description:
        'Up to 256 KiB of its text, inflated: from a byte on, to be continued at next_from, or the last lines of it.',
      pathParams: LogPath,
      query: z.object({
        from: queryNumber(0, 2_000_000_000).default(0).meta({ description: 'First byte of the text' }),
        tail: queryNumber(1, 10_000)
          .optional()
          .meta({ description: 'The last lines, as many as this; from is left aside' }),
      }),
      responses: {
        200: ok(
          z
            .object({
              ...log,
              from: z.int().meta({ description: 'Where in the text this part begins, in bytes' }),
              text: z.string(),
              next_from: z.int().nullable().meta({ description: 'Where the next part begins; null at the end' }),
            })
            .meta({ id: 'LogView' }),
        ),
        ...failures('LOG_NOT_FOUND'),
      },
      metadata: reads,
    },
    download: {
      method: 'GET',
      path: '/logs/:log_id/download',
      summary: 'Download a log',
      description: 'The file as it was sent. A Range of bytes gives that part of it, so that a download can go on.',
      pathParams: LogPath,
      headers: z.object({
        range: text(200).optional().meta({ description: 'One range of bytes; of several the whole file is given' }),
        'if-range': text(200).optional().meta({ description: 'The ETag of the part before' }),
      }),
      responses: {
        200: c.otherResponse({ contentType: 'application/octet-stream', body: c.type<unknown>() }),
        206: c.otherResponse({ contentType: 'application/octet-stream', body: c.type<unknown>() }),
        ...failures('LOG_NOT_FOUND', 'RANGE_NOT_SATISFIABLE'),
      },
      metadata: reads,
    },
    remove: {
      method: 'DELETE',
      path: '/logs/:log_id',
      summary: 'Delete a log',
      description:
        'Its storage is free again. Logs that are older than your plan keeps them are deleted by themselves.',
      pathParams: LogPath,
      body: c.noBody(),
      responses: { 200: ok(z.object({ log_id: Id, deleted: z.literal(true) })), ...failures('LOG_NOT_FOUND') },
      metadata: access({ auth: ['user'] }),
    },
  },
  { pathPrefix: '/v1' },
);
