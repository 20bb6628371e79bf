import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { openMailboxes } from '../../server/adapters/imap.ts';
import { claimMailboxes, type Mailboxes } from '../../server/domain/mailboxes.ts';
import { startMailPolling } from '../../server/jobs/poll-mailboxes.ts';
import { zoneOf } from '../setup/dns.ts';
import { IMAP_PASSWORD, openImap, type Whim } from '../setup/imap.ts';
import { openParts } from '../setup/parts.ts';
import { compose, signed, signingZone } from '../setup/signed-mail.ts';

const DOMAIN = 'example.com';
const START = '2026-11-21T10:00:00.000Z';
const NEVER_BY_ITSELF = 3_600_000;

type Settings = { port?: number; host?: string; password?: string; isActive?: boolean };

async function openPoll({ env = {}, at = START }: { env?: Record<string, string>; at?: string } = {}) {
  const parts = await openParts({
    at,
    env: { ALLOW_PRIVATE_MAIL_HOSTS: 'true', ...env },
  });
  const { ctx, makeUser, makeDevice } = parts;
  const mailboxes = openMailboxes(zoneOf(signingZone(DOMAIN)), { idleMs: 1_000, totalMs: 2_000 });

  const startPolling = (port: Mailboxes = mailboxes, options: { intervalMs?: number; atOnce?: number } = {}) => {
    const polling = startMailPolling(ctx, port, { intervalMs: NEVER_BY_ITSELF, ...options });
    onTestFinished(polling.close);
    return polling;
  };

  /** Settings of a new user, whose mailbox is at a scripted server, or at none. */
  const makeConfig = async ({
    port = 0,
    host = 'localhost',
    password = IMAP_PASSWORD,
    isActive = true,
  }: Settings = {}) => {
    const user = await makeUser();
    const device = await makeDevice(user);
    const id = randomUUID();
    const address = `${user}@${DOMAIN}`;
    await ctx.db
      .insertInto('email_configs')
      .values({
        id,
        user_id: user,
        device_id: device,
        email_address: address,
        sealed_password: ctx.safe.lock(password, id),
        imap_host: host,
        imap_port: port,
        created_at: ctx.now(),
        updated_at: ctx.now(),
        is_active: isActive,
      })
      .execute();
    return { id, user, address };
  };

  const stateOf = (id: string) =>
    ctx.db
      .selectFrom('email_configs')
      .select(['last_check', 'last_error', 'failures'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();

  const commandsOf = async (user: string) =>
    (await ctx.db.selectFrom('tasks').select('command').where('user_id', '=', user).execute()).map(
      ({ command }) => command,
    );

  return { ...parts, startPolling, makeConfig, stateOf, commandsOf };
}

/** A scripted server; `put` lays a command into it, from somebody to themselves. */
async function openHouse(whim?: Whim) {
  const house = await openImap(whim);
  const put = async (sender: string, text = 'uptime', to = sender) =>
    house.messages.push({
      uid: house.messages.length + 1,
      raw: await signed(compose({ from: sender, to, text }), { domain: DOMAIN }),
      arrived: new Date(START),
      isSeen: false,
    });
  return { ...house, put };
}

it('makes a task of what it finds, and marks it as read', async () => {
  const { startPolling, makeConfig, stateOf, commandsOf, ctx } = await openPoll();
  const house = await openHouse();
  const { id, user, address } = await makeConfig({ port: house.port });
  await house.put(address, 'npm test');
  await startPolling().runNow();
  expect(await commandsOf(user)).toEqual(['npm test']);
  expect(house.messages.map(({ isSeen }) => isSeen)).toEqual([true]);
  expect(await stateOf(id)).toEqual({ last_check: ctx.now(), last_error: null, failures: 0 });
});

it('makes one task of a mail that is found again, because marking it was not reached', async () => {
  const { startPolling, makeConfig, commandsOf, clock } = await openPoll();
  const house = await openHouse((command, socket) => {
    if (command !== 'UID STORE' || house.heard.filter((line) => line.startsWith('UID STORE')).length > 1) return;
    socket.destroy();
    return 'is done';
  });
  const { user, address } = await makeConfig({ port: house.port });
  await house.put(address);
  const polling = startPolling();
  await polling.runNow();
  expect(house.messages.map(({ isSeen }) => isSeen)).toEqual([false]);
  clock.advance(121);
  await polling.runNow();
  expect(house.messages.map(({ isSeen }) => isSeen)).toEqual([true]);
  expect(await commandsOf(user)).toEqual(['uptime']);
});

it('reads a mailbox each minute, and less often the longer it fails', async () => {
  const { startPolling, makeConfig, stateOf, clock } = await openPoll();
  const house = await openHouse();
  const { id } = await makeConfig({ port: house.port, password: 'another one' });
  const polling = startPolling();
  const visits = () => house.heard.filter((line) => line.startsWith('LOGIN')).length;
  const after = async (seconds: number) => {
    clock.advance(seconds);
    await polling.runNow();
    return visits();
  };
  expect(await after(0)).toBe(1);
  expect(await after(60)).toBe(1);
  expect(await after(60)).toBe(2);
  expect(await after(239)).toBe(2);
  expect(await after(1)).toBe(3);
  const { last_error, failures } = await stateOf(id);
  expect(failures).toBe(3);
  expect(last_error).toMatch(/^2026-11-21T10:06:00.000Z: The IMAP server does not take the username and password/);
});

it('notes why a mail became no task, and says so until the settings change', async () => {
  const { startPolling, makeConfig, stateOf, commandsOf, clock } = await openPoll();
  const house = await openHouse();
  const { id, user, address } = await makeConfig({ port: house.port });
  await house.put(`stranger@${DOMAIN}`, 'uptime', address);
  const polling = startPolling();
  for (let minute = 0; minute < 2; minute += 1) {
    await polling.runNow();
    clock.advance(60);
  }
  expect(await commandsOf(user)).toEqual([]);
  expect(await stateOf(id)).toMatchObject({
    last_error: `${START}: A mail became no task: No device takes commands from this address`,
    failures: 0,
  });
});

it('takes from a mailbox commands for its own account alone', async () => {
  const { startPolling, makeConfig, commandsOf } = await openPoll();
  const other = await makeConfig();
  const house = await openHouse();
  const { user, address } = await makeConfig({ port: house.port });
  await house.put(other.address, 'uptime', address);
  await startPolling().runNow();
  expect(await commandsOf(other.user)).toEqual([]);
  expect(await commandsOf(user)).toEqual([]);
});

it('goes to no address inside, whatever the settings say', async () => {
  const { startPolling, makeConfig, stateOf } = await openPoll({ env: { ALLOW_PRIVATE_MAIL_HOSTS: 'false' } });
  const house = await openHouse();
  const { id } = await makeConfig({ port: house.port, host: '127.0.0.1' });
  await startPolling().runNow();
  expect(house.heard).toEqual([]);
  expect((await stateOf(id)).last_error).toMatch(/leads to this machine or a private network/);
});

it('leaves the others alone while one server stalls', async () => {
  const { startPolling, makeConfig, stateOf, commandsOf } = await openPoll();
  const stalling = await openHouse(() => 'is done');
  const house = await openHouse();
  const stalled = await makeConfig({ port: stalling.port });
  const polling = startPolling(undefined, { atOnce: 2 });
  const first = polling.runNow();
  const { user, address } = await makeConfig({ port: house.port });
  await house.put(address);
  await polling.runNow();
  expect(await commandsOf(user)).toEqual(['uptime']);
  expect((await stateOf(stalled.id)).failures).toBe(0);
  await first;
  expect((await stateOf(stalled.id)).failures).toBe(1);
});

it('is claimed by one process, however many look', async () => {
  const { ctx, makeConfig } = await openPoll();
  for (let count = 0; count < 10; count += 1) await makeConfig();
  const claims = await Promise.all(Array.from({ length: 6 }, () => claimMailboxes(ctx, 10)));
  expect(claims.flat()).toHaveLength(10);
});

it('is claimed when it is active, has a password and a server, and its user is there', async () => {
  const { ctx, makeConfig } = await openPoll();
  await makeConfig({ isActive: false });
  const { id: withoutPassword } = await makeConfig();
  await ctx.db.updateTable('email_configs').set({ sealed_password: null }).where('id', '=', withoutPassword).execute();
  const { user } = await makeConfig();
  await ctx.db.updateTable('users').set({ is_active: false }).where('id', '=', user).execute();
  const { id } = await makeConfig();
  expect((await claimMailboxes(ctx, 10)).map((row) => row.id)).toEqual([id]);
});

it('breaks off when the process ends, and counts that as nobody’s failure', async () => {
  const { startPolling, makeConfig, stateOf } = await openPoll();
  const house = await openHouse((command) => (command === 'SELECT' ? 'is done' : undefined));
  const { id } = await makeConfig({ port: house.port });
  const polling = startPolling();
  const reading = polling.runNow();
  await expect.poll(() => house.heard.includes('SELECT INBOX')).toBe(true);
  await polling.close();
  await reading;
  expect(await stateOf(id)).toMatchObject({ last_error: null, failures: 0 });
});

it('goes on by itself after the database was away', async () => {
  const { startPolling, makeConfig, commandsOf, ctx, lines } = await openPoll();
  const house = await openHouse();
  await ctx.db.schema.alterTable('email_configs').renameTo('hidden').execute();
  startPolling(undefined, { intervalMs: 20 });
  await expect.poll(() => lines.some(({ msg }) => msg.startsWith('mailboxes could not be claimed'))).toBe(true);
  await ctx.db.schema.alterTable('hidden').renameTo('email_configs').execute();
  const { user, address } = await makeConfig({ port: house.port, isActive: false });
  await house.put(address);
  await ctx.db.updateTable('email_configs').set({ is_active: true }).execute();
  await expect.poll(() => commandsOf(user)).toEqual(['uptime']);
});
