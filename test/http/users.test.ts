/** Your own account: profile, password, deletion. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleteClosedAccount } from '../../server/domain/users.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import { openApp, openAppForTest, refusalOf, type TestApp, type TestUser } from '../setup/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

const NEW_PASSWORD = 'another horse, another staple';

const loginAgain = (user: TestUser, password = app.password) =>
  app.anonymous.auth.login({ email: user.email, password });

describe('profile', () => {
  test('what is sent changes, the rest stays, null empties', async () => {
    const { client } = await app.makeUser();
    const before = (await client.auth.me()).user;
    const change = { display_name: 'Jane', avatar_url: 'https://example.com/a.png', notify_by_email: true };
    expect((await client.users.update(change)).user).toEqual({ ...before, ...change });
    expect((await client.users.update({ display_name: null })).user).toEqual({
      ...before,
      ...change,
      display_name: null,
    });
    expect((await client.users.update({})).user).toEqual((await client.auth.me()).user);
  });

  test('fields that are not for the user to change are ignored', async () => {
    const { client } = await app.makeUser();
    const more = { plan: 'free', is_verified: true, email: 'other@example.com', storage_used: 7, display_name: 'J' };
    const { user } = await client.users.update(more);
    expect(user).toEqual({ ...(await client.auth.me()).user, plan: 'enterprise', is_verified: false, storage_used: 0 });
    expect(user.email).not.toBe(more.email);
  });

  test.each([
    { display_name: '' },
    { display_name: 'x'.repeat(101) },
    { display_name: 'a\0' },
    { avatar_url: 'javascript:alert(1)' },
    { avatar_url: 'data:text/html,hello' },
    { avatar_url: 'nonsense' },
    { avatar_url: 'https://ex{ample.com/' },
    { avatar_url: 'https://one@two@example.com/' },
    { avatar_url: 'https://example.com:99999/' },
    { avatar_url: `https://example.com/${'x'.repeat(500)}` },
    { notify_by_email: 'yes' as never },
    { notify_by_email: null as never },
  ])('%o is refused', async (change) => {
    const { client } = await app.makeUser();
    expect(await refusalOf(client.users.update(change))).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
  });
});

describe('password', () => {
  test('the new one is good from now on and the old one is not', async () => {
    const user = await app.makeUser();
    await user.client.users.changePassword({ old_password: app.password, new_password: NEW_PASSWORD });
    expect(await refusalOf(loginAgain(user))).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    expect((await loginAgain(user, NEW_PASSWORD)).user.id).toBe(user.id);
  });

  test('all other sessions end at once, the one that asks goes on, API keys and devices too', async () => {
    const user = await app.makeUser();
    const [one, two] = [await loginAgain(user), await loginAgain(user)];
    const { key } = await user.client.apiKeys.create({ name: 'CI', scopes: ['user:read'] });
    const device = await app.makeDevice(user);
    const told: string[] = [];
    const stop = (app.service.events as Bus).subscribe(`user:${user.id}`, ({ type }) => told.push(type));
    const change = { old_password: app.password, new_password: NEW_PASSWORD };
    expect(await user.client.users.changePassword(change)).toEqual({ sessions_ended: 2 });
    stop();
    expect(told).toEqual(['session.ended', 'session.ended']);
    for (const { token, refresh_token } of [one, two]) {
      expect(await refusalOf(app.clientOf(token).auth.me())).toMatchObject({ status: 401 });
      expect(await refusalOf(app.anonymous.auth.refresh({ refresh_token }))).toMatchObject({ status: 401 });
    }
    await user.client.auth.me();
    await app.clientOf(key).auth.me();
    await device.client.daemon.claim();
  });

  test('a wrong old password changes nothing and is no 401, which would sign a client out', async () => {
    const user = await app.makeUser();
    const wrong = user.client.users.changePassword({ old_password: 'wrong', new_password: NEW_PASSWORD });
    expect(await refusalOf(wrong)).toMatchObject({ status: 403, code: 'WRONG_PASSWORD' });
    await loginAgain(user);
  });

  test.each(['x'.repeat(7), 'x'.repeat(257), 'password\0'])('%j is no new password', async (new_password) => {
    const { client } = await app.makeUser();
    const change = client.users.changePassword({ old_password: app.password, new_password });
    expect(await refusalOf(change)).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' });
  });

  test('of two changes at once one holds', async () => {
    const user = await app.makeUser();
    const passwords = ['first of two passwords', 'second of two passwords'];
    const changes = await Promise.allSettled(
      passwords.map((new_password) => user.client.users.changePassword({ old_password: app.password, new_password })),
    );
    const held = passwords.filter((_, at) => changes[at]?.status === 'fulfilled');
    expect(held).toHaveLength(1);
    await loginAgain(user, held[0]);
  });

  test('the change is in the audit log, with neither password', async () => {
    const user = await app.makeUser();
    await user.client.users.changePassword({ old_password: app.password, new_password: NEW_PASSWORD });
    await refusalOf(user.client.users.changePassword({ old_password: app.password, new_password: NEW_PASSWORD }));
    const rows = await app.service.db.selectFrom('audit_logs').selectAll().where('user_id', '=', user.id).execute();
    expect(rows.map(({ action }) => action).slice(-2)).toEqual(['user.password_changed', 'user.password_refused']);
    expect(JSON.stringify(rows)).not.toMatch(/horse/);
  });
});

describe('deletion', () => {
  test('every credential dies at once, and the address is free again', async () => {
    const user = await app.makeUser();
    const other = await loginAgain(user);
    const { key } = await user.client.apiKeys.create({ name: 'CI', scopes: ['user:read'] });
    const device = await app.makeDevice(user);
    expect(await user.client.users.remove({ password: app.password })).toEqual({ deleted: true });
    for (const token of [user.token, other.token, key]) {
      expect(await refusalOf(app.clientOf(token).auth.me())).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    }
    expect(await refusalOf(device.client.daemon.claim())).toMatchObject({ status: 401 });
    for (const { refreshToken } of [user, { refreshToken: other.refresh_token }]) {
      const refresh = app.anonymous.auth.refresh({ refresh_token: refreshToken });
      expect(await refusalOf(refresh)).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    }
    expect(await refusalOf(loginAgain(user))).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    const again = await app.anonymous.auth.register({ email: user.email, password: app.password });
    expect(again.user.id).not.toBe(user.id);
  });

  test('a running task is cancelled and its device told to stop', async () => {
    const user = await app.makeUser();
    const device = await app.makeDevice(user);
    const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'sleep 60', grace_seconds: 3 });
    await device.client.daemon.claim();
    const told: unknown[] = [];
    const stop = (app.service.events as Bus).subscribe(`user:${user.id}`, (event) => told.push(event));
    await user.client.users.remove({ password: app.password });
    stop();
    expect(told).toEqual(
      expect.arrayContaining([
        { type: 'task.cancel', userId: user.id, taskId: task_id, deviceId: device.id, graceSeconds: 3 },
        expect.objectContaining({ type: 'task.changed', taskId: task_id, status: 'cancelled' }),
        { type: 'device.changed', userId: user.id, deviceId: device.id, status: 'deleted', before: 'offline' },
        expect.objectContaining({ type: 'session.ended' }),
      ]),
    );
  });

  test('everything of the account goes, and nothing of anybody else', async () => {
    const own = await openAppForTest();
    await own.work();
    const [user, stranger] = [await own.makeUser(), await own.makeUser()];
    for (const each of [user, stranger]) {
      const device = await own.makeDevice(each);
      for (let n = 0; n < 3; n += 1) await each.client.tasks.create({ device_id: device.id, command: 'true' });
      await device.client.daemon.claim();
      await each.client.apiKeys.create({ name: 'CI', scopes: ['user:read'] });
      const idempotencyKey = randomUUID();
      await device.client.daemon.backupConfig({ config_name: 'settings', config_data: {} }, { idempotencyKey });
    }
    const { db } = own.service;
    const rows = async () => ({
      users: await db.selectFrom('users').select('id').execute(),
      keys: await db.selectFrom('idempotency_keys').select('caller').distinct().execute(),
      tasks: await db.selectFrom('tasks').select('user_id').execute(),
      attempts: await db.selectFrom('task_attempts').select('task_id').execute(),
      devices: await db.selectFrom('devices').select('user_id').execute(),
      apiKeys: await db.selectFrom('api_keys').select('user_id').execute(),
    });
    await user.client.users.remove({ password: own.password });
    await expect.poll(async () => (await rows()).users, { timeout: 10_000 }).toEqual([{ id: stranger.id }]);
    const left = await rows();
    const [theirs] = await stranger.client.devices.list().then(({ items }) => items);
    expect(left.keys.map(({ caller }) => caller).sort()).toEqual([`device:${theirs?.id}`, `user:${stranger.id}`]);
    expect(left.tasks).toEqual(Array(3).fill({ user_id: stranger.id }));
    expect(left.attempts).toHaveLength(3);
    expect(left.devices).toEqual([{ user_id: stranger.id }]);
    expect(left.apiKeys).toEqual([{ user_id: stranger.id }]);
    const audited = await db.selectFrom('audit_logs').select('actor').where('action', '=', 'user.deleted').execute();
    expect(audited).toEqual([{ actor: `user:${user.id}` }]);
  });

  test('a wrong password deletes nothing', async () => {
    const user = await app.makeUser();
    const refused = await refusalOf(user.client.users.remove({ password: 'wrong' }));
    expect(refused).toMatchObject({ status: 403, code: 'WRONG_PASSWORD' });
    await user.client.auth.me();
  });

  test('the job deletes no account that is open', async () => {
    const user = await app.makeUser();
    const device = await app.makeDevice(user);
    await user.client.tasks.create({ device_id: device.id, command: 'true' });
    await deleteClosedAccount(app.ctx, user.id);
    await deleteClosedAccount(app.ctx, randomUUID());
    expect((await user.client.tasks.list()).pagination.total).toBe(1);
  });
});
