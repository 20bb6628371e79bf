/**
 * What only the database knows: the same in each process, so take the highest over them and never the sum.
 *
 * It is read when somebody asks and at most every 15 s, by one statement of at most 2 s that looks at 100,000 rows of each
 * table at most: reading each second, or with a million devices, costs no more. Where it cannot be read its series are
 * gone and `ccjk_database_measured` is 0. That says little of the database, which another connection asks whether it
 * answers: `ccjk_database_up`.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { Gauge, type Registry } from 'prom-client';
import type { Service } from '../context.ts';
import type { PoolUse } from '../db/orm.ts';

const READ_EVERY_MS = 15_000;
const PATIENCE_MS = 2_000;
/** Tasks are counted up to as many; of larger tables a sample of about as many stands for the rest. */
const MOST_ROWS = 100_000;

export type Sources = Pick<Service, 'config' | 'db' | 'log' | 'now'> & {
  poolUse(): PoolUse;
  /** Whether the database answers, asked on a connection that is always free. */
  answers(): Promise<boolean>;
  /** Jobs that could run now, by name. */
  backlog(): Promise<ReadonlyMap<string, number>>;
  /** Subscribers of the relay in this process. */
  subscribers(): number;
};

type Reading = { name: string; label: string; value: number };

export function openDatabaseMetrics(registry: Registry, sources: Sources, { sampleRows = MOST_ROWS } = {}) {
  const { config, log, poolUse, answers, subscribers } = sources;
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });

  const isUp = gauge('ccjk_database_up', '1 when the database answered, the last time that it was asked');
  const isMeasured = gauge('ccjk_database_measured', '1 when what the database knows could be read, the last time');
  const pool = gauge('ccjk_database_pool', 'Connections of this process, and who waits for one', 'state');
  const poolSize = gauge('ccjk_database_pool_size', 'Connections that this process may have');
  const subscriptions = gauge('ccjk_relay_subscribers', 'Open subscriptions of the relay in this process');
  const read: Record<string, Gauge> = {
    devices: gauge('ccjk_devices', `Devices by status; beyond ${MOST_ROWS} estimated from a sample`, 'status'),
    heartbeat_lag: gauge(
      'ccjk_heartbeat_lag_seconds',
      'How long the heartbeat is overdue of the device, not offline, that was silent the longest',
    ),
    tasks: gauge('ccjk_tasks', `Unfinished tasks by status, counted up to ${MOST_ROWS} each`, 'status'),
    jobs: gauge('ccjk_jobs_waiting', 'Jobs that could run now and do not yet, as of the last minute', 'queue'),
    size: gauge('ccjk_database_size_bytes', 'Size of the database'),
    connections: gauge('ccjk_database_connections', 'Connections to the database server, of everybody'),
    connections_max: gauge('ccjk_database_connections_max', 'Connections that the database server takes'),
    storage: gauge('ccjk_storage_used_bytes', 'Logs, backups and long outputs of all users'),
    relay_messages: gauge('ccjk_relay_stored_messages', 'Messages of the relay that are stored'),
    relay_bytes: gauge('ccjk_relay_stored_bytes', 'Their bytes'),
  };
  if (config.DATABASE_MAX_BYTES !== undefined) {
    gauge('ccjk_database_max_bytes', 'How large the database may become').set(config.DATABASE_MAX_BYTES);
  }

  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> = Promise.resolve();

  const tryToRead = async (): Promise<Reading[] | undefined> => {
    try {
      return await readDatabase(sources, sampleRows);
    } catch (error) {
      log.warn({ err: error }, 'the database could not be measured');
      return undefined;
    }
  };

  const readAll = async (): Promise<void> => {
    const [isAnswering, readings] = await Promise.all([answers(), tryToRead()]);
    isUp.set(isAnswering || readings ? 1 : 0);
    isMeasured.set(readings ? 1 : 0);
    for (const each of Object.values(read)) clear(each);
    for (const { name, label, value } of readings ?? []) {
      if (name === 'tasks' || name === 'devices') read[name]?.set({ status: label }, value);
      else if (name === 'jobs') read[name]?.set({ queue: label }, value);
      else read[name]?.set(value);
    }
  };

  return {
    /** Brings the gauges up to date; those who ask at the same time share one reading. */
    async update(): Promise<void> {
      const { used, idle, waiting, most } = poolUse();
      pool.set({ state: 'used' }, used);
      pool.set({ state: 'idle' }, idle);
      pool.set({ state: 'waiting' }, waiting);
      poolSize.set(most);
      subscriptions.set(subscribers());
      const at = performance.now();
      if (at - readAt >= READ_EVERY_MS) {
        readAt = at;
        reading = readAll();
      }
      await reading;
    },
  };
}

