import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type RawBuilder, sql } from 'kysely';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Db, openDatabase } from '../../server/db/orm.ts';
import { openService } from '../../server/deps.ts';
import { openDatabaseMetrics } from '../../server/metrics/database-metrics.ts';
import { openMetrics } from '../../server/metrics/metrics.ts';
import { openApp, openAppForTest, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { cloneDatabase } from '../setup/database.ts';
import { openParts, takeAway } from '../setup/parts.ts';

const TOKEN = 'a token for prometheus';

/** Series as they are written, `name{label="value"}`, with their values. */
const parse = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))] as const;
      }),
  );

/** Sends `bytes` over a connection of its own, and waits until the service has ended it. */
async function sendRaw(url: string, bytes: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(bytes);
  await textOf(socket);
}

const read = async (app: TestApp): Promise<Map<string, number>> => {
  const answer = await fetch(`http://127.0.0.1:${app.metricsPort}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return parse(await answer.text());
};

describe('who reads the metrics', () => {
  it('is nobody where neither a port nor a token is set, and nothing is measured', async () => {
    const app = await openAppForTest();
    expect(app.metricsPort).toBeUndefined();
    const answer = await fetch(`${app.url}/metrics`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ success: false, error: { code: 'ROUTE_NOT_FOUND' } });
  });

  it('is who has the token, on the port of the service', async () => {
    const app = await openAppForTest({ env: { METRICS_TOKEN: TOKEN } });
    const ask = async (authorization?: string) => {
      const answer = await fetch(`${app.url}/metrics`, authorization ? { headers: { authorization } } : {});
      return [
        answer.status,
        answer.status === 200 ? undefined : ((await answer.json()) as { error: { code: string } }).error.code,
      ];
    };
    expect(await ask(`Bearer ${TOKEN}`)).toEqual([200, undefined]);
    expect(await ask()).toEqual([401, 'AUTH_REQUIRED']);
    expect(await ask('Bearer another token')).toEqual([401, 'AUTH_FAILED']);
    expect(await ask(TOKEN)).toEqual([401, 'AUTH_FAILED']);
  });

  it('is who reaches the port of its own, and has the token where one is set', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0', METRICS_TOKEN: TOKEN } });
    const url = `http://127.0.0.1:${app.metricsPort}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
    expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    expect((await fetch(url.replace('/metrics', '/v1/auth/me'))).status).toBe(404);
  });
});

