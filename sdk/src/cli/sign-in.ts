/** register, login, logout, whoami. */
import { CcjkCloud } from '../core/client.ts';
import { ConnectionError } from '../core/errors.ts';
import type { SignedIn } from '../generated/types.ts';
import type { Arguments, Command } from './arguments.ts';
import { answer, note, PROGRAM } from './output.ts';
import { openClient, signIn, signOut, urlOf } from './profile.ts';
import { ask } from './prompt.ts';

const CREDENTIALS = { email: { type: 'string' }, password: { type: 'string' } } as const;

const CREDENTIALS_HELP = `  --email ADDRESS      asked for when left out
  --password PASSWORD  others here can see it; better CCJK_PASSWORD, or be asked`;

type Credentials = { email: string; password: string };

async function credentialsOf(args: Arguments): Promise<Credentials> {
  args.expectWords();
  const email = args.text('email') ?? (await ask('Email: ', '--email'));
  const given = args.text('password') ?? process.env.CCJK_PASSWORD;
  return { email, password: given ?? (await ask('Password: ', '--password', 'secret')) };
}

async function enter(
  args: Arguments,
  call: (client: CcjkCloud, given: Credentials) => PromiseLike<SignedIn>,
): Promise<number> {
  const url = await urlOf(args);
  const { user, ...tokens } = await call(new CcjkCloud({ baseUrl: url }), await credentialsOf(args));
  await signIn(url, user.email, tokens);
  answer(
    args,
    { url, user },
    () => `Signed in as ${user.email} at ${url}.\nNext, on the machine that is to run commands: ${PROGRAM} daemon`,
  );
  return 0;
}

export const register: Command = {
  summary: 'Create an account and sign in',
  usage: 'register [--email ADDRESS] [--password PASSWORD]',
  help: CREDENTIALS_HELP,
  options: CREDENTIALS,
  run: (args) => enter(args, (client, given) => client.auth.register(given)),
};

export const login: Command = {
  summary: 'Sign in',
  usage: 'login [--email ADDRESS] [--password PASSWORD]',
  help: CREDENTIALS_HELP,
  options: CREDENTIALS,
  run: (args) => enter(args, (client, given) => client.auth.login(given)),
};

export const logout: Command = {
  summary: 'End this session',
  usage: 'logout',
  help: '  Daemons go on: they have keys of their own.',
  run: async (args) => {
    args.expectWords();
    const { client, url } = await openClient(args);
    let isRevoked = !process.env.CCJK_API_KEY;
    if (isRevoked)
      await client.auth.logout().catch((error: unknown) => {
        isRevoked = false;
        if (error instanceof ConnectionError)
          note('The service could not be told: the session ends there by itself, within 30 days.');
      });
    await signOut();
    answer(args, { url, signed_out: true, revoked: isRevoked }, () => `Signed out of ${url}.`);
    return 0;
  },
};

export const whoami: Command = {
  summary: 'Show who is signed in, and where',
  usage: 'whoami',
  help: '',
  run: async (args) => {
    args.expectWords();
    const { client, url } = await openClient(args);
    const { user } = await client.auth.me();
    answer(args, { url, user }, () => `${user.email} (${user.plan}) at ${url}`);
    return 0;
  },
};
