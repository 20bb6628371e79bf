/** One life of the service: start, serve, stop. */
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { fullDiskMessage, isDiskFull, lacksRoom } from './adapters/full-disk.ts';
import { isPretty, openLog } from './adapters/log.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './adapters/postgres-embedded.ts';
import { PostgresUnavailable } from './adapters/postgres-unavailable.ts';
import { withKeptSecrets } from './adapters/secrets.ts';
import { type Config, ConfigurationFailed, readSettings, type Settings } from './config.ts';
import { DatabaseInUse } from './db/in-use.ts';
import { DatabaseTooOld } from './db/too-old.ts';
import type { OpenService } from './deps.ts';
import { VERSION } from './version.ts';

/** How long what is under way may take to end once the process has been told to stop. */
export const DRAIN_MS = 25_000;
/** Of it, how long requests may take: the rest is for closing what they stand on. */
const REQUESTS_MS = 20_000;
/** npm passes Ctrl-C on to a process that the terminal has told already: the same wish, not a second one. */
const SAME_SIGNAL_MS = 1000;

/** What is open, in the order in which it was opened. */
type Life = { postgres?: EmbeddedPostgres; open?: OpenService; app?: FastifyInstance; isStopping: boolean };

type Role = {
  serves: 'everything' | 'health' | 'nothing';
  /** Runs jobs, sweeps and reads mailboxes. */
  works: boolean;
  takesMail: 'always' | 'where MAIL_PORT is set' | 'never';
  /** What must be set, besides what always must. */
  needs: readonly (keyof Settings)[];
};

/** What one process does of the service. Any number of each may run on one database. */
const ROLES = {
  all: { serves: 'everything', works: true, takesMail: 'where MAIL_PORT is set', needs: [] },
  api: { serves: 'everything', works: false, takesMail: 'never', needs: ['DATABASE_URL'] },
  worker: { serves: 'health', works: true, takesMail: 'never', needs: ['DATABASE_URL'] },
  /** Takes mail by SMTP and nothing else, so that it may stand where port 25 is open. */
  mail: { serves: 'nothing', works: false, takesMail: 'always', needs: ['DATABASE_URL', 'MAIL_DOMAIN'] },
} satisfies Record<string, Role>;

/** Runs the service until it is told to stop, and ends the process. */
export async function run(): Promise<void> {
  const role = roleOrExit();
  const settings = readOrExit(role);
  const log = openLog(settings);
  const life: Life = { isStopping: false };
  obeySignals(life, log);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a bug ended the process');
    process.exit(1);
  });
  try {
    const url = await start(life, role, settings, log);
    if (url && !life.isStopping) announce(settings, role, log, url);
  } catch (error) {
    console.error(`\nCCJK Cloud could not start.\n${reasonOf(error, settings, life)}`);
    await stop(life, log);
    process.exit(1);
  }
}

function roleOrExit(): Role {
  try {
    const { values } = parseArgs({ options: { role: { type: 'string', default: 'all' } } });
    if (Object.hasOwn(ROLES, values.role)) return ROLES[values.role as keyof typeof ROLES];
    console.error(`--role is one of: ${Object.keys(ROLES).join(', ')}`);
  } catch (error) {
    console.error((error as Error).message);
  }
  process.exit(1);
}

