/** The database goes away for a while: every call says so soon, nothing that was acknowledged is lost, and all comes back by itself. */
import { randomUUID } from 'node:crypto';
import type { AppRoute } from '@ts-rest/core';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessOf } from '../../contracts/declared.ts';
import { cloud } from '../../contracts/index.ts';
import { openApp, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { cloneDatabase } from '../setup/database.ts';
import { signatureOf } from '../setup/mail-gateway.ts';
import { AWAY, openProxyTo } from '../setup/tcp-proxy.ts';

/** Milliseconds; longer would be a call that hangs. */
const SOON = 5_000;

let proxy: Awaited<ReturnType<typeof openProxyTo>>;
/** The service whose way to the database is cut, and one on the same database whose is not. */
let app: TestApp;
let other: TestApp;
let owner: TestUser;
let machine: TestDevice;
/** `machine`, calling the other service. */
let elsewhere: { user: TestUser['client']; device: TestDevice['client'] };
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await cloneDatabase();
  drop = database.drop;
  proxy = await openProxyTo(database.url);
  app = await openApp({ databaseUrl: proxy.url });
  other = await openApp({ databaseUrl: database.url });
  await app.work();
  owner = await app.makeUser();
  machine = await app.makeDevice(owner, { max_concurrent_tasks: 100 });
  elsewhere = { user: other.clientOf(owner.token), device: other.clientOf(machine.key) };
});
afterAll(async () => {
  await app.close();
  await other.close();
  await proxy.close();
  await drop();
});

const create = (more = {}, options = {}) =>
  owner.client.tasks.create({ device_id: machine.id, command: 'true', ...more }, options);

/** Until the service has connections again. */
const whenBack = () =>
  expect.poll(async () => (await fetch(`${app.url}/readyz`)).status, { timeout: 10_000, interval: 20 }).toBe(200);

const routes = (): AppRoute[] => Object.values(cloud).flatMap((router) => Object.values(router) as AppRoute[]);

async function expectUnavailable(route: AppRoute): Promise<void> {
  const [kind] = accessOf(route).auth;
  const bearers: { [kind: string]: string } = { user: owner.token, device: machine.key, apiKey: 'ck_live_x' };
  const example = (route as { body?: { meta?(): { examples?: unknown[] } } }).body?.meta?.().examples?.[0];
  const body = example === undefined ? undefined : JSON.stringify(example);
  const response = await fetch(app.url + route.path.replace(/:\w+/g, () => randomUUID()), {
    method: route.method,
    headers: {
      ...(kind ? { authorization: `Bearer ${bearers[kind]}` } : {}),
      // The gateway of mail signs what it posts; nobody else minds.
      ...(body ? { 'content-type': 'application/json', 'x-email-signature': signatureOf(body) } : {}),
    },
    ...(body ? { body } : {}),
  });
  expect([response.status, await response.json()], `${route.method} ${route.path}`).toMatchObject([
    503,
    { success: false, data: null, error: { code: 'SERVICE_UNAVAILABLE' } },
  ]);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
}

async function expectAliveAndNotReady(): Promise<void> {
  const [alive, ready] = await Promise.all([fetch(`${app.url}/livez`), fetch(`${app.url}/readyz`)]);
  expect([alive.status, ready.status]).toEqual([200, 503]);
  expect(await ready.json()).toMatchObject({ status: 'not ready' });
}

describe.each(AWAY)('while a database %s', (how) => {
  beforeEach(async () => {
    // More connections than one are open when it happens.
    await Promise.all(Array.from({ length: 10 }, () => owner.client.tasks.list()));
    await proxy.cut(how);
  });
  afterEach(async () => {
    await proxy.restore();
    await whenBack();
  });

  test('the process is alive and not ready, and every route says that it cannot answer now, and when to try again', async () => {
    const startedAt = performance.now();
    await Promise.all([...routes().map(expectUnavailable), expectAliveAndNotReady()]);
    expect(performance.now() - startedAt).toBeLessThan(SOON);
  });
});

