/**
 * The database: MikroORM owns the entities, the migrations and the pool; statements are written in the kysely that it
 * carries, because only there are values bound instead of written into the text (see README.md of this room).
 */

import { setTimeout as pause } from 'node:timers/promises';
import { Migrator } from '@mikro-orm/migrations';
import { type EntityManager, MikroORM, type Options } from '@mikro-orm/postgresql';
import type { InferKyselyDB } from '@mikro-orm/sql';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { Migration20261121120000 } from '../../migrations/Migration20261121120000.ts';
import { Migration20261121125021 } from '../../migrations/Migration20261121125021.ts';
import { Migration20261121125215 } from '../../migrations/Migration20261121125215.ts';
import { Migration20261121125225 } from '../../migrations/Migration20261121125225.ts';
import { Migration20261121125835 } from '../../migrations/Migration20261121125835.ts';
import { Migration20261121145444 } from '../../migrations/Migration20261121145444.ts';
import { Migration20261121151205 } from '../../migrations/Migration20261121151205.ts';
import { Migration20261121161500 } from '../../migrations/Migration20261121161500.ts';
import { Migration20261121163000 } from '../../migrations/Migration20261121163000.ts';
import { Migration20261121175000 } from '../../migrations/Migration20261121175000.ts';
import { Migration20261121211500 } from '../../migrations/Migration20261121211500.ts';
import { entities } from './entities.ts';
import { PreparedClient } from './prepared-client.ts';

export type Tables = InferKyselyDB<(typeof entities)[number]>;
export type Db = Kysely<Tables>;

/** A statement that takes longer is a fault, not a wait: the call answers 503, within 5 s (http/time-limit.ts). */
const STATEMENT_TIMEOUT_MS = 4_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** For a server that no longer answers at all, and so cannot end the statement itself. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 250;

/**
 * By then every statement has ended. Who asked for a connection as the pool was closing may have one that nobody gives back,
 * and the pool would wait for it for ever.
 */
const CLOSE_MS = ANSWER_TIMEOUT_MS + 750;

const PATIENCE = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  lock_timeout: STATEMENT_TIMEOUT_MS,
  query_timeout: ANSWER_TIMEOUT_MS,
  // Of a process that the network has lost: what it has locked is free again.
  idle_in_transaction_session_timeout: 2 * STATEMENT_TIMEOUT_MS,
};

/**
 * Of migrations: a statement may take as long as it needs. But what waits for a table makes all who come after it wait
 * too, so it soon lets them go first, and is tried again (migrate.ts).
 */
const PATIENCE_OF_MIGRATIONS = { lock_timeout: 2_000 };

/** Values as our types say: times as Date, bigint as number (ours stay far below 2^53), dates as they are written. */
const valueTypes = new pg.TypeOverrides();
valueTypes.setTypeParser(pg.types.builtins.INT8, Number);
valueTypes.setTypeParser(pg.types.builtins.DATE, (written: string) => written);

/** In their order. What has a place here stays as it is: databases have run it. */
export const MIGRATIONS = [
  Migration20261121120000,
  Migration20261121125021,
  Migration20261121125215,
  Migration20261121125225,
  Migration20261121125835,
  Migration20261121145444,
  Migration20261121151205,
  Migration20261121161500,
  Migration20261121163000,
  Migration20261121175000,
  Migration20261121211500,
] as const;

type Opening = {
  maxConnections?: number;
  /** Statements may take as long as they need, and have one connection to run on. */
  isForMigrations?: boolean;
  onPoolCreated?: (pool: pg.Pool) => void;
};

export const ormOptions = (
  url: string,
  { maxConnections = 20, isForMigrations = false, onPoolCreated }: Opening = {},
): Options => ({
  clientUrl: url,
  entities: [...entities],
  extensions: [Migrator],
  discovery: { warnWhenNoEntities: false },
  pool: { min: 0, max: isForMigrations ? 1 : maxConnections },
  migrations: {
    path: './migrations',
    pathTs: './migrations',
    snapshot: false,
    tableName: 'migrations',
    silent: true,
    // Some are no transaction (index-beside-writers.ts), and would wait for ever for one around all of them.
    allOrNothing: false,
    migrationsList: MIGRATIONS.map((migration) => ({ name: migration.name, class: migration })),
  },
  driverOptions: {
    // MikroORM reads no more of it than the host, the user and the name; what it asks of TLS must not be lost.
    connectionString: url,
    Client: PreparedClient,
    pipeline: true,
    ...(onPoolCreated && { onPoolCreated }),
    types: valueTypes,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...(isForMigrations ? PATIENCE_OF_MIGRATIONS : PATIENCE),
    keepAlive: true,
    application_name: 'ccjk-cloud',
  },
});

/** Connections of this process, and who waits for one. */
export type PoolUse = { used: number; idle: number; waiting: number; most: number };

export type Database = { orm: MikroORM; em: EntityManager; db: Db; poolUse(): PoolUse; close(): Promise<void> };

/** Opens a pool of at most `maxConnections`. Nothing connects until the first statement. */
export async function openDatabase(url: string, opening: Opening = {}): Promise<Database> {
  let pool: pg.Pool | undefined;
  const onPoolCreated = (created: pg.Pool) => {
    pool = created;
  };
  const options = ormOptions(url, { ...opening, onPoolCreated });
  const orm = await MikroORM.init({ ...options, connect: false } as Options);
  const db = orm.em.getKysely<Tables>();
  const poolUse = (): PoolUse => {
    const { totalCount = 0, idleCount: idle = 0, waitingCount: waiting = 0 } = pool ?? {};
    return { used: totalCount - idle, idle, waiting, most: options.pool?.max ?? 0 };
  };
  const close = () => Promise.race([orm.close(true), pause(CLOSE_MS, undefined, { ref: false })]);
  return { orm, em: orm.em, db, poolUse, close };
}
