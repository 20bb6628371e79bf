/** Claims that race: no task is handed out twice, none is forgotten, and the limits on what is held hold at every moment. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HandedTask } from '../../sdk/src/index.ts';
import type { Ctx } from '../../server/context.ts';
import { type Database, openDatabase } from '../../server/db/orm.ts';
import { claimTasks } from '../../server/domain/dispatch.ts';
import { PLANS, type Plan } from '../../server/domain/plans.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

let app: TestApp;

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z' });
});
afterAll(() => app.close());

const putOn = (owner: TestUser, plan: Plan) =>
  app.service.db.updateTable('users').set({ plan }).where('id', '=', owner.id).execute();

/** Many tasks in one statement, each a second older than the one before. */
const queueMany = (owner: TestUser, machine: TestDevice, count: number) =>
  sql`
    insert into tasks (id, user_id, device_id, task_type, command, status, created_at, updated_at, ready_at, expires_at)
    select gen_random_uuid(), ${owner.id}, ${machine.id}, 'bash', n::text, 'queued', at, at, at, at + interval '7 d'
      from generate_series(1, ${count}::int) n, lateral (select ${app.clock.now()}::timestamptz - n * interval '1 s') t(at)
  `.execute(app.service.db);

const queuedOf = async (owner: TestUser): Promise<number> => {
  const { count } = await app.service.db
    .selectFrom('tasks')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', owner.id)
    .where('status', '=', 'queued')
    .executeTakeFirstOrThrow();
  return count;
};

describe('eight processes that claim for one device', () => {
  const processes: Database[] = [];

  beforeAll(async () => {
    for (let count = 0; count < 8; count++) processes.push(await openDatabase(app.databaseUrl, { maxConnections: 1 }));
  });
  afterAll(() => Promise.all(processes.map(({ close }) => close())));

  test('hand out each of 5,000 tasks once and leave none', async () => {
    const owner = await app.makeUser();
    const machine = await app.makeDevice(owner, { max_concurrent_tasks: 100 });
    await queueMany(owner, machine, 5000);
    const device = { machineId: machine.machineId, status: 'online', heartbeatInterval: 30, configVersion: 1 };
    const actor = { kind: 'device', userId: owner.id, plan: 'enterprise', deviceId: machine.id, device } as const;
    const handed: string[] = [];

    const work = async ({ db }: Database, withClaimId: boolean) => {
      const ctx: Ctx = { ...app.ctx, db, actor };
      const signal = new AbortController().signal;
      for (;;) {
        const claimId = withClaimId ? randomUUID() : undefined;
        const tasks = await claimTasks(ctx, { limit: 10, claimId, waitMs: 0, signal });
        if (tasks.length === 0 && (await queuedOf(owner)) === 0) return;
        handed.push(...tasks.map(({ id }) => id));
        // What a result leaves of the lease, in one statement, so that 5,000 of them take seconds.
        await sql`update tasks set status = 'completed', lease_id = null where id = any(${tasks.map(({ id }) => id)})`.execute(
          db,
        );
      }
    };
    await Promise.all(processes.map((process, at) => work(process, at % 2 === 0)));

    expect(handed).toHaveLength(5000);
    expect(new Set(handed).size).toBe(5000);
    const { rows } = await sql<Record<string, number>>`
      select (select count(*)::int from tasks where device_id = ${machine.id} and status = 'completed' and attempt = 1) as tasks,
             (select count(distinct lease_id)::int from task_attempts where device_id = ${machine.id} and number = 1) as leases,
             (select count(*)::int from task_attempts where device_id = ${machine.id}) as attempts,
             (select count(*)::int from task_events where actor = ${`device:${machine.id}`} and from_status = 'queued') as events
    `.execute(app.service.db);
    expect(rows).toEqual([{ tasks: 5000, leases: 5000, attempts: 5000, events: 5000 }]);
  });
});

