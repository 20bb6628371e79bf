/**
 * Live output — what an attempt has written so far, in pieces.
 *
 * Each stream of an attempt is a row of bytes of UTF-8. Its length lies on the attempt; a piece is taken only when it
 * begins exactly there, in the one statement that moves the length on. So of two that send the same piece one is taken,
 * no piece is taken after the attempt has ended, and what is stored never has a hole. 16 MiB of each stream are kept.
 *
 * The first MiB of a stream is free; what is kept beyond it counts against the user's storage, byte by byte. Which bytes
 * of a piece count follows from where it lies, so whoever deletes a piece knows what to give back. Where the storage is
 * full a stream is cut there, for good, as it is cut at its end: the command goes on, and its result has the beginning and
 * the end of each stream, which never count, because they are never longer than that MiB.
 */
import { sql } from 'kysely';
import { atomically, type Ctx, userIdOf } from '../context.ts';
import { Failed } from '../failed.ts';
import { deviceOf } from './dispatch.ts';
import { isInside } from './output-clip.ts';
import { giveStorageBackTo, lockRoom, takeStorage } from './storage.ts';
import { isFinished, type TaskRow } from './task-states.ts';

export type OutputStream = 'stdout' | 'stderr';

const MIB = 1024 * 1024;
const MOST_BYTES = 16 * MIB;
const FREE_BYTES = MIB;
/** Pieces that are deleted at a time. */
const BATCH = 5_000;
const DAYS_KEPT = 7;
const DAY_MS = 86_400_000;
/** Of one reading; it ends with the piece in which this is reached. */
const READ_BYTES = MIB;
/** Of one reading, for streams that came byte by byte. */
const READ_PIECES = 5_000;

export type NewOutput = {
  leaseId: string;
  stream: OutputStream;
  /** In bytes of UTF-8, as everywhere here. */
  offset: number;
  chunk: string;
};

export type RecordedOutput = { nextOffset: number; truncated: boolean };

/**
 * Appends a piece. One that begins before the end of what is there is a repeat and changes nothing.
 * @throws Failed TASK_NOT_FOUND | LEASE_LOST | OUTPUT_GAP
 */
export async function appendOutput(ctx: Ctx, taskId: string, output: NewOutput): Promise<RecordedOutput> {
  const { offset, stream } = output;
  const sent = Buffer.from(output.chunk);
  for (;;) {
    const taken = sent.length > 0 ? await take(ctx, taskId, output, sent) : undefined;
    if (taken) {
      const { attempt, bytes } = taken;
      const truncated = bytes.length < sent.length;
      tell(ctx, taskId, { attempt, stream, offset, chunk: bytes.toString(), truncated });
      return { nextOffset: offset + bytes.length, truncated };
    }
    const judged = await judge(ctx, taskId, output);
    if (judged) return judged;
  }
}

type Taken = { attempt: number; bytes: Buffer };

/** Takes as much of the piece as there is room for; undefined when it is not its turn. */
async function take(ctx: Ctx, taskId: string, output: NewOutput, sent: Buffer): Promise<Taken | undefined> {
  const { offset } = output;
  if (offset + sent.length <= FREE_BYTES) return append(ctx, taskId, output, sent, false);
  return atomically(ctx, async (tx) => {
    const room = await lockRoom(tx);
    const limit = Math.min(MOST_BYTES, Math.max(offset, FREE_BYTES) + room) - offset;
    const bytes = sent.subarray(0, lengthWithin(sent, limit));
    const taken = await append(tx, taskId, output, bytes, bytes.length < sent.length);
    if (taken) await takeStorage(tx, Math.max(0, offset + bytes.length - Math.max(offset, FREE_BYTES)));
    return taken;
  });
}

/** How many of the first `limit` bytes are whole characters. */
function lengthWithin(bytes: Buffer, limit: number): number {
  if (bytes.length <= limit) return bytes.length;
  let length = Math.max(0, limit);
  while (length > 0 && isInside(bytes[length])) length -= 1;
  return length;
}

const columnsOf = (stream: OutputStream) =>
  stream === 'stdout'
    ? { length: sql.ref('stdout_bytes'), isCut: sql.ref('stdout_cut') }
    : { length: sql.ref('stderr_bytes'), isCut: sql.ref('stderr_cut') };

