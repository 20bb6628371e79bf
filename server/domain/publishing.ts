/**
 * Publishing — a message gets the next number of its channel and is stored with it, in one statement that holds the row of
 * the channel: whoever reads a number finds every stored message before it.
 *
 * Messages of many channels and publishers share a statement (`publish-lanes.ts`). Each is answered by itself: one that its
 * channel does not take, or PostgreSQL does not, fails alone.
 */
import { sql } from 'kysely';
import type { Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import type { ChannelMessage } from '../ports.ts';
import { openChannel, TEMPORARY_SECONDS } from './channels.ts';
import { sealForChannel } from './public-keys.ts';
import { openLanes } from './publish-lanes.ts';
import { endOf, ownerOf, requireChannelId } from './relay-reach.ts';
import { isOverfull, trimAnonymous, trimChannels } from './stored-messages.ts';

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

/** How long those that go together wait for a channel whose row somebody holds; by itself it waits for longer. */
const SHARED_LOCK_MS = 500;
const OWN_LOCK_MS = 5_000;

/** What is stored without a key is summed up each time another 64th of its limit has come in. */
const SUMS_PER_LIMIT = 64;

/** @throws Failed INVALID_CHANNEL_FORMAT | MESSAGE_TOO_LARGE | CHANNEL_NOT_FOUND | VALIDATION_ERROR | KEY_EXPIRED */
export async function publish(ctx: Ctx, draft: Draft): Promise<Published> {
  requireChannelId(draft.channel);
  if (Buffer.byteLength(draft.message) > MAX_MESSAGE_BYTES) throw new Failed('MESSAGE_TOO_LARGE');
  const message = draft.isEncrypted ? await sealForChannel(ctx, draft.channel, draft.message) : draft.message;
  const { promise, resolve, reject } = Promise.withResolvers<Published>();
  const item = { ...draft, message, id: ctx.newId(), bytes: Buffer.byteLength(message) };
  workOf(ctx).add({ ...item, ctx, owner: ownerOf(ctx.actor), resolve, reject });
  return promise;
}

type Item = Draft & {
  id: string;
  bytes: number;
  /** Of its publisher. */
  ctx: Ctx;
  owner: string | null;
  resolve(published: Published): void;
  reject(error: unknown): void;
};

type Work = {
  add(item: Item): void;
  /** Published without a key since they were last summed up. */
  anonymousBytes: number;
};

/** Of each process: that of one that has closed its database goes with it. */
const works = new WeakMap<Ctx['db'], Work>();

const workOf = (ctx: Ctx): Work => {
  const known = works.get(ctx.db);
  if (known) return known;
  // What processes before this one have not summed up is summed up with the first message.
  const work = { add: openLanes<Item>(publishBatch), anonymousBytes: Number.POSITIVE_INFINITY };
  works.set(ctx.db, work);
  return work;
};

// ---- A batch --------------------------------------------------------------------------------------------------------

async function publishBatch(batch: readonly [Item, ...Item[]]): Promise<Map<string, Promise<void>>> {
  // Of one of them: what is looked at is the same for all, and the log says where to begin.
  const [{ ctx }] = batch;
  try {
    const closed = await append(ctx, batch, { lockMs: SHARED_LOCK_MS });
    return channelByChannel(closed, (those) => openAndAppend(ctx, those));
  } catch (error) {
    if (isFaultOfOne(error)) {
      ctx.log.warn({ err: error }, 'messages that went together are sent again channel by channel');
      return channelByChannel(batch, (those) => appendAlone(ctx, those));
    }
    for (const { reject } of batch) reject(error);
    return new Map();
  }
}

const channelByChannel = (items: readonly Item[], work: (those: Item[]) => Promise<void>) =>
  new Map([...Map.groupBy(items, ({ channel }) => channel)].map(([channel, those]) => [channel, work(those)]));

/** SQLSTATE: what the message is, or what stands in the way of its channel. Nothing of the statement has happened. */
const isFaultOfOne = (error: unknown): boolean => isFaultOfMessage(error) || /^(40|55)/.test(sqlStateOf(error));
const isFaultOfMessage = (error: unknown): boolean => /^(22|23)/.test(sqlStateOf(error));

const sqlStateOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '');

/** Those of one channel. Never rejects. */
async function appendAlone(ctx: Ctx, items: readonly Item[]): Promise<void> {
  try {
    await openAndAppend(ctx, await append(ctx, items, { lockMs: OWN_LOCK_MS }));
  } catch (error) {
    await sendSingly(ctx, items, error);
  }
}

/** Where one of them spoiled it for the others; else all have failed. */
async function sendSingly(ctx: Ctx, items: readonly Item[], error: unknown): Promise<void> {
  if (items.length > 1 && isFaultOfMessage(error)) for (const item of items) await appendAlone(ctx, [item]);
  else for (const { reject } of items) reject(error);
}

/** Those of one channel that is not open to them. Never rejects. */
async function openAndAppend(ctx: Ctx, items: readonly Item[]): Promise<void> {
  const [first, ...others] = items.filter(({ autoCreate }) => autoCreate);
  for (const { autoCreate, reject } of items) if (!autoCreate) reject(new Failed('CHANNEL_NOT_FOUND'));
  if (!first) return;
  const creating = [first, ...others];
  try {
    const created = await openChannel(first.ctx, { ...TEMPORARY, id: first.channel });
    // Another process may have made it just now; a private one of somebody else stays closed.
    const closed = await append(ctx, creating, { lockMs: OWN_LOCK_MS, creator: created && first });
    for (const { reject } of closed) reject(new Failed('CHANNEL_NOT_FOUND'));
  } catch (error) {
    await sendSingly(ctx, creating, error);
  }
}

