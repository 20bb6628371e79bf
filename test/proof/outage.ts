/**
 * Outage — something that the service stands on goes away and comes back, while callers go on with everything.
 *
 * Each feature is called over and over by itself. While the outage lasts, and until its last calls are answered, every call
 * is carried out or refused in time with the status that says so; when it is over, each feature works again in time. What
 * the outage does not concern never fails at all, and the process is alive all the time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../../sdk/src/index.ts';
import type { Length, Trial } from './harness.ts';

/** Milliseconds in which a call is answered. In the short form other harnesses use the same cores. */
const ANSWERED_MS: Record<Length, number> = { short: 5_500, long: 5_000 };
/** Milliseconds after which all works again. */
const RECOVERED_MS = 10_000;
/** Between two calls of one feature. */
const PAUSE_MS = 250;

export type Feature = {
  name: string;
  call(): Promise<unknown>;
  /** The status with which calls may be refused while it lasts; left out: none may. */
  refusedWith?: 502 | 503;
  /** Milliseconds between two calls; by default 250. */
  pauseMs?: number;
  /** When it is first called, in milliseconds after the outage has begun; by default at once. */
  startMs?: number;
  /** Whoever probes comes again anyway: no `Retry-After` tells when. */
  isProbe?: true;
};

export type Outage = {
  /** Noun and participle: `the database frozen`. */
  what: string;
  /** Of the service. */
  url: string;
  features: readonly Feature[];
  begin(): Promise<unknown> | unknown;
  lastsMs: number;
  end(): Promise<unknown> | unknown;
};

type Call = { feature: Feature; at: number; tookMs: number; status: number; retryAfterSeconds?: number | undefined };

/** Tells whether everything is back, so that what comes of it can be looked at. */
export async function sufferOutage(trial: Trial, outage: Outage): Promise<boolean> {
  const { what, url, lastsMs } = outage;
  const { refusedWith: _, ...alive } = probe(url, 'livez');
  const features = [alive, ...outage.features];
  for (const feature of outage.features) {
    const { status } = await callOf(feature);
    trial.check(`${feature.name} works before`, status === 200, { what, status });
  }

  const calls: Call[] = [];
  let endedAt = Number.POSITIVE_INFINITY;
  const keepCalling = async (feature: Feature): Promise<void> => {
    await delay(feature.startMs ?? 0);
    for (;;) {
      const call = await callOf(feature);
      calls.push(call);
      const isBack = call.at > endedAt && call.status === 200;
      if (isBack || call.at > endedAt + RECOVERED_MS) return;
      await delay(feature.pauseMs ?? PAUSE_MS);
    }
  };
  trial.say(`${what} for ${lastsMs / 1000} s`);
  await outage.begin();
  const loops = features.map(keepCalling);
  await delay(lastsMs);
  await outage.end();
  endedAt = performance.now();
  await Promise.all(loops);
  const isBack = features.map((feature) => judge(trial, what, { feature, calls, endedAt }));
  const slowest = Math.max(...calls.map(({ tookMs }) => tookMs));
  trial.measure(`ms of the slowest call, ${what}`, Math.round(slowest));
  return !isBack.includes(false);
}

function judge(
  trial: Trial,
  what: string,
  seen: { feature: Feature; calls: readonly Call[]; endedAt: number },
): boolean {
  const { feature, endedAt } = seen;
  const { name, refusedWith, isProbe } = feature;
  const calls = seen.calls.filter((call) => call.feature === feature);
  const told = (some: readonly Call[]) => ({
    what,
    calls: some.map(({ feature: _, at: __, ...rest }) => rest).slice(0, 3),
  });

  const slow = calls.filter(({ tookMs }) => tookMs > ANSWERED_MS[trial.length]);
  trial.check(`${name} is answered within 5 s`, slow.length === 0, told(slow));
  const refused = calls.filter(({ status }) => status !== 200);
  const wrong = refused.filter(
    ({ status, retryAfterSeconds = 0 }) =>
      status !== refusedWith || (status === 503 && !isProbe && retryAfterSeconds < 1),
  );
  if (refusedWith) {
    trial.check(`${name} is refused with ${refusedWith} and nothing else`, wrong.length === 0, told(wrong));
    trial.count('calls refused in an outage', refused.length);
  } else {
    trial.check(`${name} goes on as ever`, wrong.length === 0, told(wrong));
    trial.count('calls that an outage did not concern', calls.length);
  }
  const back = calls.find(({ at, status }) => at > endedAt && status === 200);
  const recoveredMs = back ? back.at + back.tookMs - endedAt : Number.POSITIVE_INFINITY;
  const isBack = recoveredMs <= RECOVERED_MS;
  trial.check(`${name} is back within 10 s`, isBack, { what, recoveredMs });
  return isBack;
}

async function callOf(feature: Feature): Promise<Call> {
  const at = performance.now();
  const answer = await feature.call().then(
    () => ({ status: 200 }),
    (error: unknown) =>
      // What is no answer of the service counts as status 0: a call that hung, or a connection that was cut.
      error instanceof ApiError || error instanceof NotReady
        ? { status: error.status, retryAfterSeconds: error.retryAfterSeconds }
        : { status: 0 },
  );
  return { feature, at, tookMs: performance.now() - at, ...answer };
}

/** Whether the process lives, or can serve requests. */
export const probe = (url: string, name: 'livez' | 'readyz'): Feature => ({
  name,
  call: async () => {
    const response = await fetch(`${url}/${name}`, { signal: AbortSignal.timeout(RECOVERED_MS) });
    await response.body?.cancel();
    if (response.status !== 200) throw new NotReady(response.status);
  },
  refusedWith: 503,
  isProbe: true,
});

class NotReady extends Error {
  readonly status: number;
  readonly retryAfterSeconds = undefined;

  constructor(status: number) {
    super(`A probe was answered ${status}`);
    this.status = status;
  }
}
