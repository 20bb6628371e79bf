/**
 * Subscriber — one connection that gets the messages of a channel in order, each stored one once.
 *
 * It reads what is stored after its position until it is where the feed is; from then on the feed writes to it. One that
 * does not take what it is sent falls back to reading, from where it stopped, as soon as its connection is free again: so a
 * slow one holds a bounded part of the memory and misses nothing that is stored.
 */
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../context.ts';
import type { Stretch } from '../domain/stored-messages.ts';
import type { ChannelMessage } from '../ports.ts';
import type { Feed } from './feed.ts';

/** What lies unsent for one connection before it counts as behind. */
export const BEHIND_BYTES = 1024 * 1024;
/** Of messages that are not stored, while it reads: beyond, the oldest are lost to it. */
const MAX_HELD_BYTES = BEHIND_BYTES;
/** A connection that takes nothing for so long is given up. */
const STALLED_MS = 60_000;
const RETRY_READ_MS = 1_000;

export type Frame = { sequence: number; isStored: boolean; bytes: Buffer };

/** `id` is the number that a reconnect is to name: its own, or that up to which everything was sent. */
export const frameOf = (channel: string, message: ChannelMessage, id = message.sequence): Frame => {
  const { sequence, priority, isStored, ...rest } = message;
  const data = JSON.stringify({ ...rest, channel, priority: PRIORITY_NAMES[priority] });
  return { sequence, isStored, bytes: Buffer.from(`id: event-${id}\nevent: message\ndata: ${data}\n\n`) };
};

const PRIORITY_NAMES: Record<number, string> = { 100: 'critical', 75: 'high', 50: 'normal', 25: 'low', 0: 'bulk' };

export type Subscriber = {
  /** From the feed, in order. */
  deliver(frame: Frame): void;
  comment(text: string): void;
  /** Sends what is still to be read, and then what comes. */
  start(from: Start): void;
  end(): void;
};

export type Start = {
  position: number;
  /** It has been told that messages may be missing. */
  knowsGap: boolean;
  /** Sends what is stored by priority first. */
  byPriority: boolean;
};

export type Storage = {
  readAfter(sequence: number): Promise<Stretch | undefined>;
  numbersByPriority(sequence: number): Promise<number[]>;
  readOne(sequence: number): Promise<ChannelMessage | undefined>;
};

export function openSubscriber(options: {
  channel: string;
  out: ServerResponse;
  feed: Feed;
  storage: Storage;
  log: Service['log'];
  meter: Service['meter'];
}): Subscriber {
  const { channel, out, feed, storage, log, meter } = options;
  let position = 0;
  let isLive = false;
  let held: Frame[] = [];

  const isClosed = () => out.destroyed || out.writableEnded;

  /** In one piece: each write costs as much as some frames do. */
  const write = (frames: readonly Frame[]) => {
    if (frames.length === 0) return;
    out.write(frames.length === 1 ? frames[0]?.bytes : Buffer.concat(frames.map(({ bytes }) => bytes)));
    position = Math.max(position, ...frames.map(({ sequence }) => sequence));
  };

  /** Waits until the connection has taken what lies unsent. */
  const drained = async (): Promise<void> => {
    if (isClosed() || out.writableLength < BEHIND_BYTES / 2 || !out.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        meter.note({ what: 'subscriber.dropped', why: 'stalled' });
        out.destroy();
      }, STALLED_MS);
      const done = () => {
        clearTimeout(timer);
        out.off('drain', done).off('close', done);
        resolve();
      };
      out.on('drain', done).on('close', done);
    });
  };

  /** Asks until the database answers. */
  const read = async <Result>(ask: () => Promise<Result>): Promise<Result | undefined> => {
    while (!isClosed()) {
      try {
        return await ask();
      } catch (error) {
        log.warn({ err: error }, 'a subscriber waits for the database');
        await delay(RETRY_READ_MS, undefined, { ref: false });
      }
    }
    return undefined;
  };

  /** Held frames up to `sequence`; those beyond stay. */
  const takeHeld = (sequence: number): Frame[] => {
    const taken = held.filter((frame) => frame.sequence > position && frame.sequence <= sequence);
    held = held.filter((frame) => frame.sequence > sequence);
    return taken;
  };

  const hold = (frame: Frame) => {
    held.push(frame);
    let bytes = held.reduce((sum, { bytes: { length } }) => sum + length, 0);
    if (bytes > MAX_HELD_BYTES) meter.note({ what: 'subscriber.dropped', why: 'lost messages' });
    while (bytes > MAX_HELD_BYTES && held.length > 1) bytes -= (held.shift() as Frame).bytes.length;
  };

  const sendByPriority = async () => {
    const start = position;
    const numbers = (await read(() => storage.numbersByPriority(start))) ?? [];
    const ascending = [...numbers].sort((a, b) => a - b);
    const sent = new Set<number>();
    let complete = 0;
    for (const number of numbers) {
      await drained();
      const message = await read(() => storage.readOne(number));
      if (isClosed()) return;
      sent.add(number);
      while (complete < ascending.length && sent.has(ascending[complete] as number)) complete += 1;
      if (message) out.write(frameOf(channel, message, complete === 0 ? start : ascending[complete - 1]).bytes);
    }
    position = ascending.at(-1) ?? start;
  };

  /** Reads and sends until there is nothing more that the feed has passed. */
  const catchUp = async (mayMiss: boolean) => {
    for (let isFirst = true; !isClosed(); isFirst = false) {
      await drained();
      const stretch = await read(() => storage.readAfter(position));
      if (isClosed()) return;
      // What it missed has gone meanwhile: when it comes back it is told so.
      const misses = stretch && position < stretch.trimmedTo && !(isFirst && mayMiss);
      if (misses) meter.note({ what: 'subscriber.dropped', why: 'fell behind' });
      if (!stretch || misses) return void out.end();
      const upTo = stretch.isWhole ? stretch.head : (stretch.messages.at(-1)?.sequence ?? stretch.head);
      feed.accept([], upTo);
      await feed.reached(upTo);
      if (isClosed()) return;
      const frames = [...stretch.messages.map((message) => frameOf(channel, message)), ...takeHeld(upTo)];
      write(frames.sort((a, b) => a.sequence - b.sequence));
      position = Math.max(position, upTo);
      if ((feed.last() ?? 0) <= position) {
        isLive = true;
        held = [];
        return;
      }
    }
  };

  return {
    deliver(frame) {
      if (isClosed()) return;
      if (!isLive) {
        if (!frame.isStored) hold(frame);
        return;
      }
      if (frame.sequence <= position) return;
      write([frame]);
      if (out.writableLength < BEHIND_BYTES) return;
      isLive = false;
      void catchUp(false);
    },
    comment(text) {
      if (!isClosed() && out.writableLength < BEHIND_BYTES) out.write(`: ${text}\n\n`);
    },
    start(from) {
      position = from.position;
      const first = from.byPriority ? sendByPriority() : Promise.resolve();
      void first.then(() => catchUp(from.knowsGap));
    },
    end() {
      if (!isClosed()) out.end();
    },
  };
}
