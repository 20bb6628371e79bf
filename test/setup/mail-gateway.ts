/** A mail gateway: posts mail to the service, signed as the gateway would. */
import { createHmac, randomUUID } from 'node:crypto';
import { WEBHOOK_SECRET } from './in-process.ts';

export type Posted = {
  from: string;
  subject?: string;
  body?: string;
  message_id?: string;
  in_reply_to?: string;
  auto_submitted?: string;
};

export type Signing = {
  secret?: string;
  /** Signs the time too: seconds since 1970. */
  timestamp?: number | string;
  /** Instead of the right one; null: none. */
  signature?: string | null;
  /** What is sent, where it is not what was signed. */
  sent?: string;
};

export type Answered = {
  status: number;
  headers: Headers;
  data: { task_id: string; status: string; estimated_start: string } | null;
  error: { code: string; message: string; details?: { path: string[]; code: string }[] } | null;
};

export const newMessageId = (): string => `<${randomUUID()}@mail.example.com>`;

/** The text of a body, with what a test does not care for. */
export const mailBody = (mail: Posted): string =>
  JSON.stringify({ subject: '[CCJK] Run', body: 'npm test', message_id: newMessageId(), ...mail });

export const signatureOf = (text: string, secret = WEBHOOK_SECRET): string =>
  createHmac('sha256', secret).update(text).digest('hex');

export async function postMail(url: string, text: string, signing: Signing = {}): Promise<Answered> {
  const { secret, timestamp, sent = text } = signing;
  const { signature = `sha256=${signatureOf(timestamp === undefined ? text : `${timestamp}.${text}`, secret)}` } =
    signing;
  const response = await fetch(`${url}/v1/email/incoming`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(signature === null ? {} : { 'x-email-signature': signature }),
      ...(timestamp === undefined ? {} : { 'x-email-timestamp': String(timestamp) }),
    },
    body: sent,
  });
  const { data, error } = (await response.json()) as Pick<Answered, 'data' | 'error'>;
  return { status: response.status, headers: response.headers, data, error };
}
