import { defineEntity, p } from '@mikro-orm/core';
import { Session } from './session.ts';

/** Refresh tokens that were swapped for a successor: whoever shows one again ends the session. */
export const SpentRefreshToken = defineEntity({
  name: 'SpentRefreshToken',
  tableName: 'spent_refresh_tokens',
  properties: {
    hash: p.string().length(64).primary(),
    session: () => p.manyToOne(Session).mapToPk().deleteRule('cascade'),
    spentAt: p.datetime(3),
  },
  indexes: [{ name: 'spent_refresh_tokens_session', properties: ['session'] }],
});