it('where its port is taken the service does not open, and leaves no connection behind', async () => {
  const app = await openAppForTest({ env: { METRICS_PORT: '0' } });
  const { url, drop } = await cloneDatabase();
  onTestFinished(drop);
  const config = { ...app.service.config, DATABASE_URL: url, METRICS_PORT: app.metricsPort };
  await expect(openService(config, app.service.log)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  const name = new URL(url).pathname.slice(1);
  const connections = async () =>
    (await sql`select from pg_stat_activity where datname = ${name}`.execute(app.service.db)).rows.length;
  await expect.poll(connections).toBe(0);
});

describe('what is measured', () => {
  let app: TestApp;
  let user: TestUser;
  let device: TestDevice;

  beforeAll(async () => {
    app = await openApp({ at: '2026-01-20T10:00:00Z', env: { METRICS_PORT: '0' } });
    user = await app.makeUser();
    device = await app.makeDevice(user);
  });
  afterAll(() => app.close());

  it('counts requests by their route, and times those that were not to wait', async () => {
    const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' });
    await user.client.tasks.get(task_id);
    await user.client.tasks.get(task_id, { wait: 1 });
    await expect(user.client.tasks.get(crypto.randomUUID())).rejects.toMatchObject({ status: 404 });
    const series = await read(app);
    const route = 'method="GET",route="/v1/tasks/:task_id"';
    expect(series.get(`ccjk_http_requests_total{${route},status="200"}`)).toBe(2);
    expect(series.get(`ccjk_http_requests_total{${route},status="404"}`)).toBe(1);
    expect(series.get(`ccjk_http_request_duration_seconds_count{${route}}`)).toBe(2);
  });

  /** How many more answers of each status nobody's route has given than before `work`. */
  const unrouted = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
    const counts = async () =>
      [...(await read(app))].flatMap(([name, count]) => {
        const [, status] = /^ccjk_http_requests_total{method="any",route="unknown",status="(\d+)"}$/.exec(name) ?? [];
        return status ? [[status, count] as const] : [];
      });
    const before = new Map(await counts());
    await work();
    return Object.fromEntries((await counts()).map(([status, count]) => [status, count - (before.get(status) ?? 0)]));
  };

  it('makes no series of 50,000 values that clients invent', async () => {
    const CONNECTIONS = 10;
    const REQUESTS = 6_250;
    const answered = (series: Map<string, number>) =>
      [...series].reduce((sum, [name, count]) => sum + (name.startsWith('ccjk_http_requests_total{') ? count : 0), 0);
    /** Each with eight values that were never there before: path, query, host, request, browser, type of body, trace, task. */
    const inventive = (at: number) => {
      const body = JSON.stringify({
        type: `type-${at}`,
        source: `source-${at}`,
        device_id: device.id,
        command: 'true',
      });
      const path = [`/v1/thing-${at}`, `/v1/tasks/id-${at}`, '/v1/tasks'][at % 3];
      const head = [
        `${['GET', 'POST', 'PUT', 'PROPFIND'][Math.floor(at / 3) % 4]} ${path}?status=s${at} HTTP/1.1`,
        `Host: host-${at}`,
        `Authorization: Bearer ${user.token}`,
        `X-Request-Id: request-${at}`,
        `User-Agent: browser-${at}`,
        `Traceparent: 00-${String(at).padStart(32, '1')}-${'b'.repeat(16)}-01`,
        `Content-Type: application/json; charset=x-${at}`,
        `Content-Length: ${body.length}`,
      ];
      return `${head.join('\r\n')}\r\n\r\n${body}`;
    };
    const before = await read(app);
    const all = Array.from({ length: REQUESTS }, (_, at) => inventive(at));
    const share = REQUESTS / CONNECTIONS;
    const last = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, at) =>
        sendRaw(app.url, all.slice(at * share, (at + 1) * share).join('') + last),
      ),
    );
    const after = await read(app);
    expect(answered(after) - answered(before)).toBe(REQUESTS + CONNECTIONS);
    expect(after.size - before.size).toBeLessThan(100);
  });

  it('counts what is refused before there is a request, as of no route', async () => {
    const host = 'Host: x\r\nConnection: close';
    const answers = await unrouted(async () => {
      for (const request of [
        `GET /%zz HTTP/1.1\r\n${host}\r\n\r\n`,
        'garbage\r\n\r\n',
        `GET /v1/tasks HTTP/1.1\r\n${host}\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`,
        `GET /v1/tasks HTTP/1.1\r\n${host}\r\nExpect: a-pony\r\n\r\n`,
        `GET /nothing HTTP/1.1\r\n${host}\r\n\r\n`,
        `DELETE /v1/tasks HTTP/1.1\r\n${host}\r\n\r\n`,
      ])
        await sendRaw(app.url, request);
    });
    expect(answers).toMatchObject({ 400: 1, 404: 2, 405: 1, 417: 1, 431: 1 });
  });

  it('counts what is over a limit, as of its route', async () => {
    const limited = await openAppForTest({ env: { METRICS_PORT: '0', RATE_LIMIT_ANONYMOUS_MAX: '2' } });
    for (const path of ['/v1/tasks', '/nothing', '/v1/tasks', '/nothing']) await fetch(limited.url + path);
    const series = await read(limited);
    const counted = (labels: string) => series.get(`ccjk_http_requests_total{${labels},status="429"}`);
    expect(counted('method="GET",route="/v1/tasks"')).toBe(1);
    expect(counted('method="any",route="unknown"')).toBe(1);
  });

  it('counts how long tasks wait and run, how they end and how often they are tried again', async () => {
    const other = await app.makeDevice(user);
    const before = await read(app);
    const { task_id } = await user.client.tasks.create({ device_id: other.id, command: 'false', max_retries: 1 });
    for (const waits of [7, 20]) {
      app.clock.advance(waits);
      await app.sweep();
      const {
        tasks: [task],
      } = await other.client.daemon.claim({ claim_id: crypto.randomUUID() });
      const lease_id = task?.lease_id as string;
      await other.client.daemon.start(task_id, { lease_id });
      app.clock.advance(3);
      await other.client.daemon.result(task_id, { lease_id, status: 'failed', exit_code: 1, stdout: '', stderr: '' });
    }
    const after = await read(app);
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(grown('ccjk_tasks_created_total{source="api"}')).toBe(1);
    expect(grown('ccjk_task_queue_seconds_count')).toBe(2);
    expect(grown('ccjk_task_queue_seconds_sum')).toBeGreaterThanOrEqual(7);
    expect(grown('ccjk_task_run_seconds_count')).toBe(1);
    expect(grown('ccjk_task_run_seconds_sum')).toBe(3);
    expect(grown('ccjk_tasks_retried_total')).toBe(1);
    expect(grown('ccjk_tasks_ended_total{status="failed"}')).toBe(1);
  });

  it('counts nothing of a transaction that did not commit', async () => {
    const before = await read(app);
    const stranger = crypto.randomUUID();
    const tasks = [
      { device_id: device.id, command: 'true' },
      { device_id: stranger, command: 'true' },
    ];
    await expect(user.client.tasks.createBatch({ tasks })).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    const created = 'ccjk_tasks_created_total{source="api"}';
    expect((await read(app)).get(created)).toBe(before.get(created));
  });

  it('counts what the relay takes and who listens', async () => {
    const publish = () =>
      fetch(`${app.url}/api/publish`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ channel: 'news', message: 'hello' }),
      });
    await publish();
    const leave = new AbortController();
    await fetch(`${app.url}/api/subscribe?channel=news`, { signal: leave.signal });
    await publish();
    const series = await read(app);
    leave.abort();
    expect(series.get('ccjk_relay_messages_total')).toBe(2);
    expect(series.get('ccjk_relay_subscribers')).toBe(1);
  });

  it('counts open sockets by who holds them', async () => {
    const sockets = await user.client.connect();
    const held = 'ccjk_sockets{holder="user"}';
    await expect.poll(async () => (await read(app)).get(held)).toBe(1);
    sockets.close();
    await expect.poll(async () => (await read(app)).get(held)).toBe(0);
  });

  it('tells how long ago it swept, where it sweeps', async () => {
    expect((await read(app)).has('ccjk_sweep_age_seconds')).toBe(false);
    app.service.meter.note({ what: 'swept' });
    const age = async () => (await read(app)).get('ccjk_sweep_age_seconds') as number;
    const first = await age();
    expect(first).toBeLessThan(5);
    await expect.poll(age).toBeGreaterThan(first);
    app.service.meter.note({ what: 'swept' });
    expect(await age()).toBeLessThan(5);
  });

  it('shows the process: CPU, memory, the lag of its event loop', async () => {
    const series = await read(app);
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes'])
      expect(series.get(name), name).toBeGreaterThan(0);
    expect(series.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
    expect(series.get('ccjk_database_pool_size')).toBe(20);
  });
});

