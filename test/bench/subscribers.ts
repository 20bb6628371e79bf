/** Subscribers of the relay: streams that are read as they come, and looked at as little as can be. */
import { get, type IncomingMessage } from 'node:http';
import { someAtATime } from './some-at-a-time.ts';

const CONNECTED = 'event: connected';

export type Stream = {
  /** What has come until now is given first. */
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
  // In pieces: a text that is searched each time it has grown costs more than all that is measured.
  const early: string[] = [];
  let head = '';
  let listener = (text: string) => {
    early.push(text);
    if (head.includes(CONNECTED)) return;
    head += text;
    if (head.includes(CONNECTED)) connected.resolve();
  };
  response.setEncoding('utf8').on('data', (text: string) => listener(text));
  response.on('error', () => {});
  response.once('close', () => connected.reject(new Error('A stream ended before it was connected')));
  await connected.promise;
  return {
    onText(next) {
      listener = next;
      for (const text of early.splice(0)) next(text);
    },
    close: () => void response.destroy(),
  };
}

/** One for each channel named. `urlOf` says at which process. */
export const subscribeAll = (channels: readonly string[], urlOf: (at: number) => string): Promise<Stream[]> =>
  someAtATime(channels, (channel, at) => subscribe(urlOf(at), channel));
