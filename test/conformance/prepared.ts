/** What has to be so before an operation can succeed, where the document alone does not say it. */
import { randomUUID } from 'node:crypto';
import type { Account, Given } from './account.ts';

/** A task that its device has taken: assigned, not yet started. */
const taken = async (account: Account): Promise<{ path: { task_id: string }; lease_id: string }> => {
  await account.done('tasks.create');
  const { tasks } = await account.done('daemon.claim', { query: { claim_id: randomUUID() } });
  const [task] = tasks as { id: string; lease_id: string }[];
  if (!task) throw new Error('The device was given no task');
  return { path: { task_id: task.id }, lease_id: task.lease_id };
};

const withLease = async (account: Account): Promise<Given> => {
  const { path, lease_id } = await taken(account);
  return { path, body: { lease_id } };
};

export const PREPARED: Record<string, (account: Account) => Promise<Given>> = {
  'auth.login': async (account) => {
    const { user } = await account.done('auth.me');
    return { body: { email: (user as { email: string }).email } };
  },
  'auth.revokeSession': async (account) => {
    const { user } = await account.done('auth.me');
    await account.done('auth.login', { body: { email: (user as { email: string }).email } });
    const { sessions } = await account.done('auth.listSessions');
    const other = (sessions as { id: string; current: boolean }[]).find(({ current }) => !current);
    return { path: { session_id: other?.id ?? '' } };
  },
  'messages.list': async (account) => {
    await account.done('tasks.create');
    return {};
  },
  'tasks.retry': async (account) => {
    const { task_id } = (await account.done('tasks.create')) as { task_id: string };
    await account.done('tasks.cancel', { path: { task_id } });
    return { path: { task_id } };
  },
  'daemon.claim': async (account) => {
    await account.done('tasks.create');
    return { query: { claim_id: randomUUID() } };
  },
  'daemon.start': withLease,
  'daemon.output': withLease,
  'daemon.result': withLease,
  'daemon.restoredConfig': async (account) => {
    const { id } = (await account.done('config.backup')) as { id: string };
    await account.done('config.restore', { path: { backup_id: id } });
    return { body: { backup_id: id } };
  },
  'email.getConfig': async (account) => {
    await account.done('email.saveConfig');
    return {};
  },
  'email.test': async (account) => {
    await account.done('email.saveConfig');
    return {};
  },
  'control.result': async (account) => {
    const { commandId } = (await account.done('control.execute')) as { commandId: string };
    await account.done('control.pending');
    return { path: { id: commandId } };
  },
  'publish.list': async (account) => ({ query: { channel: await channel(account) } }),
  'subscribe.open': async (account) => ({ query: { channel: await channel(account) } }),
  'keys.revocation': (account) => revoked(account),
  'keys.cancelRevocation': (account) => revoked(account),
};

const channel = async (account: Account): Promise<string> => (await account.done('channels.create')).id as string;

const revoked = async (account: Account): Promise<Given> => {
  const { publicKeyId } = (await account.done('register.create')) as { publicKeyId: string };
  await account.done('keys.revoke', { path: { id: publicKeyId } });
  return { path: { id: publicKeyId } };
};
