/**
 * Idempotency — a request with an `Idempotency-Key` is carried out once, however often it is sent.
 *
 * The key, the work and its answer are one transaction: a crash between any two lines leaves either all of them or
 * nothing. The row of the key is written first, so a repeat that comes meanwhile waits in PostgreSQL until the first
 * has committed, and then finds its answer, or has rolled back, and then does the work itself.
 *
 *   the work succeeds        its rows and the answer are kept; of an answer that shows a secret, only that it was given
 *   it fails with a 4xx      its rows are undone, the failure is kept and is the answer of each repeat
 *   429, 5xx, anything else  nothing is kept: a repeat tries again
 *
 * An upload cannot come within a transaction. Its handler gets `onceFor`, and does within one what makes the upload count.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { FailureCode } from '../../contracts/failures.ts';
import { atomically, type Ctx, type Once } from '../context.ts';
import { Failed } from '../failed.ts';
import type { DomainEvent } from '../ports.ts';

/** How long a key is remembered. */
const KEY_HOURS = 24;

const KEY = /^[\x21-\x7e]{1,255}$/;
/** Of the column; a longer path is kept as its hash. */
const MAX_OPERATION = 255;
/** lock_not_available, query_canceled: which of the two comes first when both limits are the same is open. */
const WAITED_TOO_LONG = new Set(['55P03', '57014']);

/** A call whose body has not come yet. */
export type NamedCall = Omit<Call, 'body'>;

export type Call = {
  /** `user:<id>`, whatever their credential, or `device:<id>`. */
  caller: string;
  /** Method and concrete path. */
  operation: string;
  key: string;
  /** As JSON. */
  body: unknown;
  showsSecret: boolean;
};

type Answer = { status: number; body: unknown };

/** The failure's code, with what its table does not say. */
type Kept = { body: unknown } | { failure: { code: FailureCode; message: string; details?: unknown } };

type Row = { body_hash: string; status: number | null; answer: Kept | null };

/**
 * Runs `work` in a transaction, or answers what it answered the first time.
 * @throws Failed VALIDATION_ERROR | IDEMPOTENCY_KEY_REUSED | SECRET_ALREADY_SHOWN | SERVICE_UNAVAILABLE, or what `work` throws
 */
export async function withIdempotency<Result extends Answer>(
  ctx: Ctx,
  call: Call,
  work: (tx: Ctx) => Promise<Result>,
): Promise<Result & { replayed: boolean }> {
  requireValid(call.key);
  const hashes = ctx.tokens.requestHashes(canonical(call.body));
  const outcome = await atomically(ctx, async (tx) => {
    const first = await reserve(tx, call, hashes[0]);
    if (first) return { replayed: false, ...(await carryOut(tx, call, work)) };
    return { replayed: true, ...kept(await find(tx, call).executeTakeFirstOrThrow(), hashes) };
  });
  if (outcome.failed) throw outcome.failed;
  return { ...(outcome.answer as Result), replayed: outcome.replayed };
}

/** For a call whose body comes piece by piece. What it creates is answered with 201; undefined: it has no key. */
export function onceFor(ctx: Ctx, named: NamedCall | undefined): Once {
  if (!named) {
    return {
      isDone: async () => false,
      recall: async () => undefined,
      carryOut: (_, work) => atomically(ctx, work),
    };
  }
  requireValid(named.key);
  const remembered = () => find(ctx, named).where('created_at', '>', forgottenAt(ctx)).executeTakeFirst();
  return {
    isDone: async () => (await remembered()) !== undefined,
    async recall<Result>(body: unknown) {
      const row = await remembered();
      if (!row) return undefined;
      const { answer, failed } = kept(row, ctx.tokens.requestHashes(canonical(body)));
      if (failed) throw failed;
      return answer?.body as Result;
    },
    async carryOut<Result>(body: unknown, work: (tx: Ctx) => Promise<Result>) {
      const create = async (tx: Ctx) => ({ status: 201, body: await work(tx) });
      return (await withIdempotency(ctx, { ...named, body }, create)).body;
    },
  };
}

