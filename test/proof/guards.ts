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
};
