/** The test of a harness: its short form holds, and it fails without the first of its guards. */
import { randomInt } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { TEMPLATE } from '../setup/database.ts';
import { guardsOf } from './guards.ts';
import { prove } from './prove.ts';

/** Milliseconds; `patience` where a harness takes longer than others. */
const PATIENCE_MS = 60_000;

export function proven(name: string, patience = PATIENCE_MS): void {
  const proof = (without?: string) =>
    prove({
      name,
      length: 'short',
      seed: randomInt(2 ** 31),
      without,
      postgres: { adminUrl: inject('postgresAdminUrl'), template: TEMPLATE },
    });
  const [guard] = guardsOf(name);
  if (!guard) throw new Error(`The harness ${name} has no guard: nothing shows that it can fail`);

  describe(`the harness ${name}`, () => {
    it('passes', { timeout: patience }, async () => {
      const verdict = await proof();
      expect(verdict.failures, `seed ${verdict.seed}`).toEqual([]);
      expect(verdict.passed).toBeGreaterThan(0);
    });

    it(`fails without ${guard}`, { timeout: patience }, async () => {
      const verdict = await proof(guard);
      expect(verdict.failed, `seed ${verdict.seed}`).toBeGreaterThan(0);
    });
  });
}
