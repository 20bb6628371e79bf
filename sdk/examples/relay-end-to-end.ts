/**
 * End to end: Alice makes a pair of keys and registers the public one; Bob fetches it, seals a text for it and publishes
 * that. The service carries the message and keeps it, and never sees the text.
 *
 *   CCJK_URL=http://127.0.0.1:3000 node sdk/examples/relay-end-to-end.ts
 */
import { CcjkRelay, generateKeys, open, sealTo } from '../src/relay/index.ts'; // in your program: '@ccjk/cloud/relay'

const relay = new CcjkRelay({ baseUrl: process.env.CCJK_URL });

// Alice: the private key stays here.
const { publicKey, privateKey } = await generateKeys();
const { channelId } = await relay.publicKeys.register({ publicKey });

// Bob knows the id of her channel, and nothing else.
const alice = await relay.publicKeys.get(channelId);
const message = await sealTo(alice.publicKey, process.argv[2] ?? 'Meet me at noon');
await relay.publish({ channel: channelId, message, encrypted: true });

// Alice reads what came since the channel was made.
for await (const event of relay.subscribe(channelId, { lastEventId: 'event-0' })) {
  if (event.type !== 'message') continue;
  console.log(await open(privateKey, event.message));
  break;
}
