/** A pause of dispatch, over several processes. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { pauseDispatch, resumeDispatch } from '../../server/domain/pauses.ts';
import { openApp, openAppForTest, type TestApp, type TestUser } from '../setup/app.ts';

let app: TestApp;
let user: TestUser;
beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  return app.close;
});

const claim = (of: TestApp, key: string, claimId: string = randomUUID()) =>
  of.clientOf(key).daemon.claim({ claim_id: claimId });

const queueOne = async () => {
  const device = await app.makeDevice(user);
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' });
  return { device, taskId: task_id };
};

test('no process hands out a task until it is resumed, and none is lost', async () => {
  const other = await openAppForTest({ databaseUrl: app.databaseUrl });
  const { device, taskId } = await queueOne();
  await pauseDispatch(app.ctx);
  for (const each of [app, other]) expect((await claim(each, device.key)).tasks).toEqual([]);
  expect((await device.client.daemon.heartbeat({ status: 'online' })).tasks_available).toBe(false);
  await resumeDispatch(other.ctx);
  expect((await claim(app, device.key)).tasks).toMatchObject([{ id: taskId }]);
});

test('what was handed out before goes on: its claim is answered again, it starts and ends', async () => {
  const { device, taskId } = await queueOne();
  const claimId = randomUUID();
  await claim(app, device.key, claimId);
  await pauseDispatch(app.ctx);
  const { tasks } = await claim(app, device.key, claimId);
  const leaseId = tasks[0]?.lease_id ?? '';
  await device.client.daemon.start(taskId, { lease_id: leaseId });
  await resumeDispatch(app.ctx);
  expect(tasks).toMatchObject([{ id: taskId }]);
});

test('a claim that looked before the pause and waits for its turn hands out nothing', async () => {
  const { device } = await queueOne();
  const { promise: mayGo, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
  const holding = app.ctx.db.transaction().execute(async (tx) => {
    await sql`select from users where id = ${user.id} for update`.execute(tx);
    hold();
    await mayGo;
  });
  await isHeld;
  const claiming = claim(app, device.key);
  await expect.poll(waiters).toBe(1);
  await pauseDispatch(app.ctx);
  letGo();
  await holding;
  expect((await claiming).tasks).toEqual([]);
  await resumeDispatch(app.ctx);
});

const waiters = async (): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
  `.execute(app.ctx.db);
  return rows[0]?.count ?? 0;
};

test('a second pause keeps the first one’s time, and each change is audited once', async () => {
  const since = await pauseDispatch(app.ctx);
  app.clock.advance(60);
  expect(await pauseDispatch(app.ctx)).toEqual(since);
  expect([await resumeDispatch(app.ctx), await resumeDispatch(app.ctx)]).toEqual([true, false]);
  const audited = await app.ctx.db
    .selectFrom('audit_logs')
    .select('action')
    .where('action', 'like', 'dispatch.%')
    .orderBy('id', 'desc')
    .limit(2)
    .execute();
  expect(audited.map(({ action }) => action)).toEqual(['dispatch.resumed', 'dispatch.paused']);
});

test('of two pauses at once one is made', async () => {
  const [one, two] = await Promise.all([pauseDispatch(app.ctx), pauseDispatch(app.ctx)]);
  expect(one).toEqual(two);
  expect(await resumeDispatch(app.ctx)).toBe(true);
});
