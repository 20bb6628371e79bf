/**
 * Channels — where messages of the relay are published and subscribed to.
 *
 * A channel is open while it is active and has not expired; what has expired is gone at once, whenever it is cleaned up.
 * A temporary one expires 30 minutes after its last use. A private one is open to its owner alone and looks to everybody
 * else as if it did not exist. An id that is free again can be taken by a new channel, whose messages are numbered on from
 * the last of the one before.
 */
import { randomBytes } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import type { Ctx } from '../context.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import { endOf, metadataAsJson, ownerOf, requireChannelId } from './relay-reach.ts';

export type ChannelRow = Selectable<Tables['channels']>;
export type ChannelType = ChannelRow['type'];

export type NewChannel = {
  /** Left out: one is made. */
  id?: string | undefined;
  name: string | null;
  description: string | null;
  type: ChannelType;
  /** Null: it does not expire. */
  expiresInSeconds: number | null;
  metadata: Record<string, unknown> | null;
};

/** How long a temporary channel outlives its last use. */
export const TEMPORARY_SECONDS = 1800;

const PREFIXES: Record<ChannelType, string> = { public: 'pub_', private: 'pub_', encrypted: 'enc_', temporary: 'tmp_' };
const ID_BYTES = 8;

export const newChannelId = (type: ChannelType): string => PREFIXES[type] + randomBytes(ID_BYTES).toString('hex');

/** @throws Failed INVALID_CHANNEL_FORMAT | METADATA_TOO_LARGE | AUTH_REQUIRED | CHANNEL_EXISTS */
export async function createChannel(ctx: Ctx, { id: given, ...channel }: NewChannel): Promise<ChannelRow> {
  const id = given ?? newChannelId(channel.type);
  requireChannelId(id);
  if (channel.type === 'private' && ownerOf(ctx.actor) === null) {
    throw new Failed('AUTH_REQUIRED', { message: 'A private channel belongs to the owner of a key: send X-API-Key' });
  }
  const opened = await openChannel(ctx, { id, ...channel });
  if (!opened) throw new Failed('CHANNEL_EXISTS');
  return opened;
}

/**
 * Makes the channel where its id is free; undefined where it is not. An id is free, too, when its channel is open no more.
 */
export async function openChannel(ctx: Ctx, channel: NewChannel & { id: string }): Promise<ChannelRow | undefined> {
  const now = ctx.now();
  const seconds = channel.type === 'temporary' ? TEMPORARY_SECONDS : channel.expiresInSeconds;
  // The floor is locked, so that a channel which is being deleted has written its last number there before it is read.
  const { rows } = await sql<ChannelRow & { is_replaced: boolean }>`
    with opened as (
      insert into channels as known (id, name, description, type, owner, metadata, created_at, last_used_at, expires_at,
                                     sequence, trimmed_to)
      select ${channel.id}, ${channel.name}, ${channel.description}, ${channel.type}, ${ownerOf(ctx.actor)}::varchar,
             ${metadataAsJson(channel.metadata)}::jsonb, ${now}, ${now}, ${endOf(ctx, seconds)}::timestamptz,
             floor.sequence, floor.sequence
        from (select sequence from relay_floor where id = 1 for share) floor
      on conflict (id) do update
        set name = excluded.name, description = excluded.description, type = excluded.type, owner = excluded.owner,
            metadata = excluded.metadata, created_at = excluded.created_at, last_used_at = excluded.last_used_at,
            expires_at = excluded.expires_at, is_active = true,
            trimmed_to = known.sequence, stored_count = 0, stored_bytes = 0
        where not known.is_active or known.expires_at <= ${now}
      returning *, xmax <> 0 as is_replaced
    ), gone as (
      delete from relay_messages where channel_id = ${channel.id} and exists (select from opened where is_replaced)
    )
    select * from opened`.execute(ctx.db);
  const [row] = rows;
  if (row?.is_replaced) ctx.events.emit({ type: 'channel.replaced', channel: channel.id });
  return row;
}

/** Rows of channels that are open to the actor. */
const openToActor = (ctx: Ctx) =>
  sql<boolean>`is_active and (expires_at is null or expires_at > ${ctx.now()})
           and (type <> 'private' or owner = ${ownerOf(ctx.actor)}::varchar)`;

/** Undefined when it does not exist, or not for the actor. @throws Failed INVALID_CHANNEL_FORMAT */
export const findChannel = (ctx: Ctx, id: string): Promise<ChannelRow | undefined> => {
  requireChannelId(id);
  return ctx.db.selectFrom('channels').selectAll().where('id', '=', id).where(openToActor(ctx)).executeTakeFirst();
};

/** @throws Failed NOT_FOUND | INVALID_CHANNEL_FORMAT */
export const getChannel = async (ctx: Ctx, id: string): Promise<ChannelRow> => {
  const channel = await findChannel(ctx, id);
  if (!channel) throw new Failed('NOT_FOUND', { message: 'There is no channel with this id' });
  return channel;
};

/** The newest first. */
export async function listChannels(
  ctx: Ctx,
  { type, limit, offset }: { type?: ChannelType | undefined; limit: number; offset: number },
): Promise<{ rows: ChannelRow[]; total: number }> {
  let open = ctx.db.selectFrom('channels').where(openToActor(ctx));
  if (type !== undefined) open = open.where('type', '=', type);
  const [rows, { total }] = await Promise.all([
    open.selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).offset(offset).execute(),
    open.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ]);
  return { rows, total };
}

/** Notes that these channels are in use: those that are temporary live on. They are locked in the order of their ids. */
export async function touchChannels(ctx: Pick<Ctx, 'db' | 'now'>, ids: readonly string[]): Promise<void> {
  const now = ctx.now();
  await sql`
    with idle as materialized (
      select id from channels
       where id = any(${[...ids]}::varchar[]) and type = 'temporary' and is_active
         and expires_at > ${now} and last_used_at < ${new Date(now.getTime() - TOUCH_GRAIN_MS)}
       order by id
         for no key update
    )
    update channels c set last_used_at = ${now}, expires_at = ${endOf(ctx, TEMPORARY_SECONDS)}
      from idle where c.id = idle.id`.execute(ctx.db);
}

/** How exact the last use by subscribers is: it is not worth a write at every look. */
const TOUCH_GRAIN_MS = 60_000;
