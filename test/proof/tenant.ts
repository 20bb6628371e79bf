/** Tenants: accounts with one of everything that has an id, each thing marked as theirs. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SCOPES } from '../../contracts/wire.ts';
import { CcjkCloud, type NewTask } from '../../sdk/src/index.ts';
import { until } from './until.ts';

/** Ten times as long as its channel lives. */
const EXPIRY_MS = 10_000;

export const PASSWORD = 'correct horse battery staple';

/** What a tenant's task can have come to. */
export const TASK_STATES = [
  'running',
  'queued',
  'assigned',
  'pending',
  'completed',
  'failed',
  'cancelled',
  'timeout',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

export type Machine = { id: string; key: string; machineId: string; client: CcjkCloud };

/** Each has an id of its own form. */
export type Noun =
  | 'user'
  | 'session'
  | 'apiKey'
  | 'device'
  | 'machine'
  | 'task'
  | 'lease'
  | 'batch'
  | 'backup'
  | 'message'
  | 'log'
  | 'privateChannel'
  | 'publicKey'
  | 'sealedChannel'
  | 'relayKey'
  | 'revocation';

export type Tenant = {
  /** Stands in everything that they wrote. */
  mark: string;
  email: string;
  token: string;
  client: CcjkCloud;
  /** Holds the task. */
  machine: Machine;
  /** Holds nothing. */
  spare: Machine;
  keys: {
    /** Of every scope. */
    api: string;
    /** Of one scope, which opens nothing else. */
    statsOnly: string;
    tasksOnly: string;
    /** Of the relay, of every permission. */
    relay: string;
    /** Of the relay, of one. */
    readOnly: string;
    writeOnly: string;
  };
  ids: Record<Noun, string>;
  /** Of the revocation. */
  confirmationCode: string;
};

export const clientOf = (url: string, token?: string): CcjkCloud =>
  new CcjkCloud({ baseUrl: url, ...(token === undefined ? {} : { token }) });

/** Calls the relay. @throws when it refuses */
export async function callRelay<Data>(
  url: string,
  method: string,
  path: string,
  credential: Record<string, string>,
  body?: unknown,
): Promise<Data> {
  const response = await fetch(`${url}/api${path}`, {
    method,
    headers: { ...credential, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { data: Data };
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.data;
}

export async function makeMachine(url: string, owner: CcjkCloud, name: string): Promise<Machine> {
  const machineId = randomUUID();
  const { device_id: id, device_key: key } = await owner.daemon.register(machineId, { device_name: name });
  return { id, key, machineId, client: clientOf(url, key) };
}

/** An account with nothing yet. */
export async function makeAccount(url: string): Promise<{ id: string; email: string; token: string; refresh: string }> {
  const email = `${randomUUID()}@example.com`;
  const { user, token, refresh_token } = await clientOf(url).auth.register({ email, password: PASSWORD });
  return { id: user.id, email, token, refresh: refresh_token };
}

/** One with a thing of every kind, whose task has come to `state`. */
export async function makeTenant(url: string, state: TaskState): Promise<Tenant> {
  const mark = `mark-${randomUUID().slice(0, 8)}`;
  const { id: userId, email, token } = await makeAccount(url);
  const client = clientOf(url, token);
  const bearer = { authorization: `Bearer ${token}` };
  const machine = await makeMachine(url, client, mark);
  const spare = await makeMachine(url, client, mark);

  await clientOf(url).auth.login({ email, password: PASSWORD });
  const { sessions } = await client.auth.listSessions();
  const scopes = Object.keys(SCOPES) as (keyof typeof SCOPES)[];
  const api = await client.apiKeys.create({ name: mark, scopes });
  const statsOnly = await client.apiKeys.create({ name: mark, scopes: ['stats:read'] });
  const tasksOnly = await client.apiKeys.create({ name: mark, scopes: ['task:admin'] });

  const { taskId, batchId, leaseId } = await makeTask(client, machine, mark, state);
  const backup = await machine.client.daemon.backupConfig({ config_name: mark, config_data: { mark } });
  const { log_id } = await machine.client.daemon.uploadLog(newLog(mark));
  await client.email.saveConfig({ device_id: machine.id, email_address: `${mark}@example.com` });

  const newRelayKey = (permissions: string[]) =>
    callRelay<{ id: string; key: string }>(url, 'POST', '/keys', bearer, { name: mark, permissions });
  const relay = await newRelayKey(['admin']);
  const readOnly = await newRelayKey(['read']);
  const writeOnly = await newRelayKey(['write']);
  const asRelay = { 'x-api-key': relay.key };
  const channel = await callRelay<{ id: string }>(url, 'POST', '/channels', asRelay, { type: 'private', name: mark });
  await callRelay(url, 'POST', '/publish', asRelay, { channel: channel.id, message: mark });
  const register = () => callRelay<RegisteredKey>(url, 'POST', '/register', asRelay, { publicKey: newPublicKey() });
  const registered = await register();
  const doomed = await register();
  const revocation = await callRelay<{ revocationId: string; confirmationCode: string }>(
    url,
    'POST',
    `/keys/${doomed.publicKeyId}/revoke`,
    asRelay,
    { reason: `${mark} says why` },
  );
  // From here on they are online, and being heard again changes nothing else.
  for (const { client: daemon } of [machine, spare]) await daemon.daemon.heartbeat({ status: 'online' });
  const { items: messages } = await client.messages.list();

  return {
    mark,
    email,
    token,
    client,
    machine,
    spare,
    keys: {
      api: api.key,
      statsOnly: statsOnly.key,
      tasksOnly: tasksOnly.key,
      relay: relay.key,
      readOnly: readOnly.key,
      writeOnly: writeOnly.key,
    },
    ids: {
      user: userId,
      session: sessions.find(({ current }) => !current)?.id as string,
      apiKey: api.id,
      device: machine.id,
      machine: machine.machineId,
      task: taskId,
      lease: leaseId ?? randomUUID(),
      batch: batchId,
      backup: backup.id,
      message: messages[0]?.id as string,
      log: log_id,
      privateChannel: channel.id,
      publicKey: registered.publicKeyId,
      sealedChannel: registered.channelId,
      relayKey: relay.id,
      revocation: revocation.revocationId,
    },
    confirmationCode: revocation.confirmationCode,
  };
}

/** Ids of things of `owner` that are gone. What nothing deletes is of an account that was closed. */
export async function makeGone(url: string, owner: Tenant): Promise<Record<Noun, string>> {
  const closed = await makeTenant(url, 'queued');
  await closed.client.users.remove({ password: PASSWORD });

  const asRelay = { 'x-api-key': owner.keys.relay };
  const bearer = { authorization: `Bearer ${owner.token}` };
  const onRelay = <Data>(method: string, path: string, body?: unknown) =>
    callRelay<Data>(url, method, path, asRelay, body);
  const brief = { type: 'private', expiresIn: 1 };
  const channel = await onRelay<{ id: string }>('POST', '/channels', brief);

  const session = await clientOf(url).auth.login({ email: owner.email, password: PASSWORD });
  const ended = clientOf(url, session.token);
  const { sessions } = await ended.auth.listSessions();
  await ended.auth.logout();
  const apiKey = await owner.client.apiKeys.create({ name: owner.mark, scopes: ['task:read'] });
  await owner.client.apiKeys.remove(apiKey.id);
  const machine = await makeMachine(url, owner.client, owner.mark);
  const backup = await machine.client.daemon.backupConfig({ config_name: owner.mark, config_data: {} });
  await owner.client.config.removeBackup(backup.id);
  const { log_id } = await machine.client.daemon.uploadLog(newLog(owner.mark));
  await owner.client.logs.remove(log_id);
  const { task_id } = await owner.client.tasks.create({ device_id: machine.id, command: owner.mark });
  await owner.client.devices.remove(machine.id);
  const { items } = await owner.client.messages.list();
  const message = items.find((each) => each.task_id === task_id)?.id as string;
  await owner.client.messages.remove(message);
  const relayKey = await callRelay<{ id: string }>(url, 'POST', '/keys', bearer, { name: owner.mark });
  await onRelay('DELETE', `/keys/${relayKey.id}`);
  const key = await onRelay<RegisteredKey>('POST', '/register', { publicKey: newPublicKey() });
  await onRelay('DELETE', `/keys/${key.publicKeyId}`);
  const isGone = async () => (await fetch(`${url}/api/channels?id=${channel.id}`, { headers: asRelay })).status === 404;
  if (!(await until(isGone, EXPIRY_MS))) throw new Error('A channel does not expire');
  return {
    ...closed.ids,
    session: sessions.find(({ current }) => current)?.id as string,
    apiKey: apiKey.id,
    device: machine.id,
    machine: machine.machineId,
    backup: backup.id,
    message,
    log: log_id,
    privateChannel: channel.id,
    publicKey: key.publicKeyId,
    sealedChannel: key.channelId,
    relayKey: relayKey.id,
  };
}

type RegisteredKey = { publicKeyId: string; channelId: string };

const newLog = (text: string) => ({
  log_file: new Blob([text]),
  metadata: { type: 'daemon', date: '2026-01-20' },
});

async function makeTask(
  owner: CcjkCloud,
  machine: Machine,
  mark: string,
  state: TaskState,
): Promise<{ taskId: string; batchId: string; leaseId: string | undefined }> {
  const task: NewTask = {
    device_id: machine.id,
    command: mark,
    ...(state === 'pending' ? { run_at: '2100-01-01T00:00:00Z' } : {}),
  };
  const { batch_id: batchId, tasks } = await owner.tasks.createBatch({ tasks: [task] });
  const taskId = tasks[0]?.task_id as string;
  if (state === 'cancelled') await owner.tasks.cancel(taskId);
  if (state === 'pending' || state === 'queued' || state === 'cancelled')
    return { taskId, batchId, leaseId: undefined };
  const { tasks: handed } = await machine.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  const leaseId = handed[0]?.lease_id as string;
  if (state === 'assigned') return { taskId, batchId, leaseId };
  await machine.client.daemon.start(taskId, { lease_id: leaseId });
  const piece = { lease_id: leaseId, stream: 'stdout', offset: 0, chunk: mark } as const;
  await machine.client.daemon.output(taskId, piece);
  if (state !== 'running')
    await machine.client.daemon.result(taskId, { status: state, lease_id: leaseId, stdout: mark });
  return { taskId, batchId, leaseId };
}

export const newPublicKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
