/**
 * Logs — files that devices send, kept for as long as the plan says, to look at and to download.
 *
 *   taken in ──► row, unstored, its bytes taken ──► file in the store ──► row stored
 *
 * The bytes are taken from the user's storage in the transaction that makes the row, before the file counts, and given
 * back when it fails. A log that is deleted goes the other way: its row is unstored and its bytes are given back at once,
 * then the file goes, then the row. Whatever dies in between leaves a row that is unstored, and the sweep ends what it
 * finds so after an hour.
 *
 * A sender may name an upload, and repeat it under that name. The step that marks the row stored is carried out once for
 * each name: of the others each forgets its own log, and is answered as the first was.
 */
import type { Readable } from 'node:stream';
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { atomically, type Ctx, type Once, uncounted, userIdOf } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import type { StagedObject } from '../ports.ts';
import { audit } from './audit.ts';
import { deviceOf } from './dispatch.ts';
import { type Inspection, inflated, openInspector, readFrom, readTail, type TextPart } from './log-files.ts';
import { type Page, type PageRequest, readPage } from './pages.ts';
import { PLANS, type Plan } from './plans.ts';
import { giveStorageBack, requireRoom, takeStorage } from './storage.ts';

export type LogRow = Selectable<Tables['device_logs']>;

export type LogMetadata = { type: string; date: string; compressed?: boolean | undefined };

/**
 * Hands the content of the file to `take` as it comes, each piece until the next is asked for; gives what that made of it,
 * and what was sent beside it.
 */
export type Receive = <Taken>(
  take: (content: AsyncIterable<Uint8Array>) => Promise<Taken>,
) => Promise<{ taken: Taken; metadata: LogMetadata }>;

/** `size` is in bytes. */
export type UploadedLog = { id: string; size: number; type: string; date: string };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Far longer than any upload takes. */
const DEAD_AFTER_MS = HOUR_MS;
const BATCH = 200;
/** Bytes of text in one answer. */
const MAX_VIEW = 256 * 1024;

const keyOf = (id: string): string => `logs/${id}`;

/**
 * @throws Failed ROUTE_NOT_FOUND | STORAGE_QUOTA_EXCEEDED | PAYLOAD_TOO_LARGE | VALIDATION_ERROR | SERVICE_UNAVAILABLE |
 *   IDEMPOTENCY_KEY_REUSED | AUTH_FAILED when the device has been deleted meanwhile
 */
export async function uploadLog(ctx: Ctx, receive: Receive, once: Once): Promise<UploadedLog> {
  if (!ctx.config.ENABLE_LOG_UPLOAD) {
    throw new Failed('ROUTE_NOT_FOUND', { message: 'This server takes no logs (ENABLE_LOG_UPLOAD)' });
  }
  // One byte: whoever has no room at all is told before the file is sent. A repeat needs none.
  if (!(await once.isDone())) await requireRoom(ctx, 1);
  const inspector = openInspector();
  let staged: StagedObject | undefined;
  try {
    const { taken, metadata } = await uncounted(ctx, () =>
      receive(async (content) => {
        staged = await ctx.objects.stage(inspector.pass(content));
        return staged;
      }),
    );
    const inspection = inspector.result();
    requireAgreement(metadata, inspection);
    const body = { sha256: inspection.sha256, size: taken.size, metadata };
    const first = await once.recall<UploadedLog>(body);
    if (first) return first;
    return await store(ctx, taken, metadata, inspection, (work) => once.carryOut(body, work));
  } finally {
    await staged?.discard();
  }
}

function requireAgreement({ compressed }: LogMetadata, { isCompressed }: Inspection): void {
  if (compressed === undefined || compressed === isCompressed) return;
  const message = isCompressed ? 'is false, and the file is gzip' : 'is true, and the file is not gzip';
  throw new Failed('VALIDATION_ERROR', {
    details: [{ path: ['body', 'metadata', 'compressed'], message, code: 'invalid_value' }],
  });
}

type LastStep = (work: (tx: Ctx) => Promise<UploadedLog>) => Promise<UploadedLog>;

