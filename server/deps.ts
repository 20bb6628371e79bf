/** Production wiring: the only place that opens a connection, and the order in which they are opened and closed. */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { openJobs } from './adapters/boss.ts';
import { passwords } from './adapters/passwords.ts';
import { createTokens } from './adapters/tokens.ts';
import type { Config } from './config.ts';
import type { Service } from './context.ts';
import { openDatabase } from './db/orm.ts';
import { registry } from './jobs/registry.ts';
import { startSweep } from './jobs/sweep.ts';
import { openBus } from './realtime/bus.ts';
import { openPresence } from './realtime/presence.ts';

export type RunningService = {
  service: Service;
  /** Lets go of everybody who waits, so that requests can end. */
  release(): void;
  /** Writes what is still in memory and closes every connection. */
  close(): Promise<void>;
};

export async function openService(config: Config, log: FastifyBaseLogger): Promise<RunningService> {
  const { DATABASE_URL: databaseUrl } = config;
  const database = await openDatabase(databaseUrl, { maxConnections: config.DATABASE_POOL });
  const { db } = database;
  const bus = await openBus({ databaseUrl, db, log });
  const presence = openPresence({ db, log });
  const jobs = await openJobs({ databaseUrl, log, registry });
  const service: Service = {
    config,
    now: () => new Date(),
    newId: randomUUID,
    db,
    events: bus,
    jobs: jobs.jobs,
    presence,
    passwords,
    tokens: createTokens(config),
    log,
  };
  await jobs.start(service);
  const sweeper = startSweep(service);
  return {
    service,
    release: () => bus.release(),
    close: async () => {
      await sweeper.close();
      await jobs.close();
      await presence.close();
      await bus.close();
      await database.close();
    },
  };
}