function readOrExit(role: Role): Settings {
  try {
    const settings = readSettings(process.env, role.needs);
    if (role.takesMail !== 'always' || settings.ENABLE_EMAIL_SERVICE) return settings;
    throw new ConfigurationFailed('ENABLE_EMAIL_SERVICE is false, and --role mail does nothing else');
  } catch (error) {
    if (!(error instanceof ConfigurationFailed)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** Returns the URL of the service, where this process serves it. */
async function start(life: Life, role: Role, settings: Settings, log: Logger): Promise<string | undefined> {
  if (settings.REDIS_URL) log.warn('REDIS_URL is ignored: PostgreSQL does the work of Redis here');
  // PostgreSQL starts while the rest of the service is loaded: each takes a core for half a second.
  const [config, { migrate }, { openService }, { buildApp, buildHealth }] = await Promise.all([
    complete(life, settings),
    import('./db/migrate.ts'),
    import('./deps.ts'),
    import('./app.ts'),
  ]);
  await migrate(config.DATABASE_URL);
  const open = await openService(config, log);
  life.open = open;
  if (takesMail(role, config)) {
    const port = await open.takeMail();
    log.info({ port, domain: config.MAIL_DOMAIN, version: VERSION }, 'mail is taken');
  }
  if (role.serves !== 'nothing') {
    const build = role.serves === 'health' ? buildHealth : buildApp;
    life.app = await build(open, () => life.isStopping);
  }
  if (role.works) await open.work();
  if (!life.app) return undefined;
  await life.app.listen({ host: config.HOST, port: config.PORT });
  const { port } = life.app.server.address() as AddressInfo;
  return config.PUBLIC_URL ?? `http://${hostInUrl(config.HOST)}:${port}`;
}

const takesMail = ({ takesMail }: Role, { ENABLE_EMAIL_SERVICE, MAIL_PORT }: Config): boolean =>
  takesMail === 'always' || (takesMail !== 'never' && ENABLE_EMAIL_SERVICE && MAIL_PORT !== undefined);

/** Finds or makes what the settings left open: the database, and its secrets with it. */
async function complete(life: Life, settings: Settings): Promise<Config> {
  const { DATABASE_URL, JWT_SECRET, DATA_DIR } = settings;
  if (DATABASE_URL && JWT_SECRET) return { ...settings, DATABASE_URL, JWT_SECRET };
  life.postgres = await startEmbeddedPostgres({ dataDir: DATA_DIR });
  return { ...withKeptSecrets(settings), DATABASE_URL: life.postgres.url };
}

const hostInUrl = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
};

/** Says where it is and what to do next. */
function announce(settings: Settings, { serves }: Role, log: Logger, url: string): void {
  if (serves === 'health') {
    log.info({ url, version: VERSION }, 'ready: jobs are run');
    return;
  }
  const target = url === 'http://127.0.0.1:3000' ? '' : ` --url ${url}`;
  const next = `npx ccjk-cloud register${target} --email you@example.com`;
  log.info({ url, docs: `${url}/docs`, next, version: VERSION }, 'ready');
  if (!isPretty(settings)) return;
  console.log(`
  CCJK Cloud ${VERSION} is ready

    URL        ${url}
    Reference  ${url}/docs
    Next       ${next}
`);
}

const reasonOf = (error: unknown, { DATABASE_URL, DATA_DIR }: Settings, { postgres }: Life): string => {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken by another program. Stop that one, or set PORT (for mail, MAIL_PORT; for metrics, METRICS_PORT) to another port.`;
  if (code === 'EACCES' && port)
    return `Port ${port} may not be opened by this user. Set PORT (for mail, MAIL_PORT; for metrics, METRICS_PORT) to one above 1023.`;
  const isPlain = [PostgresUnavailable, DatabaseTooOld, DatabaseInUse, ConfigurationFailed].some(
    (kind) => error instanceof kind,
  );
  if (isPlain) return message;
  const area = postgres?.area ?? DATA_DIR;
  // A connection that broke tells no reason, and without DATABASE_URL it was to a database in DATA_DIR.
  if (!DATABASE_URL && (isDiskFull(error) || lacksRoom(area))) return fullDiskMessage(area, error);
  if (isDiskFull(error)) return `A disk is full, here or that of DATABASE_URL: ${message}\nMake room and start again.`;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND')
    return `The database of DATABASE_URL cannot be reached: ${message}`;
  return error instanceof Error ? (error.stack ?? message) : String(error);
};

function obeySignals(life: Life, log: Logger): void {
  let firstAt = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (life.isStopping) {
      if (Date.now() - firstAt > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    life.isStopping = true;
    firstAt = Date.now();
    log.info({ signal }, 'stopping: requests that are under way may end; press Ctrl-C again to leave at once');
    stop(life, log).then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/**
 * Fails readiness at once and hands out nothing more; after STOP_DELAY takes no more requests and jobs, lets those under
 * way end, then closes everything in the opposite order of its opening.
 */
async function stop(life: Life, log: Logger): Promise<void> {
  life.isStopping = true;
  const { app, open, postgres } = life;
  open?.hold();
  if (app?.server.listening) await pause((open?.service.config.STOP_DELAY ?? 0) * 1000);
  open?.release();
  const end = Promise.all([
    app && within(REQUESTS_MS, app.close(), () => app.server.closeAllConnections()),
    open?.rest(),
  ]).then(() => open?.close());
  await within(DRAIN_MS, end, () => {
    log.error(`what was under way did not end within ${DRAIN_MS / 1000} s; its leases run out and it is tried again`);
    process.exit(1);
  });
  await postgres?.stop();
  log.info('stopped');
}

/** Waits for `work`, and after `ms` forces it to end. */
async function within(ms: number, work: PromiseLike<unknown>, force: () => void): Promise<void> {
  const timer = setTimeout(force, ms);
  await work;
  clearTimeout(timer);
}
