/**
 * Hostile mail — whoever names a host leads nobody inside (hostile-hosts.ts), and whoever puts words into a mail adds
 * neither a header nor a recipient (hostile-letters.ts).
 */
import type { Harness } from './harness.ts';
import { hostileHosts } from './hostile-hosts.ts';
import { hostileLetters } from './hostile-letters.ts';
import { openHostileWorld } from './hostile-world.ts';

export const harness: Harness = {
  atLeast: {
    short: { 'hostile hosts': 80, 'names that led inside': 60, 'calls outside': 8, letters: 120, 'payloads told': 100 },
    long: {
      'hostile hosts': 250,
      'names that led inside': 900,
      'calls outside': 400,
      letters: 900,
      'payloads told': 800,
    },
  },
  async run(trial) {
    const world = await openHostileWorld(trial);
    await hostileHosts(world);
    if (trial.hasFailed()) return;
    await hostileLetters(world);
  },
};