async function store(
  ctx: Ctx,
  staged: StagedObject,
  metadata: LogMetadata,
  inspection: Inspection,
  lastStep: LastStep,
): Promise<UploadedLog> {
  const id = ctx.newId();
  await atomically(ctx, async (tx) => {
    await takeStorage(tx, staged.size);
    // It may have been deleted while the file came, and its key with it.
    const device = await tx.db
      .selectFrom('devices')
      .select('id')
      .where('id', '=', deviceOf(tx).deviceId)
      .forKeyShare()
      .executeTakeFirst();
    if (!device) throw new Failed('AUTH_FAILED');
    await tx.db
      .insertInto('device_logs')
      .values({
        id,
        user_id: userIdOf(tx.actor),
        device_id: device.id,
        log_type: metadata.type,
        log_date: metadata.date,
        size: staged.size,
        text_size: inspection.textSize,
        is_compressed: inspection.isCompressed,
        is_stored: false,
        created_at: tx.now(),
      })
      .execute();
  });
  let answered: UploadedLog | undefined;
  /** Then nobody is kept waiting for it once more. */
  let isStoreAway = false;
  try {
    await uncounted(ctx, () => staged.store(keyOf(id))).catch((error: unknown) => {
      isStoreAway = error instanceof Failed;
      throw error;
    });
    answered = await lastStep((tx) => markStored(tx, id));
    return answered;
  } finally {
    if (answered?.id !== id) {
      const { timeLimit: _, ...unhurried } = ctx;
      const tidied = forgetUnstored(unhurried, id).catch((err) =>
        ctx.log.warn({ err, logId: id }, 'a log waits for the sweep'),
      );
      if (!isStoreAway) await tidied;
    }
  }
}

const markStored = (tx: Ctx, id: string): Promise<UploadedLog> =>
  tx.db
    .updateTable('device_logs')
    .set({ is_stored: true })
    .where('id', '=', id)
    .returning(['id', 'size', 'log_type as type', 'log_date as date'])
    .executeTakeFirstOrThrow();

/** Gives the log's bytes back and removes its file and its row. What fails may be repeated: it goes on where it stopped. */
async function forget(ctx: Ctx, id: string): Promise<void> {
  await atomically(ctx, (tx) => release(tx, id));
  await removeFile(ctx, id);
}

/** A last step whose commit nobody heard of may have been carried out, and the answer kept: the log stays then. */
async function forgetUnstored(ctx: Ctx, id: string): Promise<void> {
  // Locked: a commit that is still under way is waited for.
  const log = await ctx.db
    .selectFrom('device_logs')
    .select('is_stored')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (log && !log.is_stored) await forget(ctx, id);
}

