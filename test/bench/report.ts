/** What came out: a table for people, JSON for machines. */
import { type Round, type Sample, type Spread, spreadOf } from './rounds.ts';

/** `least` and `most` are of the ratio where there is a peer, and of our own figure where there is none. */
export type Target = { least: number } | { most: number };

export type Row = {
  scenario: string;
  what: string;
  unit: string;
  ours: Spread;
  peer?: Spread;
  /** Of each round: ours by the peer's. */
  ratio?: Spread;
  target?: Target;
  met?: boolean;
};

const isMet = (figure: Spread, target: Target): boolean =>
  'least' in target ? figure.median >= target.least : figure.median <= target.most;

export function judged(row: Omit<Row, 'met'>): Row {
  return row.target ? { ...row, met: isMet(row.ratio ?? row.ours, row.target) } : row;
}

/** Two rows for one side against another: how many per second, and what one costs in CPU. */
export function compared<Side extends string>(
  rounds: readonly Round<Side>[],
  [ours, peer]: readonly [Side, Side],
  { scenario, what, unit, target }: { scenario: string; what: string; unit: string; target?: Target },
): Row[] {
  const of = (figure: 'perSecond' | 'cpuMs') => ({
    ours: spreadOf(rounds.map((round) => round[ours][figure])),
    peer: spreadOf(rounds.map((round) => round[peer][figure])),
    ratio: spreadOf(rounds.map((round) => round[ours][figure] / round[peer][figure])),
  });
  return [
    judged({ scenario, what, unit: `${unit}/s`, ...of('perSecond'), ...(target ? { target } : {}) }),
    { scenario, what, unit: `CPU ms/${unit}`, ...of('cpuMs') },
  ];
}

/** One row of how much longer one takes on the side that has more to look through. */
export function slowed<Side extends string>(
  rounds: readonly Round<Side>[],
  [more, less]: readonly [Side, Side],
  { scenario, what, unit, target }: { scenario: string; what: string; unit: string; target?: Target },
): Row {
  const msOf = (sample: Sample) => 1000 / sample.perSecond;
  return judged({
    scenario,
    what,
    unit: `ms/${unit}`,
    ours: spreadOf(rounds.map((round) => msOf(round[more]))),
    peer: spreadOf(rounds.map((round) => msOf(round[less]))),
    ratio: spreadOf(rounds.map((round) => msOf(round[more]) / msOf(round[less]))),
    ...(target ? { target } : {}),
  });
}

const digits = (value: number): string => {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
};

const written = ({ median, min, max }: Spread): string => `${digits(median)} (${digits(min)}–${digits(max)})`;

const targetOf = (target: Target): string => ('least' in target ? `≥ ${target.least}` : `≤ ${target.most}`);

const cellsOf = ({ what, unit, ours, peer, ratio, target, met }: Row): string[] => [
  what,
  unit,
  written(ours),
  peer ? written(peer) : '',
  ratio ? written(ratio) : '',
  target ? targetOf(target) : '',
  met === undefined ? '' : met ? 'met' : 'MISSED',
];

export function tableOf(rows: readonly Row[]): string {
  const head = ['what', 'unit', 'ours', 'peer', 'ratio', 'target', ''];
  const lines = [head, ...rows.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => (cells[column] as string).length)));
  const lineOf = (cells: string[]) => cells.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ');
  return [lineOf(head), widths.map((width) => '─'.repeat(width)).join('──'), ...lines.slice(1).map(lineOf)]
    .map((line) => line.trimEnd())
    .join('\n');
}
