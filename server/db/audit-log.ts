import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.ts';

/** Who did what to which thing: everything about credentials and machines. Rows outlive their user. */
export const AuditLog = defineEntity({
  name: 'AuditLog',
  tableName: 'audit_logs',
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    user: () => p.manyToOne(User).mapToPk().deleteRule('set null').nullable(),
    actor: p.string().length(60),
    action: p.string().length(50),
    target: p.string().length(120).nullable(),
    ipAddress: p.type('inet').columnType('inet').$type<string>().nullable(),
    requestId: p.string().length(128).nullable(),
    details: p.json<Record<string, unknown>>().nullable(),
    createdAt: p.datetime(3).index('audit_logs_age'),
  },
  indexes: [{ name: 'audit_logs_user', properties: ['user', 'id'] }],
});
