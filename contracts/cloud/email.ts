import { z } from 'zod';
import { access, c, Email, failures, Id, MIB, ok, Time, text } from '../wire.ts';
import { QueuedTask } from './tasks.ts';

/** The ones that mail servers listen on, and nothing else does. */
const Port = z.literal([25, 143, 465, 587, 993, 2525]);

const Host = text(255, 1)
  .regex(/^[\w.:-]+$/, 'must be a host name or an IP address')
  .meta({ description: 'A host name of the DNS, or an IP address, on the open internet' });

const SECURE = 'TLS is demanded: from the first byte on 465 and 993, by STARTTLS elsewhere';

/** A header or a login is made of it. */
const oneLine = (max: number) => text(max, 1).regex(/^\P{Cc}*$/u, 'must not contain control characters');

const place = {
  imap_host: Host.nullable().default(null),
  imap_port: Port.nullable().default(null).meta({ description: 'By default 993' }),
  imap_secure: z.boolean().default(true).meta({ description: SECURE }),
  smtp_host: Host.nullable().default(null),
  smtp_port: Port.nullable().default(null).meta({ description: 'By default 587' }),
  smtp_secure: z
    .boolean()
    .default(true)
    .meta({ description: `${SECURE}. A password goes over TLS whatever this says` }),
};

export const EmailConfig = z
  .object({
    id: Id,
    device_id: Id,
    email_address: z.string(),
    is_verified: z.boolean().meta({ description: 'You have shown that you read the mail of this address' }),
    username: z.string().nullable(),
    has_password: z.boolean().meta({ description: 'It is kept sealed and never shown' }),
    imap_host: z.string().nullable(),
    imap_port: z.int().nullable(),
    imap_secure: z.boolean(),
    smtp_host: z.string().nullable(),
    smtp_port: z.int().nullable(),
    smtp_secure: z.boolean(),
    is_active: z.boolean(),
    last_check: Time.nullable().meta({ description: 'When the mailbox was last read' }),
    last_error: z.string().nullable().meta({
      description: 'Why the mailbox could not be read, or the last mail in it became no task, and since when',
    }),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'EmailConfig' });

const NewEmailConfig = z
  .object({
    device_id: Id,
    email_address: Email.meta({ description: 'Commands from this address run on the device' }),
    username: oneLine(255).nullable().default(null).meta({ description: 'By default the address' }),
    password: oneLine(1024).nullable().default(null).meta({
      description:
        'Of the mail account; sealed, never shown. Without it no mailbox is read, and nobody logs in to send',
    }),
    ...place,
    is_active: z.boolean().default(true).meta({ description: 'false: no commands are taken from the address' }),
  })
  .meta({
    id: 'NewEmailConfig',
    examples: [
      {
        device_id: '6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11',
        email_address: 'user@gmail.com',
        imap_host: 'imap.gmail.com',
        imap_port: 993,
        smtp_host: 'smtp.gmail.com',
        smtp_port: 587,
      },
    ],
  });

const MailTest = z
  .object({
    sent: z.literal(true),
    to: z.string(),
    via: z.enum(['device', 'service']).meta({ description: "Through the device's own server, or the service's" }),
    reply: z.string().meta({ description: 'The words of the mail server' }),
  })
  .meta({ id: 'MailTest' });

const PostedMail = z
  .object({
    from: text(998, 1).meta({ description: 'An address, or Name <address>' }),
    subject: text(998).meta({ description: 'Begins with [CCJK], or [CCJK:name of a device]' }),
    body: text(MIB).meta({ description: 'Plain text. The command ends at a line that is --, or ___ and longer' }),
    message_id: text(998, 1).meta({ description: 'Of the mail; one makes one task' }),
    in_reply_to: text(4096).nullable().default(null).meta({ description: 'The header, where there is one' }),
    auto_submitted: text(255).nullable().default(null).meta({ description: 'The header, where there is one' }),
  })
  .meta({
    id: 'PostedMail',
    examples: [
      { from: 'user@gmail.com', subject: '[CCJK] Run Tests', body: 'npm test', message_id: 'email_message_id' },
    ],
  });

