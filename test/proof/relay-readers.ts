/**
 * Readers of one channel of the relay, who come back after every cut and note what they hear: by the SDK, and by the wire
 * alone, where nothing hides a repeat.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CcjkCloud } from '../../sdk/src/index.ts';
import type { Trial } from './harness.ts';
import type { Servers } from './servers.ts';

/** A message as it came, with the number of its event. */
export type Heard = { number: number; id: string; text: string };

export type Reader = {
  by: 'the SDK' | 'the wire';
  channel: string;
  heard: Heard[];
  /** How often it was told that messages are gone. */
  gaps: number;
  connections: number;
  isConnected: boolean;
  /** Why it reads no more, though nobody told it to stop. */
  fault: unknown;
};

export type Reading = {
  channel: string;
  /** Where it goes on; left out: it begins with what is published from now on. */
  lastEventId?: string | undefined;
};

const newReader = (by: Reader['by'], channel: string): Reader => ({
  by,
  channel,
  heard: [],
  gaps: 0,
  connections: 0,
  isConnected: false,
  fault: undefined,
});

const numberOf = (eventId: string): number => Number(/^event-(\d+)$/.exec(eventId)?.[1] ?? Number.NaN);

/** Each connection of the SDK goes to any of the servers, also to those that are away. */
export function readBySdk(trial: Trial, servers: Servers, { channel, lastEventId }: Reading): Reader {
  const baseUrl = servers.any();
  const client = new CcjkCloud({
    baseUrl,
    fetch: (url, init) => fetch(url.replace(baseUrl, servers.any()), init),
  });
  const reader = newReader('the SDK', channel);
  const leaving = new AbortController();
  trial.afterwards(() => leaving.abort());
  const read = async () => {
    for await (const event of client.relay.subscribe(channel, { lastEventId, signal: leaving.signal })) {
      if (event.type === 'connected') reader.connections += 1;
      if (event.type === 'gap') reader.gaps += 1;
      if (event.type === 'message')
        reader.heard.push({ number: numberOf(event.eventId), id: event.id, text: event.message });
      else reader.isConnected = event.type !== 'outage';
    }
  };
  read().catch((error) => {
    if (!leaving.signal.aborted) reader.fault = String(error);
  });
  return reader;
}

/** What a client waits at the least before it connects again. */
const PAUSE_MS = 20;

/** Goes on with `Last-Event-ID`, also when it has left by itself, which it does after up to `stay` messages. */
export function readByWire(
  trial: Trial,
  servers: Servers,
  { channel, lastEventId, stay }: Reading & { stay?: number },
): Reader {
  const reader = newReader('the wire', channel);
  const leaving = new AbortController();
  trial.afterwards(() => leaving.abort());
  let last = lastEventId;

  const take = (block: string) => {
    const { id, event, data } = fieldsOf(block);
    if (id === undefined || data === undefined) return;
    last = id;
    const told = JSON.parse(data) as { gap?: boolean; id: string; message: string };
    if (event === 'message') reader.heard.push({ number: numberOf(id), id: told.id, text: told.message });
    if (event !== 'connected') return;
    reader.connections += 1;
    reader.isConnected = true;
    if (told.gap) reader.gaps += 1;
  };

  /** Ends when it is cut, or has heard enough. */
  const connect = async (url: string) => {
    const headers = last === undefined ? {} : { 'last-event-id': last };
    const response = await fetch(`${url}/api/subscribe?channel=${channel}`, { headers, signal: leaving.signal });
    if (!response.ok || !response.body) {
      reader.fault = `${response.status} ${await response.text()}`;
      return;
    }
    const enough = reader.heard.length + (stay === undefined ? Number.POSITIVE_INFINITY : 1 + trial.random() * stay);
    let text = '';
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = `${text}${piece}`.split('\n\n');
      text = blocks.pop() as string;
      for (const block of blocks) if (reader.heard.length < enough) take(block);
      if (reader.heard.length >= enough) return;
    }
  };

  const read = async () => {
    while (!leaving.signal.aborted && reader.fault === undefined) {
      // A cut is what it is here for.
      await connect(await servers.living()).catch(() => {});
      reader.isConnected = false;
      await delay(PAUSE_MS, undefined, { ref: false });
    }
  };
  void read();
  return reader;
}

const fieldsOf = (block: string): Record<string, string | undefined> =>
  Object.fromEntries(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
