import { defineEntity, p } from '@mikro-orm/core';

export const User = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: p.uuid().primary(),
    /** Lower-cased before it comes here. */
    email: p.string().length(255).unique(),
    passwordHash: p.string().length(255),
    displayName: p.string().length(100).nullable(),
    avatarUrl: p.string().length(500).nullable(),
    plan: p.string().length(50).default('free').$type<'free' | 'pro' | 'enterprise'>(),
    /** In bytes; null: the plan's. */
    storageQuota: p.bigint('number').nullable(),
    storageUsed: p.bigint('number').default(0),
    isActive: p.boolean().default(true),
    isVerified: p.boolean().default(false),
    /** Whether messages come by mail too, once the address is verified. */
    notifyByEmail: p.boolean().default(false),
    createdAt: p.datetime(3).defaultRaw('now()'),
    updatedAt: p.datetime(3).defaultRaw('now()'),
    lastLoginAt: p.datetime(3).nullable(),
  },
});
