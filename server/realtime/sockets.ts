/**
 * The WebSockets of this process: who holds one, what each is told, and when it ends.
 *
 * A user's socket hears the user's events and passes on those that its channels and scopes let through; a device's hears
 * what concerns the device, and makes it online for as long as it is open. Every second the clock is looked at: expired
 * credentials end, each 30 s peers are asked whether they are there, and whether the credential still counts.
 */
import type { WebSocket } from 'ws';
import type { SocketCommand } from '../../contracts/events.ts';
import { BY_ITSELF, type Ctx, type Service } from '../context.ts';
import { comeOnline, noteSocketClosed } from '../domain/devices.ts';
import { readNews } from '../domain/heartbeats.ts';
import { type Bearer, findEnded } from '../domain/live-credentials.ts';
import { type Channel, mayRead, missingCodeOf, requireChannel } from '../domain/subscriptions.ts';
import { Failed } from '../failed.ts';
import type { DomainEvent } from '../ports.ts';
import { type Newsroom, openNewsroom } from './news.ts';
import { CLOSE, type OpenSocket, openSocket } from './socket.ts';

const TICK_MS = 1_000;
const PING_EVERY_MS = 30_000;
/** Less than the shortest time in which a device may be silent (three heartbeats of 5 s). */
const SIGHTING_EVERY_MS = 10_000;
const MOST_CHANNELS = 1_000;
/** Those that are told to come back are spread over this: 10,000 sockets are then 2,000 a second. */
const COME_BACK_WITHIN_MS = 5_000;
/** How long peers may take to answer the last close frame. */
const GOODBYE_MS = 1_000;

export type BearerCtx = Ctx & { actor: Bearer };

type Held = { ctx: BearerCtx; socket: OpenSocket; raw: WebSocket; refresh(): Promise<void>; leave(): void };

export type Sockets = {
  /** From here on the socket is served. */
  open(raw: WebSocket, ctx: BearerCtx): void;
  /** Ends all, and takes no more. */
  close(): Promise<void>;
};

export function openSockets(service: Service): Sockets {
  const { events, log, now } = service;
  const all = new Set<Held>();
  const newsroom = openNewsroom({ ...service, ...BY_ITSELF });
  let isClosed = false;

  const verify = async (some: readonly Held[]) => {
    const ended = await findEnded(
      service,
      some.map(({ ctx }) => ctx.actor),
    );
    for (const { ctx, socket } of some) if (ended.has(ctx.actor)) socket.end(CLOSE.ended);
  };
  const verifyOrSay = (some: readonly Held[]) =>
    void verify(some).catch((error) => log.warn({ err: error }, 'credentials of sockets could not be checked'));

  const sight = ({ actor, presence }: BearerCtx) => {
    if (actor.kind === 'device') presence.seen(actor.deviceId, { at: now(), hasSocket: true });
  };

  let pingedAt = now().getTime();
  let sightedAt = pingedAt;
  const timer = setInterval(() => {
    const at = now().getTime();
    for (const { ctx, socket } of all) {
      const { expiresAt } = expiryOf(ctx.actor);
      if (expiresAt && expiresAt.getTime() <= at) socket.end(CLOSE.ended);
    }
    if (at - sightedAt >= SIGHTING_EVERY_MS) {
      sightedAt = at;
      for (const { ctx } of all) sight(ctx);
    }
    if (at - pingedAt >= PING_EVERY_MS) {
      pingedAt = at;
      for (const { socket } of all) socket.probe();
      verifyOrSay([...all]);
    }
  }, TICK_MS).unref();

  const stopGaps = events.onGap(() => {
    verifyOrSay([...all]);
    for (const held of all)
      held.refresh().catch((error) => log.warn({ err: error }, 'a socket could not be refreshed'));
  });

  return {
    open(raw, ctx) {
      const serve = ctx.actor.kind === 'device' ? serveDevice : serveUser;
      const held: Held = serve(raw, ctx, newsroom, () => verifyOrSay([held]));
      if (isClosed) return endForRestart(held);
      all.add(held);
      const holder = ctx.actor.kind === 'device' ? 'device' : 'user';
      ctx.meter.note({ what: 'socket.opened', holder });
      raw.once('close', () => {
        all.delete(held);
        ctx.meter.note({ what: 'socket.closed', holder });
        held.leave();
      });
      sight(ctx);
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      stopGaps();
      const closed = [...all].map(({ raw }) => new Promise((resolve) => raw.once('close', resolve)));
      for (const held of all) endForRestart(held);
      const patience = setTimeout(() => {
        for (const { raw } of all) raw.terminate();
      }, GOODBYE_MS);
      await Promise.all(closed);
      clearTimeout(patience);
    },
  };
}

const endForRestart = ({ socket }: Held): void => {
  socket.send({ type: 'restart', data: { reconnect_after_ms: Math.round(Math.random() * COME_BACK_WITHIN_MS) } });
  socket.end(CLOSE.restart);
};

const expiryOf = (actor: Bearer): { expiresAt?: Date | undefined } => (actor.kind === 'device' ? {} : actor);

/** What of the events that everybody hears means the end of this socket. */
const endsFor = (actor: Bearer, event: DomainEvent): 'surely' | 'perhaps' | undefined => {
  switch (event.type) {
    case 'session.ended':
      return actor.kind === 'user' && actor.sessionId === event.sessionId ? 'surely' : undefined;
    case 'api-key.ended':
      return actor.kind === 'apiKey' && actor.apiKeyId === event.apiKeyId ? 'surely' : undefined;
    case 'device.changed':
      return actor.kind === 'device' && event.status === 'deleted' ? 'surely' : undefined;
    case 'device.rekeyed':
      // The socket may be the one that the new key opened.
      return actor.kind === 'device' ? 'perhaps' : undefined;
    default:
      return undefined;
  }
};

