/**
 * Guards — for each harness the lines of the service that keep its promise, and what stands there when they are switched
 * off. A harness that passes without its guard proves nothing: its own test runs it so and wants it to fail.
 *
 * A guard is switched off as the file is loaded (switched-off.ts), in the process of the harness and in all that it
 * starts. Nothing of this is in the service.
 */
export type Guard = {
  harness: string;
  /** From the root of the repository. */
  file: string;
  /** Stands there exactly once. */
  from: string;
  to: string;
};

export const GUARDS: Record<string, Guard> = {
  /** A daemon that comes back does not know what was about to run. */
  'journal-of-what-starts': {
    harness: 'crash',
    file: 'sdk/src/daemon/journal.ts',
    from: 'await writeDurably(',
    to: "if (entry.state === 'claimed') await writeDurably(",
  },
  /** A create that comes again is carried out again. */
  'memory-of-requests': {
    harness: 'crash',
    file: 'server/http/idempotency.ts',
    from: 'if (first) return { replayed: false',
    to: 'if (first || true) return { replayed: false',
  },
  /** A result counts under any lease that the task ever had. */
  'lease-of-a-result': {
    harness: 'fencing',
    file: 'server/domain/results.ts',
    from: 'isHeld(task.status) && task.lease_id === attempt.lease_id',
    to: 'isHeld(task.status)',
  },
  /** A heartbeat renews a task whatever lease it names. */
  'lease-of-a-heartbeat': {
    harness: 'fencing',
    file: 'server/domain/heartbeats.ts',
    from: '(listed.lease_id is null or listed.lease_id = t.lease_id)',
    to: 'true',
  },
  'address-that-was-checked': {
    harness: 'hostile-mail',
    file: 'server/adapters/mail-hosts.ts',
    from: 'return address;',
    to: 'return (await addressesOf(host))[0] ?? address;',
  },
  'one-line': {
    harness: 'hostile-mail',
    file: 'server/domain/letters.ts',
    from: "text.replace(/[\\p{Cc}\\p{Zl}\\p{Zp}]+/gu, ' ').trim()",
    to: 'text.trim()',
  },
  'splice-of-replay-and-live': {
    harness: 'relay-resume',
    file: 'server/realtime/subscriber.ts',
    from: 'if ((feed.last() ?? 0) <= position) {',
    to: 'if (stretch.isWhole) {',
  },
  'gap-is-told': {
    harness: 'relay-resume',
    file: 'server/domain/stored-messages.ts',
    from: 'return rows[0]?.is_gap ?? true;',
    to: 'return false;',
  },
  'backup-owner': {
    harness: 'tenancy',
    file: 'server/domain/config-backups.ts',
    from: "ctx.db.selectFrom('config_backups').where('user_id', '=', userIdOf(ctx.actor));",
    to: "ctx.db.selectFrom('config_backups');",
  },
  'channel-owner': {
    harness: 'tenancy',
    file: 'server/domain/subscriptions.ts',
    from: "    .where('user_id', '=', userIdOf(ctx.actor))\n",
    to: '',
  },
  'token-reuse': {
    harness: 'tokens',
    file: 'server/domain/sessions.ts',
    from: "await atomically({ ...ctx, actor: bearer }, (tx) => end(tx, session.id, 'session.reuse_detected'));",
    to: 'void bearer;',
  },
  'session-news': {
    harness: 'tokens',
    file: 'server/domain/sessions.ts',
    from: "tx.events.emit({ type: 'session.ended', userId, sessionId: id });\n  await audit(",
    to: 'await audit(',
  },
  'logged-query': {
    harness: 'secrets',
    file: 'server/app.ts',
    from: "path: request.raw.url?.split('?', 1)[0],",
    to: 'path: request.raw.url,',
  },
  'sealed-password': {
    harness: 'secrets',
    file: 'server/adapters/safe.ts',
    from: "const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);",
    to: "const ciphertext = Buffer.from(secret, 'utf8'); cipher.final();",
  },
};
