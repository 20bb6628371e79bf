/** Playback — sends what was recorded, with ids and times of its own, and does nothing else. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { CallName } from './calls.ts';
import type { Statement } from './control.ts';
import type { Recording } from './recording.ts';
import { POOL } from './service.ts';

/** Every id that a statement may carry. */
export type Ids = Record<'userId' | 'sessionId' | 'deviceId' | 'keyHash' | 'taskId' | 'leaseId' | 'claimId', string>;

/** One playing of a call. */
type Play = {
  ids: Ids;
  /** What takes the place of a time so many milliseconds after the recording. */
  timeAt(offsetMs: number): Date;
  /** The id that takes the place of a recorded one which the service had made up: the same throughout the call. */
  madeUp(recorded: string): string;
};

type Filler = (play: Play) => unknown;

/** Sends one call's statements; the rows of each. Throws where a transaction found and changed nothing. */
export type Player = (ids: Ids) => Promise<Row[][]>;
export type Row = Record<string, unknown>;

export const openPool = (databaseUrl: string): pg.Pool => new pg.Pool({ connectionString: databaseUrl, max: POOL });

export function playerOf(pool: pg.Pool, recording: Recording, name: CallName): Player {
  const statements = recording.calls[name].map((statement) => prepared(statement, recording));
  const parts = transactionsOf(statements);
  return async (ids) => {
    const play = newPlay(ids);
    const rows: Row[][] = [];
    for (const part of parts) {
      if (part.length === 1) rows.push((await send(pool, part[0] as Prepared, play)).rows);
      else rows.push(...(await transact(pool, part, play)));
    }
    return rows;
  };
}

function newPlay(ids: Ids): Play {
  const made = new Map<string, string>();
  const now = Date.now();
  return {
    ids,
    timeAt: (offsetMs) => new Date(now + offsetMs),
    madeUp(recorded) {
      const id = made.get(recorded) ?? randomUUID();
      made.set(recorded, id);
      return id;
    },
  };
}

async function transact(pool: pg.Pool, part: readonly Prepared[], play: Play): Promise<Row[][]> {
  const client = await pool.connect();
  try {
    const results: pg.QueryResult<Row>[] = [];
    for (const statement of part) results.push(await send(client, statement, play));
    if (!results.some(({ rowCount }) => rowCount)) throw new Error(`Nothing came of: ${part.at(-2)?.text}`);
    return results.map(({ rows }) => rows);
  } finally {
    client.release();
  }
}

const send = (to: pg.Pool | pg.PoolClient, { name, text, fillers }: Prepared, play: Play) =>
  name === undefined
    ? to.query<Row>(text)
    : to.query<Row>({ name, text, values: fillers.map((filler) => filler(play)) });

type Prepared = { name: string | undefined; text: string; fillers: readonly Filler[] };

const names = new Map<string, string>();

function prepared({ text, values }: Statement, recording: Recording): Prepared {
  if (values.length === 0) return { name: undefined, text, fillers: [] };
  if (!names.has(text)) names.set(text, `p${names.size}`);
  return { name: names.get(text), text, fillers: values.map((value) => fillerOf(value, recording)) };
}

/** Statements between begin and commit belong on one connection. */
function transactionsOf(statements: readonly Prepared[]): Prepared[][] {
  const parts: Prepared[][] = [];
  let isOpen = false;
  for (const statement of statements) {
    if (isOpen) (parts.at(-1) as Prepared[]).push(statement);
    else parts.push([statement]);
    if (/^(begin|start transaction)/i.test(statement.text)) isOpen = true;
    if (/^(commit|rollback$)/i.test(statement.text)) isOpen = false;
  }
  return parts;
}

/** As JSON writes it. */
const WRITTEN_TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';

/** What to send in place of a recorded value: ids within it are replaced, times are moved to now. */
export function fillerOf(value: unknown, recording: Pick<Recording, 'ids' | 'madeUp' | 'at'>): Filler {
  const offsetOf = (time: Date) => time.getTime() - recording.at.getTime();
  if (value instanceof Date) {
    const offset = offsetOf(value);
    return ({ timeAt }) => timeAt(offset);
  }
  if (Array.isArray(value)) {
    const fillers = value.map((item) => fillerOf(item, recording));
    return (play) => fillers.map((filler) => filler(play));
  }
  if (typeof value !== 'string') return () => value;
  const names = new Map(Object.entries(recording.ids).map(([name, id]) => [id, name as keyof Ids]));
  const pieces = value.split(new RegExp(`(${[...names.keys(), ...recording.madeUp, WRITTEN_TIME].join('|')})`));
  const fillers = pieces.map((piece, at): ((play: Play) => string) => {
    if (at % 2 === 0) return () => piece;
    const name = names.get(piece);
    if (name) return ({ ids }) => ids[name];
    if (recording.madeUp.includes(piece)) return ({ madeUp }) => madeUp(piece);
    const offset = offsetOf(new Date(piece));
    return ({ timeAt }) => timeAt(offset).toISOString();
  });
  const [whole] = fillers.slice(1, 2);
  if (whole === undefined) return () => value;
  if (value === pieces[1]) return whole;
  return (play) => fillers.map((filler) => filler(play)).join('');
}
