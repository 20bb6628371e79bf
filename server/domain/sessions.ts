/**
 * Sessions — a sign-in, from its start until it is ended, revoked or 30 days old.
 *
 * A refresh token is good for one use, which swaps it for its successor in one statement. The successor follows from the
 * token, so a client whose answer was lost can be given it again without its being stored:
 *
 *   the current token                                          swapped: its successor, a new access token
 *   a spent one, within 60 s, its successor not used yet       the same successor, a new access token
 *   a spent one otherwise                                      somebody else has it: the session is revoked
 *
 * An access token is good as long as its session: every request looks.
 */
import { type Selectable, sql } from 'kysely';
import { type Actor, atomically, type Ctx, type Service, userIdOf } from '../context.ts';
import { joined } from '../db/joined.ts';
import type { Tables } from '../db/orm.ts';
import { Failed } from '../failed.ts';
import type { AccessClaims } from '../ports.ts';
import { type AuditAction, addressOf, audit } from './audit.ts';
import type { Plan } from './plans.ts';

export type SessionRow = Pick<
  Selectable<Tables['sessions']>,
  'id' | 'user_agent' | 'ip_address' | 'created_at' | 'last_used_at' | 'expires_at'
>;

export type SessionTokens = { accessToken: string; refreshToken: string; expiresInSeconds: number };

type Holder = { id: string; plan: Plan };

/** How long an answer may be lost and asked for again. */
const REPEAT_MS = 60_000;

/** Signs `user` in. */
export async function startSession(ctx: Ctx, user: Holder): Promise<{ sessionId: string; tokens: SessionTokens }> {
  const now = ctx.now();
  const refreshToken = ctx.tokens.newRefreshToken();
  const session = {
    id: ctx.newId(),
    user_id: user.id,
    expires_at: new Date(now.getTime() + ctx.config.REFRESH_TOKEN_EXPIRES_IN * 1000),
  };
  await ctx.db
    .insertInto('sessions')
    .values({
      ...session,
      refresh_hash: ctx.tokens.hash(refreshToken),
      user_agent: ctx.userAgent,
      ip_address: addressOf(ctx),
      created_at: now,
      last_used_at: now,
    })
    .execute();
  return { sessionId: session.id, tokens: await issue(ctx, session, refreshToken) };
}

/**
 * Renews the session of which `presented` is, or was, the refresh token.
 * @throws Failed AUTH_FAILED | TOKEN_EXPIRED
 */
export async function rotateSession(ctx: Ctx, presented: string): Promise<SessionTokens> {
  const [successor] = ctx.tokens.successorsOf(presented);
  const swapped = await swap(ctx, presented, successor);
  if (swapped) return issue(ctx, swapped, successor);

  const session = await findByToken(ctx, presented);
  if (!session || session.revoked_at || !session.is_active) throw new Failed('AUTH_FAILED');
  if (session.expires_at <= ctx.now()) throw new Failed('TOKEN_EXPIRED');
  const unused = unusedSuccessor(ctx, presented, session.refresh_hash);
  const isRepeat = session.spent_at !== null && ctx.now().getTime() - session.spent_at.getTime() <= REPEAT_MS;
  if (isRepeat && unused) return issue(ctx, session, unused);

  const bearer: Actor = { kind: 'user', userId: session.user_id, plan: session.plan, sessionId: session.id };
  await atomically({ ...ctx, actor: bearer }, (tx) => end(tx, session.id, 'session.reuse_detected'));
  throw new Failed('AUTH_FAILED');
}

/** The sessions that have neither ended nor been revoked, the newest first. */
export const listSessions = (ctx: Ctx): Promise<SessionRow[]> =>
  ctx.db
    .selectFrom('sessions')
    .select(['id', 'user_agent', 'ip_address', 'created_at', 'last_used_at', 'expires_at'])
    .where('user_id', '=', userIdOf(ctx.actor))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', ctx.now())
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();

/** @throws Failed SESSION_NOT_FOUND */
export const revokeSession = (ctx: Ctx, id: string): Promise<void> =>
  atomically(ctx, async (tx) => {
    if (!(await end(tx, id, 'session.revoked'))) throw new Failed('SESSION_NOT_FOUND');
  });

/** Ends the session of the token that asks. */
export async function logout(ctx: Ctx): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== 'user') throw new Error(`A ${actor.kind} actor has no session`);
  await atomically(ctx, (tx) => end(tx, actor.sessionId, 'session.ended'));
}