describe('what is held', () => {
  /** Of each device at most. */
  const DEVICE_LIMIT = 2;

  /** Looks as fast as it can, until it is stopped, at how much is held at once; gives the most that it saw. */
  function watch(owner: TestUser) {
    let isOver = false;
    const most = { user: 0, device: 0, looks: 0 };
    const done = (async () => {
      while (!isOver) {
        const { rows } = await sql<{ held: number }>`
          select count(*)::int as held from tasks
           where user_id = ${owner.id} and status in ('assigned', 'running') group by device_id
        `.execute(app.service.db);
        const held = rows.map((row) => row.held);
        most.user = Math.max(
          most.user,
          held.reduce((sum, each) => sum + each, 0),
        );
        most.device = Math.max(most.device, ...held);
        most.looks += 1;
      }
    })();
    const stop = async () => {
      isOver = true;
      await done;
      return most;
    };
    return { stop };
  }

  /** The most that was held at once by what the events say, in their order: of the user, and of any device. */
  async function replay(owner: TestUser) {
    const { rows } = await sql<{ device_id: string; from_status: string; to_status: string }>`
      select t.device_id, e.from_status, e.to_status from task_events e join tasks t on t.id = e.task_id
       where t.user_id = ${owner.id} order by e.id
    `.execute(app.service.db);
    const isHeld = (status: string) => status === 'assigned' || status === 'running';
    const held = new Map<string, number>();
    const most = { user: 0, device: 0 };
    for (const { device_id, from_status, to_status } of rows) {
      const now = (held.get(device_id) ?? 0) + Number(isHeld(to_status)) - Number(isHeld(from_status));
      held.set(device_id, now);
      most.device = Math.max(most.device, now);
      most.user = Math.max(
        most.user,
        [...held.values()].reduce((sum, each) => sum + each, 0),
      );
    }
    return most;
  }

  async function report({ client }: TestDevice, tasks: HandedTask[]): Promise<void> {
    for (const { id, lease_id } of tasks) await client.daemon.result(id, { status: 'completed', lease_id });
  }

  /** Claims and reports until nothing is queued, as a daemon of ours or as one that knows only the document. */
  async function work(owner: TestUser, machine: TestDevice, withClaimId: boolean): Promise<void> {
    while ((await queuedOf(owner)) > 0) {
      const claim = { limit: 5, ...(withClaimId ? { claim_id: randomUUID() } : {}) };
      await report(machine, (await machine.client.daemon.claim(claim)).tasks);
    }
  }

  test.each<Plan>([
    'free',
    'pro',
    'enterprise',
  ])('never exceeds the limit of the plan «%s», nor of a device, while sixteen claim at once, and reaches it', async (plan) => {
    const limit = PLANS[plan].concurrentTasks;
    const owner = await app.makeUser();
    const machines = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map(() => app.makeDevice(owner, { max_concurrent_tasks: DEVICE_LIMIT })),
    );
    await putOn(owner, plan);
    for (const machine of machines) await queueMany(owner, machine, 5);
    const watcher = watch(owner);
    const firsts = await Promise.all(
      machines.map((machine) => machine.client.daemon.claim({ limit: 5, claim_id: randomUUID() })),
    );
    expect(firsts.reduce((sum, { count }) => sum + count, 0)).toBe(limit);
    await Promise.all([
      ...machines.map((machine, at) => report(machine, firsts[at]?.tasks ?? [])),
      ...machines.flatMap((machine) => [work(owner, machine, true), work(owner, machine, false)]),
    ]);
    const seen = await watcher.stop();
    expect(seen.looks).toBeGreaterThan(5);
    expect(seen.user).toBeLessThanOrEqual(limit);
    expect(seen.device).toBeLessThanOrEqual(DEVICE_LIMIT);
    expect(await replay(owner)).toEqual({ user: limit, device: Math.min(limit, DEVICE_LIMIT) });
    expect((await owner.client.tasks.list({ status: 'completed' })).pagination.total).toBe(40);
  });

  test('counts against the device alone where that allows less', async () => {
    const owner = await app.makeUser();
    const machine = await app.makeDevice(owner, { max_concurrent_tasks: 3 });
    await queueMany(owner, machine, 10);
    const claims = await Promise.all(Array.from({ length: 8 }, () => machine.client.daemon.claim({ limit: 2 })));
    expect(claims.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect((await machine.client.daemon.claim()).count).toBe(0);
    await owner.client.devices.updateConfig(machine.id, { max_concurrent_tasks: 1 });
    expect((await machine.client.daemon.claim()).count).toBe(0);
  });

  test('never holds back a create', async () => {
    const owner = await app.makeUser();
    const machine = await app.makeDevice(owner);
    await putOn(owner, 'free');
    for (let count = 0; count < 5; count++)
      expect(await owner.client.tasks.create({ device_id: machine.id, command: 'true' })).toMatchObject({
        status: 'queued',
      });
    expect((await machine.client.daemon.claim()).count).toBe(1);
  });
});

