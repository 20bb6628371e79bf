/** What the owner of tasks, their machines and time may do to them, as fast-check thinks it up. */
import fc from 'fast-check';

export const SECOND = 1000;
/** A piece of three bytes a character: two of them reach beyond what is free. */
const BIG = '界'.repeat(240_000);

export type Shown = 'current' | 'former' | 'foreign' | 'none';

const one = <const Value>(...values: Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values);

/** Numbers that choose among what there is when the order is carried out. */
const pick = fc.nat({ max: 9_999 });
/** The lease that is shown: of now, of the first attempt, one that was never issued, or none. */
const shown: fc.Arbitrary<Shown> = fc.oneof(
  { weight: 6, arbitrary: fc.constant('current') },
  { weight: 2, arbitrary: fc.constant('former') },
  { weight: 1, arbitrary: fc.constant('foreign') },
  { weight: 1, arbitrary: fc.constant('none') },
);

/** `inSeconds`: not before so many have passed. */
const task = fc.record({
  priority: fc.integer({ min: 1, max: 3 }),
  max_retries: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
  on_disconnect: one('wait', 'fail', 'requeue'),
  timeout: one(60 * SECOND, 120 * SECOND, 600 * SECOND),
  expires_in: one(60, 600, 604_800),
  inSeconds: one(0, 0, 0, 0, 15, 600),
});

const waiting = (priority: number): Deed['create']['task'] => ({
  priority,
  max_retries: undefined,
  on_disconnect: 'wait',
  timeout: 60_000,
  expires_in: 604_800,
  inSeconds: 0,
});

const ONE_OF = {
  create: fc.record({ do: one('create'), task }),
  batch: fc.record({
    do: one('batch'),
    tasks: fc.array(task, { minLength: 1, maxLength: 3 }),
    mode: one('sequential', 'parallel'),
  }),
  claim: fc.record({
    do: one('claim'),
    limit: fc.integer({ min: 1, max: 5 }),
    how: one('new', 'new', 'new', 'again', 'without'),
    pick,
  }),
  start: fc.record({ do: one('start'), shown, pick }),
  heartbeat: fc.record({ do: one('heartbeat'), shown, pick }),
  output: fc.record({
    do: one('output'),
    shown,
    stream: one('stdout', 'stderr'),
    shift: one(0, 0, 0, 0, -1, 7),
    chunk: one('one line\n', 'zwölf\n', '', BIG),
    pick,
  }),
  result: fc.record({
    do: one('result'),
    shown,
    status: one('completed', 'failed', 'timeout', 'cancelled'),
    never_started: one(false, false, true),
    exit_code: one(0, 1),
    pick,
  }),
  cancel: fc.record({ do: one('cancel'), pick }),
  retry: fc.record({ do: one('retry'), pick }),
  release: fc.record({ do: one('release'), pick }),
  sweep: fc.record({ do: one('sweep') }),
  retention: fc.record({ do: one('retention') }),
  backup: fc.record({ do: one('backup'), bytes: one(20, 90_000, 400_000), pick }),
  removeBackup: fc.record({ do: one('removeBackup'), pick }),
  register: fc.record({ do: one('register') }),
};

export type Deed = {
  [Name in keyof typeof ONE_OF]: (typeof ONE_OF)[Name] extends fc.Arbitrary<infer Made> ? Made : never;
};

/** At which of the services, and what. */
export type Order = { at: number } & Deed[keyof Deed];

const OFTEN: Record<keyof Deed, number> = {
  create: 8,
  batch: 2,
  claim: 9,
  start: 8,
  heartbeat: 4,
  output: 4,
  result: 8,
  cancel: 4,
  retry: 2,
  release: 1,
  sweep: 4,
  retention: 1,
  backup: 2,
  removeBackup: 1,
  register: 1,
};

const order: fc.Arbitrary<Order> = fc
  .tuple(
    fc.nat({ max: 1 }),
    fc.oneof(
      ...Object.entries(OFTEN).map(([name, weight]) => ({ weight, arbitrary: ONE_OF[name as keyof Deed] })),
    ) as fc.Arbitrary<Deed[keyof Deed]>,
  )
  .map(([at, deed]) => ({ at, ...deed }));

/** Orders that are carried out at once; with a focus they all mean one task. */
export type AtOnce = { focus: number | null; orders: Order[] };

export const atOnce: fc.Arbitrary<AtOnce> = fc.record({
  focus: fc.option(pick, { nil: null, freq: 2 }),
  orders: fc.oneof(
    { weight: 1, arbitrary: fc.array(order, { minLength: 1, maxLength: 1 }) },
    { weight: 3, arbitrary: fc.array(order, { minLength: 2, maxLength: 6 }) },
  ),
});

/** How each account begins: with tasks for its machines, and then all of these reach for them. */
export const OPENING: readonly AtOnce[] = [
  {
    focus: null,
    orders: [{ at: 0, do: 'batch', mode: 'parallel', tasks: [1, 2, 3, 1, 2, 3].map(waiting) }],
  },
  {
    focus: null,
    orders: [0, 1, 2, 3, 4, 5].map((pick) => ({ at: pick % 2, do: 'claim', limit: 5, how: 'new', pick })),
  },
];

/** Seconds between rounds: within a lease, beyond it, beyond a timeout, a day, more than output is kept. */
export const pause: fc.Arbitrary<number> = one(1, 5, 14, 60, 91, 91, 100, 155, 331, 700, 3_600, 90_000, 700_000);
