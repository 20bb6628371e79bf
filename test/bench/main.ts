/**
 * `npm run bench`: what the service costs, as ratios to peers that do the least that the same work needs. Both run on the
 * same PostgreSQL in turn, so the ratios hold on a machine that is slow or busy; the absolute figures are of that machine.
 * What each row says is in README.md.
 *
 *   --only NAME     one scenario
 *   --quick         fewer rounds and less data: a look, not a figure
 *   --json FILE     the rows as JSON into FILE instead of the last line
 *   --strict        ends with 1 when a target is missed
 *   --profile DIR   the service's CPU profile
 */
import fs from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { startCluster } from '../setup/cluster.ts';
import type { Bench } from './bench.ts';
import { cost } from './cost.ts';
import { dispatchLatency } from './dispatch-latency.ts';
import { flat } from './flat.ts';
import { fullStack } from './full-stack.ts';
import { heartbeats } from './heartbeats.ts';
import { idle } from './idle.ts';
import { lifecycle } from './lifecycle.ts';
import { publish } from './publish.ts';
import { type Row, tableOf } from './report.ts';
import { sockets } from './sockets.ts';
import { subscriptions } from './subscriptions.ts';
import { upload } from './upload.ts';
import { watching } from './watching.ts';

const SCENARIOS: Record<string, (bench: Bench) => Promise<Row[]>> = {
  'full-stack': fullStack,
  lifecycle,
  'dispatch-latency': dispatchLatency,
  publish,
  subscriptions,
  heartbeats,
  sockets,
  upload,
  flat,
  watching,
  idle,
  cost,
};

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    strict: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});

const chosen = Object.entries(SCENARIOS).filter(([name]) => !flags.only || name === flags.only);
if (chosen.length === 0) {
  console.error(`There is no scenario ${flags.only}: choose of ${Object.keys(SCENARIOS).join(', ')}`);
  process.exit(2);
}

const startedAt = new Date();
const say = (progress: string) => {
  const seconds = Math.round((Date.now() - startedAt.getTime()) / 1000);
  console.error(`${String(seconds).padStart(4)} s  ${progress}`);
};

const cluster = await startCluster();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The measured processes end by themselves when we do.
  process.once(signal, () => {
    interrupted = true;
    void cluster.stop().finally(() => process.exit(130));
  });
}

const rows: Row[] = [];
const failed: string[] = [];
const bench: Bench = { cluster, quick: flags.quick, profileDir: flags.profile, say };
for (const [name, run] of chosen) {
  try {
    rows.push(...(await run(bench)));
  } catch (error) {
    if (interrupted) break;
    console.error(`${name} failed:`, error);
    failed.push(name);
    process.exitCode = 1;
  }
}
await cluster.stop();
if (interrupted) process.exit(130);

console.log(`\n${tableOf(rows)}\n`);
const json = JSON.stringify({
  startedAt,
  seconds: (Date.now() - startedAt.getTime()) / 1000,
  node: process.version,
  cpus: os.availableParallelism(),
  quick: flags.quick,
  failed,
  rows,
});
if (flags.json) fs.writeFileSync(flags.json, `${json}\n`);
else console.log(json);
if (flags.strict && rows.some(({ met }) => met === false)) process.exitCode = 1;
