/**
 * The ways in which a credential ends, each held against the same two sentences: the next request with it is refused, in
 * every process, and what it holds open has ended 2 s later.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { CcjkCloud } from '../../sdk/src/index.ts';
import type { Trial } from './harness.ts';
import { type End, holdSocket, holdStream } from './held.ts';
import type { Operator } from './operator.ts';
import { callRelay, clientOf, type Machine, makeAccount, makeMachine, PASSWORD } from './tenant.ts';

/** Source: DECISIONS.md, section 3. */
const PATIENCE_MS = 2_000;
/** What a socket is closed with. Source: DECISIONS.md, section 7. */
const ENDED = 4401;
const REQUESTS_AFTER = 5;

type Prepared = {
  bearer: string;
  /** What the credential opens. */
  path: string;
  /** Of the relay, where the credential holds streams and no sockets. */
  channel?: string;
  end(): Promise<unknown>;
};

type Scene = {
  url: string;
  id: string;
  email: string;
  refresh: string;
  token: string;
  client: CcjkCloud;
  operator: Operator;
};

const session = (token: string, end: Prepared['end']): Prepared => ({ bearer: token, path: '/v1/auth/sessions', end });

/** Another session of the same account. */
const signIn = ({ url, email }: Scene) => clientOf(url).auth.login({ email, password: PASSWORD });

async function apiKey({ client }: Scene, end: (id: string) => Promise<unknown>): Promise<Prepared> {
  const { id, key } = await client.apiKeys.create({ name: 'k', scopes: ['user:read'] });
  return { bearer: key, path: '/v1/auth/me', end: () => end(id) };
}

type Rights = { end(id: string, credential: Record<string, string>): Promise<unknown> };

async function relayKey({ url, token }: Scene, { end }: Rights): Promise<Prepared> {
  const owner = { authorization: `Bearer ${token}` };
  const { id, key } = await callRelay<{ id: string; key: string }>(url, 'POST', '/keys', owner, {});
  const channel = await callRelay<{ id: string }>(url, 'POST', '/channels', { 'x-api-key': key }, { type: 'private' });
  return { bearer: key, path: '/api/keys', channel: channel.id, end: () => end(id, owner) };
}

const DAEMON_PATH = '/v1/daemon/config/sync';

async function device({ url, client }: Scene, end: (machine: Machine) => Promise<unknown>): Promise<Prepared> {
  const machine = await makeMachine(url, client, 'machine');
  return { bearer: machine.key, path: DAEMON_PATH, end: () => end(machine) };
}

const resetPassword = async ({ url, id, operator }: Scene) =>
  clientOf(url).auth.resetPassword({ token: await operator.resetToken(id), new_password: `${PASSWORD} reset` });

const blockAccount = ({ id, operator }: Scene) => operator.block(id);

const closeAccount = ({ client }: Scene) => client.users.remove({ password: PASSWORD });