const TEMPORARY = { name: null, description: null, type: 'temporary', expiresInSeconds: null, metadata: null } as const;

type Appending = {
  /** How long to wait for each channel. */
  lockMs: number;
  /** The item for which the channel was made. */
  creator?: Item | undefined;
};

/** Publishes and answers what its channel takes; gives the rest, whose channels are not there or not open to them. */
async function append(ctx: Ctx, items: readonly Item[], { lockMs, creator }: Appending): Promise<Item[]> {
  const publishedAt = ctx.now();
  const appended = await insert(ctx, items, publishedAt, lockMs);
  const byChannel = Map.groupBy(appended, ({ item }) => item.channel);
  for (const [channel, those] of byChannel) {
    const messages = those.map(({ item, sequence }) => asDelivered(item, sequence, publishedAt));
    ctx.events.emit({ type: 'channel.published', channel, sequence: those.at(-1)?.sequence ?? 0, messages });
  }
  ctx.meter.note({ what: 'messages.published', count: appended.length });
  const overfull = appended.filter((one) => isOverfull(one.stored_count, one.stored_bytes));
  const toTrim = new Set(overfull.map(({ item }) => item.channel));
  if (toTrim.size > 0) await quietly(ctx, trimChannels(ctx, [...toTrim]));
  await countAnonymous(ctx, appended);
  for (const { item } of appended) item.resolve({ id: item.id, publishedAt, autoCreated: item === creator });
  const done = new Set(appended.map(({ item }) => item));
  return items.filter((item) => !done.has(item));
}

type Appended = { item: Item; sequence: number; stored_count: number; stored_bytes: number };

/**
 * What of the items their channels have taken, in their order. The rows of the channels are locked in the order of their
 * ids, so that two processes with the same channels wait for each other and never in a circle.
 */
async function insert(ctx: Ctx, items: readonly Item[], publishedAt: Date, lockMs: number): Promise<Appended[]> {
  const channels = [...new Set(items.map(({ channel }) => channel))];
  const { rows } = await sql<Omit<Appended, 'item'> & { place: number }>`
    with patience as materialized (
      select set_config('lock_timeout', ${String(lockMs)}, true)
    ), channel as materialized (
      select c.id, c.type, c.owner, c.sequence
        from patience, channels c
       where c.id = any(${channels}::varchar[]) and c.is_active
         and (c.expires_at is null or c.expires_at > ${publishedAt})
       order by c.id
         for no key update of c
    ), taken as (
      select message.*, channel.type,
             channel.sequence + row_number() over (partition by channel.id order by place) as sequence
        from channel
        join unnest(${items.map(({ channel }) => channel)}::varchar[], ${items.map(({ owner }) => owner)}::varchar[],
                    ${items.map(({ id }) => id)}::uuid[], ${items.map(({ message }) => message)}::text[],
                    ${items.map(({ priority }) => PRIORITIES[priority])}::smallint[],
                    ${items.map(({ sender }) => sender)}::varchar[],
                    ${items.map(({ isEncrypted }) => isEncrypted)}::boolean[],
                    ${items.map(({ isCached }) => isCached)}::boolean[], ${items.map(({ bytes }) => bytes)}::int[])
             with ordinality as message (channel_id, owner, id, message, priority, sender, encrypted, is_stored, bytes, place)
          on channel.id = message.channel_id and (channel.type <> 'private' or channel.owner = message.owner)
    ), noted as (
      update channels
         set sequence = taken.last, last_used_at = ${publishedAt},
             expires_at = case type when 'temporary' then ${endOf(ctx, TEMPORARY_SECONDS)}::timestamptz else expires_at end,
             stored_count = stored_count + taken.count, stored_bytes = stored_bytes + taken.bytes
        from (select channel_id, max(sequence) as last, count(*) filter (where is_stored) as count,
                     coalesce(sum(bytes) filter (where is_stored), 0) as bytes
                from taken group by channel_id) taken
       where channels.id = taken.channel_id
      returning id, stored_count, stored_bytes
    ), stored as (
      insert into relay_messages (channel_id, sequence, id, message, priority, sender, encrypted, bytes, is_anonymous,
                                  published_at, expires_at)
      select channel_id, sequence, id, message, priority, sender, encrypted, bytes, owner is null, ${publishedAt},
             case when type in ('private', 'encrypted') then ${endOf(ctx, KEPT_LONGER_SECONDS)}::timestamptz
                  else ${endOf(ctx, KEPT_SECONDS)}::timestamptz end
        from taken where is_stored
    )
    select place, sequence, stored_count, stored_bytes
      from taken join noted on noted.id = taken.channel_id
     order by place`.execute(ctx.db);
  return rows.map(({ place, ...row }) => ({ ...row, item: items[place - 1] as Item }));
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

async function countAnonymous(ctx: Ctx, appended: readonly Appended[]): Promise<void> {
  const work = workOf(ctx);
  for (const { item } of appended) if (item.owner === null && item.isCached) work.anonymousBytes += item.bytes;
  if (work.anonymousBytes < ctx.config.RELAY_MAX_BYTES / SUMS_PER_LIMIT) return;
  work.anonymousBytes = 0;
  await quietly(ctx, trimAnonymous(ctx, ctx.config.RELAY_MAX_BYTES));
}

/** The message is published already: what goes wrong with older ones is not its publisher's business. */
const quietly = async (ctx: Ctx, work: Promise<unknown>): Promise<void> => {
  await work.catch((error) => ctx.log.warn({ err: error }, 'old messages could not be trimmed'));
};
