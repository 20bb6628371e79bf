import { defineEntity, p } from '@mikro-orm/core';

/** What the operator has halted in the whole deployment. A row is a pause; without it, work goes on. */
export const Pause = defineEntity({
  name: 'Pause',
  tableName: 'pauses',
  properties: {
    /** `dispatch`: no task is handed out. */
    what: p.string().length(50).primary(),
    since: p.datetime(3),
  },
});
