/** Where the administration works: the database of DATABASE_URL, or the embedded one, whether its service runs or not. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { openLog } from '../adapters/log.ts';
import { findRunningPostgres, startEmbeddedPostgres } from '../adapters/postgres-embedded.ts';
import { withKeptSecrets } from '../adapters/secrets.ts';
import type { Config, Settings } from '../config.ts';
import { BY_ITSELF, type Ctx } from '../context.ts';
import { isUpToDate } from '../db/migrate.ts';
import { openService } from '../deps.ts';

/** Something that the operator has to know or do. Its message is printed as it is. */
export class AdministrationFailed extends Error {
  override name = 'AdministrationFailed';
}

export type Database = { config: Config; close(): Promise<void> };

/** @throws AdministrationFailed when there is none */
export async function openPlace(settings: Settings): Promise<Database> {
  if (settings.DATABASE_URL) return external(settings);
  requireData(settings);
  const running = await findRunningPostgres(settings.DATA_DIR);
  if (running) return { config: { ...withKeptSecrets(settings), DATABASE_URL: running }, close: async () => {} };
  return openPlaceAlone(settings);
}

/**
 * The same, with the embedded database to itself: no service runs on it until it is closed.
 * @throws PostgresUnavailable when a service runs
 */
export async function openPlaceAlone(settings: Settings): Promise<Database> {
  if (settings.DATABASE_URL) return external(settings);
  const postgres = await startEmbeddedPostgres({ dataDir: settings.DATA_DIR });
  return { config: { ...withKeptSecrets(settings), DATABASE_URL: postgres.url }, close: () => postgres.stop() };
}

const external = (settings: Settings): Database => ({ config: settings as Config, close: async () => {} });

export function requireData({ DATA_DIR }: Settings): void {
  if (existsSync(path.join(DATA_DIR, 'postgres'))) return;
  throw new AdministrationFailed(
    `There is no database in ${DATA_DIR}. Set DATABASE_URL or DATA_DIR as the service has them, or start the service once.`,
  );
}

/**
 * Does `work` as the operator, on a service of its own that runs no jobs. What it tells reaches the running processes.
 * It opens no port and sends no spans, so it may have the environment of a process that runs.
 * @throws AdministrationFailed where this version has not been started yet; nothing is changed then
 */
export async function asOperator<Result>(config: Config, work: (ctx: Ctx) => Promise<Result>): Promise<Result> {
  if (!(await isUpToDate(config.DATABASE_URL))) {
    throw new AdministrationFailed(
      'The database lacks migrations of this version; start this version of the service first.',
    );
  }
  const unwatched = {
    ...config,
    METRICS_PORT: undefined,
    METRICS_TOKEN: undefined,
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
  };
  const { service, close } = await openService(
    unwatched,
    openLog({ LOG_LEVEL: 'error', LOG_FORMAT: 'json' }, pino.destination(2)),
  );
  try {
    return await work({ ...service, ...BY_ITSELF, actor: { kind: 'admin' } });
  } finally {
    await close();
  }
}
