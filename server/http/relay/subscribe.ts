import type { subscribe } from '../../../contracts/relay/subscribe.ts';
import type { Streams } from '../../realtime/streams.ts';
import type { bindStream } from '../contract.ts';
import { lastEventOf } from './last-event.ts';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would hold events back until its buffer is full.
  'x-accel-buffering': 'no',
};

type Handler = Parameters<typeof bindStream<typeof subscribe.open>>[2];

export const subscribeHandler =
  (streams: Streams): Handler =>
  (ctx, { query: { channel, lastEventId, order }, headers, begin }) => {
    const lastEvent = lastEventOf(headers['last-event-id'], lastEventId);
    return streams.open(ctx, { channel, lastEvent, byPriority: order === 'priority' }, () => begin(HEADERS));
  };
