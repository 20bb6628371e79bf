/**
 * Guards — for each harness the lines of the service that keep its promise, and what stands there when they are switched
 * off. A harness that passes without its guard proves nothing: its test runs it without the first that is named of it here
 * and wants it to fail, and `npm run proof` runs it without each of them.
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
  /** What the check says that has to fail then, as the harness says it. */
  breaks: string;
};

export const GUARDS: Record<string, Guard> = {
  /** A create that comes again is carried out again. */
  'memory-of-requests': {
    harness: 'crash',
    file: 'server/http/idempotency.ts',
    from: 'if (first) return { replayed: false',
    to: 'if (first || true) return { replayed: false',
    breaks: 'no create has made two tasks',
  },
  /** A daemon that comes back does not know what was about to run. */
  'journal-of-what-starts': {
    harness: 'crash',
    file: 'sdk/src/daemon/journal.ts',
    from: 'await writeDurably(',
    to: "if (entry.state === 'claimed') await writeDurably(",
    breaks: 'no attempt has run twice',
  },
  /** Two jobs are to send each mail. */
  'one-order-of-a-mail': {
    harness: 'crash',
    file: 'server/domain/notifications.ts',
    from: 'for (const mine of byUser.values()) {',
    to: 'for (const mine of [...byUser.values(), ...byUser.values()]) {',
    breaks: 'no letter comes again but what was on its way at a kill',
  },
  /** A result counts under any lease that the task ever had. */
  'lease-of-a-result': {
    harness: 'fencing',
    file: 'server/domain/results.ts',
    from: 'isHeld(task.status) && task.lease_id === attempt.lease_id',
    to: 'isHeld(task.status)',
    breaks: 'nothing that is said under a lost lease changes a task',
  },
  /** A heartbeat renews a task whatever lease it names. */
  'lease-of-a-heartbeat': {
    harness: 'fencing',
    file: 'server/domain/heartbeats.ts',
    from: '(listed.lease_id is null or listed.lease_id = t.lease_id)',
    to: 'true',
    breaks: 'a heartbeat renews no lost lease',
  },
  /** A claim is started wherever it is found. */
  'place-of-a-claim': {
    harness: 'fencing',
    file: 'sdk/src/daemon/journal.ts',
    from: 'return place === ',
    to: 'return true || place === ',
    breaks: 'what was not yet spawned when its machine was copied runs once',
  },
  'claims-in-turn': {
    harness: 'state-machine',
    file: 'server/domain/dispatch.ts',
    from: 'for no key update`;',
    to: 'for key share`;',
    breaks: 'a user never holds more tasks than the plan allows',
  },
  'start-of-assigned': {
    harness: 'state-machine',
    file: 'server/domain/dispatch.ts',
    from: "and status = 'assigned' and lease_until >",
    to: 'and lease_until >',
    breaks: 'an order of the calls explains every answer',
  },
  'envelope-of-what-is-no-http': {
    harness: 'fuzz',
    file: 'server/http/replies.ts',
    from: "envelope('/v1', failed, requestId, new Date())",
    to: '{ message: failed.message }',
    breaks: 'what is no HTTP is answered in the envelope',
  },
  'texts-without-nul': {
    harness: 'fuzz',
    file: 'contracts/wire.ts',
    from: "text.isWellFormed() && !text.includes('\\0')",
    to: 'text.length >= 0',
    breaks: 'no answer is a 5xx',
  },
  'backup-owner': {
    harness: 'tenancy',
    file: 'server/domain/config-backups.ts',
    from: "ctx.db.selectFrom('config_backups').where('user_id', '=', userIdOf(ctx.actor));",
    to: "ctx.db.selectFrom('config_backups');",
    breaks: 'a list has nothing of another tenant',
  },
  'channel-owner': {
    harness: 'tenancy',
    file: 'server/domain/subscriptions.ts',
    from: "    .where('user_id', '=', userIdOf(ctx.actor))\n",
    to: '',
    breaks: 'the subscription of a socket is refused',
  },
  'token-reuse': {
    harness: 'tokens',
    file: 'server/domain/sessions.ts',
    from: "await atomically({ ...ctx, actor: bearer }, (tx) => end(tx, session.id, 'session.reuse_detected'));",
    to: 'void bearer;',
    breaks: 'after the reuse of a refresh token the next request is refused',
  },
  'session-news': {
    harness: 'tokens',
    file: 'server/domain/sessions.ts',
    from: "tx.events.emit({ type: 'session.ended', userId, sessionId: id });\n  await audit(",
    to: 'await audit(',
    breaks: 'what it held open has ended within 2 s',
  },
  'splice-of-replay-and-live': {
    harness: 'relay-resume',
    file: 'server/realtime/subscriber.ts',
    from: 'if ((feed.last() ?? 0) <= position) {',
    to: 'if (stretch.isWhole) {',
    breaks: 'every stored message comes once and in order',
  },
  'gap-is-told': {
    harness: 'relay-resume',
    file: 'server/domain/stored-messages.ts',
    from: 'return rows[0]?.is_gap ?? true;',
    to: 'return false;',
    breaks: 'lost history is told, and only that',
  },
  'logged-query': {
    harness: 'secrets',
    file: 'server/app.ts',
    from: "path: request.raw.url?.split('?', 1)[0],",
    to: 'path: request.raw.url,',
    breaks: 'the log has no secret',
  },
  'sealed-password': {
    harness: 'secrets',
    file: 'server/adapters/safe.ts',
    from: "const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);",
    to: "const ciphertext = Buffer.from(secret, 'utf8'); cipher.final();",
    breaks: 'the database has no secret',
  },
  'address-that-was-checked': {
    harness: 'hostile-mail',
    file: 'server/adapters/mail-hosts.ts',
    from: 'return address;',
    to: 'return (await addressesOf(host))[0] ?? address;',
    breaks: 'it goes to the address that was answered, and only outside',
  },
  'one-line': {
    harness: 'hostile-mail',
    file: 'server/domain/letters.ts',
    from: "text.replace(/[\\p{Cc}\\p{Zl}\\p{Zp}]+/gu, ' ').trim()",
    to: 'text.trim()',
    breaks: 'no header says more than one line',
  },
  /** A call may wait for one thing after the other. */
  'limit-of-a-call': {
    harness: 'outages',
    file: 'server/http/time-limit.ts',
    from: 'const LIMIT_MS = 4_500;',
    to: 'const LIMIT_MS = 60_000;',
    breaks: 'is answered within 5 s',
  },
  /** What the network has swallowed is waited for as long as TCP hopes. */
  'end-of-silence': {
    harness: 'outages',
    file: 'server/db/orm.ts',
    from: '  query_timeout: ANSWER_TIMEOUT_MS,\n',
    to: '',
    breaks: 'is back within 10 s',
  },
  /** A socket whose reader has stalled is sent everything. */
  'bound-on-what-lies-unsent': {
    harness: 'slow-consumers',
    file: 'server/realtime/socket.ts',
    from: 'const MOST_BEHIND = MIB;',
    to: 'const MOST_BEHIND = 1024 * MIB;',
    breaks: 'every stalled socket is told to go',
  },
};

/** The names of those of one harness. */
export const guardsOf = (harness: string): string[] =>
  Object.keys(GUARDS).filter((name) => GUARDS[name]?.harness === harness);
