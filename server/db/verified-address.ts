import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.ts';

/** An address, other than its own, that an account has shown to read. */
export const VerifiedAddress = defineEntity({
  name: 'VerifiedAddress',
  tableName: 'verified_addresses',
  properties: {
    user: () => p.manyToOne(User).mapToPk().deleteRule('cascade').primary(),
    address: p.string().length(255).primary(),
    verifiedAt: p.datetime(3),
  },
  indexes: [{ name: 'verified_addresses_address', properties: ['address'] }],
});
