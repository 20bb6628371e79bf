/** subscribe: what is published to a channel of the relay, as it comes. */
import { readFile } from 'node:fs/promises';
import { type RelayEvent, SealingError } from '../relay/index.ts';
import { open } from '../relay/sealing.ts';
import { type Arguments, type Command, UsageError } from './arguments.ts';
import { note, PROGRAM, paint, plain, print } from './output.ts';
import { openRelay } from './profile.ts';

type Message = Extract<RelayEvent, { type: 'message' }>;

export const subscribe: Command = {
  summary: 'Print the messages of a channel of the relay as they come',
  usage: 'subscribe CHANNEL [--from EVENT|start] [--key FILE]',
  help: `  Goes on until Ctrl-C, through cuts and restarts of the service: each message
  comes once and in order, and a gap is told.

  --from EVENT  first all that is kept after this event, such as event-12;
                "start": all that is kept. Else what is published from now on
  --key FILE    the private key, as PEM, that opens sealed messages
  --json        an event a line; opened messages have a "text"`,
  options: { from: { type: 'string' }, key: { type: 'string' } },
  run: async (args) => {
    const [channel = ''] = args.expectWords('The channel');
    const from = startOf(args);
    const file = args.text('key');
    const key = file === undefined ? undefined : await readFile(file, 'utf8');
    const { relay } = await openRelay(args);
    const leaving = new AbortController();
    // They stay: npm passes Ctrl-C on to a process that the terminal has told already.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => leaving.abort());
    let last: string | undefined;
    try {
      for await (const event of relay.subscribe(channel, { lastEventId: from, signal: leaving.signal })) {
        if (args.is('json')) print(JSON.stringify(await asDocument(event, key)));
        else await tell(event, key);
        if (event.type === 'message') last = event.eventId;
      }
    } catch (error) {
      if (!leaving.signal.aborted) throw error;
    }
    if (last && !args.is('json')) note(`\nGo on with: ${PROGRAM} subscribe ${channel} --from ${last}`);
    return 0;
  },
};

function startOf(args: Arguments): string | undefined {
  const from = args.text('from');
  if (from === 'start') return 'event-0';
  if (from === undefined || /^event-\d+$/.test(from)) return from;
  throw new UsageError(`--from must be an event such as event-12, or start, not "${from}"`);
}

async function asDocument(event: RelayEvent, key: string | undefined): Promise<object> {
  if (event.type === 'outage') return { type: event.type, message: event.error.message };
  const text = event.type === 'message' && key ? await opened(event, key) : undefined;
  return text === undefined ? event : { ...event, text };
}

async function tell(event: RelayEvent, key: string | undefined): Promise<void> {
  if (event.type === 'outage') return note(`${event.error.message}. Trying again.`);
  if (event.type === 'gap') return note('Some messages are no longer kept, and were missed.');
  if (event.type === 'connected') return;
  const sealed = event.encrypted && !key ? '(sealed; --key opens it)' : '(sealed for another key)';
  const text = event.encrypted ? (key ? await opened(event, key) : undefined) : event.message;
  const time = paint('dim', new Date(event.timestamp).toTimeString().slice(0, 8));
  const who = event.sender === null ? '' : `  ${paint('bold', plain(event.sender))}`;
  print(`${time}${who}  ${(text ?? sealed).split('\n').map(plain).join('\n')}`);
}

/** Undefined when this key does not open it. @throws SealingError for a key that cannot be used */
async function opened({ message, encrypted }: Message, key: string): Promise<string | undefined> {
  if (!encrypted) return undefined;
  try {
    return await open(key, message);
  } catch (error) {
    if (error instanceof SealingError && ['CANNOT_OPEN', 'NOT_SEALED'].includes(error.code)) return undefined;
    throw error;
  }
}
