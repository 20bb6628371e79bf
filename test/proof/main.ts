/**
 * `npm run proof [-- NAME…]`: what the service promises, put to the proof; which harness proves what is in README.md.
 * Each prints its verdict as JSON and a line `N passed, N failed`; at the end comes one table. Ends with 1 when one failed.
 *
 *   --short          what `npm test` runs: seconds each
 *   --seed N         the plan of an earlier run
 *   --without GUARD  switches a guard of guards.ts off, and runs the harness that must notice
 *   --json FILE      all verdicts as JSON into FILE
 */
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { migrate } from '../../server/db/migrate.ts';
import { startCluster } from '../setup/cluster.ts';
import { GUARDS } from './guards.ts';
import type { Verdict } from './harness.ts';
import { prove } from './prove.ts';

const HARNESSES: readonly string[] = [
  'crash',
  'fencing',
  'tenancy',
  'tokens',
  'relay-resume',
  'secrets',
  'hostile-mail',
];

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

const verdicts: Verdict[] = [];
const broken: string[] = [];
try {
  const template = 'proof_template';
  await migrate(await cluster.create(template));
  for (const name of chosen) {
    console.error(`${name}, seed ${seed}`);
    try {
      const verdict = await prove({
        name,
        length: flags.short ? 'short' : 'long',
        seed,
        without: flags.without,
        postgres: { adminUrl: cluster.adminUrl, template },
        say: (text) => process.stderr.write(text),
      });
      verdicts.push(verdict);
      console.log(JSON.stringify(verdict));
      console.log(`${verdict.passed} passed, ${verdict.failed} failed`);
    } catch (error) {
      broken.push(name);
      console.error((error as Error).message);
    }
  }
} finally {
  await cluster.stop();
}

console.log(`\n${tableOf(verdicts)}\n`);
if (broken.length > 0) console.log(`broken: ${broken.join(', ')}`);
if (flags.json) fs.writeFileSync(flags.json, `${JSON.stringify({ verdicts, broken })}\n`);
process.exitCode = broken.length > 0 || verdicts.some(({ failed }) => failed > 0) ? 1 : 0;

function tableOf(rows: readonly Verdict[]): string {
  const happened = ({ events }: Verdict) =>
    Object.entries(events)
      .map(([event, times]) => `${times} ${event}`)
      .join(', ');
  return [
    '| Harness | Passed | Failed | Seconds | What happened |',
    '|---|---:|---:|---:|---|',
    ...rows.map((row) => `| ${row.name} | ${row.passed} | ${row.failed} | ${row.seconds} | ${happened(row)} |`),
  ].join('\n');
}
