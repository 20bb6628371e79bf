import { defineEntity, p } from '@mikro-orm/core';

/** A message that its channel keeps. `sequence` grows within the channel in the order of publishing. */
export const RelayMessage = defineEntity({
  name: 'RelayMessage',
  tableName: 'relay_messages',
  properties: {
    channelId: p.string().length(64).primary(),
    sequence: p.bigint('number').primary(),
    id: p.uuid(),
    message: p.text(),
    /** 100, 75, 50, 25 or 0. */
    priority: p.smallint(),
    sender: p.string().length(255).nullable(),
    encrypted: p.boolean(),
    /** Of the message in UTF-8. */
    bytes: p.integer(),
    /** Published without a key, and so counted against what all of these may take together. */
    isAnonymous: p.boolean(),
    publishedAt: p.datetime(3),
    expiresAt: p.datetime(3).index('relay_messages_expiry'),
  },
});