/** Ends every session of the user but `except`, if that is given; returns how many. */
export async function endSessions(tx: Ctx, userId: string, except: string | null = null): Promise<number> {
  const ended = await tx.db
    .updateTable('sessions')
    .set({ revoked_at: tx.now() })
    .where('user_id', '=', userId)
    .where(sql<boolean>`id is distinct from ${except}::uuid`)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', tx.now())
    .returning('id')
    .execute();
  for (const { id } of ended) tx.events.emit({ type: 'session.ended', userId, sessionId: id });
  return ended.length;
}

type Alive = { key: string; user_id: string; expires_at: Date; plan: Plan };

const findAlive = joined<Alive>(async (db, ids) => {
  const { rows } = await sql<Alive>`
    select s.id as key, s.user_id, s.expires_at, u.plan
      from sessions s join users u on u.id = s.user_id
     where s.id = any(${ids}::uuid[]) and s.revoked_at is null and u.is_active`.execute(db);
  return rows;
});

/** Who acts with an access token that says `claims`; undefined when its session or its account is no longer alive. */
export async function findSessionActor(
  { db, now }: Pick<Service, 'db' | 'now'>,
  { userId, sessionId, expiresAt }: AccessClaims,
): Promise<Extract<Actor, { kind: 'user' }> | undefined> {
  const session = await findAlive(db, sessionId);
  if (session?.user_id !== userId || session.expires_at <= now()) return undefined;
  return { kind: 'user', userId, plan: session.plan, sessionId, expiresAt };
}

type Live = { id: string; user_id: string; expires_at: Date };

/** Of any number that present the same token at once, PostgreSQL lets one find it current. */
async function swap(ctx: Ctx, presented: string, successor: string): Promise<Live | undefined> {
  const { now, tokens, db } = ctx;
  const at = now();
  const { rows } = await sql<Live>`
    with swapped as (
      update sessions set refresh_hash = ${tokens.hash(successor)}, rotated_at = ${at}, last_used_at = ${at}
      from users
      where sessions.refresh_hash = ${tokens.hash(presented)}
        and sessions.revoked_at is null and sessions.expires_at > ${at}
        and users.id = sessions.user_id and users.is_active
      returning sessions.id, sessions.user_id, sessions.expires_at
    ), spent as (
      insert into spent_refresh_tokens (hash, session_id, spent_at)
      select ${tokens.hash(presented)}, id, ${at}::timestamptz from swapped
    )
    select id, user_id, expires_at from swapped`.execute(db);
  return rows[0];
}

type Judged = Live & {
  refresh_hash: string;
  revoked_at: Date | null;
  is_active: boolean;
  plan: Plan;
  /** Null: the token is the current one, of a session that is no longer alive. */
  spent_at: Date | null;
};

async function findByToken({ db, tokens }: Ctx, presented: string): Promise<Judged | undefined> {
  const hash = tokens.hash(presented);
  const { rows } = await sql<Judged>`
    select session.id, session.user_id, session.expires_at, session.refresh_hash, session.revoked_at,
           users.is_active, users.plan, token.spent_at
    from (
      select id, null::timestamptz as spent_at from sessions where refresh_hash = ${hash}
      union all
      select session_id, spent_at from spent_refresh_tokens where hash = ${hash}
    ) as token
    join sessions as session on session.id = token.id
    join users on users.id = session.user_id`.execute(db);
  return rows[0];
}

/** The successor of `presented`, when that is the session's current token. */
const unusedSuccessor = ({ tokens }: Ctx, presented: string, currentHash: string): string | undefined =>
  tokens.successorsOf(presented).find((successor) => tokens.hash(successor) === currentHash);

const issue = async (ctx: Ctx, session: Live, refreshToken: string): Promise<SessionTokens> => {
  const from = ctx.now();
  const sessionMs = session.expires_at.getTime() - from.getTime();
  const expiresInSeconds = Math.ceil(Math.min(ctx.config.JWT_EXPIRES_IN, sessionMs / 1000));
  const accessToken = await ctx.tokens.signAccessToken(
    { userId: session.user_id, sessionId: session.id },
    { from, to: new Date(from.getTime() + expiresInSeconds * 1000) },
  );
  return { accessToken, refreshToken, expiresInSeconds };
};

/** False when the actor's user has no such session, or it is over already. */
async function end(tx: Ctx, id: string, action: AuditAction): Promise<boolean> {
  const userId = userIdOf(tx.actor);
  const { numUpdatedRows } = await tx.db
    .updateTable('sessions')
    .set({ revoked_at: tx.now() })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', tx.now())
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  tx.events.emit({ type: 'session.ended', userId, sessionId: id });
  await audit(tx, action, `session:${id}`);
  return true;
}
