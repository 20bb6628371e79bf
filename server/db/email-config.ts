import { defineEntity, p } from '@mikro-orm/core';
import { Device } from './device.ts';
import { User } from './user.ts';

export const EmailConfig = defineEntity({
  name: 'EmailConfig',
  tableName: 'email_configs',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade'),
    device: () => p.manyToOne(Device).mapToPk().deleteRule('cascade'),
    emailAddress: p.string().length(255),
    username: p.string().length(255).nullable(),
    /** Sealed with AES-256-GCM. */
    sealedPassword: p.blob().nullable(),
    imapHost: p.string().length(255).nullable(),
    imapPort: p.integer().nullable(),
    imapSecure: p.boolean().default(true),
    smtpHost: p.string().length(255).nullable(),
    smtpPort: p.integer().nullable(),
    smtpSecure: p.boolean().default(true),
    isActive: p.boolean().default(true),
    /** When the mailbox was read last, or began to be. */
    lastCheck: p.datetime(3).nullable(),
    /** What its owner should know of reading it, with the time. */
    lastError: p.string().length(500).nullable(),
    /** Readings that failed, one after another. */
    failures: p.integer().default(0),
    createdAt: p.datetime(3).defaultRaw('now()'),
    updatedAt: p.datetime(3).defaultRaw('now()'),
  },
  uniques: [{ name: 'email_configs_device', properties: ['device'] }],
  indexes: [
    { name: 'email_configs_user', properties: ['user'] },
    { name: 'email_configs_address', properties: ['emailAddress'] },
    {
      name: 'email_configs_due',
      properties: ['lastCheck'],
      where: 'is_active and sealed_password is not null and imap_host is not null',
    },
  ],
});
