/** Calls of one caller to two processes that count them together, and what became of them. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Started } from './processes.ts';

/** One of the two processes. */
export type Api = 0 | 1;

export type Caller = {
  name: string;
  limit: number;
  /** What refuses: the requests of a window of so many seconds, or the tasks of a day. */
  per: { seconds: number } | 'day';
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: object;
  /** Of a call that gets through. */
  status: number;
};

export type Tally = {
  admitted: [number, number];
  refused: [number, number];
  /** Refusals since the last call that got through. */
  refusedInARow: [number, number];
  /** Ended with their process; they may have got through or not. */
  cut: number;
  leastRemaining: number;
  /** By the clock of this process, when the next window begins: as the refusals said. */
  ends: number[];
  faults: string[];
};

/** Calls that are under way at once, but in bursts. */
const AT_ONCE = 16;
/** A process that refuses so often in a row refuses until the window ends. */
const ENOUGH_REFUSALS = 50;

export const isOver = (tally: Tally, api: Api): boolean => tally.refusedInARow[api] >= ENOUGH_REFUSALS;
export const areOver = (tally: Tally): boolean => isOver(tally, 0) && isOver(tally, 1);

export const admittedIn = ({ admitted: [one, other] }: Tally): number => one + other;

export const newTally = (): Tally => ({
  admitted: [0, 0],
  refused: [0, 0],
  refusedInARow: [0, 0],
  cut: 0,
  leastRemaining: Number.POSITIVE_INFINITY,
  ends: [],
  faults: [],
});

const isAlive = ({ child }: Started): boolean => child.exitCode === null && child.signalCode === null;

/** How a caller comes to the two of `apis`, whichever processes these are at the time. */
export function openCalls(apis: readonly [Started, Started]) {
  const agent = new Agent({ keepAlive: true });

  /** Once, as it is: nothing is tried again. */
  const call = (caller: Caller, tally: Tally, api: Api): Promise<void> =>
    new Promise((resolve) => {
      const { method, path, body } = caller;
      const { [api]: target } = apis;
      const headers = { ...caller.headers, ...(body && { 'content-type': 'application/json' }) };
      const sent = request(new URL(path, target.url), { method, agent, headers }, (answer) => {
        answer.resume().once('close', resolve);
        if (answer.statusCode === caller.status) admit(caller, tally, api, answer.headers);
        else if (answer.statusCode === 429) refuse(caller, tally, api, answer.headers);
        else tally.faults.push(`${method} ${path}: ${answer.statusCode}`);
      });
      sent.once('error', async ({ code, message }: NodeJS.ErrnoException) => {
        // To a process that is not there a call never came.
        if (code !== 'ECONNREFUSED') tally.cut += 1;
        // Its end is told a little later than that of its connections.
        await pause(100);
        if (isAlive(target)) tally.faults.push(`${method} ${path}: ${message}`);
        resolve();
      });
      sent.end(body && JSON.stringify(body));
    });

  return {
    /** Calls the process that `choose` says, or the other one where that is dead, until `isEnough`. */
    async callUntil(caller: Caller, tally: Tally, choose: (turn: number) => Api, isEnough: () => boolean) {
      let turn = 0;
      const callOn = async () => {
        while (!isEnough() && tally.faults.length === 0) {
          const chosen = choose(turn++);
          await call(caller, tally, isAlive(apis[chosen]) ? chosen : ((1 - chosen) as Api));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, callOn));
    },

    /** So many calls to each process, all at once. */
    burst: (caller: Caller, tally: Tally, each: number) =>
      Promise.all(Array.from({ length: 2 * each }, (_, turn) => call(caller, tally, (turn % 2) as Api))),

    close: () => agent.destroy(),
  };
}

function admit({ name, limit, per }: Caller, tally: Tally, api: Api, headers: IncomingHttpHeaders): void {
  tally.admitted[api] += 1;
  tally.refusedInARow[api] = 0;
  if (per === 'day') return;
  const remaining = Number(headers['ratelimit-remaining']);
  tally.leastRemaining = Math.min(tally.leastRemaining, remaining);
  if (!(remaining >= 0 && remaining < limit)) tally.faults.push(`${name}: let through with ${remaining} remaining`);
}

function refuse({ name, per }: Caller, tally: Tally, api: Api, headers: IncomingHttpHeaders): void {
  tally.refused[api] += 1;
  tally.refusedInARow[api] += 1;
  const wait = Number(headers['retry-after']);
  tally.ends.push(Date.now() + wait * 1000);
  const longest = per === 'day' ? 86_400 : per.seconds;
  if (!(Number.isInteger(wait) && wait >= 1 && wait <= longest)) tally.faults.push(`${name}: Retry-After ${wait}`);
  if (per === 'day') return;
  const [remaining, reset] = [Number(headers['ratelimit-remaining']), Number(headers['ratelimit-reset'])] as const;
  if (remaining !== 0 || reset !== wait)
    tally.faults.push(`${name}: refused with ${remaining} remaining, RateLimit-Reset ${reset}, Retry-After ${wait}`);
}
