import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import type { Ctx } from '../../server/context.ts';
import { createApiKey, deleteApiKey, endApiKeys, findApiKeyActor, listApiKeys } from '../../server/domain/api-keys.ts';
import { findDeviceActor, makeDeviceKey } from '../../server/domain/device-keys.ts';
import { openContext } from '../setup/context.ts';

const NEW_KEY = { name: 'CI', scopes: ['task:create', 'task:read'], expiresAt: null } as const;

const lastUsed = async (ctx: Ctx) => (await listApiKeys(ctx))[0]?.last_used;

test('a key acts for its user within its scopes', async () => {
  const { ctx, signUp } = await openContext();
  const { actor, ctx: own } = await signUp();
  const { id, key, key_prefix } = await createApiKey(own, { ...NEW_KEY, scopes: [...NEW_KEY.scopes, 'task:read'] });
  expect(key).toMatch(/^ck_live_[\w-]{43}$/);
  expect(key.startsWith(key_prefix)).toBe(true);
  expect(await findApiKeyActor(ctx, key)).toEqual({
    kind: 'apiKey',
    userId: actor.userId,
    plan: actor.plan,
    apiKeyId: id,
    scopes: NEW_KEY.scopes,
  });
});

test('a key is stored as its hash and audited without it', async () => {
  const { db, signUp, audited } = await openContext();
  const { actor, ctx } = await signUp();
  const { id, key } = await createApiKey(ctx, NEW_KEY);
  await deleteApiKey(ctx, id);
  const stored = JSON.stringify([await db.selectFrom('api_keys').selectAll().execute(), await audited()]);
  expect(stored).not.toContain(key.slice(13));
  expect(stored).toContain(ctx.tokens.hash(key));
  expect((await audited()).slice(1).map(({ action, target, user_id }) => [action, target, user_id])).toEqual([
    ['api_key.created', `api_key:${id}`, actor.userId],
    ['api_key.deleted', `api_key:${id}`, actor.userId],
  ]);
});

test('a key that is unknown, deleted, expired, or of a closed account opens nothing', async () => {
  const { ctx, clock, db, signUp } = await openContext();
  const { ctx: own } = await signUp();
  const { ctx: closed, actor } = await signUp();
  const expiresAt = new Date(clock.now().getTime() + 1000);
  const [deleted, expiring, orphan] = await Promise.all([
    createApiKey(own, NEW_KEY),
    createApiKey(own, { ...NEW_KEY, expiresAt }),
    createApiKey(closed, NEW_KEY),
  ]);
  for (const { key } of [deleted, expiring, orphan]) expect(await findApiKeyActor(ctx, key)).toBeDefined();
  await deleteApiKey(own, deleted.id);
  await db.updateTable('users').set({ is_active: false }).where('id', '=', actor.userId).execute();
  clock.advance(1);
  for (const { key } of [deleted, expiring, orphan, { key: ctx.tokens.newApiKey() }, { key: 'ck_live_' }]) {
    expect(await findApiKeyActor(ctx, key)).toBeUndefined();
  }
});

test('an expiry that has passed is refused', async () => {
  const { clock, signUp } = await openContext();
  const { ctx } = await signUp();
  for (const expiresAt of [clock.now(), new Date(0)]) {
    const refused = createApiKey(ctx, { ...NEW_KEY, expiresAt });
    await expect(refused).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ path: ['body', 'expires_at'] }],
    });
  }
});

test('a key is deleted once, and only by its user', async () => {
  const { signUp } = await openContext();
  const [{ ctx }, { ctx: stranger }] = [await signUp(), await signUp()];
  const { id } = await createApiKey(ctx, NEW_KEY);
  for (const wrong of [() => deleteApiKey(stranger, id), () => deleteApiKey(ctx, randomUUID())]) {
    await expect(wrong()).rejects.toMatchObject({ code: 'API_KEY_NOT_FOUND' });
  }
  await deleteApiKey(ctx, id);
  await expect(deleteApiKey(ctx, id)).rejects.toMatchObject({ code: 'API_KEY_NOT_FOUND' });
  expect(await listApiKeys(ctx)).toEqual([]);
});

