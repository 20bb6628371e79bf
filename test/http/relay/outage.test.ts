import { expect, test } from 'vitest';
import { cutConnections, takeAway } from '../../setup/parts.ts';
import { listen, openQuickStreams, openRelayForTest } from '../../setup/relay.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at));

test('the database goes and comes back under subscribers: each gets every message once and in order', async () => {
  const one = await openRelayForTest();
  const two = await openRelayForTest({ databaseUrl: one.app.databaseUrl });
  await one.post('/channels', { body: { id: 'c' } });
  const quick = await openQuickStreams(two, { pollMs: 50 });
  const streams = await Promise.all([
    ...Array.from({ length: 5 }, () => one.listen('channel=c')),
    ...Array.from({ length: 5 }, () => listen(quick.url, 'channel=c')),
  ]);
  const received = streams.map((stream) => stream.messages(30));
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
  for (const messages of received) expect(await messages).toEqual(numbers(30));
});
