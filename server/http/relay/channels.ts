import type { channels } from '../../../contracts/relay/channels.ts';
import { type ChannelRow, createChannel, getChannel, listChannels } from '../../domain/channels.ts';
import type { Handlers } from '../contract.ts';

const present = (channel: ChannelRow) => ({
  id: channel.id,
  name: channel.name,
  description: channel.description,
  type: channel.type,
  creator: channel.owner,
  createdAt: channel.created_at.toISOString(),
  expiresAt: channel.expires_at?.toISOString() ?? null,
  isActive: channel.is_active,
  metadata: channel.metadata as Record<string, unknown> | null,
});

export const channelHandlers: Handlers<typeof channels> = {
  create: async (ctx, { body: { id, type, name = null, description = null, expiresIn = null, metadata = null } }) => {
    const channel = await createChannel(ctx, { id, type, name, description, expiresInSeconds: expiresIn, metadata });
    return { status: 201, data: present(channel) };
  },

  list: async (ctx, { query: { id, type, limit, offset } }) => {
    if (id !== undefined) return { status: 200, data: present(await getChannel(ctx, id)) };
    const { rows, total } = await listChannels(ctx, { type, limit, offset });
    const pagination = { total, limit, offset, hasMore: offset + rows.length < total };
    return { status: 200, data: rows.map(present), pagination };
  },
};
