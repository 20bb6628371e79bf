/**
 * Who is signed in, and where: `credentials.json` in the user's configuration folder, for its owner alone.
 *
 * The refresh token changes with each use, and the use of an old one ends the session. So one process at a time renews it,
 * under a lock; whoever comes second finds in the file what the first one got.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CcjkCloud } from '../core/client.ts';
import type { Relay } from '../core/lazy-relay.ts';
import type { Tokens } from '../core/session.ts';
import { makePrivateFolder, readIfThere, removeDurably, writeDurably } from '../daemon/durable-files.ts';
import { takeLock } from '../daemon/lock.ts';
import type { Arguments } from './arguments.ts';
import { Failure, notSignedIn } from './failures.ts';
import { PROGRAM } from './output.ts';

const DEFAULT_URL = 'http://127.0.0.1:3000';

/** A refresh takes at most three attempts of 15 s. */
const LOCK_PATIENCE_MS = 60_000;
const LOCK_LOOK_MS = 50;

type Profile = {
  url: string;
  email: string;
  token: string;
  refresh_token: string;
  /** Epoch milliseconds, by the clock of this machine. */
  expires_at: number;
};

const folder = (): string => join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'ccjk-cloud');
const path = (): string => join(folder(), 'credentials.json');

async function readProfile(): Promise<Profile | undefined> {
  const text = await readIfThere(path());
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Profile;
  } catch {
    throw new Failure(`${path()} cannot be read.`, `Delete it and sign in with: ${PROGRAM} login`);
  }
}

const write = async (profile: Profile): Promise<void> => writeDurably(path(), `${JSON.stringify(profile, null, 2)}\n`);

/** Stores a new login. */
export async function signIn(url: string, email: string, tokens: Tokens): Promise<void> {
  await locked(() => write({ url, email, ...pairOf(tokens) }));
}

/** Forgets the login. */
export async function signOut(): Promise<void> {
  await locked(() => removeDurably(path()));
}

/** The address that was named, or that of the login. */
export async function urlOf(args: Arguments): Promise<string> {
  return normal(args.text('url') ?? process.env.CCJK_URL ?? (await readProfile())?.url ?? DEFAULT_URL);
}

/** The same address in the same form. What is no address is left for the client to refuse. */
export const normal = (url: string): string => (URL.canParse(url) ? new URL(url).href.replace(/\/+$/, '') : url);

/** A client for whoever is signed in; a login is used only at its own service. @throws Failure when nobody is */
export async function openClient(args: Arguments): Promise<{ client: CcjkCloud; url: string }> {
  const { isSignedIn, client, url } = await openAsAnyone(args);
  if (!isSignedIn) throw notSignedIn(url);
  return { client, url };
}

/** The relay, with CCJK_RELAY_KEY and for whoever is signed in; nobody need be. */
export async function openRelay(args: Arguments): Promise<{ relay: Relay; url: string }> {
  const { client, url } = await openAsAnyone(args);
  return { relay: client.relay, url };
}

async function openAsAnyone(args: Arguments): Promise<{ client: CcjkCloud; url: string; isSignedIn: boolean }> {
  const url = await urlOf(args);
  const token = process.env.CCJK_API_KEY || undefined;
  const profile = token === undefined ? await readProfile() : undefined;
  const own = profile?.url === url ? profile : undefined;
  const client = new CcjkCloud({
    baseUrl: url,
    token,
    relayKey: process.env.CCJK_RELAY_KEY || undefined,
    fetch: (target, init) => (target === `${url}/v1/auth/refresh` ? refresh(target, init) : fetch(target, init)),
  });
  if (own) {
    const expires_in = Math.round((own.expires_at - Date.now()) / 1000);
    client.useTokens({ token: own.token, refresh_token: own.refresh_token, expires_in });
  }
  return { client, url, isSignedIn: token !== undefined || own !== undefined };
}

/** Answers a refresh as the service would: from the file, when another process has renewed the tokens since they were read. */
const refresh = (target: string, init: RequestInit): Promise<Response> =>
  locked(async () => {
    const stored = await readProfile();
    const { refresh_token: presented } = JSON.parse(String(init.body)) as { refresh_token: string };
    if (stored && stored.refresh_token !== presented) {
      const expires_in = Math.round((stored.expires_at - Date.now()) / 1000);
      return Response.json({ success: true, data: { ...stored, expires_in } });
    }
    const answer = await fetch(target, init);
    const text = await answer.text();
    if (answer.ok && stored) await write({ ...stored, ...pairOf((JSON.parse(text) as { data: Tokens }).data) });
    return new Response(text, { status: answer.status, headers: answer.headers });
  });

const pairOf = ({
  token,
  refresh_token,
  expires_in,
}: Tokens): Pick<Profile, 'token' | 'refresh_token' | 'expires_at'> => ({
  token,
  refresh_token,
  expires_at: Date.now() + expires_in * 1000,
});

async function locked<T>(work: () => Promise<T>): Promise<T> {
  await makePrivateFolder(folder());
  const until = Date.now() + LOCK_PATIENCE_MS;
  for (;;) {
    const lock = takeLock(join(folder(), 'credentials.lock'));
    if ('release' in lock) return work().finally(() => lock.release());
    if (Date.now() > until)
      throw new Failure(
        `Process ${lock.holder?.pid} holds ${folder()}/credentials.lock.`,
        'End it, or delete the file.',
      );
    await wait(LOCK_LOOK_MS);
  }
}