/**
 * The row of the attempt is what everybody locks: two pieces, or a piece and the end of the attempt, which writes
 * `ended_at` there, come one after the other. The task is locked before it, as by whoever ends the attempt: the piece
 * refers to it, and PostgreSQL would lock it afterwards.
 */
async function append(
  ctx: Ctx,
  taskId: string,
  { leaseId, stream, offset }: NewOutput,
  bytes: Buffer,
  truncated: boolean,
): Promise<Taken | undefined> {
  const { length, isCut } = columnsOf(stream);
  const { rows } = await sql<{ number: number }>`
    with task as (
      select id from tasks where id = ${taskId} for key share
    ), moved as (
      update task_attempts set ${length} = ${length} + ${bytes.length}, ${isCut} = ${truncated}
        from task
       where task_id = task.id and lease_id = ${leaseId} and device_id = ${deviceOf(ctx).deviceId}
         and ended_at is null and ${length} = ${offset} and not ${isCut}
      returning number
    ), kept as (
      insert into task_outputs (task_id, attempt, stream, start, chunk, created_at)
      select ${taskId}, number, ${stream}, ${offset}, ${bytes}::bytea, ${ctx.now()} from moved
       where ${bytes.length}::int > 0
    )
    select number from moved`.execute(ctx.db);
  return rows[0] && { attempt: rows[0].number, bytes };
}

/** Why the piece was not taken; undefined when it would be now, because another came before it meanwhile. */
async function judge(
  ctx: Ctx,
  taskId: string,
  { leaseId, stream, offset, chunk }: NewOutput,
): Promise<RecordedOutput | undefined> {
  const { deviceId } = deviceOf(ctx);
  const { length, isCut } = columnsOf(stream);
  const { rows } = await sql<{ bytes: number | null; is_cut: boolean; has_ended: boolean }>`
    select ${length} as bytes, ${isCut} as is_cut, a.ended_at is not null as has_ended
      from tasks t
      left join task_attempts a on a.task_id = t.id and a.lease_id = ${leaseId} and a.device_id = ${deviceId}
     where t.id = ${taskId} and t.device_id = ${deviceId}`.execute(ctx.db);
  const [found] = rows;
  if (!found) throw new Failed('TASK_NOT_FOUND');
  const { bytes, is_cut: truncated, has_ended } = found;
  if (bytes === null) throw new Failed('LEASE_LOST');
  if (offset < bytes) return { nextOffset: bytes, truncated };
  if (has_ended) throw new Failed('LEASE_LOST');
  if (truncated || chunk === '') return { nextOffset: bytes, truncated };
  if (offset > bytes) throw new Failed('OUTPUT_GAP', { details: { expected_offset: bytes } });
  return undefined;
}

type Piece = { attempt: number; stream: OutputStream; offset: number; chunk: string; truncated: boolean };

const tell = (ctx: Ctx, taskId: string, piece: Piece): void => {
  const { userId, deviceId } = deviceOf(ctx);
  ctx.events.emit({ type: 'task.output', userId, taskId, deviceId, ...piece });
};

export type Reading = {
  stream: OutputStream;
  from: number;
  /** Left out: the latest at each look. */
  attempt?: number | undefined;
};

export type TaskOutput = {
  attempt: number;
  offset: number;
  chunk: string;
  nextOffset: number;
  truncated: boolean;
  /** The attempt has ended and nothing comes after `nextOffset`. */
  complete: boolean;
};

/**
 * What lies from an offset on; when there is nothing, what comes within `waitMs`.
 * @throws Failed TASK_NOT_FOUND
 */
export async function awaitOutput(
  ctx: Ctx,
  taskId: string,
  reading: Reading,
  wait: { waitMs: number; signal: AbortSignal },
): Promise<TaskOutput> {
  let output = await readOutput(ctx, taskId, reading);
  const isWorthAnAnswer = () => output.chunk !== '' || output.complete || output.nextOffset > reading.from;
  if (wait.waitMs === 0 || isWorthAnAnswer()) return output;
  const patience = { timeoutMs: wait.waitMs, signal: wait.signal };
  await ctx.events.waitFor([`output:${taskId}`, `task:${taskId}`], patience, async () => {
    output = await readOutput(ctx, taskId, reading);
    return isWorthAnAnswer() || undefined;
  });
  return output;
}

