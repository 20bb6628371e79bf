/**
 * Publishing — a message gets the next number of its channel and is stored with it, in one statement that holds the row of
 * the channel: whoever reads a number finds every stored message before it.
 *
 * What comes to a channel while a statement for it is under way waits for it and goes together with the next, so a hot
 * channel costs a statement per batch. Order and acknowledgement stay those of each message.
 */
import { sql } from 'kysely';
import type { ChannelMessage, Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import { openChannel, TEMPORARY_SECONDS } from './channels.ts';
import { sealForChannel } from './public-keys.ts';
import { endOf, ownerOf, requireChannelId } from './relay-reach.ts';
import { isOverfull, trimAnonymous, trimChannel } from './stored-messages.ts';

export const PRIORITIES = { critical: 100, high: 75, normal: 50, low: 25, bulk: 0 } as const;
export type Priority = keyof typeof PRIORITIES;

export type Draft = {
  channel: string;
  message: string;
  priority: Priority;
  sender: string | null;
  /** False: it is delivered live and never stored. */
  isCached: boolean;
  isEncrypted: boolean;
  /** Makes a temporary channel where there is none. */
  autoCreate: boolean;
};

export type Published = { id: string; publishedAt: Date; autoCreated: boolean };

/** Bytes of UTF-8. */
const MAX_MESSAGE_BYTES = 4_718_592;

const HOUR_SECONDS = 3600;
/** In public and temporary channels, and in private and encrypted ones. */
const KEPT_SECONDS = 12 * HOUR_SECONDS;
const KEPT_LONGER_SECONDS = 24 * HOUR_SECONDS;

/** Of a batch; a single message may be larger. */
const BATCH_COUNT = 200;
const BATCH_BYTES = 4 * 1024 * 1024;

/** What is stored without a key is summed up each time another 64th of its limit has come in. */
const SUMS_PER_LIMIT = 64;

/** @throws Failed INVALID_CHANNEL_FORMAT | MESSAGE_TOO_LARGE | CHANNEL_NOT_FOUND | VALIDATION_ERROR | KEY_EXPIRED */
export async function publish(ctx: Ctx, draft: Draft): Promise<Published> {
  requireChannelId(draft.channel);
  if (Buffer.byteLength(draft.message) > MAX_MESSAGE_BYTES) throw new Failed('MESSAGE_TOO_LARGE');
  const message = draft.isEncrypted ? await sealForChannel(ctx, draft.channel, draft.message) : draft.message;
  return inLine(ctx, { ...draft, message, id: ctx.newId(), bytes: Buffer.byteLength(message) });
}

// ---- Lines: who waits for the statement that is under way -----------------------------------------------------------

type Item = Draft & { id: string; bytes: number };
type Waiting = { item: Item; resolve(published: Published): void; reject(error: unknown): void };
type Lines = { byChannel: Map<string, Waiting[]>; anonymousBytes: number };

/** Of each process: those of one that has closed its database go with it. */
const linesOf = new WeakMap<Ctx['db'], Lines>();

const lines = (ctx: Ctx): Lines => {
  const known = linesOf.get(ctx.db) ?? { byChannel: new Map(), anonymousBytes: 0 };
  linesOf.set(ctx.db, known);
  return known;
};

const inLine = (ctx: Ctx, item: Item): Promise<Published> =>
  new Promise((resolve, reject) => {
    const { byChannel } = lines(ctx);
    // A batch is published by one owner.
    const name = `${item.channel} ${ownerOf(ctx.actor) ?? ''}`;
    const line = byChannel.get(name);
    const waiting = { item, resolve, reject };
    if (line) return void line.push(waiting);
    byChannel.set(name, [waiting]);
    void workOff(ctx, name);
  });

async function workOff(ctx: Ctx, name: string): Promise<void> {
  const { byChannel } = lines(ctx);
  const line = byChannel.get(name) as Waiting[];
  while (line.length > 0) {
    const batch = line.splice(0, batchSize(line));
    try {
      await publishBatch(ctx, batch);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  byChannel.delete(name);
}

const batchSize = (line: readonly Waiting[]): number => {
  let bytes = 0;
  const end = line.findIndex(({ item }, at) => {
    bytes += item.bytes;
    return at > 0 && (at >= BATCH_COUNT || bytes > BATCH_BYTES);
  });
  return end < 0 ? line.length : end;
};

// ---- A batch --------------------------------------------------------------------------------------------------------

async function publishBatch(ctx: Ctx, batch: readonly Waiting[]): Promise<void> {
  const publishedAt = ctx.now();
  const done = (those: readonly Waiting[], autoCreated: boolean) => {
    for (const [at, { item, resolve }] of those.entries())
      resolve({ id: item.id, publishedAt, autoCreated: autoCreated && at === 0 });
  };
  if (await append(ctx, batch, publishedAt)) return done(batch, false);

  const creating = batch.filter(({ item }) => item.autoCreate);
  for (const { item, reject } of batch) if (!item.autoCreate) reject(new Failed('CHANNEL_NOT_FOUND'));
  const [first] = creating;
  if (!first) return;
  const created = await openChannel(ctx, { ...TEMPORARY, id: first.item.channel });
  // Another process may have made it just now; a private one of somebody else stays closed.
  if (await append(ctx, creating, publishedAt)) return done(creating, created !== undefined);
  for (const { reject } of creating) reject(new Failed('CHANNEL_NOT_FOUND'));
}

const TEMPORARY = { name: null, description: null, type: 'temporary', expiresInSeconds: null, metadata: null } as const;

/** False when there is no such channel that is open to the actor. */
async function append(ctx: Ctx, batch: readonly Waiting[], publishedAt: Date): Promise<boolean> {
  const items = batch.map(({ item }) => item);
  const channel = (items[0] as Item).channel;
  const owner = ownerOf(ctx.actor);
  const stored = items.filter(({ isCached }) => isCached);
  const storedBytes = stored.reduce((sum, { bytes }) => sum + bytes, 0);
  const places = items.flatMap(({ isCached }, at) => (isCached ? [at + 1] : []));
  const { rows } = await sql<{ base: number; stored_count: number; stored_bytes: number }>`
    with channel as (
      update channels
         set sequence = sequence + ${items.length}, last_used_at = ${publishedAt},
             expires_at = case type when 'temporary' then ${endOf(ctx, TEMPORARY_SECONDS)}::timestamptz else expires_at end,
             stored_count = stored_count + ${stored.length}, stored_bytes = stored_bytes + ${storedBytes}
       where id = ${channel} and is_active and (expires_at is null or expires_at > ${publishedAt})
         and (type <> 'private' or owner = ${owner}::varchar)
      returning sequence - ${items.length} as base, type, stored_count, stored_bytes
    ), stored as (
      insert into relay_messages (channel_id, sequence, id, message, priority, sender, encrypted, bytes, is_anonymous,
                                  published_at, expires_at)
      select ${channel}, channel.base + place, id, message, priority, sender, encrypted, bytes, ${owner === null},
             ${publishedAt}, case when channel.type in ('private', 'encrypted')
                             then ${endOf(ctx, KEPT_LONGER_SECONDS)}::timestamptz
                             else ${endOf(ctx, KEPT_SECONDS)}::timestamptz end
        from channel,
             unnest(${places}::int[], ${stored.map(({ id }) => id)}::uuid[], ${stored.map(({ message }) => message)}::text[],
                    ${stored.map(({ priority }) => PRIORITIES[priority])}::smallint[],
                    ${stored.map(({ sender }) => sender)}::varchar[],
                    ${stored.map(({ isEncrypted }) => isEncrypted)}::boolean[], ${stored.map(({ bytes }) => bytes)}::int[])
             as message (place, id, message, priority, sender, encrypted, bytes)
    )
    select base, stored_count, stored_bytes from channel`.execute(ctx.db);
  const [row] = rows;
  if (!row) return false;
  ctx.events.emit({
    type: 'channel.published',
    channel,
    sequence: row.base + items.length,
    messages: items.map((item, at) => asDelivered(item, row.base + at + 1, publishedAt)),
  });
  if (isOverfull(row.stored_count, row.stored_bytes)) await quietly(ctx, trimChannel(ctx, channel));
  if (owner === null) await countAnonymous(ctx, storedBytes);
  return true;
}

const asDelivered = (item: Item, sequence: number, publishedAt: Date): ChannelMessage => ({
  sequence,
  id: item.id,
  message: item.message,
  sender: item.sender,
  priority: PRIORITIES[item.priority],
  encrypted: item.isEncrypted,
  timestamp: publishedAt.getTime(),
  isStored: item.isCached,
});

async function countAnonymous(ctx: Ctx, bytes: number): Promise<void> {
  const own = lines(ctx);
  own.anonymousBytes += bytes;
  if (own.anonymousBytes < ctx.config.RELAY_MAX_BYTES / SUMS_PER_LIMIT) return;
  own.anonymousBytes = 0;
  await quietly(ctx, trimAnonymous(ctx, ctx.config.RELAY_MAX_BYTES));
}

/** The message is published already: what goes wrong with older ones is not its publisher's business. */
const quietly = async (ctx: Ctx, work: Promise<unknown>): Promise<void> => {
  await work.catch((error) => ctx.log.warn({ err: error }, 'old messages could not be trimmed'));
};
