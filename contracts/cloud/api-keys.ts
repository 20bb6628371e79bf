import { z } from 'zod';
import { access, c, failures, Id, ok, ScopeName, Time, TimeInput, text } from '../wire.ts';

export const ApiKey = z
  .object({
    id: Id,
    name: z.string(),
    key_prefix: z.string().meta({ description: 'The first characters of the key, to tell keys apart' }),
    scopes: z.array(ScopeName),
    last_used: Time.nullable(),
    expires_at: Time.nullable(),
    created_at: Time,
  })
  .meta({ id: 'ApiKey' });

/** Keys for programs that act for a user. A key is shown once; we keep its SHA-256. */
export const apiKeys = c.router(
  {
    create: {
      method: 'POST',
      path: '/api-keys',
      summary: 'Create an API key',
      description: 'The key is in this answer and never again. It has the scopes that you name and no others.',
      body: z
        .object({
          name: text(100, 1),
          scopes: z.array(ScopeName).min(1).max(12),
          expires_at: TimeInput.optional().meta({ description: 'In the future; left out: it does not expire' }),
        })
        .meta({ id: 'NewApiKey', examples: [{ name: 'CI', scopes: ['task:create', 'task:read'] }] }),
      responses: { 201: ok(ApiKey.extend({ key: z.string() }).meta({ id: 'CreatedApiKey' })) },
      metadata: access({ auth: ['user'], idempotent: true, showsSecret: true }),
    },
    list: {
      method: 'GET',
      path: '/api-keys',
      summary: 'List your API keys',
      description: 'The keys that have not been deleted, the newest first.',
      responses: { 200: ok(z.object({ api_keys: z.array(ApiKey) })) },
      metadata: access({ auth: ['user'] }),
    },
    remove: {
      method: 'DELETE',
      path: '/api-keys/:api_key_id',
      summary: 'Delete an API key',
      description: 'The next request with it is refused.',
      pathParams: z.object({ api_key_id: Id }),
      body: c.noBody(),
      responses: { 200: ok(z.object({ api_key_id: Id, deleted: z.literal(true) })), ...failures('API_KEY_NOT_FOUND') },
      metadata: access({ auth: ['user'] }),
    },
  },
  { pathPrefix: '/v1' },
);
