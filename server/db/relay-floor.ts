import { defineEntity, p } from '@mikro-orm/core';

/** One row: the highest number of a message in any channel that was deleted. New channels count on from there. */
export const RelayFloor = defineEntity({
  name: 'RelayFloor',
  tableName: 'relay_floor',
  properties: {
    id: p.integer().primary(),
    sequence: p.bigint('number'),
  },
});
