/** Idle — what a process takes to which nobody comes: CPU over a minute, and memory after it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { judged, type Row } from './report.ts';
import { spreadOf } from './rounds.ts';
import { startRole } from './service.ts';

const MOST_CPU = { most: 1 };
const MOST_MIB = { most: 200 };
/** What a start leaves to do is over by then. */
const SETTLE_MS = 15_000;

const PROCESSES = {
  all: { role: 'all', env: {} },
  api: { role: 'api', env: {} },
  worker: { role: 'worker', env: {} },
  'all, with metrics': { role: 'all', env: { METRICS_TOKEN: 'a token for nobody' } },
};

export async function idle({ cluster, quick, say }: Bench): Promise<Row[]> {
  const seconds = quick ? 15 : 60;
  const rows: Row[] = [];
  for (const [what, { role, env }] of Object.entries(PROCESSES)) {
    const databaseUrl = await cluster.create(`idle_${what.replace(/\W+/g, '_')}`);
    const process = await startRole(role, databaseUrl, env);
    try {
      await pause(SETTLE_MS);
      say(`an idle process, ${what}: ${seconds} s`);
      const before = { cpuMs: await process.cpuMs(), at: performance.now() };
      await pause(seconds * 1000);
      const share = ((await process.cpuMs()) - before.cpuMs) / (performance.now() - before.at);
      const rowOf = (unit: string, value: number, target: { most: number }) =>
        judged({ scenario: 'idle', what: `an idle process: ${what}`, unit, ours: spreadOf([value]), target });
      rows.push(rowOf('CPU %', 100 * share, MOST_CPU), rowOf('MiB', await process.memoryMiB(), MOST_MIB));
    } finally {
      await process.stop();
    }
  }
  return rows;
}
