/**
 * Recording — what the service sends to PostgreSQL for each call, so that a peer can send exactly the same: the statements,
 * the transactions around them, and which of their values are ids or times that differ from one call to the next.
 */
import { CALLS, type CallName } from './calls.ts';
import type { Statement } from './control.ts';
import { leadTask } from './lives.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { fillerOf, type Ids } from './playback.ts';
import { type Caller, makeCallers } from './service.ts';

export type Recording = {
  ids: Ids;
  at: Date;
  calls: Record<CallName, readonly Statement[]>;
};

/** A sweep or a batch of events may come between; then it is recorded again. */
const ATTEMPTS = 10;
/** So that what is done at first, such as to count the calls of a caller, is over. */
const WARM_UP = 3;

export async function record(service: MeasuredProcess): Promise<Recording> {
  const [caller, other] = await makeCallers(service.url, 2);
  for (let at = 0; at < WARM_UP; at++) for (const each of [caller, other]) await liveOnce(service, each as Caller);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const recording = await liveOnce(service, caller as Caller);
    const differences = differencesOf(recording, await liveOnce(service, other as Caller));
    if (differences.length === 0) {
      await service.ask('stop recording');
      return recording;
    }
    if (attempt === ATTEMPTS) throw new Error(`The same calls send different statements:\n${differences.join('\n')}`);
  }
  throw new Error('unreachable');
}

async function liveOnce(service: MeasuredProcess, caller: Caller): Promise<Recording> {
  const at = new Date();
  const calls = {} as Recording['calls'];
  await service.ask('statements');
  const given = await leadTask(service.url, caller, async (name) => {
    calls[name] = (await service.ask<Statement[]>('statements')).filter(({ text }) => !text.includes('pg_notify'));
  });
  const { userId, sessionId, deviceId, keyHash } = caller;
  return { ids: { userId, sessionId, deviceId, keyHash, ...given }, at, calls };
}

/** Where `first`, played with the ids of `second`, would not be `second`. Times are taken to be as they should. */
function differencesOf(first: Recording, second: Recording): string[] {
  return CALLS.flatMap((name) => {
    const [a, b] = [first.calls[name], second.calls[name]];
    if (a.length !== b.length) return [`${name}: ${a.length} statements, then ${b.length}`];
    return a.flatMap(({ text, values }, at) => {
      const other = b[at] as Statement;
      const played = values.map((value) => fillerOf(value, first)(second.ids, 0));
      const isSame = text === other.text && written(played) === written(other.values);
      return isSame ? [] : [`${name}: ${text} ${written(played)}\n  ${other.text} ${written(other.values)}`];
    });
  });
}

const written = (values: readonly unknown[]): string =>
  JSON.stringify(values, function (this: Record<string, unknown>, key, value) {
    return this[key] instanceof Date ? 'time' : value;
  });
