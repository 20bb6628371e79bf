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

export const GUARDS: Record<string, Guard> = {};