const reads = access({ auth: ['user', 'apiKey'], scope: 'config:read' });
const writes = access({ auth: ['user', 'apiKey'], scope: 'config:write' });

/** Commands by mail: from which address a device takes them, and what a mail gateway posts. */
export const email = c.router(
  {
    saveConfig: {
      method: 'POST',
      path: '/email/config',
      summary: 'Set the mail settings of a device',
      description:
        'A device has one set; posting again replaces it whole, the password too. An address that you have not verified gets a code by mail, up to five in an hour; until somebody has verified it, it works for its only claimant.',
      body: NewEmailConfig,
      responses: { 200: ok(EmailConfig), 201: ok(EmailConfig), ...failures('DEVICE_NOT_FOUND', 'ROUTE_NOT_FOUND') },
      metadata: { ...writes, idempotent: true },
    },
    getConfig: {
      method: 'GET',
      path: '/email/config/:device_id',
      summary: 'Read the mail settings of a device',
      description: 'All but the password.',
      pathParams: z.object({ device_id: Id }),
      responses: {
        200: ok(EmailConfig),
        ...failures('DEVICE_NOT_FOUND', 'EMAIL_CONFIG_NOT_FOUND', 'ROUTE_NOT_FOUND'),
      },
      metadata: reads,
    },
    verify: {
      method: 'POST',
      path: '/email/verify',
      summary: 'Verify a mail address',
      description: 'With the code that was mailed to it. From then on the address works for you.',
      body: z
        .object({ code: text(200, 1).meta({ description: 'Good for 24 hours and one use' }) })
        .meta({ id: 'AddressVerification', examples: [{ code: 'mt_o3vD1kq0l2c9S6yBq1xJv8b5n4W7eR2tYzUaHgFdKiM' }] }),
      responses: {
        200: ok(z.object({ email_address: z.string(), is_verified: z.literal(true) })),
        ...failures('ROUTE_NOT_FOUND'),
      },
      metadata: writes,
    },
    test: {
      method: 'POST',
      path: '/email/test',
      summary: 'Send a test mail',
      description:
        "To the address of a device, through its own SMTP server, or the service's where it has none. Five in an hour.",
      body: z
        .object({ device_id: Id })
        .meta({ id: 'MailTestOrder', examples: [{ device_id: '6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11' }] }),
      responses: {
        200: ok(MailTest),
        ...failures('DEVICE_NOT_FOUND', 'EMAIL_CONFIG_NOT_FOUND', 'ROUTE_NOT_FOUND', 'MAIL_REJECTED'),
      },
      metadata: writes,
    },
    incoming: {
      method: 'POST',
      path: '/email/incoming',
      summary: 'Hand in a mail that asks for a task',
      description:
        'For a mail gateway, which signs the body with EMAIL_WEBHOOK_SECRET and has made sure of the sender. A mail that was handed in before is answered with its task and 200. Its result is mailed to the sender.',
      headers: z.object({
        'x-email-signature': z
          .string()
          .optional()
          .meta({ description: 'sha256=<hex of HMAC-SHA256(secret, body)>; of `timestamp.body` with a timestamp' }),
        'x-email-timestamp': z
          .string()
          .optional()
          .meta({ description: 'Seconds since 1970; the signature is good for five minutes then' }),
      }),
      body: PostedMail,
      responses: {
        200: ok(QueuedTask),
        201: ok(QueuedTask),
        ...failures(
          'AUTH_REQUIRED',
          'AUTH_FAILED',
          'EMAIL_CONFIG_NOT_FOUND',
          'DEVICE_NOT_FOUND',
          'ROUTE_NOT_FOUND',
          'DAILY_TASKS_REACHED',
        ),
      },
      metadata: access({ auth: [], rate: 'webhook', isSigned: true }),
    },
  },
  { pathPrefix: '/v1' },
);
