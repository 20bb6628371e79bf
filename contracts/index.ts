/** The whole contract: each endpoint once, by family and noun. */
import { apiKeys } from './cloud/api-keys.ts';
import { auth } from './cloud/auth.ts';
import { daemon } from './cloud/daemon.ts';
import { devices } from './cloud/devices.ts';
import { sockets } from './cloud/sockets.ts';
import { tasks } from './cloud/tasks.ts';
import { ops } from './ops.ts';
import { c } from './wire.ts';

export const cloud = c.router({ auth, apiKeys, daemon, tasks, devices, sockets });
export const contract = c.router({ cloud, ops });
