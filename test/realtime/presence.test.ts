import { expect, onTestFinished, test, vi } from 'vitest';
import { openPresence } from '../../server/realtime/presence.ts';
import { openParts, takeAway } from '../setup/parts.ts';

async function openDevice() {
  const parts = await openParts();
  const presence = openPresence(parts.ctx);
  onTestFinished(() => presence.close());
  const deviceId = await parts.makeDevice(await parts.makeUser());
  const read = () =>
    parts.ctx.db
      .selectFrom('devices')
      .select(['last_heartbeat', 'system_info', 'ip_address'])
      .where('id', '=', deviceId)
      .executeTakeFirstOrThrow();
  return { ...parts, presence, deviceId, read };
}

const at = (time: string) => new Date(`2026-01-20T${time}Z`);

test('a sighting is written by itself a moment later', async () => {
  const { presence, deviceId, read } = await openDevice();
  presence.seen(deviceId, { at: at('10:00:00'), systemInfo: { cpu: 1 }, ipAddress: '192.0.2.1' });
  await vi.waitUntil(async () => (await read()).last_heartbeat !== null, { timeout: 3_000 });
  expect(await read()).toEqual({
    last_heartbeat: at('10:00:00'),
    system_info: { cpu: 1 },
    ip_address: '192.0.2.1',
  });
});

test('the last heartbeat only moves forward, and what a sighting does not say stays', async () => {
  const { presence, deviceId, read } = await openDevice();
  presence.seen(deviceId, { at: at('10:00:05'), systemInfo: { cpu: 5 } });
  presence.seen(deviceId, { at: at('10:00:03'), systemInfo: { cpu: 3 }, ipAddress: '2001:db8::1' });
  await presence.flush();
  const after = { last_heartbeat: at('10:00:05'), system_info: { cpu: 5 }, ip_address: '2001:db8::1' };
  expect(await read()).toEqual(after);
  presence.seen(deviceId, { at: at('10:00:04') });
  await presence.flush();
  expect(await read()).toEqual(after);
});

test('thousands of devices are written together, and one that was deleted is left out', async () => {
  const { ctx, presence, deviceId, read } = await openDevice();
  const user = await ctx.db.selectFrom('users').select('id').executeTakeFirstOrThrow();
  const rows = Array.from({ length: 6_000 }, (_, number) => ({
    id: crypto.randomUUID(),
    user_id: user.id,
    device_name: 'machine',
    key_hash: String(number),
  }));
  for (let from = 0; from < rows.length; from += 2_000)
    await ctx.db
      .insertInto('devices')
      .values(rows.slice(from, from + 2_000))
      .execute();
  await ctx.db.deleteFrom('devices').where('id', '=', rows[0]!.id).execute();
  for (const { id } of [...rows, { id: deviceId }]) presence.seen(id, { at: at('10:00:00') });
  await presence.flush();
  expect((await read()).last_heartbeat).toEqual(at('10:00:00'));
  const { unseen } = await ctx.db
    .selectFrom('devices')
    .select((eb) => eb.fn.countAll().as('unseen'))
    .where('last_heartbeat', 'is', null)
    .executeTakeFirstOrThrow();
  expect(unseen).toBe(0);
});

test('what could not be written is kept, and what was seen since wins', async () => {
  const { url, presence, deviceId, read, lines } = await openDevice();
  const bringBack = await takeAway(url);
  presence.seen(deviceId, { at: at('10:00:00'), ipAddress: '192.0.2.1', systemInfo: { cpu: 1 } });
  await expect(presence.flush()).rejects.toThrow();
  presence.seen(deviceId, { at: at('10:00:30'), systemInfo: { cpu: 30 } });
  await vi.waitUntil(() => lines.length > 0, { timeout: 3_000 });
  await bringBack();
  await presence.flush();
  expect(await read()).toEqual({
    last_heartbeat: at('10:00:30'),
    system_info: { cpu: 30 },
    ip_address: '192.0.2.1',
  });
  expect(lines.filter(({ level }) => level >= 40).map(({ msg }) => msg)).toEqual([
    'presence cannot be written for now',
  ]);
});

test('what one device says cannot hold up the others', async () => {
  const { presence, deviceId, read, makeDevice, makeUser, ctx } = await openDevice();
  const odd = await makeDevice(await makeUser());
  presence.seen(odd, { at: at('10:00:00'), systemInfo: { name: 'a\0b' }, ipAddress: 'fe80::1%eth0' });
  presence.seen(deviceId, { at: at('10:00:00'), ipAddress: 'no address' });
  await presence.flush();
  await presence.flush();
  expect(await read()).toEqual({ last_heartbeat: at('10:00:00'), system_info: null, ip_address: null });
  const row = await ctx.db.selectFrom('devices').selectAll().where('id', '=', odd).executeTakeFirstOrThrow();
  expect(row.last_heartbeat).toEqual(at('10:00:00'));
});

test('two processes that saw the same devices at once do not lock each other out', async () => {
  const one = await openDevice();
  const userId = await one.makeUser();
  const ids = await Promise.all(Array.from({ length: 50 }, () => one.makeDevice(userId)));
  const other = openPresence(one.ctx);
  onTestFinished(() => other.close());
  for (let round = 0; round < 20; round += 1) {
    const time = new Date(at('10:00:00').getTime() + round * 1_000);
    for (const id of ids) one.presence.seen(id, { at: time });
    for (const id of [...ids].reverse()) other.seen(id, { at: time });
    await Promise.all([one.presence.flush(), other.flush()]);
  }
});

test('closing writes what is left', async () => {
  const { presence, deviceId, read } = await openDevice();
  presence.seen(deviceId, { at: at('10:00:00') });
  await presence.close();
  expect((await read()).last_heartbeat).toEqual(at('10:00:00'));
});
