import { defineEntity, p } from '@mikro-orm/core';

/** How often each caller called in a window, over all processes. Unlogged: it may be lost with the server. */
export const RateCounter = defineEntity({
  name: 'RateCounter',
  tableName: 'rate_counters',
  properties: {
    key: p.string().length(120).primary(),
    windowStart: p.datetime(3).index('rate_counters_age'),
    hits: p.integer(),
  },
});
