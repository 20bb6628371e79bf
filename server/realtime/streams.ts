/**
 * Streams — the subscriptions of this process, as Server-Sent Events.
 *
 * A channel with subscribers here has one feed, which hears of its messages before anything is read: so between what a
 * subscriber reads and what then comes there is no gap. Notifications of other processes may be lost, so every few seconds
 * the feeds learn the last numbers of their channels, and streams end whose channel or key is no longer the one they began with.
 */
import type { ServerResponse } from 'node:http';
import type { Ctx, Service } from '../context.ts';
import { findChannel, touchChannels } from '../domain/channels.ts';
import { findEnded } from '../domain/live-credentials.ts';
import { isGapAfter, numbersByPriority, readAfter, readHeads, readOne } from '../domain/stored-messages.ts';
import { Failed } from '../failed.ts';
import type { DomainEvent } from '../ports.ts';
import { openAssembly } from './abridged.ts';
import type { Bus } from './bus.ts';
import { type Feed, openFeed } from './feed.ts';
import { frameOf, openSubscriber, type Subscriber } from './subscriber.ts';

const MAX_STREAMS = 10_000;
const MAX_ANONYMOUS_PER_CHANNEL = 1_000;
const KEEPALIVE_MS = 30_000;
/** What a lost notification costs at most. */
const POLL_MS = 5_000;
/** What a client waits before it connects again. */
const RETRY_MS = 15_000;
/** Reads for subscribers at the same time: after an outage thousands come back together. */
const READS_AT_ONCE = 8;
const RETRY_AFTER_SECONDS = 15;

export type Subscription = {
  channel: string;
  /** The number of the last event that the client has; `unknown`: it named one that is none of ours. */
  lastEvent: number | 'unknown' | undefined;
  byPriority: boolean;
};

export type Streams = {
  /**
   * Opens a stream; `begin` is called when nothing can be refused any more, and gives where to write.
   * @throws Failed CHANNEL_NOT_FOUND | INVALID_CHANNEL_FORMAT | RATE_LIMIT_EXCEEDED | SERVICE_UNAVAILABLE
   */
  open(ctx: Ctx, subscription: Subscription, begin: () => ServerResponse): Promise<void>;
  /** How many are open. */
  size(): number;
  /** Ends all; the clients come back, to another process. */
  release(): void;
  close(): Promise<void>;
};

type Open = { subscriber: Subscriber; actor: Ctx['actor']; channelMadeAt: Date };

type Line = { feed: Feed; open: Set<Open>; joining: number; leave(): void };

