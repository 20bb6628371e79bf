/** publish: send a message to a channel of the relay. */
import { text as textOf } from 'node:stream/consumers';
import type { NewMessage } from '../generated/types.ts';
import { sealTo } from '../relay/sealing.ts';
import { type Command, UsageError } from './arguments.ts';
import { answer, plain } from './output.ts';
import { openRelay } from './profile.ts';

const PRIORITIES = ['critical', 'high', 'normal', 'low', 'bulk'] as const;

export const publish: Command = {
  summary: 'Publish a message to a channel of the relay',
  usage: 'publish CHANNEL [MESSAGE]',
  help: `  Without MESSAGE it is read from stdin, less its last line break. A channel
  that does not exist is made, and lives until 30 minutes after its last use.

  --sender NAME    who says it
  --priority NAME  ${PRIORITIES.join(', ')} (normal)
  --seal           seals it here for the public key of the channel: only the
                   holder of the private key reads it, the service does not
  --no-cache       for those who listen now: it is not kept
  --no-create      fail when there is no such channel`,
  options: {
    sender: { type: 'string' },
    priority: { type: 'string' },
    seal: { type: 'boolean' },
    'no-cache': { type: 'boolean' },
    'no-create': { type: 'boolean' },
  },
  run: async (args) => {
    const [channel = '', typed] = args.expectWords('The channel', 'The message?');
    const priority = args.oneOf('priority', PRIORITIES);
    const text = typed ?? (await textFromStdin());
    const { relay } = await openRelay(args);
    const isSealed = args.is('seal');
    const sender = args.text('sender');
    const message: NewMessage = {
      channel,
      message: isSealed ? await sealTo((await relay.publicKeys.get(channel)).publicKey, text) : text,
      encrypted: isSealed,
      cache: !args.is('no-cache'),
      autoCreate: !args.is('no-create'),
      ...(priority === undefined ? {} : { priority }),
      ...(sender === undefined ? {} : { sender }),
    };
    const published = await relay.publish(message);
    answer(args, published, () => {
      const made = published.autoCreated ? ', a new channel' : '';
      return `Published to ${plain(published.channel)}${made} (${published.id}).`;
    });
    return 0;
  },
};

async function textFromStdin(): Promise<string> {
  if (process.stdin.isTTY) throw new UsageError('The message is missing');
  return (await textOf(process.stdin)).replace(/\r?\n$/, '');
}
