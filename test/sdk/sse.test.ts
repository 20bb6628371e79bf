/** The reader of Server-Sent Events, on bytes as networks cut them. */
import { describe, expect, test } from 'vitest';
import { EventStream, type ServerSentEvent } from '../../sdk/src/core/sse.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

const read = (chunks: Iterable<Uint8Array>): ServerSentEvent[] => {
  const stream = new EventStream();
  return [...chunks].flatMap((chunk) => stream.push(chunk));
};

const event = (data: string, more: Partial<ServerSentEvent> = {}) => ({
  event: 'message',
  id: undefined,
  data,
  ...more,
});

const STREAMS: [string, string, ServerSentEvent[]][] = [
  [
    'a frame as the relay sends it',
    'id: event-1\nevent: connected\ndata: {}\n\n',
    [event('{}', { event: 'connected', id: 'event-1' })],
  ],
  ['lines of data', 'data: one\ndata:\ndata:  two\n\n', [event('one\n\n two')]],
  ['data without a space', 'data:x\n\n', [event('x')]],
  ['a field without a colon', 'data\n\n', [event('')]],
  ['colons in a value', 'data: a: b:c\n\n', [event('a: b:c')]],
  ['comments, and fields that nobody knows', ': keepalive\n\n:\ndata: x\nfoo: bar\n\n', [event('x')]],
  ['an event without data is none, its id counts', 'event: x\nid: 7\n\ndata: y\n\n', [event('y', { id: '7' })]],
  [
    'an id stays until the next',
    'id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n',
    [event('a', { id: '1' }), event('b', { id: '1' }), event('c', { id: '' })],
  ],
  ['an id with NUL is none', 'id: 1\0\ndata: a\n\n', [event('a')]],
  ['an incomplete event is none', 'data: a\n\ndata: b\n', [event('a')]],
  ['CRLF', 'id: 1\r\ndata: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n', [event('a\nb', { id: '1' }), event('c', { id: '1' })]],
  ['CR', 'data: a\rdata: b\r\rdata: c\r\r', [event('a\nb'), event('c')]],
  [
    'all of them',
    'data: a\r\n\ndata: b\n\r\ndata: c\r\r\ndata: d\n\n',
    [event('a'), event('b'), event('c'), event('d')],
  ],
  ['characters of up to four bytes', 'data: é€😀\u2028\u0085x\n\n', [event('é€😀\u2028\u0085x')]],
  ['a BOM before all', '\ufeffdata: \ufeffx\n\n', [event('\ufeffx')]],
];

describe.each(STREAMS)('%s', (_, text, events) => {
  const bytes = bytesOf(text);

  test('is read whole', () => expect(read([bytes])).toEqual(events));

  test('is read the same byte by byte', () => {
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(events);
  });

  test('is read the same wherever it is cut twice', () => {
    for (let one = 0; one <= bytes.length; one++)
      for (let two = one; two <= bytes.length; two++)
        expect(read([bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)])).toEqual(events);
  });
});

test('the wait that the server asks for is told, when it is a number', () => {
  const stream = new EventStream();
  stream.push(bytesOf('retry: 15000\nretry: soon\nretry: -1\n'));
  expect(stream.retryMs).toBe(15_000);
});

test('a line of megabytes in small pieces takes its time once', () => {
  const piece = bytesOf('x'.repeat(1024));
  const stream = new EventStream();
  stream.push(bytesOf('data: '));
  for (let count = 0; count < 5000; count++) stream.push(piece);
  expect(stream.push(bytesOf('\n\n'))[0]?.data).toHaveLength(5000 * 1024);
});
