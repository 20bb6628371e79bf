/**
 * Feed — the messages of one channel as this process learns of them, each once and in the order of their numbers.
 *
 * Messages of this process come with the event, and those of others that are not stored; what else is missing below a
 * number that was told of is read. A number that is neither stored nor here was given to a message that is not stored: it
 * may still be on its way from another process, so the feed waits a moment for it, and then goes on without it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../context.ts';
import type { Stretch } from '../domain/stored-messages.ts';
import type { ChannelMessage } from '../ports.ts';

export type Feed = {
  /** Everything up to this number has been delivered or left out; undefined before `begin`. */
  last(): number | undefined;
  /** The first number that it delivers is the one after `head`. Later calls change nothing. */
  begin(head: number): void;
  /** These messages are here, and there is none beyond `upTo` that is known of. */
  accept(messages: readonly ChannelMessage[], upTo: number): void;
  /** Resolves when `last` has come to `sequence`, or the feed is closed. */
  reached(sequence: number): Promise<void>;
  close(): void;
};

/** Longer than the other processes' notifications take. */
const HOLE_MS = 250;

export function openFeed(options: {
  read: (after: number) => Promise<Stretch | undefined>;
  deliver: (message: ChannelMessage) => void;
  log: Service['log'];
}): Feed {
  const { read, deliver, log } = options;
  let last: number | undefined;
  let target = 0;
  let isFilling = false;
  let isClosed = false;
  const pending = new Map<number, ChannelMessage>();
  let waiting: { sequence: number; resolve(): void }[] = [];

  const moveTo = (sequence: number) => {
    last = sequence;
    if (waiting.length === 0) return;
    const there = waiting.filter((one) => one.sequence <= sequence);
    waiting = waiting.filter((one) => one.sequence > sequence);
    for (const { resolve } of there) resolve();
  };

  const deliverPending = () => {
    while (last !== undefined) {
      const next = pending.get(last + 1);
      if (!next) return;
      pending.delete(next.sequence);
      deliver(next);
      moveTo(next.sequence);
    }
  };

  const keep = (messages: readonly ChannelMessage[]) => {
    for (const message of messages)
      if (last === undefined || message.sequence > last) pending.set(message.sequence, message);
  };

  const readUpTo = async (goal: number) => {
    for (let from = last as number; from < goal; ) {
      const stretch = await read(from);
      if (!stretch || isClosed) return;
      keep(stretch.messages);
      deliverPending();
      from = stretch.isWhole ? goal : (stretch.messages.at(-1)?.sequence ?? goal);
    }
  };

  const leaveHolesOut = (goal: number) => {
    while ((last as number) < goal) {
      const next = Math.min(goal + 1, ...[...pending.keys()].filter((sequence) => sequence > (last as number)));
      moveTo(next - 1);
      deliverPending();
    }
  };

  const fill = async () => {
    isFilling = true;
    try {
      while (!isClosed && (last as number) < target) {
        const goal = target;
        await readUpTo(goal);
        deliverPending();
        if (isClosed || (last as number) >= goal) continue;
        await delay(HOLE_MS, undefined, { ref: false });
        deliverPending();
        leaveHolesOut(goal);
      }
    } catch (error) {
      // The streams ask for what is new every few seconds.
      log.warn({ err: error }, 'messages of a channel could not be read for now');
    } finally {
      isFilling = false;
    }
  };

  const advance = () => {
    deliverPending();
    if (last !== undefined && last < target && !isFilling && !isClosed) void fill();
  };

  return {
    last: () => last,
    begin(head) {
      if (last !== undefined) return;
      for (const sequence of [...pending.keys()]) if (sequence <= head) pending.delete(sequence);
      moveTo(head);
      advance();
    },
    accept(messages, upTo) {
      keep(messages);
      target = Math.max(target, upTo);
      advance();
    },
    reached: (sequence) =>
      isClosed || (last ?? -1) >= sequence
        ? Promise.resolve()
        : new Promise((resolve) => void waiting.push({ sequence, resolve })),
    close() {
      isClosed = true;
      pending.clear();
      for (const { resolve } of waiting.splice(0)) resolve();
    },
  };
}
