/**
 * Harness — one promise of the service, put to a proof that can fail.
 *
 * `run` does what it can against the promise and says in `trial` what it saw. A harness passes when every `check` held and
 * as much really happened as `atLeast` asks: kills that landed, races that reached their refusal. Without that a harness
 * whose attack misses would pass for ever. Its negative control is in guards.ts.
 */

/** `short`: in `npm run test:proofs`, seconds. `long`: in `npm run proof`, minutes. */
export type Length = 'short' | 'long';

export type Harness = {
  /** What must have happened, by the names that `trial.count` is called with. */
  atLeast: Record<Length, Record<string, number>>;
  run(trial: Trial): Promise<void>;
};

export type Trial = {
  length: Length;
  /** Everything that is chosen follows from it. */
  seed: number;
  /** From 0 below 1, of the seed. Races remain races: the same seed makes the same plan, not the same run. */
  random(): number;
  /** A new, migrated database of a PostgreSQL that all harnesses share; its URL. Whoever kills PostgreSQL starts a cluster. */
  database(): Promise<string>;
  /** Notes whether `sentence` held; `seen` is printed when it did not. Sentences may repeat, with another `seen` each. */
  check(sentence: string, held: boolean, seen?: unknown): void;
  /** Whether a check has failed already: without its guard a harness need not go on. */
  hasFailed(): boolean;
  /** Something of what `atLeast` asks for happened. */
  count(event: string, times?: number): void;
  /** A figure for the report. */
  measure(figure: string, value: number): void;
  /** Progress, for who watches. */
  say(line: string): void;
  /** Done when the harness ends, the last first, also when it throws. */
  afterwards(work: () => unknown): void;
};

export type Verdict = {
  name: string;
  seed: number;
  length: Length;
  /** The guard that was switched off, of guards.ts. */
  without?: string;
  seconds: number;
  events: Record<string, number>;
  figures: Record<string, number>;
  passed: number;
  failed: number;
  /** Of what did not hold the first few, and the first of each sentence. */
  failures: string[];
};

/** A bug fails thousands of checks in one way. */
const SHOWN_FAILURES = 20;

type Given = Pick<Trial, 'length' | 'seed' | 'say'> & {
  name: string;
  without: string | undefined;
  /** The sentence that does not hold without that guard: it is over when this has been seen. */
  breaks: string | undefined;
  database(): Promise<{ url: string; drop(): Promise<void> }>;
  /** Rejects when the harness is to end at once. */
  interrupted: Promise<never>;
};

/** Runs `harness` and judges it; throws when the harness itself broke. */
export async function judge(
  harness: Harness,
  { name, without, breaks, database, interrupted, ...given }: Given,
): Promise<Verdict> {
  const startedAt = performance.now();
  const verdict: Verdict = {
    name,
    seed: given.seed,
    length: given.length,
    ...(without ? { without } : {}),
    seconds: 0,
    events: {},
    figures: {},
    passed: 0,
    failed: 0,
    failures: [],
  };
  const broken = new Set<string>();
  const { promise: isNoticed, resolve: notice } = Promise.withResolvers<void>();
  const check = (sentence: string, held: boolean, seen?: unknown) => {
    verdict[held ? 'passed' : 'failed'] += 1;
    if (!held && breaks !== undefined && sentence.includes(breaks)) notice();
    if (held || (broken.has(sentence) && verdict.failures.length >= SHOWN_FAILURES)) return;
    broken.add(sentence);
    verdict.failures.push(seen === undefined ? sentence : `${sentence}: ${textOf(seen)}`);
  };
  const closers: (() => unknown)[] = [];
  try {
    const running = harness.run({
      ...given,
      random: randomOf(given.seed),
      database: async () => {
        const { url, drop } = await database();
        closers.push(drop);
        return url;
      },
      check,
      hasFailed: () => verdict.failed > 0,
      count: (event, times = 1) => {
        verdict.events[event] = (verdict.events[event] ?? 0) + times;
      },
      measure: (figure, value) => {
        verdict.figures[figure] = value;
      },
      afterwards: (work) => void closers.push(work),
    });
    await Promise.race([running, interrupted, isNoticed]);
  } finally {
    for (const close of closers.reverse()) await close();
  }
  for (const [event, least] of Object.entries(harness.atLeast[given.length])) {
    const times = verdict.events[event] ?? 0;
    check(`at least ${least} × ${event}`, times >= least, times);
  }
  verdict.seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  return verdict;
}

const textOf = (seen: unknown): string => (typeof seen === 'string' ? seen : JSON.stringify(seen)).slice(0, 2_000);

/** Mulberry32: small, and of good enough spread for a plan. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
