/**
 * Outages — whatever the service stands on goes away: calls are answered within 5 s, with 503 where they need it and as
 * ever where they do not; `/livez` stays 200; all works again within 10 s, and nothing that was acknowledged is lost.
 *
 * Long polls and streams are no part of it: they wait for what happens, not for an answer.
 */
import { exhaustPool, freezeDatabase, swallowDatabase } from './database-outages.ts';
import { fillDatabase } from './full-database.ts';
import type { Harness } from './harness.ts';
import { fillDisk, silenceNeighbours } from './neighbour-outages.ts';

export const harness: Harness = {
  atLeast: {
    short: {
      'databases swallowed': 1,
      'pools exhausted': 1,
      'neighbours silenced': 2,
      'disks filled': 1,
      'calls refused in an outage': 20,
      'calls that an outage did not concern': 50,
      'acknowledged writes': 20,
    },
    long: {
      'databases swallowed': 1,
      'databases frozen': 1,
      'pools exhausted': 1,
      'neighbours silenced': 2,
      'disks filled': 1,
      'calls refused in an outage': 150,
      'calls that an outage did not concern': 500,
      'acknowledged writes': 40,
    },
  },
  // Each has a service of its own, so they may come at the same time.
  run: async (trial) => {
    const outages = [swallowDatabase, exhaustPool, silenceNeighbours, fillDisk];
    if (trial.length === 'long') outages.push(freezeDatabase, fillDatabase);
    await Promise.all(outages.map((suffer) => suffer(trial)));
  },
};
