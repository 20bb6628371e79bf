import { z } from 'zod';
import { access, c, failures, ok, text } from '../wire.ts';
import { Password, User } from './auth.ts';

/** Written as RFC 3986 has it, with a host and without a user: URL parsers take more, each of them other things. */
const WEB_URL =
  /^https?:\/\/[A-Za-z0-9.-]+(?::\d+)?(?:\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?(?:#(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$/;

/** Of the column; a page shows it, so only what a browser loads from afar. */
const AvatarUrl = text(500, 1)
  .regex(WEB_URL, { error: 'must be a URL of http or https' })
  .pipe(z.url())
  .meta({ format: 'uri' });

const OwnPassword = text(256).meta({ description: 'The password of your account, once more' });

/** Your own account: profile, password, and its end. */
export const users = c.router(
  {
    update: {
      method: 'PATCH',
      path: '/users/me',
      summary: 'Change your profile',
      description:
        'Only the fields that are sent change; null empties one. Mail goes out only once your address is verified.',
      body: z
        .object({
          display_name: text(100, 1).nullable(),
          avatar_url: AvatarUrl.nullable().meta({ description: 'http or https' }),
          notify_by_email: z.boolean().meta({ description: 'Whether each new message is mailed to you too' }),
        })
        .partial()
        .meta({ id: 'ProfileChange', examples: [{ display_name: 'John Doe', notify_by_email: true }] }),
      responses: { 200: ok(z.object({ user: User })) },
      metadata: access({ auth: ['user', 'apiKey'], scope: 'user:write' }),
    },
    changePassword: {
      method: 'POST',
      path: '/users/me/password',
      summary: 'Change your password',
      description: 'Ends all your other sessions at once. API keys and device keys go on.',
      body: z.object({ old_password: OwnPassword, new_password: Password }).meta({
        id: 'PasswordChange',
        examples: [{ old_password: 'SecurePassword123!', new_password: 'correct horse battery staple' }],
      }),
      responses: { 200: ok(z.object({ sessions_ended: z.int() })), ...failures('WRONG_PASSWORD') },
      metadata: access({ auth: ['user'] }),
    },
    remove: {
      method: 'DELETE',
      path: '/users/me',
      summary: 'Delete your account',
      description:
        'All your credentials stop working at once, your open tasks are cancelled, and everything of yours is deleted. Nothing can be brought back.',
      body: z
        .object({ password: OwnPassword })
        .meta({ id: 'AccountDeletion', examples: [{ password: 'SecurePassword123!' }] }),
      responses: { 200: ok(z.object({ deleted: z.literal(true) })), ...failures('WRONG_PASSWORD') },
      metadata: access({ auth: ['user'] }),
    },
  },
  { pathPrefix: '/v1' },
);
