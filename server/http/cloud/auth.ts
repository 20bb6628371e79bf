import type { auth } from '../../../contracts/cloud/auth.ts';
import { askForReset, askForVerification, resetPassword, verifyEmail } from '../../domain/account-recovery.ts';
import { login, me, registerAccount, type SignedIn, type UserRow } from '../../domain/accounts.ts';
import { listSessions, logout, revokeSession, rotateSession, type SessionTokens } from '../../domain/sessions.ts';
import type { Handlers } from '../contract.ts';
import { time, timeOrNull } from './presented.ts';

export const presentUser = (user: UserRow) => ({
  id: user.id,
  email: user.email,
  display_name: user.display_name,
  avatar_url: user.avatar_url,
  plan: user.plan,
  is_verified: user.is_verified,
  notify_by_email: user.notify_by_email,
  storage_used: user.storage_used,
  created_at: time(user.created_at),
  last_login_at: timeOrNull(user.last_login_at),
});

const presentTokens = ({ accessToken, refreshToken, expiresInSeconds }: SessionTokens) => ({
  token: accessToken,
  refresh_token: refreshToken,
  expires_in: expiresInSeconds,
});

const presentSignedIn = ({ user, tokens }: SignedIn) => ({ user: presentUser(user), ...presentTokens(tokens) });

export const authHandlers: Handlers<typeof auth> = {
  register: async (ctx, { body }) => {
    const account = { email: body.email, password: body.password, displayName: body.display_name ?? null };
    return { status: 201, data: presentSignedIn(await registerAccount(ctx, account)) };
  },

  login: async (ctx, { body }) => ({ status: 200, data: presentSignedIn(await login(ctx, body)) }),

  refresh: async (ctx, { body }) => ({
    status: 200,
    data: presentTokens(await rotateSession(ctx, body.refresh_token)),
  }),

  verifyEmail: async (ctx, { body }) => {
    await verifyEmail(ctx, body.token);
    return { status: 200, data: { verified: true } };
  },

  resendVerification: async (ctx) => ({ status: 200, data: { queued: await askForVerification(ctx) } }),

  forgotPassword: async (ctx, { body }) => {
    await askForReset(ctx, body.email);
    return { status: 200, data: { accepted: true } };
  },

  resetPassword: async (ctx, { body }) => {
    await resetPassword(ctx, { token: body.token, newPassword: body.new_password });
    return { status: 200, data: { reset: true } };
  },

  logout: async (ctx) => {
    await logout(ctx);
    return { status: 200, data: { logged_out: true } };
  },

  me: async (ctx) => ({ status: 200, data: { user: presentUser(await me(ctx)) } }),

  listSessions: async (ctx) => {
    const { actor } = ctx;
    const sessions = (await listSessions(ctx)).map((session) => ({
      id: session.id,
      current: actor.kind === 'user' && actor.sessionId === session.id,
      user_agent: session.user_agent,
      ip_address: session.ip_address,
      created_at: time(session.created_at),
      last_used_at: time(session.last_used_at),
      expires_at: time(session.expires_at),
    }));
    return { status: 200, data: { sessions } };
  },

  revokeSession: async (ctx, { params }) => {
    await revokeSession(ctx, params.session_id);
    return { status: 200, data: { session_id: params.session_id, revoked: true } };
  },
};
