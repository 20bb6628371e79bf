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
  /** Ids that the service made up on the way, such as those of messages: other ones each time. */
  madeUp: readonly string[];
  at: Date;
  calls: Record<CallName, readonly Statement[]>;
};

/** A sweep or a batch of events may come between; then it is recorded again. */
const ATTEMPTS = 10;
/** So that what is done at first, such as to count the calls of a caller, is over. */
const WARM_UP = 3;

export async function record(service: MeasuredProcess): Promise<Recording> {
  const callers = await makeCallers(service.url, 2);
  for (let at = 0; at < WARM_UP; at++) for (const caller of callers) await liveOnce(service, caller);
  for (let attempt = 1; ; attempt++) {
    const [first, second] = [
      await liveOnce(service, callers[0] as Caller),
      await liveOnce(service, callers[1] as Caller),
    ];
    const recording = { ...first, madeUp: onlyIn(first, second) };
    const differences = differencesOf(recording, { ...second, madeUp: onlyIn(second, first) });
    if (differences.length > 0 && attempt < ATTEMPTS) continue;
    await service.ask('stop recording');
    if (differences.length === 0) return recording;
    throw new Error(`The same calls send different statements:\n${differences.join('\n')}`);
  }
}

type Heard = Omit<Recording, 'madeUp'>;

/** One task from its creation to the reading of its result. */
async function liveOnce(service: MeasuredProcess, caller: Caller): Promise<Heard> {
  const at = new Date();
  const calls = {} as Recording['calls'];
  await service.ask('statements');
  const given = await leadTask(service.url, caller, async (name) => {
    calls[name] = (await service.ask<Statement[]>('statements')).filter(({ text }) => !text.includes('pg_notify'));
  });
  const { userId, sessionId, deviceId, keyHash } = caller;
  return { ids: { userId, sessionId, deviceId, keyHash, ...given }, at, calls };
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** The ids of `heard` that are neither known nor in `other`. */
function onlyIn(heard: Heard, other: Heard): string[] {
  const known = Object.values(heard.ids);
  const others = JSON.stringify(other.calls);
  const ids = new Set(JSON.stringify(heard.calls).match(UUID));
  return [...ids].filter((id) => !known.includes(id) && !others.includes(id));
}

/** Where `first`, played with the ids of `second`, would not be `second`. All times count as the same. */
function differencesOf(first: Recording, second: Recording): string[] {
  const play = { ids: second.ids, timeAt: () => new Date(0), madeUp: () => 'made up' };
  return CALLS.flatMap((name) => {
    const [a, b] = [first.calls[name], second.calls[name]];
    if (a.length !== b.length) return [`${name}: ${a.length} statements, then ${b.length}`];
    return a.flatMap(({ text, values }, at) => {
      const other = b[at] as Statement;
      const played = JSON.stringify(values.map((value) => fillerOf(value, first)(play)));
      const heard = JSON.stringify(other.values.map((value) => fillerOf(value, second)(play)));
      return text === other.text && played === heard ? [] : [`${name}: ${text} ${played}\n  ${other.text} ${heard}`];
    });
  });
}
