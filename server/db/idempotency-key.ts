import { defineEntity, p } from '@mikro-orm/core';

/** The first answer to each `Idempotency-Key`, kept for 24 hours. */
export const IdempotencyKey = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_keys',
  properties: {
    /** Who called: `user:<id>`, whatever their credential, or `device:<id>`. */
    caller: p.string().length(60).primary(),
    /** Method and path. */
    operation: p.string().length(255).primary(),
    key: p.string().length(255).primary(),
    /** SHA-256 of the request body, in hex. */
    bodyHash: p.string().length(64),
    /** Null while the first call is under way, which only its own transaction sees. */
    status: p.integer().nullable(),
    /** Null when the answer showed a secret. */
    answer: p.json<unknown>().nullable(),
    createdAt: p.datetime(3).index('idempotency_keys_age'),
  },
});
