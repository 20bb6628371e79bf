/** Playback — sends what was recorded, with ids and times of its own, and does nothing else. */
import pg from 'pg';
import type { CallName } from './calls.ts';
import type { Statement } from './control.ts';
import type { Recording } from './recording.ts';
import { POOL } from './service.ts';

/** Every id that a statement may carry. */
export type Ids = Record<'userId' | 'sessionId' | 'deviceId' | 'keyHash' | 'taskId' | 'leaseId' | 'claimId', string>;

type Filler = (ids: Ids, now: number) => unknown;

/** Sends one call's statements; the rows of each. Throws where a transaction changed nothing. */
export type Player = (ids: Ids) => Promise<Row[][]>;
export type Row = Record<string, unknown>;

export const openPool = (databaseUrl: string): pg.Pool => new pg.Pool({ connectionString: databaseUrl, max: POOL });

export function playerOf(pool: pg.Pool, recording: Recording, name: CallName): Player {
  const statements = recording.calls[name].map((statement) => prepared(statement, recording));
  const parts = transactionsOf(statements);
  return async (ids) => {
    const now = Date.now();
    const rows: Row[][] = [];
    for (const part of parts) {
      if (part.length === 1) rows.push((await send(pool, part[0] as Prepared, ids, now)).rows);
      else rows.push(...(await transact(pool, part, ids, now)));
    }
    return rows;
  };
}

async function transact(pool: pg.Pool, part: readonly Prepared[], ids: Ids, now: number): Promise<Row[][]> {
  const client = await pool.connect();
  try {
    const results: pg.QueryResult<Row>[] = [];
    for (const statement of part) results.push(await send(client, statement, ids, now));
    if (results.at(-2)?.rowCount === 0) throw new Error(`Nothing came of: ${part.at(-2)?.text}`);
    return results.map(({ rows }) => rows);
  } finally {
    client.release();
  }
}

const send = (to: pg.Pool | pg.PoolClient, { name, text, fillers }: Prepared, ids: Ids, now: number) =>
  name === undefined
    ? to.query<Row>(text)
    : to.query<Row>({ name, text, values: fillers.map((filler) => filler(ids, now)) });

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

/** What to send in place of a recorded value: ids within it are replaced, times are moved to now. */
export function fillerOf(value: unknown, recording: Pick<Recording, 'ids' | 'at'>): Filler {
  if (value instanceof Date) {
    const offset = value.getTime() - recording.at.getTime();
    return (_, now) => new Date(now + offset);
  }
  if (Array.isArray(value)) {
    const fillers = value.map((item) => fillerOf(item, recording));
    return (ids, now) => fillers.map((filler) => filler(ids, now));
  }
  if (typeof value !== 'string') return () => value;
  const [name, id] = Object.entries(recording.ids).find(([, each]) => each !== '' && value.includes(each)) ?? [];
  if (id === undefined) return () => value;
  const [before, after] = value.split(id);
  if (!before && !after) return (ids) => ids[name as keyof Ids];
  return (ids) => `${before}${ids[name as keyof Ids]}${after}`;
}
