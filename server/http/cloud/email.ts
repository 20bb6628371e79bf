import type { email } from '../../../contracts/cloud/email.ts';
import { verifyAddress } from '../../domain/email-addresses.ts';
import { type EmailConfig, getEmailConfig, saveEmailConfig, testEmailConfig } from '../../domain/email-configs.ts';
import { takePostedMail } from '../../domain/email-webhook.ts';
import type { Handlers } from '../contract.ts';
import { time, timeOrNull } from './presented.ts';
import { queued } from './tasks.ts';

const present = (config: EmailConfig) => ({
  id: config.id,
  device_id: config.device_id,
  email_address: config.email_address,
  is_verified: config.is_verified,
  username: config.username,
  has_password: config.sealed_password !== null,
  imap_host: config.imap_host,
  imap_port: config.imap_port,
  imap_secure: config.imap_secure,
  smtp_host: config.smtp_host,
  smtp_port: config.smtp_port,
  smtp_secure: config.smtp_secure,
  is_active: config.is_active,
  last_check: timeOrNull(config.last_check),
  last_error: config.last_error,
  created_at: time(config.created_at),
  updated_at: time(config.updated_at),
});

export const emailHandlers: Handlers<typeof email> = {
  saveConfig: async (ctx, { body }) => {
    const { config, isNew } = await saveEmailConfig(ctx, {
      deviceId: body.device_id,
      address: body.email_address,
      username: body.username,
      password: body.password,
      imap: { host: body.imap_host, port: body.imap_port, isSecure: body.imap_secure },
      smtp: { host: body.smtp_host, port: body.smtp_port, isSecure: body.smtp_secure },
      isActive: body.is_active,
    });
    return { status: isNew ? 201 : 200, data: present(config) };
  },

  getConfig: async (ctx, { params }) => ({ status: 200, data: present(await getEmailConfig(ctx, params.device_id)) }),

  verify: async (ctx, { body }) => {
    const address = await verifyAddress(ctx, body.code);
    return { status: 200, data: { email_address: address, is_verified: true } };
  },

  test: async (ctx, { body }) => ({
    status: 200,
    data: { sent: true, ...(await testEmailConfig(ctx, body.device_id)) },
  }),

  incoming: async (ctx, { headers, body, rawBody }) => {
    const signed = {
      signature: headers['x-email-signature'],
      timestamp: headers['x-email-timestamp'],
      rawBody,
    };
    const { task, isRepeat } = await takePostedMail(ctx, signed, {
      from: body.from,
      subject: body.subject,
      text: body.body,
      messageId: body.message_id,
      inReplyTo: body.in_reply_to,
      autoSubmitted: body.auto_submitted,
    });
    return { status: isRepeat ? 200 : 201, data: queued(task) };
  },
};
