import net from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { cutConnections, takeAway } from '../../setup/parts.ts';
import { openQuickStreams, openRelayForTest } from '../../setup/relay.ts';

const SUBSCRIBERS = 1_000;

/** As bare as they can be, since there are many: what came to each. */
async function subscribe(url: string, channel: string, count: number): Promise<{ text: string }[]> {
  const received = Array.from({ length: count }, () => ({ text: '' }));
  for (const one of received) {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('data', (chunk) => {
      one.text += chunk;
    });
    socket.write(`GET /api/subscribe?channel=${channel} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }
  await vi.waitFor(() => expect(received.every(({ text }) => text.includes('connected'))).toBe(true), 20_000);
  return received;
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at));
const messagesOf = ({ text }: { text: string }) =>
  [...text.matchAll(/"message":"(\d+)"/g)].map(([, message]) => message);

test('the database goes and comes back under 1,000 subscribers: each gets every message once and in order', async () => {
  const one = await openRelayForTest();
  const two = await openRelayForTest({ databaseUrl: one.app.databaseUrl });
  await one.post('/channels', { body: { id: 'c' } });
  const quick = await openQuickStreams(two, { pollMs: 50 });
  const received = [
    ...(await subscribe(one.url, 'c', SUBSCRIBERS / 2)),
    ...(await subscribe(quick.url, 'c', SUBSCRIBERS / 2)),
  ];
  /** As a client does that has no answer: again. A publish that failed has left nothing. */
  const publish = async (text: string) => {
    while ((await one.publish('c', text)).status !== 201) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  for (const text of numbers(10)) await publish(text);
  const bringBack = await takeAway(one.app.databaseUrl);
  expect((await one.publish('c', 'lost')).status).toBe(503);
  await bringBack();
  for (const text of numbers(20).slice(10)) await publish(text);
  // Another process is told of nothing while its connection for notifications is gone.
  await cutConnections(one.app.databaseUrl, 'ccjk-cloud-listen');
  for (const text of numbers(30).slice(20)) await publish(text);
  await vi.waitFor(() => expect(received.every(({ text }) => text.includes('"message":"29"'))).toBe(true), 20_000);
  for (const each of received) expect(messagesOf(each)).toEqual(numbers(30));
});
