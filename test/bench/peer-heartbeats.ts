/**
 * The peer of heartbeats: the service itself, in which each heartbeat writes by one UPDATE that its device was seen, before
 * it is answered. Nothing else of the route is another.
 */
import { addressOf } from '../../server/domain/audit.ts';
import { deviceOf } from '../../server/domain/dispatch.ts';
import { daemonHandlers } from '../../server/http/cloud/daemon.ts';

const { heartbeat } = daemonHandlers;

daemonHandlers.heartbeat = async (ctx, input) => {
  await ctx.db
    .updateTable('devices')
    .set({ last_heartbeat: ctx.now(), ip_address: addressOf(ctx) })
    .where('id', '=', deviceOf(ctx).deviceId)
    .execute();
  return heartbeat({ ...ctx, presence: { seen: () => {} } }, input);
};

await import('../../server/main.ts');
