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
