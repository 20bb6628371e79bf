/** From the bytes of a message to what the intake takes: the sender proven, the text decoded, nothing else read. */
import PostalMime from 'postal-mime';
import type { ReceivedMail } from '../domain/email-intake.ts';
import type { Dns } from './dns.ts';
import { type Here, MAX_HEADER, proveSender } from './sender-proof.ts';

/** In bytes, with all that is attached: as much as a JSON body may have. */
export const MAX_MESSAGE_BYTES = 1024 ** 2;
/** Parts within parts. Mail programs make about four. */
const MAX_NESTING = 20;
/** In bytes, of the message and all its parts. */
const MAX_HEADERS = 2 * MAX_HEADER;
/** As many as an attachment of full size has. The parser holds everything up for 20 s over as many as fit into a message. */
const MAX_LINES = 20_000;

/** Not a message that can become a task. The text is for the sender. */
export class Unreadable extends Error {
  override name = 'Unreadable';
}

/** A mail as the intake takes it, but for the way that it came. */
export type IncomingMail = Omit<ReceivedMail, 'via' | 'accountId'>;

/** @throws SenderUnproven | Unreadable */
export async function readIncoming(raw: Buffer, here: Here, dns: Dns): Promise<IncomingMail> {
  if (linesOf(raw) > MAX_LINES) throw new Unreadable(`A message may have ${MAX_LINES} lines`);
  const from = await proveSender(raw, here, dns);
  const { from: read, subject = '', text, messageId, inReplyTo = '', headers } = await parse(raw);
  // Two readers of one header must not have read two senders.
  if (read?.address?.toLowerCase() !== from.toLowerCase()) throw new Unreadable('From cannot be read');
  if (!messageId) throw new Unreadable('The message has no Message-ID, by which a repeat would be known');
  if (text === undefined) throw new Unreadable('The message has no part in plain text, and no other is run');
  const autoSubmitted = headers.find(({ key }) => key === 'auto-submitted')?.value ?? null;
  return { from, subject, text, messageId, inReplyTo: inReplyTo.split(/\s+/).filter(Boolean), autoSubmitted };
}

function linesOf(raw: Buffer): number {
  let count = 0;
  for (let at = raw.indexOf('\n'); at >= 0; at = raw.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** What was forwarded or attached stays closed: its text is not the sender's. */
const parse = (raw: Buffer) =>
  PostalMime.parse(raw, {
    maxNestingDepth: MAX_NESTING,
    maxHeadersSize: MAX_HEADERS,
    forceRfc822Attachments: true,
  }).catch((error: Error) => {
    throw new Unreadable(`The message cannot be read: ${error.message}`);
  });