type Outcome = { answer?: Answer; failed?: Failed };

/** False when an earlier call has the key. One of more than 24 hours ago counts no more. */
async function reserve(tx: Ctx, call: Call, bodyHash: string): Promise<boolean> {
  try {
    const { rows } = await sql`
      insert into idempotency_keys as known (caller, operation, key, body_hash, created_at)
      values (${call.caller}, ${nameOf(call)}, ${call.key}, ${bodyHash}, ${tx.now()})
      on conflict (caller, operation, key) do update
        set body_hash = excluded.body_hash, status = null, answer = null, created_at = excluded.created_at
        where known.created_at <= ${forgottenAt(tx)}
      returning 1`.execute(tx.db);
    return rows.length > 0;
  } catch (error) {
    if (!WAITED_TOO_LONG.has(String((error as { code?: unknown }).code))) throw error;
    throw new Failed('SERVICE_UNAVAILABLE', {
      message: 'The first request with this Idempotency-Key is still under way; send it again',
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}

/** Does the work within a savepoint, so that its failure can be kept without its rows. */
async function carryOut(tx: Ctx, call: Call, work: (tx: Ctx) => Promise<Answer>): Promise<Outcome> {
  const told: DomainEvent[] = [];
  await sql`savepoint work`.execute(tx.db);
  try {
    const answer = await work({ ...tx, events: { ...tx.events, emit: (...events) => void told.push(...events) } });
    tx.events.emit(...told);
    await keep(tx, call, answer.status, call.showsSecret ? null : { body: answer.body });
    return { answer };
  } catch (error) {
    if (!(error instanceof Failed) || error.status === 429 || error.status >= 500) throw error;
    await sql`rollback to savepoint work`.execute(tx.db);
    const { code, message, details } = error;
    await keep(tx, call, error.status, { failure: { code, message, details } });
    return { failed: error };
  }
}

async function keep(tx: Ctx, call: Call, status: number, answer: Kept | null): Promise<void> {
  await sql`
    update idempotency_keys set status = ${status}, answer = ${answer && JSON.stringify(answer)}
     where caller = ${call.caller} and operation = ${nameOf(call)} and key = ${call.key}`.execute(tx.db);
}

const find = (tx: Ctx, call: NamedCall) =>
  tx.db
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'status', 'answer'])
    .$narrowType<Row>()
    .where('caller', '=', call.caller)
    .where('operation', '=', nameOf(call))
    .where('key', '=', call.key);

/** What was written until then counts no more. */
const forgottenAt = (ctx: Ctx): Date => new Date(ctx.now().getTime() - KEY_HOURS * 3_600_000);

/** What the first call came to, for a repeat with the body that has these hashes. */
function kept({ body_hash, status, answer }: Row, hashes: string[]): Outcome {
  if (!hashes.includes(body_hash)) return { failed: new Failed('IDEMPOTENCY_KEY_REUSED') };
  if (answer === null) return { failed: new Failed('SECRET_ALREADY_SHOWN') };
  if ('failure' in answer) {
    const { code, message, details } = answer.failure;
    return { failed: new Failed(code, { message, details }) };
  }
  return { answer: { status: status as number, body: answer.body } };
}

function requireValid(key: string): void {
  if (KEY.test(key)) return;
  const message = 'must be 1 to 255 visible ASCII characters';
  throw new Failed('VALIDATION_ERROR', {
    details: [{ path: ['header', 'idempotency-key'], message, code: 'invalid_format' }],
  });
}

const nameOf = ({ operation }: NamedCall): string =>
  operation.length <= MAX_OPERATION ? operation : `sha256:${hashOf(operation)}`;

const hashOf = (written: string): string => createHash('sha256').update(written).digest('hex');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same JSON in the same words, whatever the order of its fields. */
const canonical = (body: unknown): string =>
  JSON.stringify(body ?? null, (_, value: unknown) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
