/**
 * The full stack — one read and one write through guard, look-up of the credential, rate limit, validation of request and
 * response, and envelope, against a bare Fastify that sends the same statements.
 *
 * The read is `GET /v1/tasks/:id`: the answer with the most fields, and the call that clients repeat while they wait.
 */
import type { Request } from 'autocannon';
import type { Bench } from './bench.ts';
import { type Call, callOf } from './calls.ts';
import { leadTask } from './lives.ts';
import { CALLERS, load } from './load.ts';
import { type MeasuredProcess, startProcess } from './measured-process.ts';
import { record } from './recording.ts';
import { compared, type Row } from './report.ts';
import { inRounds } from './rounds.ts';
import { type Caller, headersOf, LOG_LEVEL, makeCallers, startService } from './service.ts';

const TARGET = { least: 0.8 };
const NOTHING = { taskId: '', leaseId: '', claimId: '' };

export async function fullStack({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('full_stack');
  const service = await startService(databaseUrl, profileDir);
  const peer = await startProcess({
    script: 'test/bench/peer-http.ts',
    env: { DATABASE_URL: databaseUrl, LOG_LEVEL },
  });
  try {
    await peer.ask('play', await record(service));
    const callers = await makeCallers(service.url, CALLERS);
    const finished = await Promise.all(callers.map((caller) => leadTask(service.url, caller)));

    const rounds = async (what: string, requestOf: (connection: number) => Call) => {
      const requestsOf = (connection: number) => [asRequest(requestOf(connection))];
      const [seconds, count] = quick ? [0.6, 4] : [1, 15];
      const measure = (target: MeasuredProcess) => () => load(target, { requestsOf, lasts: { seconds } });
      say(`${what}: ${count} rounds`);
      const sides = { ours: measure(service), peer: measure(peer) };
      await inRounds(1, sides);
      return compared(await inRounds(count, sides), ['ours', 'peer'], {
        scenario: 'full-stack',
        what: `${what} against bare Fastify`,
        unit: 'request',
        target: TARGET,
      });
    };

    const callerOf = (connection: number) => callers[connection] as Caller;
    return [
      ...(await rounds('GET /v1/tasks/:id', (n) => callOf.read(callerOf(n), finished[n] ?? NOTHING))),
      ...(await rounds('POST /v1/tasks', (n) => callOf.create(callerOf(n), NOTHING))),
    ];
  } finally {
    await Promise.all([service.stop(), peer.stop()]);
  }
}

const asRequest = ({ method, path, credential, body }: Call): Request => ({
  method,
  path,
  headers: headersOf(credential, body),
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});
