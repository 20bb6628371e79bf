import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.ts';

/** A secret that was mailed to its user, good for one use. Only its SHA-256 is stored. */
export const MailToken = defineEntity({
  name: 'MailToken',
  tableName: 'mail_tokens',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade'),
    purpose: p.string().length(20).$type<'verification' | 'reset' | 'address'>(),
    /** The address that it verifies, where that is not the account's own. */
    address: p.string().length(255).nullable(),
    /** In hex. */
    hash: p.string().length(64).unique(),
    createdAt: p.datetime(3).defaultRaw('now()'),
    expiresAt: p.datetime(3).index('mail_tokens_expires'),
    usedAt: p.datetime(3).nullable(),
  },
  indexes: [
    { name: 'mail_tokens_user', properties: ['user', 'purpose', 'createdAt'] },
    { name: 'mail_tokens_address', properties: ['address', 'createdAt'], where: 'address is not null' },
  ],
});