/** @throws Failed TASK_NOT_FOUND */
export async function readOutput(ctx: Ctx, taskId: string, { stream, from, attempt }: Reading): Promise<TaskOutput> {
  const { length, isCut } = columnsOf(stream);
  const { rows } = await sql<Head>`
    select t.status, coalesce(${attempt ?? null}::int, t.attempt) as attempt, coalesce(${length}, 0) as bytes,
           coalesce(${isCut}, false) as truncated, a.ended_at is not null as has_ended, a.task_id is null as is_none
      from tasks t
      left join task_attempts a on a.task_id = t.id and a.number = coalesce(${attempt ?? null}::int, t.attempt)
     where t.id = ${taskId} and t.user_id = ${userIdOf(ctx.actor)}`.execute(ctx.db);
  const [head] = rows;
  if (!head) throw new Failed('TASK_NOT_FOUND');
  const piece = from < head.bytes ? await readPiece(ctx, taskId, head, { stream, from }) : nothingAt(from);
  const nextOffset = piece.offset + piece.bytes.length;
  const hasEnded = head.has_ended || (head.is_none && isFinished(head.status));
  return {
    attempt: head.attempt,
    offset: piece.offset,
    chunk: piece.bytes.toString(),
    nextOffset,
    truncated: head.truncated,
    complete: hasEnded && nextOffset >= head.bytes,
  };
}

export type PieceName = { taskId: string; attempt: number; stream: OutputStream; offset: number };

/** The piece that begins exactly there. Whoever asks has been told of it. */
export async function readPieceAt(
  ctx: Ctx,
  { taskId, attempt, stream, offset }: PieceName,
): Promise<string | undefined> {
  const row = await ctx.db
    .selectFrom('task_outputs')
    .select('chunk')
    .where('task_id', '=', taskId)
    .where('attempt', '=', attempt)
    .where('stream', '=', stream)
    .where('start', '=', offset)
    .executeTakeFirst();
  return row?.chunk.toString();
}

type Head = {
  status: TaskRow['status'];
  attempt: number;
  bytes: number;
  truncated: boolean;
  has_ended: boolean;
  is_none: boolean;
};

const nothingAt = (offset: number) => ({ offset, bytes: Buffer.alloc(0) });

/** From the piece in which `from` lies; what has been deleted since is left out. */
async function readPiece(ctx: Ctx, taskId: string, head: Head, { stream, from }: { stream: string; from: number }) {
  const { rows } = await sql<{ start: number; chunk: Buffer }>`
    select start, chunk from task_outputs
     where task_id = ${taskId} and attempt = ${head.attempt} and stream = ${stream}
       and start < ${from + READ_BYTES}
       and start >= coalesce((
         select max(start) from task_outputs
          where task_id = ${taskId} and attempt = ${head.attempt} and stream = ${stream} and start <= ${from}
       ), 0)
     order by start
     limit ${READ_PIECES}`.execute(ctx.db);
  const [first] = rows;
  if (!first) return nothingAt(head.bytes);
  const bytes = Buffer.concat(rows.map(({ chunk }) => chunk));
  let skipped = Math.max(0, from - first.start);
  while (skipped > 0 && isInside(bytes[skipped])) skipped -= 1;
  return { offset: first.start + skipped, bytes: bytes.subarray(skipped) };
}

/**
 * Deletes live output of over seven days ago, and gives back what counted of it; the task keeps the beginning and the end.
 * Pieces that somebody holds are left for the next time. Returns how many were deleted.
 */
export async function deleteOldOutput(ctx: Ctx): Promise<number> {
  const limit = new Date(ctx.now().getTime() - DAYS_KEPT * DAY_MS);
  for (let total = 0; ; ) {
    const pieces = await atomically(ctx, async (tx) => {
      const { rows } = await sql<{ user_id: string; bytes: string; pieces: number }>`
        with gone as (
          delete from task_outputs where ctid = any(array(
            select ctid from task_outputs where created_at < ${limit} limit ${BATCH} for update skip locked
          ))
          returning task_id, start, octet_length(chunk) as length
        )
        select t.user_id, count(*)::int as pieces,
               sum(greatest(0, gone.start + gone.length - greatest(gone.start, ${FREE_BYTES}::int))) as bytes
          from gone join tasks t on t.id = gone.task_id
         group by t.user_id`.execute(tx.db);
      await giveStorageBackTo(tx, new Map(rows.map(({ user_id, bytes }) => [user_id, Number(bytes)])));
      return rows.reduce((sum, row) => sum + row.pieces, 0);
    });
    total += pieces;
    if (pieces < BATCH) return total;
  }
}
