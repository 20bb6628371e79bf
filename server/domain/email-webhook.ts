/**
 * Mail webhook — what a mail gateway posts, signed with the secret that it shares with us. The signature covers the very
 * bytes of the body. With a time in it, it is good for five minutes; without, a repeat finds the task that it made.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FailureCode } from '../../contracts/failures.ts';
import type { Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import { requireEmailService } from './email-addresses.ts';
import { type Refusal, takeMail } from './email-intake.ts';
import type { QueuedTask } from './tasks.ts';

export type PostedMail = {
  /** `a@b` or `Name <a@b>`. */
  from: string;
  subject: string;
  text: string;
  messageId: string;
  /** As in the header: one id or several. */
  inReplyTo: string | null;
  autoSubmitted: string | null;
};

export type Signed = {
  signature: string | undefined;
  /** Seconds since 1970. */
  timestamp: string | undefined;
  /** What was signed, before anybody read it. */
  rawBody: string;
};

/**
 * Makes the task of a posted mail, or finds the one that it made before.
 * @throws Failed ROUTE_NOT_FOUND | AUTH_REQUIRED | AUTH_FAILED | VALIDATION_ERROR | EMAIL_CONFIG_NOT_FOUND |
 *   DEVICE_NOT_FOUND | DAILY_TASKS_REACHED
 */
export async function takePostedMail(
  ctx: Ctx,
  signed: Signed,
  mail: PostedMail,
): Promise<{ task: QueuedTask; isRepeat: boolean }> {
  requireEmailService(ctx);
  requireSignature(ctx, signed);
  const intake = await takeMail(ctx, {
    ...mail,
    via: 'webhook',
    from: addressIn(mail.from),
    inReplyTo: mail.inReplyTo?.split(/\s+/).filter(Boolean) ?? [],
    accountId: null,
  });
  if (intake.isTaken) return intake;
  const { reason, message } = intake;
  const [code, field] = ANSWERS[reason];
  if (!field) throw new Failed(code, { message });
  throw new Failed(code, { message, details: [{ path: ['body', field], message, code: reason }] });
}

/** With the field that is at fault, where it is one. */
const ANSWERS: Record<Refusal, readonly [code: FailureCode, field?: string]> = {
  'not-a-command': ['VALIDATION_ERROR', 'subject'],
  automatic: ['VALIDATION_ERROR', 'auto_submitted'],
  'answer-to-ours': ['VALIDATION_ERROR', 'in_reply_to'],
  'bad-message-id': ['VALIDATION_ERROR', 'message_id'],
  'bad-command': ['VALIDATION_ERROR', 'body'],
  'unknown-sender': ['EMAIL_CONFIG_NOT_FOUND'],
  'unknown-device': ['DEVICE_NOT_FOUND'],
};

const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/i;
const SECONDS = /^\d{1,12}$/;
const MAX_AGE_SECONDS = 300;

/** @throws Failed AUTH_REQUIRED | AUTH_FAILED */
function requireSignature({ config, now }: Ctx, { signature, timestamp, rawBody }: Signed): void {
  if (signature === undefined) {
    throw new Failed('AUTH_REQUIRED', { message: 'Sign the body: X-Email-Signature: sha256=<HMAC-SHA256 in hex>' });
  }
  const secret = config.EMAIL_WEBHOOK_SECRET;
  if (secret === undefined) throw wrongSignature();
  const [, hex] = SIGNATURE.exec(signature.trim()) ?? [];
  const covered = timestamp === undefined ? rawBody : `${timestamp}.${rawBody}`;
  const expected = createHmac('sha256', secret).update(covered).digest();
  if (hex === undefined || !timingSafeEqual(Buffer.from(hex, 'hex'), expected)) throw wrongSignature();
  if (timestamp === undefined) return;
  const isRecent = SECONDS.test(timestamp) && Math.abs(now().getTime() / 1000 - Number(timestamp)) <= MAX_AGE_SECONDS;
  if (isRecent) return;
  const message = 'X-Email-Timestamp is in seconds since 1970, at most five minutes from now; sign again';
  throw new Failed('AUTH_FAILED', { message });
}

const wrongSignature = () => new Failed('AUTH_FAILED', { message: 'X-Email-Signature does not fit the body' });

/** `a@b` of `Name <a@b>`. More than one is none of ours, and works for nobody. */
const addressIn = (from: string): string => (/^[^<>]*<([^<>\s]+)>\s*$/.exec(from)?.[1] ?? from).trim();
