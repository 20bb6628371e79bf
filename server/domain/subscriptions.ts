/** Channels — what one can subscribe to: a device or a task of one's own, as far as one's scopes reach. */
import type { Scope } from '../../contracts/wire.ts';
import { type Ctx, userIdOf } from '../context.ts';
import { Failed } from '../failed.ts';
import { mayUse } from './api-keys.ts';

export type Channel = `device:${string}` | `task:${string}`;

const KINDS = {
  device: { table: 'devices', scope: 'device:read', missing: 'DEVICE_NOT_FOUND' },
  task: { table: 'tasks', scope: 'task:read', missing: 'TASK_NOT_FOUND' },
} as const;

const partsOf = (channel: Channel) => {
  const [kind, id] = channel.split(':') as [keyof typeof KINDS, string];
  return { ...KINDS[kind], id };
};

/** The code that says that what the channel is of is gone. */
export const missingCodeOf = (channel: Channel) => partsOf(channel).missing;

/** Whether the actor may read what needs `scope`; a user may read everything of their own. */
export const mayRead = ({ actor }: Pick<Ctx, 'actor'>, scope: Scope): boolean =>
  actor.kind === 'user' || (actor.kind === 'apiKey' && mayUse(actor.scopes, scope));

/** @throws Failed WRONG_CREDENTIAL | INSUFFICIENT_SCOPE | DEVICE_NOT_FOUND | TASK_NOT_FOUND */
export async function requireChannel(ctx: Ctx, channel: Channel): Promise<void> {
  const { table, scope, missing, id } = partsOf(channel);
  if (ctx.actor.kind === 'device') {
    throw new Failed('WRONG_CREDENTIAL', {
      message: 'A device subscribes to nothing: what concerns it comes by itself',
    });
  }
  if (!mayRead(ctx, scope)) {
    throw new Failed('INSUFFICIENT_SCOPE', { message: `The API key needs the scope ${scope} for this channel` });
  }
  const row = await ctx.db
    .selectFrom(table)
    .select('id')
    .where('id', '=', id)
    .where('user_id', '=', userIdOf(ctx.actor))
    .executeTakeFirst();
  if (!row) throw new Failed(missing);
}
