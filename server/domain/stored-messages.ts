/**
 * Stored messages — what a channel keeps for those who come later: its newest 1,000 messages and 64 MiB, each for 12 or 24
 * hours. Whatever goes, the channel remembers up to which number, so that nobody is told that they missed nothing.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import type { ChannelMessage } from '../ports.ts';
import { findChannel } from './channels.ts';

const MIB = 1024 * 1024;
const MAX_COUNT = 1000;
const MAX_BYTES = 64 * MIB;

/** Of one read: enough to keep a connection busy, little enough for many of them at once. */
const PAGE_COUNT = 500;
const PAGE_BYTES = MIB;

type Reading = Pick<Ctx, 'db' | 'now'>;
type MessageRow = Omit<ChannelMessage, 'timestamp' | 'isStored'> & { published_at: Date };

const COLUMNS = sql`m.sequence, m.id, m.message, m.sender, m.priority, m.encrypted, m.published_at`;

const asMessage = ({
  published_at,
  sequence,
  id,
  message,
  sender,
  priority,
  encrypted,
}: MessageRow): ChannelMessage => ({
  sequence,
  id,
  message,
  sender,
  priority,
  encrypted,
  timestamp: published_at.getTime(),
  isStored: true,
});

/** By priority, then the newest first. @throws Failed INVALID_CHANNEL_FORMAT | CHANNEL_NOT_FOUND */
export async function lookAtQueue(
  ctx: Ctx,
  channel: string,
  count: number,
): Promise<{ messages: ChannelMessage[]; length: number }> {
  if (!(await findChannel(ctx, channel))) throw new Failed('CHANNEL_NOT_FOUND');
  const { rows } = await sql<MessageRow & { length: number }>`
    select ${COLUMNS}, q.length
      from (select sequence, count(*) over () as length from relay_messages
             where channel_id = ${channel} and expires_at > ${ctx.now()}
             order by priority desc, sequence desc limit ${count}) q
      join relay_messages m on m.channel_id = ${channel} and m.sequence = q.sequence
     order by m.priority desc, m.sequence desc`.execute(ctx.db);
  return { messages: rows.map(asMessage), length: rows[0]?.length ?? 0 };
}

export type Stretch = {
  messages: ChannelMessage[];
  /** The number of the last message of the channel, stored or not. */
  head: number;
  /** Messages up to here may be gone. */
  trimmedTo: number;
  /** False: there may be more up to `head`. */
  isWhole: boolean;
};

/** What is stored after `sequence`, in order. Undefined when the channel is gone. */
export async function readAfter(ctx: Reading, channel: string, sequence: number): Promise<Stretch | undefined> {
  const { rows } = await sql<MessageRow & { head: number; trimmed_to: number; upto: number | null }>`
    select c.sequence as head, c.trimmed_to, ${COLUMNS}, m.upto
      from channels c
      left join lateral (
        select * from (
          select p.*, sum(p.bytes) over (order by p.sequence) as upto from relay_messages p
           where p.channel_id = c.id and p.sequence > ${sequence} and p.expires_at > ${ctx.now()}
           order by p.sequence limit ${PAGE_COUNT}
        ) page where page.upto - page.bytes < ${PAGE_BYTES}
      ) m on true
     where c.id = ${channel}
     order by m.sequence`.execute(ctx.db);
  const [first] = rows;
  if (!first) return undefined;
  const found = first.upto === null ? [] : rows;
  const isWhole = found.length < PAGE_COUNT && (found.at(-1)?.upto ?? 0) < PAGE_BYTES;
  return { messages: found.map(asMessage), head: first.head, trimmedTo: first.trimmed_to, isWhole };
}

/** What is stored after `sequence`, by priority, then in order: their numbers, so that a reader takes them bit by bit. */
export async function numbersByPriority(ctx: Reading, channel: string, sequence: number): Promise<number[]> {
  const { rows } = await sql<{ sequence: number }>`
    select sequence from relay_messages
     where channel_id = ${channel} and sequence > ${sequence} and expires_at > ${ctx.now()}
     order by priority desc, sequence`.execute(ctx.db);
  return rows.map((row) => row.sequence);
}

/** Undefined when it has gone meanwhile. */
export async function readOne(ctx: Reading, channel: string, sequence: number): Promise<ChannelMessage | undefined> {
  const { rows } = await sql<MessageRow>`
    select ${COLUMNS} from relay_messages m where m.channel_id = ${channel} and m.sequence = ${sequence}`.execute(
    ctx.db,
  );
  return rows[0] && asMessage(rows[0]);
}

/** Whether something that was stored after `sequence` is there no more, or no message of the channel has had this number. */
export async function isGapAfter(ctx: Reading, channel: string, sequence: number): Promise<boolean> {
  const { rows } = await sql<{ is_gap: boolean }>`
    select ${sequence} > sequence or ${sequence} < trimmed_to
        or exists (select from relay_messages where channel_id = ${channel} and sequence > ${sequence}
                      and expires_at <= ${ctx.now()}) as is_gap
      from channels where id = ${channel}`.execute(ctx.db);
  return rows[0]?.is_gap ?? true;
}