async function release(tx: Ctx, id: string): Promise<void> {
  const log = await tx.db
    .selectFrom('device_logs')
    .select(['user_id', 'size'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (!log) return;
  await tx.db.updateTable('device_logs').set({ is_stored: false, size: 0 }).where('id', '=', id).execute();
  if (log.user_id) await giveStorageBack(tx, log.user_id, log.size);
}

async function removeFile(ctx: Ctx, id: string): Promise<void> {
  await ctx.objects.remove(keyOf(id));
  await ctx.db.deleteFrom('device_logs').where('id', '=', id).where('is_stored', '=', false).execute();
}

const logsOf = (ctx: Ctx) =>
  ctx.db.selectFrom('device_logs').where('user_id', '=', userIdOf(ctx.actor)).where('is_stored', '=', true);

export type LogFilter = { deviceId?: string | undefined; type?: string | undefined; date?: string | undefined };

/** The user's logs, the newest first. */
export function listLogs(ctx: Ctx, { deviceId, type, date }: LogFilter, request: PageRequest): Promise<Page<LogRow>> {
  let matching = logsOf(ctx);
  if (deviceId) matching = matching.where('device_id', '=', deviceId);
  if (type) matching = matching.where('log_type', '=', type);
  if (date) matching = matching.where('log_date', '=', date);
  return readPage(
    matching.selectAll(),
    matching.select((eb) => eb.fn.countAll<number>().as('total')),
    request,
  );
}

/** @throws Failed LOG_NOT_FOUND */
export async function getLog(ctx: Ctx, id: string): Promise<LogRow> {
  const log = await logsOf(ctx).selectAll().where('id', '=', id).executeTakeFirst();
  if (!log) throw new Failed('LOG_NOT_FOUND');
  return log;
}

/**
 * The file as it was sent, or the bytes of it from `start` to before `end`.
 * @throws Failed LOG_NOT_FOUND when it was deleted meanwhile | SERVICE_UNAVAILABLE
 */
export async function readLog(ctx: Ctx, { id }: LogRow, range?: { start: number; end: number }): Promise<Readable> {
  const file = await uncounted(ctx, () => ctx.objects.read(keyOf(id), range));
  if (!file) throw new Failed('LOG_NOT_FOUND');
  return file;
}

/** From a byte of the text on, or its last lines. */
export type View = { from: number } | { tail: number };

/**
 * A part of the log's text, inflated.
 * @throws Failed LOG_NOT_FOUND | SERVICE_UNAVAILABLE
 */
export async function viewLog(ctx: Ctx, id: string, view: View): Promise<{ log: LogRow; part: TextPart }> {
  const log = await getLog(ctx, id);
  return uncounted(ctx, () => viewFile(ctx, log, view));
}

async function viewFile(ctx: Ctx, log: LogRow, view: View): Promise<{ log: LogRow; part: TextPart }> {
  const text = async (range?: { start: number; end: number }) =>
    inflated(await readLog(ctx, log, range), log.is_compressed);
  if ('tail' in view) {
    // Of a plain file its end is enough.
    const start = log.is_compressed ? 0 : Math.max(0, log.size - MAX_VIEW - 1);
    const part = await readTail(await text(start > 0 ? { start, end: log.size } : undefined), view.tail, MAX_VIEW);
    return { log, part: { ...part, from: part.from + start } };
  }
  if (view.from >= log.text_size) return { log, part: { text: '', from: view.from, next: null } };
  if (log.is_compressed) return { log, part: await readFrom(await text(), view.from, MAX_VIEW) };
  const end = Math.min(log.size, view.from + MAX_VIEW + 1);
  const part = await readFrom(await text({ start: view.from, end }), 0, MAX_VIEW);
  return { log, part: { ...part, from: view.from, next: part.next === null ? null : part.next + view.from } };
}

/** @throws Failed LOG_NOT_FOUND | SERVICE_UNAVAILABLE: it is deleted, and its file waits for the sweep */
export async function deleteLog(ctx: Ctx, id: string): Promise<void> {
  const log = await getLog(ctx, id);
  await atomically(ctx, async (tx) => {
    await release(tx, log.id);
    await audit(tx, 'log.deleted', `log:${log.id}`);
  });
  await removeFile(ctx, log.id);
}

/** Deletes the logs that are older than their user's plan keeps them, and those of deleted accounts. Returns how many. */
export async function deleteOldLogs(ctx: Ctx): Promise<number> {
  let deleted = await forgetWhere(ctx, sql<boolean>`user_id is null`);
  for (const plan of Object.keys(PLANS) as Plan[]) {
    const limit = new Date(ctx.now().getTime() - PLANS[plan].logRetentionDays * DAY_MS);
    deleted += await forgetWhere(
      ctx,
      sql<boolean>`created_at < ${limit} and user_id in (select id from users where plan = ${plan})`,
    );
  }
  return deleted;
}

/** Ends the uploads and deletions that died on their way. Returns how many. */
export const sweepLogs = (ctx: Ctx): Promise<number> =>
  forgetWhere(ctx, sql<boolean>`not is_stored and created_at < ${new Date(ctx.now().getTime() - DEAD_AFTER_MS)}`);

async function forgetWhere(ctx: Ctx, condition: ReturnType<typeof sql<boolean>>): Promise<number> {
  for (let total = 0; ; ) {
    const logs = await ctx.db.selectFrom('device_logs').select('id').where(condition).limit(BATCH).execute();
    for (const { id } of logs) await forget(ctx, id);
    total += logs.length;
    if (logs.length < BATCH) return total;
  }
}
