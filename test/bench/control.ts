/**
 * Runs in each measured process before its own first line (`node --import`): tells the bench on which port the process
 * listens, how much CPU it has used and memory it takes, and which statements it sends. The process itself knows nothing of it.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import pg from 'pg';

/** As it goes to PostgreSQL. */
export type Statement = { text: string; values: readonly unknown[] };

type Answer = (given: never) => unknown;

const answers = new Map<string, Answer>();

/** Answers a question of the bench. */
export const onQuestion = (question: string, answer: Answer): void => void answers.set(question, answer);

process.on('message', async ({ id, question, given }: { id: number; question: string; given: never }) => {
  try {
    process.send?.({ id, answer: await answers.get(question)?.(given) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});

// The bench is gone: stop as after any other signal.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

subscribe('tracing:net.server.listen:asyncEnd', (message) => {
  const address = (message as { server: Server }).server.address();
  if (address && typeof address === 'object') process.send?.({ port: address.port });
});

onQuestion('cpu', () => {
  const { user, system } = process.cpuUsage();
  return user + system;
});

onQuestion('memory', () => process.memoryUsage.rss());

let recorded: Statement[] | undefined;

/** Gives the statements since the last time. The first call only begins to record. */
onQuestion('statements', () => {
  if (!recorded) listenIn();
  const before = recorded ?? [];
  recorded = [];
  return before;
});

onQuestion('stop recording', () => {
  pg.Client.prototype.query = original;
  recorded = undefined;
});

// biome-ignore lint/suspicious/noExplicitAny: pg declares query() with eight overloads that no single type covers
type Query = (...call: any[]) => any;
const original = pg.Client.prototype.query as Query;

/** What the types of pg leave out. */
type Connected = pg.Client & { connectionParameters: { application_name?: string } };

function listenIn(): void {
  pg.Client.prototype.query = function (this: Connected, ...call) {
    const [query, values] = call;
    const text = typeof query === 'string' ? query : query.text;
    // The service's own connections, not those of the job queue or of the listener.
    if (this.connectionParameters.application_name === 'ccjk-cloud') {
      recorded?.push({ text, values: (typeof query === 'string' ? values : query.values) ?? [] });
    }
    return original.apply(this, call);
  } as Query;
}
