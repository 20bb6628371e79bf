/**
 * Rounds — the sides are measured in turn, every second round in the opposite order, and compared within each round: a
 * machine that is busy with something else for a while slows all of them.
 */

export type Sample = {
  perSecond: number;
  /** Milliseconds of CPU of the measured process for one of what is counted. */
  cpuMs: number;
};

export type Round<Side extends string> = Record<Side, Sample>;

export async function inRounds<Side extends string>(
  count: number,
  sides: Record<Side, () => Promise<Sample>>,
): Promise<Round<Side>[]> {
  const names = Object.keys(sides) as Side[];
  const rounds: Round<Side>[] = [];
  for (let at = 0; at < count; at++) {
    const round = {} as Round<Side>;
    for (const name of at % 2 === 0 ? names : names.toReversed()) round[name] = await sides[name]();
    rounds.push(round);
  }
  return rounds;
}

export type Spread = { median: number; min: number; max: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: percentile(sorted, 0.5), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** The value below which `share` of the sorted values lie, between two of them in proportion. */
export function percentile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}