describe('when a database is back', () => {
  test('calls work again, and no task that was acknowledged is lost, nor any made twice', async () => {
    const keys: string[] = [];
    const acknowledged = new Map<string, string>();
    let failures = 0;
    let isOver = false;
    /** Creates, and asks again under the same key until it is answered, as our client does. */
    const keepCreating = async () => {
      while (!isOver) {
        const idempotencyKey = randomUUID();
        keys.push(idempotencyKey);
        for (;;) {
          try {
            acknowledged.set(idempotencyKey, (await create({ priority: 1 }, { idempotencyKey })).task_id);
            break;
          } catch (error) {
            failures += 1;
            expect(error).toMatchObject({ status: 503, code: 'SERVICE_UNAVAILABLE' });
          }
        }
      }
    };
    const creators = Promise.all(Array.from({ length: 6 }, keepCreating));
    for (const how of ['hangs up', 'refuses', 'hangs up'] as const) {
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size, { timeout: 10_000, interval: 5 }).toBeGreaterThan(before + 20);
      const failuresBefore = failures;
      await proxy.cut(how);
      await expect.poll(() => failures, { timeout: 10_000, interval: 5 }).toBeGreaterThan(failuresBefore + 6);
      await proxy.restore();
    }
    await whenBack();
    isOver = true;
    await creators;

    const { rows } = await sql<{ id: string }>`
      select id from tasks where device_id = ${machine.id} and priority = 1
    `.execute(other.service.db);
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(acknowledged.values()));
    expect(acknowledged.size).toBe(keys.length);
    for (const id of acknowledged.values()) await elsewhere.user.tasks.cancel(id);
  });

  test('a device that lost its answers goes on where it was', async () => {
    const { task_id } = await create();
    const claim_id = randomUUID();
    const [task] = (await machine.client.daemon.claim({ claim_id })).tasks;
    const lease_id = task?.lease_id as string;
    await proxy.cut('hangs up');
    for (const call of [
      () => machine.client.daemon.claim({ claim_id }),
      () => machine.client.daemon.start(task_id, { lease_id }),
      () => machine.client.daemon.heartbeat({ current_tasks: [task_id] }),
      () => machine.client.daemon.result(task_id, { status: 'completed', lease_id }),
    ])
      expect(await refusalOf(call())).toMatchObject({ status: 503 });
    await proxy.restore();
    await whenBack();
    expect((await machine.client.daemon.claim({ claim_id })).tasks).toEqual([task]);
    await machine.client.daemon.start(task_id, { lease_id });
    expect(await machine.client.daemon.heartbeat({ current_tasks: [task_id] })).toMatchObject({ lost_tasks: [] });
    await machine.client.daemon.result(task_id, { status: 'completed', lease_id });
    expect(await owner.client.tasks.get(task_id)).toMatchObject({ status: 'completed', attempt: 1 });
  });

  test('who waits hears of other processes again, within milliseconds', async () => {
    await proxy.cut('hangs up');
    await refusalOf(owner.client.tasks.list());
    await proxy.restore();
    await whenBack();
    /** From a create in the other process to the answer of a claim that waits in this one. */
    const hearingMs = async () => {
      const claim = machine.client.daemon.claim({ wait: 20, limit: 100 });
      // A look that came before is over: this one waits.
      await machine.client.daemon.claim();
      const createdAt = performance.now();
      await elsewhere.user.tasks.create({ device_id: machine.id, command: 'true' });
      const { tasks } = await claim;
      for (const { id, lease_id } of tasks) await elsewhere.device.daemon.result(id, { status: 'completed', lease_id });
      return performance.now() - createdAt;
    };
    await expect.poll(hearingMs, { timeout: 15_000, interval: 10 }).toBeLessThan(250);
  });

  test('jobs run and sweeps sweep again', async () => {
    const stateOf = async (taskId: string) => {
      const { rows } = await sql<{ state: string }>`
        select state::text from pgboss.job where name = 'release-task' and data->>'taskId' = ${taskId}
      `.execute(other.service.db);
      return rows[0]?.state;
    };
    await machine.client.daemon.heartbeat({});
    const runAt = new Date(Date.now() + 1000);
    const { task_id } = await create({ run_at: runAt.toISOString() });
    await proxy.cut('hangs up');
    await refusalOf(owner.client.tasks.list());
    app.clock.advance(120);
    await proxy.restore();
    await expect.poll(() => stateOf(task_id), { timeout: 15_000 }).toBe('completed');
    expect(await elsewhere.user.tasks.get(task_id)).toMatchObject({ status: 'queued' });
    const status = async () => (await elsewhere.user.devices.get(machine.id)).daemon_status;
    await expect.poll(status, { timeout: 15_000 }).toBe('offline');
  });
});
