/**
 * News — what the owner of something is told of a domain event: which frames, to which channels, for which scope.
 *
 * An event is put into words once for all sockets of the process, and only when one of them wants it, because some
 * frames carry more than their event and have to be read.
 */
import type { SocketFrame } from '../../contracts/events.ts';
import type { Scope } from '../../contracts/wire.ts';
import type { Ctx } from '../context.ts';
import { readPieceAt } from '../domain/outputs.ts';
import type { Channel } from '../domain/subscriptions.ts';
import { isFinished } from '../domain/task-states.ts';
import { readTaskEnd } from '../domain/tasks.ts';
import type { DomainEvent } from '../ports.ts';

export type News = {
  /** What an API key needs to be told. */
  scope: Scope;
  /** Told to their subscribers; left out: to every socket of the user. */
  channels?: readonly Channel[];
  /** The frames as JSON. */
  texts(): readonly string[] | Promise<readonly string[]>;
};

type Unworded = Omit<News, 'texts'> & { frames: () => readonly SocketFrame[] | Promise<readonly SocketFrame[]> };

export type Newsroom = (event: DomainEvent) => News | undefined;

export function openNewsroom(ctx: Ctx): Newsroom {
  // The bus gives the same event to all listeners of a process.
  const known = new WeakMap<DomainEvent, News | { isNone: true }>();
  return (event) => {
    const before = known.get(event);
    if (before) return 'isNone' in before ? undefined : before;
    const news = worded(unwordedOf(ctx, event));
    known.set(event, news ?? { isNone: true });
    return news;
  };
}

const worded = (news: Unworded | undefined): News | undefined => {
  if (!news) return undefined;
  const { frames, ...rest } = news;
  let texts: ReturnType<News['texts']> | undefined;
  const write = (): ReturnType<News['texts']> => {
    const made = frames();
    return made instanceof Promise
      ? made.then((all) => all.map((frame) => JSON.stringify(frame)))
      : made.map((frame) => JSON.stringify(frame));
  };
  return {
    ...rest,
    texts: () => {
      texts ??= write();
      return texts;
    },
  };
};

function unwordedOf(ctx: Ctx, event: DomainEvent): Unworded | undefined {
  switch (event.type) {
    case 'device.changed':
      return { scope: 'device:read', frames: () => deviceFrames(ctx, event) };
    case 'task.changed':
      return { scope: 'task:read', channels: channelsOf(event), frames: () => taskFrames(ctx, event) };
    case 'task.output':
      return { scope: 'task:read', channels: [`task:${event.taskId}`], frames: () => outputFrames(ctx, event) };
    case 'message.new':
      return { scope: 'user:read', frames: () => messageFrames(event) };
    default:
      return undefined;
  }
}

type EventOf<Type extends DomainEvent['type']> = Extract<DomainEvent, { type: Type }>;

const channelsOf = ({ taskId, deviceId }: EventOf<'task.changed'>): Channel[] =>
  deviceId === null ? [`task:${taskId}`] : [`task:${taskId}`, `device:${deviceId}`];

const deviceFrames = (ctx: Ctx, { deviceId, status, before }: EventOf<'device.changed'>): SocketFrame[] => {
  const data = { device_id: deviceId, timestamp: ctx.now().toISOString() };
  if (status === 'offline') return [{ type: 'device.offline', data }];
  const updated = { type: 'device.updated', data: { ...data, status } } as SocketFrame;
  if (status === 'deleted') return [updated];
  return before === 'offline' ? [{ type: 'device.online', data }] : [updated];
};

function taskFrames(ctx: Ctx, event: EventOf<'task.changed'>): SocketFrame[] | Promise<SocketFrame[]> {
  const { taskId, userId, progress = null } = event;
  const status = event.status as Parameters<typeof isFinished>[0];
  const updated: SocketFrame = { type: 'task.updated', data: { task_id: taskId, status, progress } };
  if (!isFinished(status)) return [updated];
  return readTaskEnd(ctx, { taskId, userId }).then((end) =>
    end
      ? [
          updated,
          {
            type: 'task.completed',
            data: {
              task_id: taskId,
              status: end.status,
              exit_code: end.exitCode,
              stdout: end.stdout,
              stdout_truncated: end.isTruncated,
            },
          },
        ]
      : [updated],
  );
}

function outputFrames(ctx: Ctx, event: EventOf<'task.output'>): SocketFrame[] | Promise<SocketFrame[]> {
  const { taskId, attempt, stream, offset, chunk, truncated } = event;
  const frames = (text: string): SocketFrame[] => [
    { type: 'task.output', data: { task_id: taskId, attempt, stream, offset, chunk: text, truncated } },
  ];
  if (chunk !== null) return frames(chunk);
  return readPieceAt(ctx, { taskId, attempt, stream, offset }).then((text) => (text === undefined ? [] : frames(text)));
}

const messageFrames = ({ messageId, title, content }: EventOf<'message.new'>): SocketFrame[] => [
  { type: 'message.new', data: { message_id: messageId, title, content } },
];
