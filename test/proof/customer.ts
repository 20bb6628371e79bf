/** An account with a machine, as clients of the SDK that try nothing twice: what a call came to is what harnesses look at. */
import { randomUUID } from 'node:crypto';
import { CcjkCloud } from '../../sdk/src/index.ts';

const PASSWORD = 'correct horse battery staple';
/** Longer than any call may take: one that is cut off here hangs. */
const TIMEOUT_MS = 15_000;

export type Customer = {
  credentials: { email: string; password: string };
  token: string;
  user: CcjkCloud;
  deviceId: string;
  deviceKey: string;
  device: CcjkCloud;
};

export const clientOf = (baseUrl: string, token?: string): CcjkCloud =>
  new CcjkCloud({ baseUrl, token, maxRetries: 0, timeoutMs: TIMEOUT_MS });

export async function makeCustomer(url: string): Promise<Customer> {
  const credentials = { email: `${randomUUID()}@example.com`, password: PASSWORD };
  const { token } = await clientOf(url).auth.register(credentials);
  const user = clientOf(url, token);
  const { device_id: deviceId, device_key: deviceKey } = await user.devices.createKey({ device_name: 'a machine' });
  return { credentials, token, user, deviceId, deviceKey, device: clientOf(url, deviceKey) };
}

export type Running = { id: string; leaseId: string };

/** A task of the machine that stays, as long as its lease is renewed. */
export async function startTask({ user, device, deviceId }: Customer): Promise<Running> {
  await user.tasks.create({ device_id: deviceId, command: 'true', timeout: 600_000 });
  const [task] = (await device.daemon.claim()).tasks;
  if (!task) throw new Error('The task was not handed out');
  await device.daemon.start(task.id, { lease_id: task.lease_id });
  return { id: task.id, leaseId: task.lease_id };
}