/** Without its values, also that which a gauge without labels has from its beginning. */
const clear = (gauge: Gauge): void => {
  gauge.reset();
  gauge.remove({});
};

async function readDatabase({ db, now, backlog }: Sources, sampleRows: number): Promise<Reading[]> {
  const [{ rows }, jobs] = await Promise.all([
    db.transaction().execute(async (tx) => {
      const { rows: shares } = await sql<{ name: string; share: number }>`
        select relname as name, least(1, ${sampleRows}::float8 / greatest(1, reltuples)) as share,
               set_config('statement_timeout', ${String(PATIENCE_MS)}, true)
          from pg_class where oid in ('devices'::regclass, 'users'::regclass, 'channels'::regclass)`.execute(tx);
      return measure(tx, now(), new Map(shares.map(({ name, share }) => [name, share])));
    }),
    backlog(),
  ]);
  return [...rows, ...[...jobs].map(([label, value]) => ({ name: 'jobs', label, value }))];
}

const unfinished = (status: string) =>
  sql`select 'tasks', ${status}, count(*)
        from (select from tasks where status = ${sql.lit(status)} limit ${sql.lit(MOST_ROWS)}) counted`;

/** `shares`: how much of each table is looked at, 0 to 1. The same pages each time, so that nothing flickers. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the tables, the statement is text
function measure(db: Kysely<any>, now: Date, shares: ReadonlyMap<string, number>) {
  const shareOf = (table: string) => shares.get(table) ?? 1;
  const sampleOf = (table: string) =>
    sql`${sql.table(table)} tablesample system (${100 * shareOf(table)}::real) repeatable (0)`;
  const ofAll = (table: string, figure: RawBuilder<unknown>) =>
    sql`round(coalesce(${figure}, 0) / ${shareOf(table)}::float8)`;
  // Who may not look at the sessions of others would count none of them in pg_stat_activity.
  return sql<Reading>`
    select name, label, value::float8
      from (
        select 'devices' as name, daemon_status as label, ${ofAll('devices', sql`count(*)`)} as value
          from ${sampleOf('devices')} group by daemon_status
        union all
        select 'heartbeat_lag', '',
               coalesce(max(greatest(0, extract(epoch from ${now}::timestamptz - last_heartbeat) - heartbeat_interval)), 0)
          from ${sampleOf('devices')} where daemon_status <> 'offline'
        union all ${sql.join(['pending', 'queued', 'assigned', 'running'].map(unfinished), sql` union all `)}
        union all select 'size', '', pg_database_size(current_database())
        union all select 'connections', '', sum(numbackends) from pg_stat_database
        union all select 'connections_max', '', current_setting('max_connections')::int
        union all select 'storage', '', ${ofAll('users', sql`sum(storage_used)`)} from ${sampleOf('users')}
        union all select 'relay_messages', '', ${ofAll('channels', sql`sum(stored_count)`)} from ${sampleOf('channels')}
        union all select 'relay_bytes', '', ${ofAll('channels', sql`sum(stored_bytes)`)} from ${sampleOf('channels')}
      ) readings`.execute(db);
}
