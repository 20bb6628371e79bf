import { type RawBuilder, sql } from 'kysely';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Db, openDatabase } from '../../server/db/orm.ts';
import { openDatabaseMetrics } from '../../server/metrics/database-metrics.ts';
import { openAppForTest, type TestApp } from '../setup/app.ts';
import { cloneDatabase } from '../setup/database.ts';
import { readSeries, seriesOf } from '../setup/metrics.ts';
import { openParts, takeAway } from '../setup/parts.ts';

describe('what the database knows', () => {
  /** What is measured on `db` alone, outside of a service. */
  const measured = async (db: Db, options?: { sampleRows: number }): Promise<Map<string, number>> => {
    const { ctx } = await openParts();
    const registry = new Registry();
    const others = { answers: async () => true, backlog: async () => new Map<string, number>(), subscribers: () => 0 };
    const poolUse = () => ({ used: 0, idle: 0, waiting: 0, most: 0 });
    await openDatabaseMetrics(registry, { ...ctx, db, poolUse, ...others }, options).update();
    return seriesOf(await registry.metrics());
  };

  /** Keeps a transaction open in which `statement` was done, until the returned function is called. */
  const hold = async (app: TestApp, statement: RawBuilder<unknown>): Promise<() => Promise<void>> => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
    const holding = app.service.db.transaction().execute(async (tx) => {
      await statement.execute(tx);
      held();
      await released;
    });
    await isHeld;
    return async () => {
      release();
      await holding;
    };
  };

  it('is read when it is asked for: devices, tasks, jobs, sizes', async () => {
    const app = await openAppForTest({
      at: '2026-01-20T10:00:00Z',
      env: { METRICS_PORT: '0', DATABASE_MAX_BYTES: '1000000000' },
    });
    const user = await app.makeUser();
    const [one, other] = [await app.makeDevice(user), await app.makeDevice(user)];
    await one.client.daemon.heartbeat({ status: 'online' });
    await app.service.db
      .updateTable('devices')
      .set({ last_heartbeat: app.clock.now() })
      .where('id', '=', one.id)
      .execute();
    await user.client.tasks.create({ device_id: other.id, command: 'true' });
    await user.client.tasks.create({ device_id: other.id, command: 'true', run_at: '2026-01-21T10:00:00Z' });
    app.clock.advance(45);
    const series = await readSeries(app);
    expect(Object.fromEntries(series)).toMatchObject({
      ccjk_database_up: 1,
      ccjk_database_measured: 1,
      'ccjk_devices{status="online"}': 1,
      'ccjk_devices{status="offline"}': 1,
      ccjk_heartbeat_lag_seconds: 15,
      'ccjk_tasks{status="queued"}': 1,
      'ccjk_tasks{status="pending"}': 1,
      'ccjk_tasks{status="running"}': 0,
      // Nobody works here: the letter that asks for the address of the user waits.
      'ccjk_jobs_waiting{queue="send-mail"}': 1,
      'ccjk_jobs_waiting{queue="relay-cleanup"}': 0,
      ccjk_database_max_bytes: 1_000_000_000,
      ccjk_storage_used_bytes: 0,
    });
    expect(series.get('ccjk_database_size_bytes')).toBeGreaterThan(1_000_000);
    expect(series.get('ccjk_database_connections_max')).toBeGreaterThan(0);
  });

  it('is read once in 15 seconds, however often and by how many it is asked for', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0' } });
    const queries = async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => readSeries(app)));
      return new Set(answers.map((series) => series.get('ccjk_devices{status="offline"}')));
    };
    expect(await queries()).toEqual(new Set([undefined]));
    await app.makeDevice(await app.makeUser());
    expect(await queries()).toEqual(new Set([undefined]));
  });

  it('is the same for whoever asks: connections are counted also by a role that may not look at others', async () => {
    const { url, drop } = await cloneDatabase();
    onTestFinished(drop);
    const others = await openDatabase(url);
    onTestFinished(others.close);
    await Promise.all(Array.from({ length: 5 }, () => sql`select pg_sleep(0.05)`.execute(others.db)));
    await sql`alter database ${sql.id(new URL(url).pathname.slice(1))} set role = 'pg_read_all_data'`.execute(
      others.db,
    );
    const plain = await openDatabase(url);
    onTestFinished(plain.close);
    const series = await measured(plain.db);
    expect(series.get('ccjk_database_connections')).toBeGreaterThan(5);
    expect(series.get('ccjk_database_measured')).toBe(1);
  });

  it('beyond 100,000 rows is told from a sample of them', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0' } });
    const { id: user_id } = await app.makeUser();
    const { db } = app.service;
    await sql`
      insert into devices (id, user_id, device_name, key_hash, daemon_status)
      select gen_random_uuid(), ${user_id}, 'x', 'k' || n, case when n % 4 = 0 then 'offline' else 'online' end
        from generate_series(1, 3000) n`.execute(db);
    await sql`insert into users (id, email, password_hash, storage_used)
      select gen_random_uuid(), n || '@example.com', '-', 1000 from generate_series(1, 3000) n`.execute(db);
    await sql`analyze devices, users`.execute(db);
    const series = await measured(db, { sampleRows: 1_000 });
    for (const [name, value] of [
      ['ccjk_devices{status="online"}', 2_250],
      ['ccjk_devices{status="offline"}', 750],
      ['ccjk_storage_used_bytes', 3_000_000],
    ] as const) {
      expect(series.get(name), name).toBeGreaterThan(value * 0.6);
      expect(series.get(name), name).toBeLessThan(value * 1.4);
      expect(series.get(name), name).not.toBe(value);
    }
  });

  it('is left out where it takes too long, and the database is not told of as down', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0' } });
    const release = await hold(app, sql`lock table users in access exclusive mode`);
    const series = await readSeries(app);
    await release();
    expect(series.get('ccjk_database_up')).toBe(1);
    expect(series.get('ccjk_database_measured')).toBe(0);
    expect(series.has('ccjk_storage_used_bytes')).toBe(false);
  });

  it('is left out where no connection of the process is free, and the database is not told of as down', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0', DATABASE_POOL: '2' } });
    const releases = [await hold(app, sql`select 1`), await hold(app, sql`select 1`)];
    const series = await readSeries(app);
    await Promise.all(releases.map((release) => release()));
    expect(series.get('ccjk_database_up')).toBe(1);
    expect(series.get('ccjk_database_measured')).toBe(0);
    expect(series.get('ccjk_database_pool{state="used"}')).toBe(2);
  });

  it('is left out while the database is away, and the rest is still shown', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0' } });
    const back = await takeAway(app.databaseUrl);
    try {
      const series = await readSeries(app);
      expect(series.get('ccjk_database_up')).toBe(0);
      expect(series.get('ccjk_database_measured')).toBe(0);
      expect(series.has('ccjk_database_size_bytes')).toBe(false);
      expect(series.has('ccjk_tasks{status="queued"}')).toBe(false);
      expect(series.get('process_resident_memory_bytes')).toBeGreaterThan(0);
    } finally {
      await back();
    }
  });
});
