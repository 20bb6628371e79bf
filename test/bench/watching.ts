/** Watching — what metrics and the line in the log for each answer add to the CPU of a request. */
import type { Request } from 'autocannon';
import type { Bench } from './bench.ts';
import { callOf } from './calls.ts';
import { leadTask } from './lives.ts';
import { CALLERS, load } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { judged, type Row } from './report.ts';
import { inRounds, spreadOf } from './rounds.ts';
import { type Caller, headersOf, makeCallers, startService } from './service.ts';

const MOST_OF_UNWATCHED = { most: 1.05 };

export async function watching({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('watching');
  const watched = await startService(databaseUrl, profileDir, {
    LOG_LEVEL: 'info',
    METRICS_TOKEN: 'a token for nobody',
  });
  const unwatched = await startService(databaseUrl);
  try {
    const callers = await makeCallers(unwatched.url, CALLERS);
    const given = await Promise.all(callers.map((caller) => leadTask(unwatched.url, caller)));
    const [requests, count] = quick ? [500, 6] : [1_000, 40];
    const rows: Row[] = [];
    for (const [name, what] of [
      ['read', 'GET /v1/tasks/:id'],
      ['create', 'POST /v1/tasks'],
    ] as const) {
      const requestsOf = (connection: number): Request[] => {
        const { method, path, credential, body } = callOf[name](
          callers[connection] as Caller,
          given[connection] as (typeof given)[number],
        );
        return [{ method, path, headers: headersOf(credential, body), body: body ? JSON.stringify(body) : '' }];
      };
      const measure = (side: MeasuredProcess) => () => load(side, { requestsOf, lasts: { requests } });
      const sides = { watched: measure(watched), unwatched: measure(unwatched) };
      await inRounds(1, sides);
      say(`${what}, watched and not: ${count} rounds`);
      const rounds = await inRounds(count, sides);
      rows.push(
        judged({
          scenario: 'watching',
          what: `${what} with metrics and a line in the log; without`,
          unit: 'CPU ms/request',
          ours: spreadOf(rounds.map((round) => round.watched.cpuMs)),
          peer: spreadOf(rounds.map((round) => round.unwatched.cpuMs)),
          ratio: spreadOf(rounds.map((round) => round.watched.cpuMs / round.unwatched.cpuMs)),
          target: MOST_OF_UNWATCHED,
        }),
      );
    }
    return rows;
  } finally {
    await Promise.all([watched.stop(), unwatched.stop()]);
  }
}
