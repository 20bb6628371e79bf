/** Load — callers that each keep one connection open and send a request as soon as the one before is answered. */
import autocannon, { type Request } from 'autocannon';
import type { MeasuredProcess } from './measured-process.ts';
import type { Sample } from './rounds.ts';

/** As many callers as have a request under way: more than connections to the database, so that those are never idle. */
export const CALLERS = 32;

const LOOK_MS = 50;

type Load = {
  /** The list that the n-th connection sends over and over. */
  requestsOf: (connection: number) => Request[];
  /** An amount is counted in requests over all connections, and ends when all are answered. */
  lasts: { seconds: number } | { requests: number };
};

/** Requests per second, and what one costs. Any answer but 2xx is a fault of the bench. */
export async function load(target: MeasuredProcess, { requestsOf, lasts }: Load): Promise<Sample> {
  let connections = 0;
  let answers = 0;
  let lastAt = 0;
  const cpuBefore = await target.cpuMs();
  const startedAt = performance.now();
  const running = autocannon({
    url: target.url,
    connections: CALLERS,
    sampleInt: LOOK_MS,
    ...('seconds' in lasts ? { duration: lasts.seconds } : { amount: lasts.requests }),
    setupClient: (client) => client.setRequests(requestsOf(connections++)),
  });
  running.on('response', () => {
    answers += 1;
    lastAt = performance.now();
  });
  const { errors, non2xx } = await running;
  const cpuMs = (await target.cpuMs()) - cpuBefore;
  if (errors > 0 || non2xx > 0) throw new Error(`${non2xx} requests were refused and ${errors} failed`);
  return { perSecond: (answers * 1000) / (lastAt - startedAt), cpuMs: cpuMs / answers };
}