describe('a place that becomes free', () => {
  const subscriptions = () => (app.service.events as Bus).subscriptions();

  /** Of a user whose plan lets one task run: the first device holds it, and the others wait with a task each. */
  async function oneRunsOthersWait(others: number) {
    const owner = await app.makeUser();
    const [holder, ...waiting] = (await Promise.all(
      Array.from({ length: others + 1 }, () => app.makeDevice(owner)),
    )) as [TestDevice, ...TestDevice[]];
    await putOn(owner, 'free');
    for (const machine of [holder, ...waiting]) await queueMany(owner, machine, 1);
    const [held] = (await holder.client.daemon.claim({ claim_id: randomUUID() })).tasks;
    const before = subscriptions();
    const leaving = new AbortController();
    const polls = waiting.map(async (machine) => {
      const options = { signal: leaving.signal };
      const { tasks } = await machine.client.daemon.claim({ wait: 30, claim_id: randomUUID() }, options);
      return { machine, task: tasks[0], at: performance.now() };
    });
    // Each waits for its own queue and for the user's places.
    await expect.poll(subscriptions).toBe(before + 2 * others);
    return { owner, holder, held: held as NonNullable<typeof held>, polls, leave: () => leaving.abort() };
  }

  test('wakes the user’s other devices, of which one gets it, and its result wakes the next', async () => {
    const { holder, held, polls } = await oneRunsOthersWait(3);
    const open = new Map(polls.map((poll) => [poll, poll.then((got) => ({ poll, got }))]));
    let [machine, task] = [holder, held];
    while (open.size > 0) {
      const reportedAt = performance.now();
      await machine.client.daemon.result(task.id, { status: 'completed', lease_id: task.lease_id });
      const { poll, got } = await Promise.race(open.values());
      open.delete(poll);
      expect(got.task).toBeDefined();
      expect(got.at - reportedAt).toBeLessThan(1000);
      [machine, task] = [got.machine, got.task as typeof held];
    }
  });

  test.each([
    [
      'a loss',
      async () => {
        app.clock.advance(91);
        await app.sweep();
      },
    ],
    ['a deleted device', (owner: TestUser, holder: TestDevice) => owner.client.devices.remove(holder.id)],
  ])('by %s wakes them too', async (_, free) => {
    const { owner, holder, polls } = await oneRunsOthersWait(1);
    const freedAt = performance.now();
    await free(owner, holder);
    const [got] = await Promise.all(polls);
    expect(got?.task).toBeDefined();
    expect((got?.at ?? 0) - freedAt).toBeLessThan(1000);
  });

  test('wakes nobody else’s devices', async () => {
    const { holder, held, polls } = await oneRunsOthersWait(1);
    const stranger = await oneRunsOthersWait(1);
    await holder.client.daemon.result(held.id, { status: 'completed', lease_id: held.lease_id });
    await Promise.all(polls);
    expect(await stranger.owner.client.tasks.get(stranger.held.id)).toMatchObject({ status: 'assigned' });
    const { items } = await stranger.owner.client.tasks.list({ status: 'queued' });
    expect(items).toHaveLength(1);
    stranger.leave();
    await Promise.allSettled(stranger.polls);
  });
});
