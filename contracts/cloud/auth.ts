import { z } from 'zod';
import { access, c, Email, failures, Id, ok, Time, text } from '../wire.ts';

export const Plan = z.enum(['free', 'pro', 'enterprise']);

export const User = z
  .object({
    id: Id,
    email: z.string(),
    display_name: z.string().nullable(),
    avatar_url: z.string().nullable(),
    plan: Plan,
    is_verified: z.boolean(),
    notify_by_email: z.boolean(),
    storage_used: z.int().meta({ description: 'Bytes' }),
    created_at: Time,
    last_login_at: Time.nullable(),
  })
  .meta({ id: 'User' });

const Tokens = {
  token: z.string().meta({ description: 'Access JWT for Authorization: Bearer' }),
  refresh_token: z.string().meta({ description: 'Opaque; each use of it gives a new one' }),
  expires_in: z.int().meta({ description: 'Seconds until the access token ends' }),
};

export const SignedIn = z.object({ user: User, ...Tokens }).meta({ id: 'SignedIn' });
export const Refreshed = z.object(Tokens).meta({ id: 'Refreshed' });

export const Session = z
  .object({
    id: Id,
    current: z.boolean().meta({ description: 'The session of the token that asks' }),
    user_agent: z.string().nullable(),
    ip_address: z.string().nullable(),
    created_at: Time,
    last_used_at: Time,
    expires_at: Time,
  })
  .meta({ id: 'Session' });

export const Password = text(256, 8).meta({ description: '8 to 256 characters' });

const MailedToken = text(255, 1);

/**
 * Accounts and their sessions. An access token lives 15 minutes; the refresh token that renews it changes with each use,
 * and the use of an old one ends the whole session.
 */
export const auth = c.router(
  {
    register: {
      method: 'POST',
      path: '/auth/register',
      summary: 'Create an account',
      description: 'Creates the account and signs it in. The address is compared without regard to case.',
      body: z.object({ email: Email, password: Password, display_name: text(100, 1).optional() }).meta({
        id: 'NewAccount',
        examples: [{ email: 'user@example.com', password: 'SecurePassword123!', display_name: 'John Doe' }],
      }),
      responses: { 201: ok(SignedIn), ...failures('EMAIL_TAKEN') },
      metadata: access({ auth: [] }),
    },
    login: {
      method: 'POST',
      path: '/auth/login',
      summary: 'Sign in',
      description:
        'Starts a session. A wrong password and an unknown address are answered alike; many failures slow the answer down.',
      body: z
        .object({ email: Email, password: text(256) })
        .meta({ id: 'Login', examples: [{ email: 'user@example.com', password: 'SecurePassword123!' }] }),
      responses: { 200: ok(SignedIn), ...failures('AUTH_FAILED') },
      metadata: access({ auth: [] }),
    },
    refresh: {
      method: 'POST',
      path: '/auth/refresh',
      summary: 'Renew the access token',
      description:
        'Swaps the refresh token for a new pair. The same token sent again within 60 seconds, because the answer was lost, gets the same successor while that is unused; any later reuse ends the session.',
      body: z.object({ refresh_token: text(255, 1) }).meta({ id: 'Refresh', examples: [{ refresh_token: 'rt_5Zk…' }] }),
      responses: { 200: ok(Refreshed), ...failures('AUTH_FAILED', 'TOKEN_EXPIRED') },
      metadata: access({ auth: [] }),
    },
    verifyEmail: {
      method: 'POST',
      path: '/auth/verify-email',
      summary: 'Verify your email address',
      description: 'With the token that was mailed to it, which is good for one use within 24 hours.',
      body: z.object({ token: MailedToken }).meta({ id: 'EmailVerification', examples: [{ token: 'mt_8Qk…' }] }),
      responses: { 200: ok(z.object({ verified: z.literal(true) })), ...failures('AUTH_FAILED', 'TOKEN_EXPIRED') },
      metadata: access({ auth: [] }),
    },
    resendVerification: {
      method: 'POST',
      path: '/auth/resend-verification',
      summary: 'Ask for the verification mail again',
      description: 'A new token is mailed to the address of your account, at most five in an hour.',
      body: c.noBody(),
      responses: {
        200: ok(z.object({ queued: z.boolean().meta({ description: 'False: the address is verified already' }) })),
      },
      metadata: access({ auth: ['user'] }),
    },
    forgotPassword: {
      method: 'POST',
      path: '/auth/forgot-password',
      summary: 'Ask for a new password by mail',
      description:
        'A token is mailed to the address when an account has it, at most five in an hour. The answer is the same for every address.',
      body: z.object({ email: Email }).meta({ id: 'ForgottenPassword', examples: [{ email: 'user@example.com' }] }),
      responses: { 200: ok(z.object({ accepted: z.literal(true) })) },
      metadata: access({ auth: [] }),
    },
    resetPassword: {
      method: 'POST',
      path: '/auth/reset-password',
      summary: 'Set a new password with a mailed token',
      description:
        'The token is good for one use within an hour. All sessions of the account end; the address counts as verified from now on, and where it did not before, the API keys end too.',
      body: z
        .object({ token: MailedToken, new_password: Password })
        .meta({ id: 'PasswordReset', examples: [{ token: 'mt_8Qk…', new_password: 'correct horse battery staple' }] }),
      responses: { 200: ok(z.object({ reset: z.literal(true) })), ...failures('AUTH_FAILED', 'TOKEN_EXPIRED') },
      metadata: access({ auth: [] }),
    },
    logout: {
      method: 'POST',
      path: '/auth/logout',
      summary: 'End this session',
      description: 'The access token and the refresh token of this session stop working at once.',
      body: c.noBody(),
      responses: { 200: ok(z.object({ logged_out: z.literal(true) })) },
      metadata: access({ auth: ['user'] }),
    },
    me: {
      method: 'GET',
      path: '/auth/me',
      summary: 'Read your profile',
      description: 'The account to which the credential belongs.',
      responses: { 200: ok(z.object({ user: User })) },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'user:read' }),
    },
    listSessions: {
      method: 'GET',
      path: '/auth/sessions',
      summary: 'List your sessions',
      description: 'All sessions that have neither ended nor been revoked, the newest first.',
      responses: { 200: ok(z.object({ sessions: z.array(Session) })) },
      metadata: access({ auth: ['user'] }),
    },
    revokeSession: {
      method: 'DELETE',
      path: '/auth/sessions/:session_id',
      summary: 'Revoke a session',
      description: 'Its tokens stop working at once.',
      pathParams: z.object({ session_id: Id }),
      body: c.noBody(),
      responses: { 200: ok(z.object({ session_id: Id, revoked: z.literal(true) })), ...failures('SESSION_NOT_FOUND') },
      metadata: access({ auth: ['user'] }),
    },
  },
  { pathPrefix: '/v1' },
);
