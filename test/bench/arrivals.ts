/** Arrivals by chance, as calls of many people who know nothing of each other, whether the answers keep up or not. */
import { setTimeout as pause } from 'node:timers/promises';

/** Starts `work` about `perSecond` times a second for `seconds`, and gives what each came to. */
export async function atRandom<Result>(
  { perSecond, seconds }: { perSecond: number; seconds: number },
  work: (n: number) => Promise<Result>,
): Promise<Result[]> {
  const started: Promise<Result>[] = [];
  const untilNextMs = () => (-Math.log(1 - Math.random()) * 1000) / perSecond;
  const end = performance.now() + seconds * 1000;
  for (let due = performance.now(); due < end; due += untilNextMs()) {
    const early = due - performance.now();
    if (early > 0) await pause(early);
    const result = work(started.length);
    // It is waited for at the end; until then a failure is not unheard of.
    result.catch(() => {});
    started.push(result);
  }
  return Promise.all(started);
}