export function openStreams(
  options: { bus: Bus } & Pick<Service, 'db' | 'log' | 'meter' | 'now'>,
  { keepaliveMs = KEEPALIVE_MS, pollMs = POLL_MS, retryMs = RETRY_MS } = {},
): Streams {
  const { bus, db, log, meter, now } = options;
  const reading = { db, now };
  const lines = new Map<string, Line>();
  const inTurn = takingTurns(READS_AT_ONCE);
  let size = 0;
  let isReleased = false;

  // ---- Channels -----------------------------------------------------------------------------------------------------

  const openLine = (channel: string): Line => {
    const open = new Set<Open>();
    const assembly = openAssembly();
    const feed = openFeed({
      log,
      read: (after) => readAfter(reading, channel, after),
      deliver: (message) => {
        const frame = frameOf(channel, message);
        for (const { subscriber } of open) subscriber.deliver(frame);
      },
    });
    const hear = (event: DomainEvent) => {
      if (event.type === 'channel.published') feed.accept(event.messages, event.sequence);
      if (event.type === 'channel.replaced') endAll(open);
      if (event.type === 'channel.part') {
        const message = assembly.add(event);
        if (message) feed.accept([message], message.sequence);
      }
    };
    const line = { feed, open, joining: 0, leave: bus.subscribe(`channel:${channel}`, hear) };
    lines.set(channel, line);
    return line;
  };

  const closeIfEmpty = (channel: string, line: Line) => {
    if (line.open.size > 0 || line.joining > 0 || lines.get(channel) !== line) return;
    lines.delete(channel);
    line.leave();
    line.feed.close();
  };

  // ---- One stream ---------------------------------------------------------------------------------------------------

  const requireRoom = (ctx: Ctx, line: Line) => {
    const retryAfterSeconds = RETRY_AFTER_SECONDS;
    if (isReleased || size >= MAX_STREAMS) throw new Failed('SERVICE_UNAVAILABLE', { retryAfterSeconds });
    if (ctx.actor.kind !== 'anonymous' || line.open.size < MAX_ANONYMOUS_PER_CHANNEL) return;
    const anonymous = [...line.open].filter(({ actor }) => actor.kind === 'anonymous').length;
    if (anonymous < MAX_ANONYMOUS_PER_CHANNEL) return;
    throw new Failed('RATE_LIMIT_EXCEEDED', {
      message: `A channel has at most ${MAX_ANONYMOUS_PER_CHANNEL} subscribers without a key`,
      retryAfterSeconds,
    });
  };

  const join = async (
    ctx: Ctx,
    line: Line,
    { channel, lastEvent, byPriority }: Subscription,
    begin: () => ServerResponse,
  ) => {
    requireRoom(ctx, line);
    const found = await findChannel(ctx, channel);
    if (!found) throw new Failed('CHANNEL_NOT_FOUND');
    if (found.type === 'temporary') await touchChannels(ctx, [channel]);
    const isGap = lastEvent === 'unknown' || (lastEvent !== undefined && (await isGapAfter(ctx, channel, lastEvent)));
    requireRoom(ctx, line);
    line.feed.begin(found.sequence);

    const out = begin();
    const storage = {
      readAfter: (sequence: number) => inTurn(() => readAfter(reading, channel, sequence)),
      numbersByPriority: (sequence: number) => inTurn(() => numbersByPriority(reading, channel, sequence)),
      readOne: (sequence: number) => inTurn(() => readOne(reading, channel, sequence)),
    };
    const subscriber = openSubscriber({ channel, out, feed: line.feed, storage, log: ctx.log, meter });
    const open: Open = { subscriber, actor: ctx.actor, channelMadeAt: found.created_at };
    line.open.add(open);
    size += 1;
    out.once('close', () => {
      line.open.delete(open);
      size -= 1;
      closeIfEmpty(channel, line);
    });
    out.on('error', () => out.destroy());
    const position = lastEvent === undefined ? found.sequence : isGap ? 0 : (lastEvent as number);
    out.write(connectedFrame(channel, ctx.now(), { retryMs, position, isGap }));
    subscriber.start({
      position,
      knowsGap: isGap,
      byPriority: byPriority && lastEvent !== undefined,
    });
  };

  // ---- What a clock does --------------------------------------------------------------------------------------------

  const all = () => [...lines.values()].flatMap(({ open }) => [...open]);

  const poll = async () => {
    if (lines.size === 0) return;
    try {
      const heads = await readHeads(reading, [...lines.keys()]);
      for (const [channel, { sequence, createdAt }] of heads) {
        const line = lines.get(channel);
        if (!line) continue;
        endAll([...line.open].filter(({ channelMadeAt }) => channelMadeAt.getTime() !== createdAt.getTime()));
        line.feed.accept([], sequence);
      }
      await endRevoked();
    } catch (error) {
      log.warn({ err: error }, 'the subscriptions could not look for what is new');
    }
  };

  const endRevoked = async () => {
    const keyed = all().flatMap(({ actor }) => (actor.kind === 'relayKey' ? [actor] : []));
    const ended: ReadonlySet<Ctx['actor']> = await findEnded(reading, keyed);
    if (ended.size > 0) endAll(all().filter(({ actor }) => ended.has(actor)));
  };

  const keepAlive = () => {
    for (const { subscriber, actor } of all()) {
      if (actor.kind === 'relayKey' && actor.expiresAt && actor.expiresAt <= now()) subscriber.end();
      else subscriber.comment('keepalive');
    }
    if (lines.size > 0)
      touchChannels(reading, [...lines.keys()]).catch((error) =>
        log.warn({ err: error }, 'channels were not kept alive'),
      );
  };

  const timers = [setInterval(keepAlive, keepaliveMs), setInterval(() => void poll(), pollMs)];
  const leaveGap = bus.onGap(() => void poll());
  const leaveKeys = bus.subscribe('relay_keys', (event) => {
    if (event.type !== 'relay_key.revoked') return;
    for (const { subscriber, actor } of all())
      if (actor.kind === 'relayKey' && actor.apiKeyId === event.apiKeyId) subscriber.end();
  });

  const release = () => {
    isReleased = true;
    for (const { open } of lines.values()) endAll(open);
  };

  return {
    async open(ctx, subscription, begin) {
      const { channel } = subscription;
      const line = lines.get(channel) ?? openLine(channel);
      line.joining += 1;
      try {
        await join(ctx, line, subscription, begin);
      } finally {
        line.joining -= 1;
        closeIfEmpty(channel, line);
      }
    },
    size: () => size,
    release,
    async close() {
      release();
      for (const timer of timers) clearInterval(timer);
      leaveGap();
      leaveKeys();
    },
  };
}

const endAll = (open: Iterable<Open>) => {
  for (const { subscriber } of [...open]) subscriber.end();
};

/** Its id is where the stream begins: who is cut off before the first message goes on from there. */
const connectedFrame = (
  channel: string,
  at: Date,
  { retryMs, position, isGap }: { retryMs: number; position: number; isGap: boolean },
): string => {
  const data = { channel, type: 'channel', timestamp: at.getTime(), message: 'Connected', ...(isGap && { gap: true }) };
  return `retry: ${retryMs}\nid: event-${position}\nevent: connected\ndata: ${JSON.stringify(data)}\n\n`;
};

/** Lets `atOnce` pieces of work run at the same time; the others wait in line. */
function takingTurns(atOnce: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  const line: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => void line.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
