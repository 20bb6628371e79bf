/**
 * The whole service in this process: a clock that is moved by hand, a real socket, and clients of the SDK for users and
 * for devices. It knows no test runner: tests open it by app.ts, proofs by themselves.
 */
import 'zod/compile';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { CcjkCloud } from '../../sdk/src/index.ts';
import type { Lookup } from '../../server/adapters/mail-hosts.ts';
import { buildApp } from '../../server/app.ts';
import { type Config, readSettings } from '../../server/config.ts';
import { BY_ITSELF, type Ctx } from '../../server/context.ts';
import { openService } from '../../server/deps.ts';
import { sweep } from '../../server/domain/leases.ts';
import type { Plan } from '../../server/domain/plans.ts';
import type { Clock } from './clock.ts';

const PASSWORD = 'correct horse battery staple';

/** Far above what a test sends, so that only the tests of limits meet them. */
const ROOMY = {
  RATE_LIMIT_MAX: '1000000',
  RATE_LIMIT_ANONYMOUS_MAX: '1000000',
  RATE_LIMIT_DAEMON_MAX: '1000000',
  RATE_LIMIT_SOCKET_MAX: '1000000',
  RATE_LIMIT_WEBHOOK_MAX: '1000000',
  RELAY_PUBLISH_MAX: '1000000',
  RELAY_REGISTER_MAX: '1000000',
  RELAY_SUBSCRIBE_MAX: '1000000',
  RELAY_CHANNELS_MAX: '1000000',
  RELAY_READ_MAX: '1000000',
  // A busy machine would refuse what a test sends.
  MAX_LOOP_DELAY: '0',
};

/** For the environment: nobody is signed out while a test moves the clock. */
export const LONG_SESSIONS = { JWT_EXPIRES_IN: '3650d', REFRESH_TOKEN_EXPIRES_IN: '3650d' };

export const ADMIN_KEY = 'an admin key for the tests';
export const WEBHOOK_SECRET = 'a webhook secret for the tests';
export const CRON_SECRET = 'a cron secret for the tests';

export type InProcessOptions = {
  databaseUrl: string;
  clock: Clock;
  /** The plan of every account, by default the one without daily limits. */
  plan?: Plan;
  /** Environment variables. */
  env?: Record<string, string>;
  /** The DNS, where mail servers are looked up; by default it knows no name. */
  lookup?: Lookup;
};

export type TestDevice = { id: string; key: string; machineId: string; client: CcjkCloud };
export type TestUser = { id: string; email: string; client: CcjkCloud; token: string; refreshToken: string };

export type InProcess = Awaited<ReturnType<typeof openInProcess>>;

/** Opens the service on a migrated database, which it leaves behind when it is closed. */
export async function openInProcess({
  databaseUrl,
  clock,
  plan = 'enterprise',
  env = {},
  lookup = async () => [],
}: InProcessOptions) {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };

  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'ccjk-data-'));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  const settings = readSettings({
    ...ROOMY,
    JWT_SECRET: 'j'.repeat(48),
    SECRETS_KEY: 's'.repeat(48),
    EMAIL_WEBHOOK_SECRET: WEBHOOK_SECRET,
    DATABASE_URL: databaseUrl,
    DEFAULT_PLAN: plan,
    ADMIN_MASTER_KEY: ADMIN_KEY,
    CRON_SECRET,
    DATA_DIR: dataDir,
    ...env,
  });
  const config = settings as Config;
  const logged: string[] = [];
  const log = pino(
    { level: process.env.TEST_LOG_LEVEL ?? 'info' },
    { write: (line) => void (process.env.TEST_LOG_LEVEL ? process.stdout.write(line) : logged.push(line)) },
  );

  const opened = await openService(config, log, clock.now, lookup);
  closers.push(opened.close);
  const { service } = opened;
  const app = await buildApp(opened);
  await app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(async () => {
    opened.release();
    app.server.closeAllConnections();
    await app.close();
  });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  const clientOf = (token?: string) => new CcjkCloud({ baseUrl: url, maxRetries: 0, ...(token ? { token } : {}) });

  const makeUser = async (): Promise<TestUser> => {
    const email = `user-${randomUUID()}@example.com`;
    const { user, token, refresh_token } = await clientOf().auth.register({ email, password: PASSWORD });
    return { id: user.id, email, token, refreshToken: refresh_token, client: clientOf(token) };
  };

  const makeDevice = async (owner: TestUser, change: { max_concurrent_tasks?: number } = {}): Promise<TestDevice> => {
    const machineId = randomUUID();
    const { device_id: id, device_key: key } = await owner.client.daemon.register(machineId, {
      device_name: `machine ${machineId.slice(0, 4)}`,
      os_type: 'linux',
    });
    if (Object.keys(change).length > 0) await owner.client.devices.updateConfig(id, change);
    return { id, key, machineId, client: clientOf(key) };
  };

  const ctx: Ctx = { ...service, ...BY_ITSELF };
  return {
    url,
    databaseUrl,
    service,
    streams: opened.streams,
    poolUse: opened.poolUse,
    metricsPort: opened.metricsPort,
    ctx,
    clock,
    /** The lines of the log. */
    logged,
    password: PASSWORD,
    anonymous: clientOf(),
    clientOf,
    makeUser,
    makeDevice,
    /** Starts jobs and sweeps, which this service leaves to the test otherwise. */
    work: opened.work,
    /** From here on this service hands out no tasks, as one that is told to stop. */
    hold: opened.hold,
    /** What the sweeper does every few seconds. */
    sweep: () => sweep(ctx),
    close,
  };
}
