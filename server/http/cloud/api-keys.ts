import type { apiKeys } from '../../../contracts/cloud/api-keys.ts';
import type { Scope } from '../../../contracts/wire.ts';
import { type ApiKeyRow, createApiKey, deleteApiKey, listApiKeys } from '../../domain/api-keys.ts';
import type { Handlers } from '../contract.ts';
import { time, timeOrNull } from './presented.ts';

const present = (key: ApiKeyRow) => ({
  id: key.id,
  name: key.name,
  key_prefix: key.key_prefix,
  scopes: key.scopes as Scope[],
  last_used: timeOrNull(key.last_used),
  expires_at: timeOrNull(key.expires_at),
  created_at: time(key.created_at),
});

export const apiKeyHandlers: Handlers<typeof apiKeys> = {
  create: async (ctx, { body }) => {
    const expiresAt = body.expires_at === undefined ? null : new Date(body.expires_at);
    const { key, ...row } = await createApiKey(ctx, { name: body.name, scopes: body.scopes, expiresAt });
    return { status: 201, data: { ...present(row), key } };
  },

  list: async (ctx) => ({ status: 200, data: { api_keys: (await listApiKeys(ctx)).map(present) } }),

  remove: async (ctx, { params }) => {
    await deleteApiKey(ctx, params.api_key_id);
    return { status: 200, data: { api_key_id: params.api_key_id, deleted: true } };
  },
};
