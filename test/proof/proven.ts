/** The test of a harness: its short form holds, and it fails without the first of its guards. */
import { describe, expect, inject, it } from 'vitest';
import { TEMPLATE } from '../setup/database.ts';
import { guardsOf } from './guards.ts';
import { notices, prove } from './prove.ts';

/** The same plan each time, so that what passes today passes tomorrow; `npm run proof` takes another each time. */
const SEED = 1;
/** Milliseconds; `patience` where a harness takes longer than others. */
const PATIENCE_MS = 60_000;

export function proven(name: string, patience = PATIENCE_MS): void {
  const proof = () => ({
    name,
    length: 'short' as const,
    seed: SEED,
    postgres: { adminUrl: inject('postgresAdminUrl'), template: TEMPLATE },
  });
  const [guard] = guardsOf(name);
  if (!guard) throw new Error(`The harness ${name} has no guard: nothing shows that it can fail`);

  describe(`the harness ${name}`, () => {
    it('passes', { timeout: patience }, async () => {
      const verdict = await prove(proof());
      expect(verdict.failures).toEqual([]);
      expect(verdict.passed).toBeGreaterThan(0);
    });

    it(`fails without ${guard}`, { timeout: patience }, async () => {
      expect(await notices({ ...proof(), without: guard })).toBe(true);
    });
  });
}