test("the relay's keys of the same user are neither listed nor deleted here", async () => {
  const { db, signUp } = await openContext();
  const { ctx, actor } = await signUp();
  const id = randomUUID();
  const relayKey = {
    id,
    user_id: actor.userId,
    name: 'relay',
    key_prefix: 'sk_live_abcd',
    key_hash: '-',
    scopes: ['write'],
  };
  await db.insertInto('api_keys').values(relayKey).execute();
  expect(await listApiKeys(ctx)).toEqual([]);
  await expect(deleteApiKey(ctx, id)).rejects.toMatchObject({ code: 'API_KEY_NOT_FOUND' });
});

test('the use of a key is noted once a minute', async () => {
  const { clock, signUp } = await openContext({ at: '2026-01-20T10:00:00Z' });
  const { ctx } = await signUp();
  const { key } = await createApiKey(ctx, NEW_KEY);
  const first = clock.now();
  await findApiKeyActor(ctx, key);
  await vi.waitFor(async () => expect(await lastUsed(ctx)).toEqual(first));

  clock.advance(59);
  await Promise.all(Array.from({ length: 20 }, () => findApiKeyActor(ctx, key)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await lastUsed(ctx)).toEqual(first);

  clock.advance(1);
  await Promise.all(Array.from({ length: 20 }, () => findApiKeyActor(ctx, key)));
  await vi.waitFor(async () => expect(await lastUsed(ctx)).toEqual(clock.now()));
});

test('a use that cannot be noted is logged, fails nobody and is tried again', async () => {
  const { signUp, lines } = await openContext();
  const { ctx } = await signUp();
  const { key } = await createApiKey(ctx, NEW_KEY);
  let isBroken = true;
  const db = new Proxy(ctx.db, {
    get: (target, name) => {
      if (name === 'updateTable' && isBroken) return () => target.updateTable('nowhere' as 'api_keys');
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  expect(await findApiKeyActor({ ...ctx, db }, key)).toBeDefined();
  await vi.waitFor(() => expect(lines.map(({ msg }) => msg)).toContain('the use of an API key was not noted'));
  expect(JSON.stringify(lines)).not.toContain(key);
  isBroken = false;
  await findApiKeyActor({ ...ctx, db }, key);
  await vi.waitFor(async () => expect(await lastUsed(ctx)).toEqual(ctx.now()));
});

test('a device key acts as its device, for as long as the device has it', async () => {
  const { ctx, db, signUp } = await openContext();
  const { actor } = await signUp();
  const { key, hash } = makeDeviceKey(ctx);
  expect(key).toMatch(/^dk_[\w-]{43}$/);
  const device = { id: randomUUID(), user_id: actor.userId, device_name: 'machine', device_id: 'machine-1' };
  await db
    .insertInto('devices')
    .values({ ...device, key_hash: hash })
    .execute();
  expect(await findDeviceActor(ctx, key)).toEqual({
    kind: 'device',
    userId: actor.userId,
    plan: actor.plan,
    deviceId: device.id,
    device: { keyHash: hash, machineId: 'machine-1', status: 'offline', heartbeatInterval: 30, configVersion: 1 },
  });
  await db
    .updateTable('devices')
    .set({ key_hash: makeDeviceKey(ctx).hash })
    .execute();
  expect(await findDeviceActor(ctx, key)).toBeUndefined();
});

test('the device key of a closed account opens nothing', async () => {
  const { ctx, db, signUp } = await openContext();
  const { actor } = await signUp();
  const { key, hash } = makeDeviceKey(ctx);
  const device = { id: randomUUID(), user_id: actor.userId, device_name: 'machine', key_hash: hash };
  await db.insertInto('devices').values(device).execute();
  await db.updateTable('users').set({ is_active: false }).execute();
  expect(await findDeviceActor(ctx, key)).toBeUndefined();
});

test('when all keys of a user end, whoever listens with one is told, over the relay too', async () => {
  const { signUp, db, told } = await openContext();
  const { ctx, actor } = await signUp();
  const cloud = await createApiKey(ctx, NEW_KEY);
  const relay = await createApiKey(ctx, NEW_KEY);
  await db.updateTable('api_keys').set({ key_prefix: 'sk_live_abcd' }).where('id', '=', relay.id).execute();
  await endApiKeys(ctx, actor.userId);
  expect(told).toContainEqual({ type: 'api-key.ended', userId: actor.userId, apiKeyId: cloud.id });
  expect(told).toContainEqual({ type: 'relay_key.revoked', apiKeyId: relay.id });
});
