/** A life in which the service hands out every secret that it makes, and is given every one that a user has. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { REFUSED } from './echoing-mail.ts';
import { type Answer, bearer, obtain, read, type Scene, send } from './secret-scene.ts';
import { newPublicKey } from './tenant.ts';

/** Credentials that open something, to the end. */
export type Held = { token: string; deviceKey: string; relayKey: string; deviceId: string };

export async function live(scene: Scene): Promise<Held> {
  const token = await haveAccount(scene);
  const { deviceKey, deviceId, another } = await haveKeys(scene, token);
  const relayKey = await useRelay(scene, token);
  await useMail(scene, token, { deviceId, another });
  await uploadLog(scene, deviceKey);
  return { token, deviceKey, relayKey, deviceId };
}

const TOKENS = ['token', 'refresh_token'] as const;
type Tokens = Record<(typeof TOKENS)[number], string>;

/** Registers, renews, changes the password, forgets it, and signs in at last. */
async function haveAccount(scene: Scene): Promise<string> {
  const { vault } = scene;
  const email = `${randomUUID()}@example.com`;
  const [first, second, third] = ['first', 'second', 'third'].map((which) => vault.plant(`the ${which} password`));
  const { refresh_token } = await obtain<Tokens>(scene, TOKENS, '/v1/auth/register', {}, { email, password: first });
  const { token } = await obtain<Tokens>(scene, TOKENS, '/v1/auth/refresh', {}, { refresh_token });
  const change = { old_password: first, new_password: second };
  await send(scene, 'POST', '/v1/users/me/password', bearer(token), change);
  await send(scene, 'POST', '/v1/auth/login', {}, { email, password: first });

  const verification = await mailed(scene, email, /^Subject: .*verify/im);
  await send(scene, 'POST', '/v1/auth/verify-email', {}, { token: verification });
  await send(scene, 'POST', '/v1/auth/forgot-password', {}, { email });
  const reset = { token: await mailed(scene, email, /^Subject: .*password/im), new_password: third };
  // The second time it is used up.
  for (let time = 1; time <= 2; time++) await send(scene, 'POST', '/v1/auth/reset-password', {}, reset);
  return (await obtain<Tokens>(scene, TOKENS, '/v1/auth/login', {}, { email, password: third })).token;
}

type Device = { device_key: string; device_id: string };

async function haveKeys(scene: Scene, token: string) {
  const owner = bearer(token);
  const once = { ...owner, 'idempotency-key': randomUUID() };
  const newKey = { name: 'k', scopes: ['task:read'] };
  await obtain<{ key: string }>(scene, ['key'], '/v1/api-keys', once, newKey);
  await send(scene, 'POST', '/v1/api-keys', once, newKey);
  const machine = { ...once, 'x-device-id': randomUUID() };
  const named = { device_name: 'machine' };
  const device = await obtain<Device>(scene, ['device_key'], '/v1/daemon/register', machine, named);
  const another = await obtain<Device>(scene, ['device_key'], '/v1/devices/keys', once, named);
  const { ticket } = await obtain<{ ticket: string }>(scene, ['ticket'], '/v1/ws/ticket', owner);
  for (const query of [`token=${token}`, `ticket=${ticket}`]) await send(scene, 'GET', `/v1/ws?${query}`);
  return { deviceKey: device.device_key, deviceId: device.device_id, another: another.device_id };
}

