/** The whole contract: each endpoint once, by family and noun. */
import { apiKeys } from './cloud/api-keys.ts';
import { auth } from './cloud/auth.ts';
import { config } from './cloud/config.ts';
import { daemon } from './cloud/daemon.ts';
import { devices } from './cloud/devices.ts';
import { email } from './cloud/email.ts';
import { logs } from './cloud/logs.ts';
import { messages } from './cloud/messages.ts';
import { sockets } from './cloud/sockets.ts';
import { stats } from './cloud/stats.ts';
import { tasks } from './cloud/tasks.ts';
import { users } from './cloud/users.ts';
import { control } from './control.ts';
import { ops } from './ops.ts';
import { channels } from './relay/channels.ts';
import { cron } from './relay/cron.ts';
import { health } from './relay/health.ts';
import { keys } from './relay/keys.ts';
import { publish } from './relay/publish.ts';
import { register } from './relay/register.ts';
import { subscribe } from './relay/subscribe.ts';
import { c } from './wire.ts';

export const cloud = c.router({
  auth,
  users,
  apiKeys,
  daemon,
  tasks,
  devices,
  sockets,
  messages,
  email,
  config,
  logs,
  stats,
});
export const relay = c.router({ register, channels, publish, subscribe, keys, cron, health });
export const contract = c.router({ cloud, relay, control, ops });
