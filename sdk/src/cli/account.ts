/** account: address, password, profile, and its end. */
import { CcjkCloud } from '../core/client.ts';
import { type Arguments, act, type Command, pairsOf, UsageError } from './arguments.ts';
import { answer, PROGRAM } from './output.ts';
import { openClient, signOut, urlOf } from './profile.ts';
import { ask } from './prompt.ts';

export const account: Command = {
  summary: 'Verify your address, change your password or profile',
  usage: 'account verify-email|password|set|… [ARGUMENT]',
  help: `  verify-email [TOKEN]   with the token from the mail; without, mails a new one
  password               changes it, and ends your other sessions
  forgot-password EMAIL  mails a token for a new password
  reset-password TOKEN   sets a new password with it
  set                    changes your profile
  delete                 ends the account, with everything that belongs to it

  --set NAME=VALUE  set: display_name, avatar_url, or notify_by_email (true,
                    false); may be repeated

  Passwords are asked for, or taken from CCJK_PASSWORD and CCJK_NEW_PASSWORD.`,
  options: { set: { type: 'string', multiple: true } },
  run: (args) =>
    act(args, 'account', {
      'verify-email': { words: ['The token?'], run: verifyEmail },
      password: { run: changePassword },
      'forgot-password': { words: ['The address'], run: forgotPassword },
      'reset-password': { words: ['The token'], run: resetPassword },
      set: { run: change },
      delete: { run: remove },
    }),
};

async function verifyEmail(args: Arguments, token?: string): Promise<void> {
  if (token) answer(args, await (await anyone(args)).auth.verifyEmail({ token }), () => 'The address is verified.');
  else {
    const sent = await (await openClient(args)).client.auth.resendVerification();
    answer(args, sent, () => (sent.queued ? 'A token is on its way to you by mail.' : 'The address is verified.'));
  }
}

async function changePassword(args: Arguments): Promise<void> {
  const { client } = await openClient(args);
  const old_password = await password('Password: ', 'CCJK_PASSWORD');
  const new_password = await password('New password: ', 'CCJK_NEW_PASSWORD');
  const done = await client.users.changePassword({ old_password, new_password });
  answer(args, done, () => `The password is changed; ${done.sessions_ended} other sessions have ended.`);
}

async function forgotPassword(args: Arguments, email: string): Promise<void> {
  const asked = await (await anyone(args)).auth.forgotPassword({ email });
  answer(
    args,
    asked,
    () => `If there is such an account, a token is on its way. Then:\n${PROGRAM} account reset-password TOKEN`,
  );
}

async function resetPassword(args: Arguments, token: string): Promise<void> {
  const client = await anyone(args);
  const new_password = await password('New password: ', 'CCJK_NEW_PASSWORD');
  const done = await client.auth.resetPassword({ token, new_password });
  answer(args, done, () => `The password is changed. Sign in with: ${PROGRAM} login`);
}

async function change(args: Arguments): Promise<void> {
  const given = pairsOf(args, 'set');
  if (given.length === 0) throw new UsageError('--set is missing');
  const unknown = given.find(([name]) => !CHANGEABLE.includes(name));
  if (unknown) throw new UsageError(`There is no "${unknown[0]}" to set`);
  const changes = given.map(([name, value]) => [name, name === 'notify_by_email' ? value === 'true' : value || null]);
  const changed = await (await openClient(args)).client.users.update(Object.fromEntries(changes));
  answer(args, changed, () => 'The profile is changed.');
}

const CHANGEABLE = ['display_name', 'avatar_url', 'notify_by_email'];

async function remove(args: Arguments): Promise<void> {
  const { client } = await openClient(args);
  const done = await client.users.remove({ password: await password('Password: ', 'CCJK_PASSWORD') });
  await signOut();
  answer(args, done, () => 'The account is deleted.');
}

const password = async (question: string, variable: string): Promise<string> =>
  process.env[variable] ?? (await ask(question, variable, 'secret'));

/** For whoever has a token from a mail. */
const anyone = async (args: Arguments): Promise<CcjkCloud> => new CcjkCloud({ baseUrl: await urlOf(args) });