type Serve = (raw: WebSocket, ctx: BearerCtx, newsroom: Newsroom, verify: () => void) => Held;

// ---- A user, or a program that acts for one -------------------------------------------------------------------------

const serveUser: Serve = (raw, ctx, newsroom, verify) => {
  const { events, actor } = ctx;
  /** Open ones, and those whose ownership is being checked. */
  const channels = new Map<Channel, { isOpen: boolean; stop(): void }>();

  const tell = (event: DomainEvent) => {
    const ending = endsFor(actor, event);
    if (ending === 'surely') return socket.end(CLOSE.ended);
    if (ending === 'perhaps') return verify();
    const news = newsroom(event);
    if (news && mayRead(ctx, news.scope) && (news.channels?.some((channel) => channels.get(channel)?.isOpen) ?? true))
      socket.sendTexts(news.texts());
    if (event.type === 'device.changed' && event.status === 'deleted') drop(`device:${event.deviceId}`);
  };

  /** What it was of is gone. */
  const drop = (channel: Channel) => {
    const there = channels.get(channel);
    if (!there) return;
    there.stop();
    channels.delete(channel);
    if (there.isOpen) socket.send({ type: 'unsubscribed', channel, code: missingCodeOf(channel) });
  };

  const subscribe = async (channel: Channel) => {
    if (!channels.has(channel)) {
      if (channels.size >= MOST_CHANNELS)
        throw new Failed('VALIDATION_ERROR', { message: `A socket has at most ${MOST_CHANNELS} channels` });
      const stop = channel.startsWith('task:') ? events.subscribe(`output:${channel.slice(5)}`, tell) : () => {};
      // Before it is checked, so that a deletion meanwhile is not missed.
      const entry = { isOpen: false, stop };
      channels.set(channel, entry);
      try {
        await requireChannel(ctx, channel);
      } catch (error) {
        drop(channel);
        throw error;
      }
      if (channels.get(channel) !== entry) throw new Failed(missingCodeOf(channel));
      entry.isOpen = true;
    }
    socket.send({ type: 'subscribed', channel });
  };

  const unsubscribe = (channel: Channel) => {
    channels.get(channel)?.stop();
    channels.delete(channel);
    socket.send({ type: 'unsubscribed', channel });
  };

  const handle = async (command: SocketCommand) => {
    if (command.type === 'ping') return socket.send({ type: 'pong', timestamp: ctx.now().toISOString() });
    const channel = command.channel as Channel;
    return command.type === 'subscribe' ? subscribe(channel) : unsubscribe(channel);
  };

  const socket = openSocket({ socket: raw, ctx, handle });
  const stop = events.subscribe(`user:${actor.userId}`, tell);
  return {
    ctx,
    socket,
    raw,
    async refresh() {
      socket.send({ type: 'resync', data: { timestamp: ctx.now().toISOString() } });
      for (const channel of [...channels.keys()]) {
        await requireChannel(ctx, channel).catch((error) => {
          if (!(error instanceof Failed)) throw error;
          drop(channel);
        });
      }
    },
    leave() {
      stop();
      for (const each of channels.values()) each.stop();
    },
  };
};

// ---- A device -------------------------------------------------------------------------------------------------------

const serveDevice: Serve = (raw, ctx, _, verify) => {
  const { events, log } = ctx;
  const actor = ctx.actor as Extract<Bearer, { kind: 'device' }>;
  const { deviceId } = actor;

  const tell = (event: DomainEvent) => {
    const ending = endsFor(actor, event);
    if (ending === 'surely') return socket.end(CLOSE.ended);
    if (ending === 'perhaps') return verify();
    if (event.type === 'task.available') socket.send({ type: 'task.available', data: { device_id: deviceId } });
    else if (event.type === 'task.cancel')
      socket.send({ type: 'task.cancel', data: { task_id: event.taskId, grace_seconds: event.graceSeconds } });
    else if (event.type === 'config.updated')
      socket.send({ type: 'config.updated', data: { device_id: deviceId, config_version: event.configVersion } });
  };

  const handle = async (command: SocketCommand) => {
    if (command.type === 'ping') return socket.send({ type: 'pong', timestamp: ctx.now().toISOString() });
    return requireChannel(ctx, command.channel as Channel);
  };

  /** What it would have been told while it had no socket. */
  const catchUp = async () => {
    await comeOnline(ctx, deviceId);
    const { cancel, tasks_available } = await readNews(ctx);
    if (tasks_available) socket.send({ type: 'task.available', data: { device_id: deviceId } });
    for (const { taskId, graceSeconds } of cancel)
      socket.send({ type: 'task.cancel', data: { task_id: taskId, grace_seconds: graceSeconds } });
  };

  const socket = openSocket({ socket: raw, ctx, handle });
  const stop = events.subscribe(`device:${deviceId}`, tell);
  const complain = (error: unknown) => log.warn({ err: error }, 'the socket of a device was not noted');
  catchUp().catch(complain);
  return {
    ctx,
    socket,
    raw,
    refresh: catchUp,
    leave() {
      stop();
      noteSocketClosed(ctx, deviceId).catch(complain);
    },
  };
};
