/**
 * What only the database knows: the same in each process, so take the highest over them and never the sum.
 *
 * It is read when somebody asks and at most every 15 s, by one statement of at most 2 s, in which each count ends at
 * 100,000: reading each second, or with a million tasks, costs no more. While the database is away its series are gone,
 * and `ccjk_database_up` is 0.
 */
import { type Kysely, sql } from 'kysely';
import { Gauge, type Registry } from 'prom-client';
import type { Service } from '../context.ts';
import type { PoolUse } from '../db/orm.ts';

const READ_EVERY_MS = 15_000;
const PATIENCE_MS = 2_000;
const COUNT_UP_TO = 100_000;

export type Sources = Pick<Service, 'config' | 'db' | 'log' | 'now'> & {
  poolUse(): PoolUse;
  /** Jobs that could run now, by name. */
  backlog(): Promise<ReadonlyMap<string, number>>;
  /** Subscribers of the relay in this process. */
  subscribers(): number;
};

type Reading = { name: string; label: string; value: number };

export function openDatabaseMetrics(registry: Registry, sources: Sources, { readEveryMs = READ_EVERY_MS } = {}) {
  const { config, log, poolUse, subscribers } = sources;
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });

  const isUp = gauge('ccjk_database_up', '1 when the database answered the last reading of it');
  const pool = gauge('ccjk_database_pool', 'Connections of this process, and who waits for one', 'state');
  const poolSize = gauge('ccjk_database_pool_size', 'Connections that this process may have');
  const subscriptions = gauge('ccjk_relay_subscribers', 'Open subscriptions of the relay in this process');
  const read: Record<string, Gauge> = {
    devices: gauge('ccjk_devices', 'Devices by status', 'status'),
    heartbeat_lag: gauge(
      'ccjk_heartbeat_lag_seconds',
      'How long the heartbeat is overdue of the device, not offline, that was silent the longest',
    ),
    tasks: gauge('ccjk_tasks', `Unfinished tasks by status, counted up to ${COUNT_UP_TO} each`, 'status'),
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

  const readAll = async (): Promise<void> => {
    let readings: Reading[] = [];
    try {
      readings = await readDatabase(sources);
      isUp.set(1);
    } catch (error) {
      isUp.set(0);
      log.warn({ err: error }, 'the database could not be measured');
    }
    for (const each of Object.values(read)) clear(each);
    for (const { name, label, value } of readings) {
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
      if (at - readAt >= readEveryMs) {
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

async function readDatabase({ db, now, backlog }: Sources): Promise<Reading[]> {
  const [{ rows }, jobs] = await Promise.all([
    db.transaction().execute(async (tx) => {
      await sql`select set_config('statement_timeout', ${String(PATIENCE_MS)}, true)`.execute(tx);
      return measure(tx, now());
    }),
    backlog(),
  ]);
  return [...rows, ...[...jobs].map(([label, value]) => ({ name: 'jobs', label, value }))];
}

const unfinished = (status: string) =>
  sql`select 'tasks', ${status}, count(*)
        from (select from tasks where status = ${sql.lit(status)} limit ${sql.lit(COUNT_UP_TO)}) counted`;

// biome-ignore lint/suspicious/noExplicitAny: whatever the tables, the statement is text
const measure = (db: Kysely<any>, now: Date) =>
  sql<Reading>`
    select name, label, value::float8
      from (
        select 'devices' as name, daemon_status as label, count(*) as value from devices group by daemon_status
        union all
        select 'heartbeat_lag', '',
               coalesce(max(greatest(0, extract(epoch from ${now}::timestamptz - last_heartbeat) - heartbeat_interval)), 0)
          from devices where daemon_status <> 'offline'
        union all ${sql.join(['pending', 'queued', 'assigned', 'running'].map(unfinished), sql` union all `)}
        union all select 'size', '', pg_database_size(current_database())
        union all select 'connections', '', count(*) from pg_stat_activity where backend_type = 'client backend'
        union all select 'connections_max', '', current_setting('max_connections')::int
        union all select 'storage', '', coalesce(sum(storage_used), 0) from users
        union all select 'relay_messages', '', coalesce(sum(stored_count), 0) from channels
        union all select 'relay_bytes', '', coalesce(sum(stored_bytes), 0) from channels
      ) readings`.execute(db);
