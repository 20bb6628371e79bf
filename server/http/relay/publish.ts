import type { publish as contract } from '../../../contracts/relay/publish.ts';
import { PRIORITIES, type Priority, publish } from '../../domain/publishing.ts';
import { lookAtQueue } from '../../domain/stored-messages.ts';
import type { Handlers } from '../contract.ts';

const NAMES = new Map(Object.entries(PRIORITIES).map(([name, priority]) => [priority as number, name as Priority]));

export const publishHandlers: Handlers<typeof contract> = {
  send: async (ctx, { body: { channel, message, priority, sender = null, cache, encrypted, autoCreate } }) => {
    const draft = { channel, message, priority, sender, isCached: cache, isEncrypted: encrypted, autoCreate };
    const { id, publishedAt, autoCreated } = await publish(ctx, draft);
    return {
      status: 201,
      data: { id, messageId: id, channel, publishedAt: publishedAt.toISOString(), autoCreated },
    };
  },

  list: async (ctx, { query: { channel, count } }) => {
    const { messages, length } = await lookAtQueue(ctx, channel, count);
    const shown = messages.map(({ id, message, sender, priority, encrypted, timestamp }) => ({
      id,
      message,
      sender,
      priority: NAMES.get(priority) ?? 'normal',
      encrypted,
      timestamp,
    }));
    return { status: 200, data: { channel, messages: shown, queueLength: length } };
  },
};
