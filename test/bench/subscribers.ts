/** Subscribers of the relay: streams that are read as they come, and looked at as little as can be. */
import { get, type IncomingMessage } from 'node:http';
import { someAtATime } from './some-at-a-time.ts';

export type Stream = {
  /** What has come until now is given as well, where it came with the head. */
  onText(listener: (text: string) => void): void;
  close(): void;
};

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

/** One for each channel named. `urlOf` says at which process. */
export const subscribeAll = (channels: readonly string[], urlOf: (at: number) => string): Promise<Stream[]> =>
  someAtATime(channels, (channel, at) => subscribe(urlOf(at), channel));
