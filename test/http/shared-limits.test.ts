/** Two processes that serve and one that works, on one database: each limit is one for all of them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PLANS } from '../../server/domain/plans.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { end, start } from '../setup/tasks.ts';

const USER_MAX = 100;
const PUBLISH_MAX = 30;
const env = { RATE_LIMIT_MAX: String(USER_MAX), RELAY_PUBLISH_MAX: String(PUBLISH_MAX) };
const at = '2026-01-20T10:00:00Z';

let apis: [TestApp, TestApp];
let worker: TestApp;

beforeAll(async () => {
  const one = await openApp({ at, env });
  const [other, working] = await Promise.all([1, 2].map(() => openApp({ at, env, databaseUrl: one.databaseUrl })));
  apis = [one, other as TestApp];
  worker = working as TestApp;
  await worker.work();
});
afterAll(async () => {
  for (const app of [worker, ...apis.toReversed()]) await app.close();
});

/** Calls both processes in turn, ten at a time, `calls` times in all; gives how many of them were let through. */
async function passedOf(calls: number, call: (app: TestApp) => Promise<number>): Promise<number> {
  const statuses: number[] = [];
  for (let count = 0; count < calls; count += 10) {
    const some = Array.from({ length: 10 }, (_, each) => call(apis[each % 2] as TestApp));
    statuses.push(...(await Promise.all(some)));
  }
  const limited = statuses.filter((status) => status === 429).length;
  expect(statuses.filter((status) => status >= 400)).toHaveLength(limited);
  return calls - limited;
}

test('the requests of a user are let through up to one limit, and less than a tenth beyond', async () => {
  const { token } = await apis[0].makeUser();
  const passed = await passedOf(3 * USER_MAX, async ({ url }) => {
    const answer = await fetch(`${url}/v1/auth/me`, { headers: { authorization: `Bearer ${token}` } });
    await answer.arrayBuffer();
    return answer.status;
  });
  expect(passed).toBeGreaterThanOrEqual(USER_MAX);
  expect(passed).toBeLessThanOrEqual(USER_MAX * 1.1);
});

test('and so are the messages of an address to the relay', async () => {
  const passed = await passedOf(3 * PUBLISH_MAX, async ({ url }) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ channel: 'news', message: 'hello' });
    const answer = await fetch(`${url}/api/publish`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    return answer.status;
  });
  expect(passed).toBeGreaterThanOrEqual(PUBLISH_MAX);
  expect(passed).toBeLessThanOrEqual(PUBLISH_MAX * 1.1);
});

test('of the tasks of a user never more run at once than the plan says, and an end makes room in the other process', async () => {
  const most = PLANS.pro.concurrentTasks;
  const owner = await apis[0].makeUser();
  await apis[0].service.db.updateTable('users').set({ plan: 'pro' }).where('id', '=', owner.id).execute();
  const machines = await twoMachines(owner);
  for (const machine of machines)
    for (let count = 0; count <= most; count += 1)
      await owner.client.tasks.create({ device_id: machine.id, command: 'true' });

  const claims = await Promise.all(
    Array.from({ length: 10 }, (_, each) =>
      (machines[each % 2] as TestDevice).client.daemon.claim({ limit: 10, claim_id: randomUUID() }),
    ),
  );
  const held = claims.flatMap(({ tasks }, each) =>
    tasks.map((task) => ({ task, machine: machines[each % 2] as TestDevice })),
  );
  expect(held).toHaveLength(most);

  const [{ task, machine }] = held as [(typeof held)[number]];
  const other = machines.find((each) => each !== machine) as TestDevice;
  const waiting = other.client.daemon.claim({ limit: 10, claim_id: randomUUID(), wait: 20 });
  await start(machine, task);
  await end(machine, task, 'completed');
  expect((await waiting).tasks).toHaveLength(1);
});

/** Each of which calls a process of its own. */
async function twoMachines(owner: TestUser): Promise<TestDevice[]> {
  const limits = { max_concurrent_tasks: 10 };
  const machines = [await apis[0].makeDevice(owner, limits), await apis[0].makeDevice(owner, limits)];
  return machines.map((machine, each) => ({ ...machine, client: (apis[each] as TestApp).clientOf(machine.key) }));
}
