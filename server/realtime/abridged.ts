/**
 * What other processes are told of an event: the event itself, but of messages of a channel only what they cannot read in
 * the database. Stored ones are read there; those that are not stored go in parts that fit a notification, and are put
 * together again by `Assembly`.
 */
import type { ChannelMessage, DomainEvent } from '../ports.ts';

type Part = Extract<DomainEvent, { type: 'channel.part' }>;

/** Characters of base64, which JSON does not lengthen; a notification has fewer than 8000 bytes. */
const PART_LENGTH = 7_000;

/** Of messages that are not complete yet. */
const MAX_UNFINISHED = 1_000;

export const abridged = (event: DomainEvent): DomainEvent[] => {
  if (event.type !== 'channel.published') return [event];
  const passing = event.messages.filter(({ isStored }) => !isStored);
  return [...passing.flatMap((message) => partsOf(event.channel, message)), { ...event, messages: [] }];
};

const partsOf = (channel: string, message: ChannelMessage): Part[] => {
  const written = Buffer.from(JSON.stringify(message)).toString('base64');
  const parts = Math.ceil(written.length / PART_LENGTH);
  return Array.from({ length: parts }, (_, part) => ({
    type: 'channel.part',
    channel,
    sequence: message.sequence,
    part,
    parts,
    text: written.slice(part * PART_LENGTH, (part + 1) * PART_LENGTH),
  }));
};

/** Puts the parts of the messages of one channel together. */
export function openAssembly(): { add(part: Part): ChannelMessage | undefined } {
  const unfinished = new Map<number, string[]>();
  return {
    add({ sequence, part, parts, text }) {
      const known = unfinished.get(sequence) ?? [];
      known[part] = text;
      unfinished.set(sequence, known);
      if (Object.keys(known).length < parts) {
        const [oldest] = unfinished.keys();
        if (unfinished.size > MAX_UNFINISHED && oldest !== undefined) unfinished.delete(oldest);
        return undefined;
      }
      unfinished.delete(sequence);
      return JSON.parse(Buffer.from(known.join(''), 'base64').toString()) as ChannelMessage;
    },
  };
}