export type Head = {
  /** The number of the last message. */
  sequence: number;
  /** Which of the channels that have had this id it is. */
  createdAt: Date;
};

/** How far these channels have come. Those that are gone are left out. */
export async function readHeads(ctx: Reading, channels: readonly string[]): Promise<Map<string, Head>> {
  const { rows } = await sql<{ id: string; sequence: number; created_at: Date }>`
    select id, sequence, created_at from channels where id = any(${[...channels]}::varchar[])`.execute(ctx.db);
  return new Map(rows.map(({ id, sequence, created_at }) => [id, { sequence, createdAt: created_at }]));
}

/** Whether a channel that stores so much keeps too much. */
export const isOverfull = (count: number, bytes: number): boolean => count > MAX_COUNT || bytes > MAX_BYTES;

/** Lets the oldest messages of these channels go, until each keeps no more than it may. */
export const trimChannels = (ctx: Reading, channels: readonly string[]): Promise<number> =>
  deleteMessages(
    ctx,
    TRIM_LOCK_MS,
    sql`select m.channel_id, m.sequence
          from (select id, stored_count - ${MAX_COUNT} as count, stored_bytes - ${MAX_BYTES} as bytes
                  from patience, channels c where id = any(${[...channels]}::varchar[])
                 order by id for no key update of c) over_limit
          join lateral (
            select channel_id, sequence, row_number() over (order by sequence) as place,
                   sum(bytes) over (order by sequence) - bytes as bytes_before
              from relay_messages where channel_id = over_limit.id
             -- Without too many bytes there is no need to look further than at those that are too many.
             order by sequence limit case when over_limit.bytes > 0 then null else greatest(over_limit.count, 0) end
          ) m on m.place <= over_limit.count or m.bytes_before < over_limit.bytes`,
  );

/** Lets the oldest of all messages that were published without a key go, until they take `maxBytes` at most. */
export async function trimAnonymous(ctx: Reading, maxBytes: number): Promise<number> {
  // The channels' own sums say cheaply that there is nothing to do.
  const { rows } = await sql<{ bytes: number | null }>`select sum(stored_bytes) as bytes from channels`.execute(ctx.db);
  if (Number(rows[0]?.bytes ?? 0) <= maxBytes) return 0;
  return deleteMessages(
    ctx,
    TRIM_LOCK_MS,
    sql`select channel_id, sequence
          from (select channel_id, sequence, sum(bytes) over (order by published_at desc, channel_id, sequence desc) as total
                  from relay_messages where is_anonymous) m
         where total > ${maxBytes}`,
  );
}

const EXPIRED_BATCH = 5_000;

/** How long a publish, which has let too much be kept, waits for the channels of which something is to go. */
const TRIM_LOCK_MS = 500;
const EXPIRED_LOCK_MS = 5_000;

/** Returns how many were deleted, as all of these do. */
export async function deleteExpiredMessages(ctx: Reading): Promise<number> {
  for (let total = 0; ; ) {
    const deleted = await deleteMessages(
      ctx,
      EXPIRED_LOCK_MS,
      sql`select channel_id, sequence from relay_messages where expires_at <= ${ctx.now()} limit ${EXPIRED_BATCH}`,
    );
    total += deleted;
    if (deleted < EXPIRED_BATCH) return total;
  }
}

/**
 * Deletes what `doomed` selects, and writes in the channels what is gone. All of these are locked first, in the order of
 * their ids: whoever publishes to them or trims them does so too, and nobody waits in a circle. Whatever locks reads
 * `patience` before, which says for how long to wait. The commit does not wait for the disk, since what a crash brings back
 * is deleted again. Not for use within a transaction, which would not wait either.
 */
async function deleteMessages(ctx: Reading, lockMs: number, doomed: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with patience as materialized (
      select set_config('synchronous_commit', 'off', true), set_config('lock_timeout', ${String(lockMs)}, true)
    ), doomed as materialized (${doomed}), held as materialized (
      select c.id from patience, channels c where c.id in (select channel_id from doomed) order by c.id for no key update of c
    ), gone as (
      delete from relay_messages m using doomed
       where m.channel_id = doomed.channel_id and m.sequence = doomed.sequence
         and (select count(*) from held) >= 0
      returning m.channel_id, m.sequence, m.bytes
    ), by_channel as (
      select channel_id, count(*) as count, sum(bytes) as bytes, max(sequence) as last from gone group by channel_id
    ), noted as (
      update channels c set stored_count = c.stored_count - g.count, stored_bytes = c.stored_bytes - g.bytes,
                            trimmed_to = greatest(c.trimmed_to, g.last)
        from by_channel g where c.id = g.channel_id
    )
    select count(*) as count from gone`.execute(ctx.db);
  return rows[0]?.count ?? 0;
}
