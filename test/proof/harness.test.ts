import { describe, expect, it } from 'vitest';
import { judge, type Trial } from './harness.ts';

const judged = (run: (trial: Trial) => unknown, breaks?: string) =>
  judge(
    { atLeast: { short: { kills: 1 }, long: {} }, run: async (trial) => void (await run(trial)) },
    {
      name: 'any',
      without: breaks && 'a guard',
      breaks,
      length: 'short',
      seed: 1,
      say: () => {},
      database: () => Promise.reject(new Error('It needs none')),
      interrupted: new Promise(() => {}),
    },
  );

describe('the verdict', () => {
  it('shows the first failure of each sentence, however often another failed before', async () => {
    const { failed, failures } = await judged(({ check, count }) => {
      count('kills');
      for (let n = 0; n < 1_000; n += 1) check('one thing holds', false, n);
      check('another holds', false);
    });
    expect(failed).toBe(1_001);
    expect(failures).toHaveLength(21);
    expect(failures.at(-1)).toBe('another holds');
  });

  it('is a failure where less happened than should have', async () => {
    const { failures } = await judged(({ check }) => check('it holds', true));
    expect(failures).toEqual(['at least 1 × kills: 0']);
  });

  it('comes without a guard as soon as the sentence of that guard is seen not to hold', async () => {
    const { failures } = await judged(({ check }) => {
      check('what the guard keeps', false);
      return new Promise(() => {});
    }, 'what the guard keeps');
    expect(failures).toContain('what the guard keeps');
  });
});
