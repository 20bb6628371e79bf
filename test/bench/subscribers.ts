/** Subscribers of the relay: streams that are read as they come, and looked at as little as can be. */
import { get, type IncomingMessage } from 'node:http';

export type Stream = {
  /** What has come until now is given as well, where it came with the head. */
  onText(listener: (text: string) => void): void;
  close(): void;
};

const OPEN_AT_ONCE = 50;

/** Resolves when the service has said that it is connected. */
export async function subscribe(url: string, channel: string, lastEvent?: string): Promise<Stream> {
  const last = lastEvent === undefined ? '' : `&lastEventId=${lastEvent}`;
  const { promise: opened, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // A connection of its own, as each page has.
  const request = get(`${url}/api/subscribe?channel=${channel}${last}`, { agent: false }, resolve);
  request.on('error', reject);
  const response = await opened;
  if (response.statusCode !== 200) throw new Error(`A subscription was answered ${response.statusCode}`);
  const connected = Promise.withResolvers<void>();
  let early = '';
  let listener = (text: string) => {
    early += text;
    if (early.includes('event: connected')) connected.resolve();
  };
  response.setEncoding('utf8').on('data', (text: string) => listener(text));
  response.on('error', () => {});
  response.once('close', () => connected.reject(new Error('A stream ended before it was connected')));
  await connected.promise;
  return {
    onText(next) {
      listener = next;
      next(early);
    },
    close: () => void response.destroy(),
  };
}

/** Opens as many as there are channels named, some at a time. `urlOf` says at which process. */
export async function subscribeAll(channels: readonly string[], urlOf: (at: number) => string): Promise<Stream[]> {
  const streams: Stream[] = [];
  for (let from = 0; from < channels.length; from += OPEN_AT_ONCE) {
    const some = channels.slice(from, from + OPEN_AT_ONCE);
    streams.push(...(await Promise.all(some.map((channel, at) => subscribe(urlOf(from + at), channel)))));
  }
  return streams;
}
