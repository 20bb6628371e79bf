import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openService } from '../../server/deps.ts';
import { openMetrics } from '../../server/metrics/metrics.ts';
import { openApp, openAppForTest, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { cloneDatabase } from '../setup/database.ts';
import { readSeries, seriesOf } from '../setup/metrics.ts';

const TOKEN = 'a token for prometheus';

/** Sends `bytes` over a connection of its own, and waits until the service has ended it. */
async function sendRaw(url: string, bytes: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(bytes);
  await textOf(socket);
}

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
    const series = await readSeries(app);
    const route = 'method="GET",route="/v1/tasks/:task_id"';
    expect(series.get(`ccjk_http_requests_total{${route},status="200"}`)).toBe(2);
    expect(series.get(`ccjk_http_requests_total{${route},status="404"}`)).toBe(1);
    expect(series.get(`ccjk_http_request_duration_seconds_count{${route}}`)).toBe(2);
  });

  /** How many more answers of each status nobody's route has given than before `work`. */
  const unrouted = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
    const counts = async () =>
      [...(await readSeries(app))].flatMap(([name, count]) => {
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
    const before = await readSeries(app);
    const all = Array.from({ length: REQUESTS }, (_, at) => inventive(at));
    const share = REQUESTS / CONNECTIONS;
    const last = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, at) =>
        sendRaw(app.url, all.slice(at * share, (at + 1) * share).join('') + last),
      ),
    );
    const after = await readSeries(app);
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
    const series = await readSeries(limited);
    const counted = (labels: string) => series.get(`ccjk_http_requests_total{${labels},status="429"}`);
    expect(counted('method="GET",route="/v1/tasks"')).toBe(1);
    expect(counted('method="any",route="unknown"')).toBe(1);
  });

  it('counts how long tasks wait and run, how they end and how often they are tried again', async () => {
    const other = await app.makeDevice(user);
    const before = await readSeries(app);
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
    const after = await readSeries(app);
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
    const before = await readSeries(app);
    const stranger = crypto.randomUUID();
    const tasks = [
      { device_id: device.id, command: 'true' },
      { device_id: stranger, command: 'true' },
    ];
    await expect(user.client.tasks.createBatch({ tasks })).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    const created = 'ccjk_tasks_created_total{source="api"}';
    expect((await readSeries(app)).get(created)).toBe(before.get(created));
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
    const series = await readSeries(app);
    leave.abort();
    expect(series.get('ccjk_relay_messages_total')).toBe(2);
    expect(series.get('ccjk_relay_subscribers')).toBe(1);
  });

  it('counts open sockets by who holds them', async () => {
    const sockets = await user.client.connect();
    const held = 'ccjk_sockets{holder="user"}';
    await expect.poll(async () => (await readSeries(app)).get(held)).toBe(1);
    sockets.close();
    await expect.poll(async () => (await readSeries(app)).get(held)).toBe(0);
  });

  it('tells how long ago it swept, where it sweeps', async () => {
    expect((await readSeries(app)).has('ccjk_sweep_age_seconds')).toBe(false);
    app.service.meter.note({ what: 'swept' });
    const age = async () => (await readSeries(app)).get('ccjk_sweep_age_seconds') as number;
    const first = await age();
    expect(first).toBeLessThan(5);
    await expect.poll(age).toBeGreaterThan(first);
    app.service.meter.note({ what: 'swept' });
    expect(await age()).toBeLessThan(5);
  });

  it('shows the process: CPU, memory, the lag of its event loop', async () => {
    const series = await readSeries(app);
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
  const lines = seriesOf((await metrics.read()).text).size;
  expect((await readOften(1_000)) - before).toBeLessThan(1_000_000);
  expect(seriesOf((await metrics.read()).text).size).toBe(lines);
});
