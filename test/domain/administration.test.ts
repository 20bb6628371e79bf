/** What the operator does to accounts, seen by their users. */
import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { Ctx } from '../../server/context.ts';
import {
  changePlan,
  disableAccount,
  enableAccount,
  findAccount,
  listAccounts,
  listAllDevices,
  queueStatus,
  verifyAccount,
} from '../../server/domain/administration.ts';
import { openApp, refusalOf, type TestApp } from '../setup/app.ts';
import { connect } from '../setup/socket.ts';

let app: TestApp;
let operator: Ctx;
beforeAll(async () => {
  app = await openApp();
  operator = { ...app.ctx, actor: { kind: 'admin' } };
  return app.close;
});

const auditOf = (userId: string) =>
  app.ctx.db
    .selectFrom('audit_logs')
    .select(['action', 'actor', 'details'])
    .where('target', '=', `user:${userId}`)
    .where('actor', '=', 'admin')
    .orderBy('id')
    .execute();

test('nothing of a disabled account opens anything, and its sockets end', async () => {
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  const { key } = await user.client.apiKeys.create({ name: 'CI', scopes: ['task:read'] });
  const sockets = await Promise.all([user.token, key, device.key].map((token) => connect(app.url, { token })));
  expect(await disableAccount(operator, user.id)).toBe(true);
  for (const socket of sockets) expect(await socket.closed).toMatchObject({ code: 4401 });
  for (const client of [user.client, app.clientOf(key)])
    expect(await refusalOf(client.tasks.list())).toMatchObject({ status: 401 });
  expect(await refusalOf(device.client.daemon.claim({ claim_id: randomUUID() }))).toMatchObject({ status: 401 });
  const login = app.anonymous.auth.login({ email: user.email, password: app.password });
  expect(await refusalOf(login)).toMatchObject({ code: 'AUTH_FAILED' });
});

test('an enabled account has its password, keys and devices back, and has to log in again', async () => {
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  const { key } = await user.client.apiKeys.create({ name: 'CI', scopes: ['task:read'] });
  await disableAccount(operator, user.id);
  expect(await enableAccount(operator, user.id)).toBe(true);
  expect(await refusalOf(user.client.tasks.list())).toMatchObject({ status: 401 });
  await app.anonymous.auth.login({ email: user.email, password: app.password });
  await app.clientOf(key).tasks.list();
  await device.client.daemon.claim({ claim_id: randomUUID() });
});

test('an account that its user has closed is none any more', async () => {
  const user = await app.makeUser();
  await user.client.users.remove({ password: app.password });
  expect(await findAccount(operator, user.id)).toBeUndefined();
  expect(await enableAccount(operator, user.id)).toBe(false);
});

test('a plan holds from the next request on, and the audit says from which to which', async () => {
  const user = await app.makeUser();
  expect(await changePlan(operator, user.id, 'pro')).toBe(true);
  expect((await user.client.auth.me()).user.plan).toBe('pro');
  expect(await changePlan(operator, user.id, 'pro')).toBe(false);
  expect(await auditOf(user.id)).toEqual([
    { action: 'user.plan_changed', actor: 'admin', details: { from: 'enterprise', to: 'pro' } },
  ]);
});

test('each change is audited once, and what changes nothing is not', async () => {
  const user = await app.makeUser();
  for (const does of [verifyAccount, verifyAccount, disableAccount, disableAccount, enableAccount, enableAccount])
    await does(operator, user.id);
  const actions = (await auditOf(user.id)).map(({ action }) => action);
  expect(actions).toEqual(['user.email_verified', 'user.disabled', 'user.enabled']);
});

test('accounts are found by address, by id and by a part of the address', async () => {
  const user = await app.makeUser();
  expect(await findAccount(operator, user.email.toUpperCase())).toMatchObject({ id: user.id });
  expect(await findAccount(operator, user.id)).toMatchObject({ email: user.email });
  expect(await findAccount(operator, '%')).toBeUndefined();
  const [found, ...others] = await listAccounts(operator, { containing: user.email.slice(0, 20), limit: 10 });
  expect([found, others]).toMatchObject([{ id: user.id, devices: 0, is_active: true }, []]);
  expect(await listAccounts(operator, { limit: 1 })).toHaveLength(1);
});

test('devices and the queue are shown over all accounts', async () => {
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  const before = await queueStatus(operator);
  for (let count = 0; count < 2; count += 1) await user.client.tasks.create({ device_id: device.id, command: 'true' });
  await device.client.daemon.claim({ claim_id: randomUUID(), limit: 1 });
  expect(await listAllDevices(operator, { userId: user.id, limit: 10 })).toMatchObject([
    { id: device.id, email: user.email, held: 1, queued: 1 },
  ]);
  const after = await queueStatus(operator);
  expect(after.tasks.queued - before.tasks.queued).toBe(1);
  expect(after.tasks.assigned - before.tasks.assigned).toBe(1);
  expect(after.oldest_queued_at).toBeInstanceOf(Date);
});
