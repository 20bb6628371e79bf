/**
 * `npm run proof [-- NAME…]`: what the service promises, put to the proof; which harness proves what is in README.md.
 * Each prints its verdict as JSON and a line `N passed, N failed`, and is then run without each of its guards, shortly,
 * where the check of that promise has to fail; at the end comes one table. Ends with 1 when a harness failed or did not
 * notice, or all together took too long.
 *
 *   --short          what `npm run test:proofs` runs: seconds each
 *   --seed N         the plan of an earlier run
 *   --without GUARD  switches a guard of guards.ts off, and runs the harness that must notice
 *   --json FILE      all verdicts as JSON into FILE
 */
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { migrate } from '../../server/db/migrate.ts';
import { startCluster } from '../setup/cluster.ts';
import { GUARDS, guardsOf } from './guards.ts';
import type { Verdict } from './harness.ts';
import { notices, prove } from './prove.ts';

const HARNESSES: readonly string[] = [
  'crash',
  'fencing',
  'state-machine',
  'fuzz',
  'tenancy',
  'tokens',
  'relay-resume',
  'secrets',
  'hostile-mail',
  'outages',
  'slow-consumers',
];
/** For all of them with all their guards, on two cores that do nothing else. */
const MOST_MINUTES = 25;

const { values: flags, positionals: named } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    without: { type: 'string' },
    json: { type: 'string' },
  },
});

const refuse = (message: string): never => {
  console.error(message);
  process.exit(2);
};

const unknown = named.find((name) => !HARNESSES.includes(name));
if (unknown) refuse(`There is no harness ${unknown}: choose of ${HARNESSES.join(', ')}`);
const guard = flags.without === undefined ? undefined : GUARDS[flags.without];
if (flags.without && !guard) refuse(`There is no guard ${flags.without}: choose of ${Object.keys(GUARDS).join(', ')}`);
const seed = flags.seed === undefined ? randomInt(2 ** 31) : Number(flags.seed);
if (!Number.isSafeInteger(seed)) refuse(`--seed is a whole number, not ${flags.seed}`);
const chosen = guard ? [guard.harness] : named.length > 0 ? named : HARNESSES;

const cluster = await startCluster({ max_connections: '300' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cluster.stop().finally(() => process.exit(130)));
}

type Row = { verdict: Verdict; guards: number; noticed: string[] };

const begunAt = performance.now();
const rows: Row[] = [];
const faults: string[] = [];
try {
  const template = 'proof_template';
  await migrate(await cluster.create(template));
  const proofOf = (name: string) => ({
    name,
    length: flags.short ? ('short' as const) : ('long' as const),
    seed,
    postgres: { adminUrl: cluster.adminUrl, template },
    say: (text: string) => process.stderr.write(text),
  });
  for (const name of chosen) {
    console.error(`${name}, seed ${seed}`);
    try {
      const verdict = await prove({ ...proofOf(name), without: flags.without });
      console.log(JSON.stringify(verdict));
      console.log(`${verdict.passed} passed, ${verdict.failed} failed`);
      if (verdict.failed > 0) faults.push(name);
      const guards = flags.without ? [] : guardsOf(name);
      const row: Row = { verdict, guards: guards.length, noticed: [] };
      rows.push(row);
      for (const without of guards) {
        const isNoticed = await notices({ ...proofOf(name), without });
        console.error(`${name} without ${without}: ${isNoticed ? 'fails' : 'passes, and should not'}`);
        if (isNoticed) row.noticed.push(without);
        else faults.push(`${name} without ${without}`);
      }
    } catch (error) {
      faults.push(`${name}, which broke`);
      console.error((error as Error).message);
    }
  }
} finally {
  await cluster.stop();
}

const minutes = (performance.now() - begunAt) / 60_000;
if (chosen === HARNESSES && minutes > MOST_MINUTES) faults.push(`all within ${MOST_MINUTES} minutes`);

console.log(`\n${tableOf(rows)}\n\n${minutes.toFixed(1)} minutes in all`);
if (faults.length > 0) console.log(`Not as promised: ${faults.join(', ')}`);
if (flags.json) fs.writeFileSync(flags.json, `${JSON.stringify({ minutes, rows, faults })}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

function tableOf(rows: readonly Row[]): string {
  const happened = ({ events }: Verdict) =>
    Object.entries(events)
      .map(([event, times]) => `${times} ${event}`)
      .join(', ');
  return [
    '| Harness | Passed | Failed | Without its guards | Seconds | What happened |',
    '|---|---:|---:|---|---:|---|',
    ...rows.map(({ verdict, guards, noticed }) => {
      const { name, passed, failed, seconds } = verdict;
      return `| ${name} | ${passed} | ${failed} | fails ${noticed.length} of ${guards} | ${seconds} | ${happened(verdict)} |`;
    }),
  ].join('\n');
}
