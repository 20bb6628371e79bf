import { defineEntity, p } from '@mikro-orm/core';

export type ChannelType = 'public' | 'encrypted' | 'private' | 'temporary';

/**
 * A channel of the relay. Each publish updates its row, so no index but that of the list covers a column that changes,
 * and pages keep room for the next version.
 */
export const Channel = defineEntity({
  name: 'Channel',
  tableName: 'channels',
  properties: {
    id: p.string().length(64).primary(),
    name: p.string().length(255).nullable(),
    description: p.string().length(1000).nullable(),
    type: p.string().length(20).$type<ChannelType>(),
    /** Who made it: the owner of the key that was used; null without one. */
    owner: p.string().length(255).nullable(),
    metadata: p.json<Record<string, unknown>>().nullable(),
    isActive: p.boolean().default(true),
    createdAt: p.datetime(3),
    /** Null: never. Of a temporary one it moves with each use. */
    expiresAt: p.datetime(3).nullable(),
    lastUsedAt: p.datetime(3),
    /** The number of the message that was published last. */
    sequence: p.bigint('number').default(0),
    /** The number of the last message that was stored and is so no more, or of the last one before this life of the id. */
    trimmedTo: p.bigint('number').default(0),
    /** Of the messages that are stored, expired ones too until they are deleted. */
    storedCount: p.integer().default(0),
    storedBytes: p.bigint('number').default(0),
  },
  indexes: [{ name: 'channels_age', properties: ['createdAt', 'id'] }],
});