/** What prepares each; its account is its own. */
export const ENDINGS: Record<string, (scene: Scene) => Promise<Prepared>> = {
  'a logout': async ({ token, client }) => session(token, () => client.auth.logout()),
  'a session that another session revokes': async (scene) => {
    const { token } = await signIn(scene);
    const { sessions } = await clientOf(scene.url, token).auth.listSessions();
    const { id } = sessions.find(({ current }) => current) as { id: string };
    return session(token, () => scene.client.auth.revokeSession(id));
  },
  'a new password': async (scene) => {
    const { token } = await signIn(scene);
    return session(token, () =>
      scene.client.users.changePassword({ old_password: PASSWORD, new_password: `${PASSWORD} anew` }),
    );
  },
  'the reuse of a refresh token': async ({ url, token, refresh }) => {
    const { refresh_token } = await clientOf(url).auth.refresh({ refresh_token: refresh });
    await clientOf(url).auth.refresh({ refresh_token });
    return session(token, () =>
      clientOf(url)
        .auth.refresh({ refresh_token: refresh })
        .catch(() => {}),
    );
  },
  'an API key that is deleted': (scene) => apiKey(scene, (id) => scene.client.apiKeys.remove(id)),
  'a device that is deleted': (scene) => device(scene, ({ id }) => scene.client.devices.remove(id)),
  'a device key that is rotated': (scene) =>
    device(scene, ({ machineId }) => scene.client.daemon.register(machineId, { device_name: 'machine' })),
  'a relay key that is revoked': (scene) =>
    relayKey(scene, { end: (id, owner) => callRelay(scene.url, 'DELETE', `/keys/${id}`, owner) }),
  'a relay key that is revoked in two phases': (scene) =>
    relayKey(scene, {
      async end(id, owner) {
        const { revocationId, confirmationCode } = await callRelay<{ revocationId: string; confirmationCode: string }>(
          scene.url,
          'POST',
          `/keys/${id}/revoke`,
          owner,
          { reason: 'the laptop was lost' },
        );
        return callRelay(scene.url, 'DELETE', `/keys/${revocationId}`, owner, { confirmationCode });
      },
    }),
  'an account that is closed, for its session': async (scene) => session(scene.token, () => closeAccount(scene)),
  'an account that is closed, for its API key': (scene) => apiKey(scene, () => closeAccount(scene)),
  'an account that is closed, for its device': (scene) => device(scene, () => closeAccount(scene)),
  'an account that is closed, for its relay key': (scene) => relayKey(scene, { end: () => closeAccount(scene) }),
  'a password set by mail': async (scene) => session(scene.token, () => resetPassword(scene)),
  // Whoever made the account need not be who reads the mail.
  'a password set by mail, for an API key from before the address was verified': (scene) =>
    apiKey(scene, () => resetPassword(scene)),
  'an account that the operator blocks, for its session': async (scene) =>
    session(scene.token, () => blockAccount(scene)),
  'an account that the operator blocks, for its API key': (scene) => apiKey(scene, () => blockAccount(scene)),
  'an account that the operator blocks, for its device': (scene) => device(scene, () => blockAccount(scene)),
  'an account that the operator blocks, for its relay key': (scene) =>
    relayKey(scene, { end: () => blockAccount(scene) }),
};

/** Ends a credential at the first of `urls`, of which `holders` connections are open at each; how long the last took, in ms. */
export async function tryEnding(
  trial: Trial,
  name: string,
  { urls, operator, holders }: { urls: readonly [string, string]; operator: Operator; holders: number },
): Promise<number> {
  const [url] = urls;
  const account = await makeAccount(url);
  const scene: Scene = { ...account, url, operator, client: clientOf(url, account.token) };
  const { bearer, path, channel, end } = await (ENDINGS[name] as (typeof ENDINGS)[string])(scene);
  const hold = (at: string) => (channel === undefined ? holdSocket(at, bearer) : holdStream(at, channel, bearer));
  const held = await Promise.all(urls.flatMap((at) => Array.from({ length: holders }, () => hold(at))));
  const ask = async (at: string): Promise<number> => {
    const response = await fetch(at + path, { headers: { authorization: `Bearer ${bearer}` } });
    await response.text();
    return response.status;
  };
  for (const at of urls) trial.check(`before ${name} the credential opens`, (await ask(at)) === 200, at);

  await end();
  const endedAt = performance.now();
  const statuses = await Promise.all(urls.flatMap((at) => Array.from({ length: REQUESTS_AFTER }, () => ask(at))));
  trial.count('requests after a revocation', statuses.length);
  trial.check(
    `after ${name} the next request is refused`,
    statuses.every((status) => status === 401),
    statuses,
  );

  const late = pause(PATIENCE_MS - (performance.now() - endedAt));
  const ends = (await Promise.all(held.map(({ ended }) => Promise.race([ended, late])))) as (End | undefined)[];
  for (const each of ends) {
    trial.check(`after ${name} what it held open has ended within 2 s`, each !== undefined, name);
    if (!each) continue;
    trial.count('connections ended');
    if (channel === undefined)
      trial.check('a socket is told why it ends', each.code === ENDED, { name, code: each.code });
  }
  for (const each of held) each.leave();
  return Math.max(0, ...ends.map((each) => (each ? each.at - endedAt : PATIENCE_MS)));
}
