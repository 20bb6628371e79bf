/** A context as requests have it, on the parts: an anonymous caller with an address, accounts, and pauses that are noted and not waited for. */
import { randomUUID } from 'node:crypto';
import type { Actor, Ctx } from '../../server/context.ts';
import { registerAccount, type SignedIn } from '../../server/domain/accounts.ts';
import { openParts } from './parts.ts';

export const PASSWORD = 'correct horse battery staple';

export type TestUser = SignedIn & {
  actor: Extract<Actor, { kind: 'user' }>;
  /** Acts with the session of its registration. */
  ctx: Ctx;
};

export async function openContext(options: Parameters<typeof openParts>[0] = {}) {
  const { ctx: ofParts, ...parts } = await openParts(options);
  const { db } = ofParts;
  /** How long answers would have been held back, in milliseconds. */
  const pauses: number[] = [];
  const ctx: Ctx = {
    ...ofParts,
    passwords: { ...ofParts.passwords, pause: async (ms) => void pauses.push(ms) },
    actor: { kind: 'anonymous' },
    requestId: randomUUID(),
    traceparent: null,
    ipAddress: '192.0.2.1',
    userAgent: 'vitest',
  };

  /** Registers an account with `PASSWORD`. */
  const signUp = async (email = newEmail()): Promise<TestUser> => {
    const signedIn = await registerAccount(ctx, { email, password: PASSWORD, displayName: null });
    const claims = await ctx.tokens.verifyAccessToken(signedIn.tokens.accessToken, ctx.now());
    const actor = { kind: 'user', plan: signedIn.user.plan, ...claims } as const;
    return { ...signedIn, actor, ctx: { ...ctx, actor } };
  };

  /** The audit log so far. */
  const audited = () =>
    db.selectFrom('audit_logs').select(['user_id', 'actor', 'action', 'target', 'details']).orderBy('id').execute();

  return { ...parts, ctx, db, pauses, signUp, audited };
}

export const newEmail = (): string => `${randomUUID()}@example.com`;
