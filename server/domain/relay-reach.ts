/**
 * Reach — whose things of the relay an actor may manage.
 *
 * A key reaches the things of its owner. The operator reaches everything, and so does a key that the operator made, where
 * it may `admin` or `revoke`. Things without an owner are reached by these alone.
 */
import type { Actor, Ctx } from '../context.ts';
import { Failed } from '../failed.ts';

/** Whose things the actor makes; null without a key. */
export const ownerOf = (actor: Actor): string | null => {
  if (actor.kind === 'relayKey') return actor.owner;
  return actor.kind === 'user' ? actor.userId : null;
};

/** Whether the actor may manage what belongs to `owner`. */
export const reaches = (actor: Actor, owner: string | null): boolean =>
  isServiceWide(actor) || (owner !== null && owner === ownerOf(actor));

export const isServiceWide = (actor: Actor): boolean => {
  if (actor.kind === 'admin' || actor.kind === 'system') return true;
  if (actor.kind !== 'relayKey' || actor.accountId !== null) return false;
  return actor.permissions.includes('admin') || actor.permissions.includes('revoke');
};

const CHANNEL_ID = /^[a-zA-Z0-9_-]{1,64}$/;

export const isChannelId = (id: string): boolean => CHANNEL_ID.test(id);

/** @throws Failed INVALID_CHANNEL_FORMAT */
export const requireChannelId = (id: string): void => {
  if (!isChannelId(id)) throw new Failed('INVALID_CHANNEL_FORMAT');
};

const MAX_METADATA_BYTES = 2048;

/** As it is stored. @throws Failed METADATA_TOO_LARGE */
export const metadataAsJson = (metadata: Record<string, unknown> | null): string | null => {
  if (metadata === null) return null;
  const json = JSON.stringify(metadata);
  if (Buffer.byteLength(json) > MAX_METADATA_BYTES) throw new Failed('METADATA_TOO_LARGE');
  return json;
};

/** When something that is to live `seconds` from now ends; null: never. */
export const endOf = (ctx: Pick<Ctx, 'now'>, seconds: number | null): Date | null =>
  seconds === null ? null : new Date(ctx.now().getTime() + seconds * 1000);