/** Makes a key, seals a message, revokes a public key in two phases. */
async function useRelay(scene: Scene, token: string): Promise<string> {
  const { vault } = scene;
  const { key } = await obtain<{ key: string }>(scene, ['key'], '/api/keys', bearer(token), { permissions: ['admin'] });
  const publicKey = { publicKey: newPublicKey() };
  const registered = await obtain<{ channelId: string; publicKeyId: string }>(
    scene,
    [],
    '/api/register',
    bearer(key),
    publicKey,
  );
  const message = vault.plant('a message that is sealed');
  const sealed = { channel: registered.channelId, message, encrypted: true };
  await send(scene, 'POST', '/api/publish', bearer(key), sealed);
  const { revocationId, confirmationCode } = await obtain<{ revocationId: string; confirmationCode: string }>(
    scene,
    ['confirmationCode'],
    `/api/keys/${registered.publicKeyId}/revoke`,
    bearer(key),
    { reason: 'the laptop was lost' },
  );
  for (const code of [vault.plant('a wrong confirmation code'), confirmationCode]) {
    await send(scene, 'DELETE', `/api/keys/${revocationId}?confirmationCode=${code}`, bearer(key));
  }
  return key;
}

/** The bucket refuses it. */
async function uploadLog(scene: Scene, deviceKey: string): Promise<void> {
  const form = new FormData();
  form.set('log_file', new Blob(['a line of a log']), 'daemon.log');
  form.set('metadata', JSON.stringify({ type: 'daemon', date: '2026-01-20' }));
  const answer = await send(scene, 'POST', '/v1/daemon/logs', bearer(deviceKey), form);
  scene.trial.check('the bucket refuses a log', answer.status === 503, answer);
}

async function useMail(scene: Scene, token: string, devices: { deviceId: string; another: string }): Promise<void> {
  const { trial, letters } = scene;
  const device_id = devices.deviceId;
  // Of one device the password is kept to the end, of the other until it has no server of its own any more.
  for (const each of [devices.another, device_id]) {
    const saved = await saveMailSettings(scene, token, each, `${randomUUID()}@example.net`);
    trial.check('a mail password is kept', saved.status === 201, saved);
  }
  const test = () => send(scene, 'POST', '/v1/email/test', bearer(token), { device_id });
  const byTheirs = await test();
  trial.check('the mail server of a user refuses', byTheirs.status === 502, byTheirs);
  await send(scene, 'POST', '/v1/email/config', bearer(token), { device_id, email_address: REFUSED });
  const byOurs = await test();
  trial.check('our mail server refuses a letter', byOurs.status === 502, byOurs);
  trial.check('it has taken others', letters.length > 0);
}

/** The token in the letter, which came by our mail server. */
async function mailed({ letters, vault }: Scene, to: string, subject: RegExp): Promise<string> {
  for (;;) {
    const letter = letters.find((each) => each.includes(to) && subject.test(each));
    const [token] = /mt_[\w-]+/.exec(letter ?? '') ?? [];
    if (token) return vault.keep(`the token of ${subject}`, token);
    await pause(20);
  }
}

const saveMailSettings = (
  scene: Scene,
  token: string,
  device_id: string,
  email_address: string,
  servers: object = { smtp_host: scene.theirs.host, smtp_port: scene.theirs.port, smtp_secure: false },
): Promise<Answer> =>
  send(scene, 'POST', '/v1/email/config', bearer(token), {
    device_id,
    email_address,
    password: scene.vault.plant('the password of a mail account'),
    ...servers,
  });

/** A server that repeats the password it was told; its owner learns why their mailbox cannot be read. */
export async function readMailbox(
  scene: Scene,
  { token, deviceId }: Held,
  { host, port }: { host: string; port: number },
): Promise<void> {
  const servers = { imap_host: host, imap_port: port, imap_secure: false };
  await saveMailSettings(scene, token, deviceId, `${randomUUID()}@example.net`, servers);
  for (;;) {
    const { text } = await read(scene, 'GET', `/v1/email/config/${deviceId}`, bearer(token));
    const { data } = JSON.parse(text) as { data: { last_error: string | null } };
    if (data.last_error !== null) {
      scene.trial.check('the mailbox was refused', data.last_error.includes('you said'), data.last_error);
      scene.answers.push({ what: 'the error of a mailbox', status: 400, head: '', text });
      return;
    }
    await pause(100);
  }
}