it('what is read each second does not grow, and leaves nothing behind', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const metrics = openMetrics();
  onTestFinished(metrics.close);
  const key = {};
  const readOften = async (times: number) => {
    for (let count = 0; count < times; count += 1) {
      const route = { method: 'GET', path: '/v1/tasks' };
      metrics.answered({ key, route, status: 200, seconds: 0.01 });
      metrics.meter.note({ what: 'task.created', source: 'api' });
      await metrics.read();
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await readOften(200);
  const lines = parse((await metrics.read()).text).size;
  expect((await readOften(1_000)) - before).toBeLessThan(1_000_000);
  expect(parse((await metrics.read()).text).size).toBe(lines);
});

describe('what the database knows', () => {
  /** What is measured on `db` alone, outside of a service. */
  const measured = async (db: Db, options?: { sampleRows: number }): Promise<Map<string, number>> => {
    const { ctx } = await openParts();
    const registry = new Registry();
    const others = { answers: async () => true, backlog: async () => new Map<string, number>(), subscribers: () => 0 };
    const poolUse = () => ({ used: 0, idle: 0, waiting: 0, most: 0 });
    await openDatabaseMetrics(registry, { ...ctx, db, poolUse, ...others }, options).update();
    return parse(await registry.metrics());
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
    const series = await read(app);
    expect(series.get('ccjk_database_up')).toBe(1);
    expect(series.get('ccjk_database_measured')).toBe(1);
    expect(series.get('ccjk_devices{status="online"}')).toBe(1);
    expect(series.get('ccjk_devices{status="offline"}')).toBe(1);
    expect(series.get('ccjk_heartbeat_lag_seconds')).toBe(15);
    expect(series.get('ccjk_tasks{status="queued"}')).toBe(1);
    expect(series.get('ccjk_tasks{status="pending"}')).toBe(1);
    expect(series.get('ccjk_tasks{status="running"}')).toBe(0);
    expect(series.get('ccjk_jobs_waiting{queue="send-mail"}')).toBe(0);
    expect(series.get('ccjk_database_size_bytes')).toBeGreaterThan(1_000_000);
    expect(series.get('ccjk_database_max_bytes')).toBe(1_000_000_000);
    expect(series.get('ccjk_database_connections_max')).toBeGreaterThan(0);
    expect(series.get('ccjk_storage_used_bytes')).toBe(0);
  });

  it('is read once in 15 seconds, however often and by how many it is asked for', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0' } });
    const queries = async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => read(app)));
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
    const series = await read(app);
    await release();
    expect(series.get('ccjk_database_up')).toBe(1);
    expect(series.get('ccjk_database_measured')).toBe(0);
    expect(series.has('ccjk_storage_used_bytes')).toBe(false);
  });

  it('is left out where no connection of the process is free, and the database is not told of as down', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0', DATABASE_POOL: '2' } });
    const releases = [await hold(app, sql`select 1`), await hold(app, sql`select 1`)];
    const series = await read(app);
    await Promise.all(releases.map((release) => release()));
    expect(series.get('ccjk_database_up')).toBe(1);
    expect(series.get('ccjk_database_measured')).toBe(0);
    expect(series.get('ccjk_database_pool{state="used"}')).toBe(2);
  });

  it('is left out while the database is away, and the rest is still shown', async () => {
    const app = await openAppForTest({ env: { METRICS_PORT: '0' } });
    const back = await takeAway(app.databaseUrl);
    try {
      const series = await read(app);
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
