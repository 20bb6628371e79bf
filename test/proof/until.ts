import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;

/** Waits until `isSo`, at most so many milliseconds; tells whether it came to be. */
export async function until(isSo: () => boolean | Promise<boolean>, patienceMs: number): Promise<boolean> {
  for (const end = performance.now() + patienceMs; performance.now() < end; ) {
    if (await isSo()) return true;
    await delay(LOOK_AGAIN_MS);
  }
  return isSo();
}
