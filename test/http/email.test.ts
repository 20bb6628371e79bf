import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lookup } from '../../server/adapters/mail-hosts.ts';
import { sendAddressCode } from '../../server/domain/email-addresses.ts';
import { openApp, openAppForTest, refusalOf, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { readEml } from '../setup/eml.ts';
import { ownLoopback } from '../setup/loopback.ts';
import { type Outbox, outboxOf } from '../setup/outbox.ts';
import { openSmtp, smtpError } from '../setup/smtp.ts';

const AT = '2026-01-20T10:00:00.000Z';

const ZONE: Record<string, string[]> = {
  'imap.gmail.com': ['142.250.27.108'],
  'smtp.gmail.com': ['142.250.27.109'],
  'inside.example.net': ['10.0.0.5'],
};
const lookup: Lookup = async (name) => ZONE[name] ?? [];

let app: TestApp;
let outbox: Outbox;
/** Whose settings are refused each time. */
let refused: { user: TestUser; device: TestDevice };
beforeAll(async () => {
  app = await openApp({ at: AT, lookup });
  outbox = outboxOf(app.service);
  refused = await newOwner();
  await app.work();
});
afterAll(() => app.close());

const newAddress = (): string => `${randomUUID()}@gmail.com`;

async function newOwner(from: TestApp = app): Promise<{ user: TestUser; device: TestDevice }> {
  const user = await from.makeUser();
  return { user, device: await from.makeDevice(user) };
}

const rowOf = (device: TestDevice, of: TestApp = app) =>
  of.service.db.selectFrom('email_configs').selectAll().where('device_id', '=', device.id).executeTakeFirstOrThrow();

/** The code in the mail to `address`. */
async function codeMailedTo(address: string): Promise<string> {
  const { text } = await outbox.letterTo(address, /^Verify this address/);
  return /mt_[\w-]+/.exec(text)?.[0] ?? '';
}

const SERVERS = {
  imap_host: 'imap.gmail.com',
  imap_port: 993,
  smtp_host: 'smtp.gmail.com',
  smtp_port: 587,
} as const;

describe('the settings of a device', () => {
  test('are as the document has them, and show all but the password', async () => {
    const { user, device } = await newOwner();
    const email_address = newAddress();
    const body = { device_id: device.id, email_address, ...SERVERS };
    const config = await user.client.email.saveConfig({ ...body, password: 'app password' });
    expect(config).toEqual({
      id: config.id,
      ...body,
      is_verified: false,
      username: null,
      has_password: true,
      imap_secure: true,
      smtp_secure: true,
      is_active: true,
      last_check: null,
      last_error: null,
      created_at: AT,
      updated_at: AT,
    });
    expect(await user.client.email.getConfig(device.id)).toEqual(config);
    expect(JSON.stringify(config)).not.toContain('app password');
  });

  test('lie in the database with the password sealed for their row', async () => {
    const { user, device } = await newOwner();
    const { id } = await user.client.email.saveConfig({
      device_id: device.id,
      email_address: newAddress(),
      password: 'app password',
    });
    const { sealed_password } = await rowOf(device);
    const sealed = sealed_password as Buffer;
    expect(sealed.includes('app password')).toBe(false);
    expect(app.service.safe.open(sealed, id)).toBe('app password');
    expect(app.service.safe.open(sealed, randomUUID())).toBeUndefined();
    expect(app.logged.join()).not.toContain('app password');
  });

  test('are replaced whole by posting again, the password too', async () => {
    const { user, device } = await newOwner();
    const first = { device_id: device.id, email_address: newAddress(), ...SERVERS, password: 'one', username: 'me' };
    const { id } = await user.client.email.saveConfig(first);
    const again = await user.client.email.saveConfig({
      device_id: device.id,
      email_address: 'Other@Gmail.com',
      is_active: false,
    });
    expect(again).toMatchObject({
      id,
      email_address: 'other@gmail.com',
      username: null,
      has_password: false,
      imap_host: null,
      imap_port: null,
      smtp_host: null,
      is_active: false,
    });
    expect((await rowOf(device)).sealed_password).toBeNull();
  });

  test('that are made answer 201, those that are replaced 200; twenty at once make one', async () => {
    const { user, device } = await newOwner();
    const post = async () => {
      const response = await fetch(`${app.url}/v1/email/config`, {
        method: 'POST',
        headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ device_id: device.id, email_address: user.email, password: 'secret' }),
      });
      return response.status;
    };
    const statuses = await Promise.all(Array.from({ length: 20 }, post));
    expect(statuses.sort()).toEqual([...Array(19).fill(200), 201]);
    const row = await rowOf(device);
    expect(app.service.safe.open(row.sealed_password as Buffer, row.id)).toBe('secret');
  });

  test.each([
    'localhost',
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '::1',
    '::ffff:127.0.0.1',
    '2130706433',
    'inside.example.net',
  ])('are refused with a host that leads inside: %s', async (host) => {
    const { user, device } = refused;
    const save = user.client.email.saveConfig({
      device_id: device.id,
      email_address: newAddress(),
      imap_host: host,
      smtp_host: host,
    });
    expect(await refusalOf(save)).toMatchObject({
      status: 400,
      code: 'VALIDATION_ERROR',
      details: [{ path: ['body', 'imap_host'] }, { path: ['body', 'smtp_host'] }],
    });
    expect(await refusalOf(user.client.email.getConfig(device.id))).toMatchObject({ code: 'EMAIL_CONFIG_NOT_FOUND' });
  });

  test('are accepted with a host that does not resolve now', async () => {
    const { user, device } = await newOwner();
    const config = { device_id: device.id, email_address: newAddress(), imap_host: 'not-yet.example.com' };
    expect(await user.client.email.saveConfig(config)).toMatchObject({ imap_host: 'not-yet.example.com' });
  });

  test.each([
    { smtp_port: 22 },
    { imap_port: 3306 },
    { imap_port: 0 },
    { imap_host: 'a b' },
    { imap_host: 'mail.example.com/path' },
    { smtp_host: 'user@mail.example.com' },
    { username: 'me\r\nRSET' },
    { password: 'a\nb' },
    { email_address: 'a@b.com\r\nBcc: c@d.com' },
    { email_address: 'a@b.com, c@d.com' },
    { email_address: 'A <a@b.com>' },
  ])('are refused with %j', async (change) => {
    const { user, device } = refused;
    const body = { device_id: device.id, email_address: newAddress(), ...change };
    const [field] = Object.keys(change);
    expect(await refusalOf(user.client.email.saveConfig(body as never))).toMatchObject({
      status: 400,
      code: 'VALIDATION_ERROR',
      details: [{ path: ['body', field] }],
    });
  });

  test('of another user cannot be told from ones that never were', async () => {
    const [{ user, device }, stranger] = [await newOwner(), await newOwner()];
    await user.client.email.saveConfig({ device_id: device.id, email_address: newAddress() });
    const { email } = stranger.user.client;
    const calls = [
      email.getConfig(device.id),
      email.getConfig(randomUUID()),
      email.test({ device_id: device.id }),
      email.saveConfig({ device_id: device.id, email_address: newAddress() }),
    ];
    const failures = await Promise.all(calls.map(refusalOf));
    expect(failures.map(({ code }) => code)).toEqual(Array(4).fill('DEVICE_NOT_FOUND'));
    const own = await refusalOf(email.getConfig(stranger.device.id));
    expect(own).toMatchObject({ status: 404, code: 'EMAIL_CONFIG_NOT_FOUND' });
  });

  test('leave a mark in the audit log, and go with their device', async () => {
    const { user, device } = await newOwner();
    await user.client.email.saveConfig({ device_id: device.id, email_address: newAddress() });
    const marks = await app.service.db
      .selectFrom('audit_logs')
      .select(['action', 'target', 'details'])
      .where('user_id', '=', user.id)
      .where('action', 'like', 'email.%')
      .execute();
    expect(marks).toEqual([{ action: 'email.configured', target: `device:${device.id}`, details: null }]);
    await user.client.devices.remove(device.id);
    const left = app.service.db.selectFrom('email_configs').select('id').where('user_id', '=', user.id).execute();
    expect(await left).toEqual([]);
  });

  test('take no password where the operator has set no key for it', async () => {
    const keyless = await openAppForTest({ env: { SECRETS_KEY: '' } });
    const { user, device } = await newOwner(keyless);
    const config = { device_id: device.id, email_address: user.email };
    expect(await refusalOf(user.client.email.saveConfig({ ...config, password: 'secret' }))).toMatchObject({
      status: 400,
      details: [{ path: ['body', 'password'] }],
    });
    expect(await user.client.email.saveConfig(config)).toMatchObject({ has_password: false });
  });

  test('are closed where the operator has switched mail off', async () => {
    const off = await openAppForTest({ env: { ENABLE_EMAIL_SERVICE: 'false' } });
    const { user, device } = await newOwner(off);
    const { email } = user.client;
    const failures = await Promise.all(
      [
        email.saveConfig({ device_id: device.id, email_address: user.email }),
        email.getConfig(device.id),
        email.test({ device_id: device.id }),
        email.verify({ code: 'mt_x' }),
        off.anonymous.email.incoming({ from: 'a@b.co', subject: '[CCJK]', body: 'x', message_id: 'm' }),
      ].map(refusalOf),
    );
    expect(failures.map(({ status, code }) => [status, code])).toEqual(Array(5).fill([404, 'ROUTE_NOT_FOUND']));
  });
});

describe('an address', () => {
  const save = ({ user, device }: { user: TestUser; device: TestDevice }, email_address: string) =>
    user.client.email.saveConfig({ device_id: device.id, email_address });

  test('is verified with the code that is mailed to it, once', async () => {
    const owner = await newOwner();
    const address = newAddress();
    expect((await save(owner, address)).is_verified).toBe(false);
    const code = await codeMailedTo(address);
    const { email } = owner.user.client;
    expect(await email.verify({ code })).toEqual({ email_address: address, is_verified: true });
    expect((await email.getConfig(owner.device.id)).is_verified).toBe(true);
    expect(await refusalOf(email.verify({ code }))).toMatchObject({
      status: 400,
      code: 'VALIDATION_ERROR',
      details: [{ path: ['body', 'code'] }],
    });
  });

  test("is not verified with another account's code, which stays good", async () => {
    const [owner, stranger] = [await newOwner(), await newOwner()];
    const address = newAddress();
    await save(owner, address);
    const code = await codeMailedTo(address);
    expect(await refusalOf(stranger.user.client.email.verify({ code }))).toMatchObject({ status: 400 });
    expect(await owner.user.client.email.verify({ code })).toMatchObject({ is_verified: true });
  });

  test('is not verified with a code after a day, nor with one for another purpose', async () => {
    const late = await openAppForTest({ at: AT });
    await late.work();
    const owner = await newOwner(late);
    const address = newAddress();
    await save(owner, address);
    const mailed = outboxOf(late.service);
    const code = /mt_[\w-]+/.exec((await mailed.letterTo(address, /^Verify this/)).text)?.[0] ?? '';
    const other = /mt_[\w-]+/.exec((await mailed.letterTo(owner.user.email, /^Verify your/)).text)?.[0] ?? '';
    const { user } = owner;
    expect(await refusalOf(user.client.email.verify({ code: other }))).toMatchObject({ status: 400 });
    expect(await refusalOf(late.anonymous.auth.verifyEmail({ token: code }))).toMatchObject({ status: 401 });
    late.clock.advance(86_401);
    const { token } = await late.anonymous.auth.login({ email: user.email, password: late.password });
    expect(await refusalOf(late.clientOf(token).email.verify({ code }))).toMatchObject({ status: 400 });
  });

  test("that is the account's own, and verified, needs no code", async () => {
    const owner = await newOwner();
    await app.service.db.updateTable('users').set({ is_verified: true }).where('id', '=', owner.user.id).execute();
    expect((await save(owner, owner.user.email.toUpperCase())).is_verified).toBe(true);
    const orders = app.service.db.selectFrom('mail_tokens').select('purpose').where('user_id', '=', owner.user.id);
    expect((await orders.execute()).filter(({ purpose }) => purpose === 'address')).toEqual([]);
  });

  test('gets five codes an hour at most, whoever asks for them', async () => {
    const address = newAddress();
    const owners = [await newOwner(), await newOwner()];
    for (const owner of owners) await save(owner, address);
    for (let n = 0; n < 8; n += 1) {
      for (const { user } of owners) await sendAddressCode(app.ctx, user.id, address);
    }
    const tokens = app.service.db.selectFrom('mail_tokens').select('id').where('address', '=', address);
    expect(await tokens.execute()).toHaveLength(5);
  });
});

describe('the test mail', () => {
  /** A service that may reach the server of this test, on one of the ports that settings may name. */
  async function openMailed(behaviour: Parameters<typeof openSmtp>[0] = {}) {
    const { received, host } = await openSmtp(behaviour, { host: ownLoopback(), port: 2525 });
    const mailed = await openAppForTest({ at: AT, env: { ALLOW_PRIVATE_MAIL_HOSTS: 'true' } });
    const owner = await newOwner(mailed);
    const address = newAddress();
    const save = (change: object = {}) =>
      owner.user.client.email.saveConfig({
        device_id: owner.device.id,
        email_address: address,
        smtp_host: host,
        smtp_port: 2525,
        ...change,
      });
    const run = () => owner.user.client.email.test({ device_id: owner.device.id });
    return { mailed, received, address, save, run };
  }

  test("goes through the device's own server, and brings its reply", async () => {
    const { received, address, save, run } = await openMailed({
      onAuth: ({ username }, _, callback) => callback(null, { user: username ?? '' }),
    });
    await save({ password: 'secret' });
    expect(await run()).toEqual({ sent: true, to: address, via: 'device', reply: expect.stringContaining('taken') });
    expect(received.map(({ from, to, user }) => [from, to, user])).toEqual([[address, [address], address]]);
    expect(readEml(received[0]?.raw ?? '').header('subject')).toBe('Test of your mail settings');
  });

  test("goes through the service's own server where the device names none", async () => {
    const { received, env } = await openSmtp();
    const mailed = await openAppForTest({ env });
    const { user, device } = await newOwner(mailed);
    await user.client.email.saveConfig({ device_id: device.id, email_address: 'to@example.com' });
    expect(await user.client.email.test({ device_id: device.id })).toMatchObject({
      via: 'service',
      to: 'to@example.com',
    });
    expect(received.map(({ from, to }) => [from, to])).toEqual([['cloud@example.org', ['to@example.com']]]);
  });

  test('that the server refuses is 502 with its words', async () => {
    const { save, run } = await openMailed({
      onMailFrom: (_, __, callback) => callback(smtpError(550, 'not from here')),
    });
    await save();
    expect(await refusalOf(run())).toMatchObject({
      status: 502,
      code: 'MAIL_REJECTED',
      message: expect.stringContaining('550 not from here'),
    });
  });

  test('whose password is sealed with another key than now is 502 with what to do', async () => {
    const { mailed, received, save, run } = await openMailed();
    const { id } = await save({ password: 'secret' });
    const sealed = mailed.service.safe.lock('secret', randomUUID()) as Buffer;
    await mailed.service.db
      .updateTable('email_configs')
      .set({ sealed_password: sealed })
      .where('id', '=', id)
      .execute();
    expect(await refusalOf(run())).toMatchObject({
      status: 502,
      message: expect.stringContaining('post the settings'),
    });
    expect(received).toEqual([]);
  });

  test('goes nowhere when the host has come to lead inside', async () => {
    const { received, host } = await openSmtp({}, { host: ownLoopback(), port: 2525 });
    const answers = [['142.250.27.108'], [host]];
    const rebound = await openAppForTest({ lookup: async () => answers.shift() ?? [] });
    const { user, device } = await newOwner(rebound);
    await user.client.email.saveConfig({
      device_id: device.id,
      email_address: user.email,
      smtp_host: 'rebinding.example.com',
      smtp_port: 2525,
    });
    expect(await refusalOf(user.client.email.test({ device_id: device.id }))).toMatchObject({
      status: 502,
      code: 'MAIL_REJECTED',
      message: expect.stringContaining('private network'),
    });
    expect([received, answers]).toEqual([[], []]);
  });

  test('is sent five times an hour, also when asked for at once', async () => {
    const { mailed, received, save, run } = await openMailed();
    await save();
    const answers = await Promise.allSettled(Array.from({ length: 9 }, run));
    const rest = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => reason);
    expect([received.length, rest.length]).toEqual([5, 4]);
    expect(rest[0]).toMatchObject({ status: 429, code: 'RATE_LIMIT_EXCEEDED', retryAfterSeconds: 3600 });
    mailed.clock.advance(3_599);
    expect((await refusalOf(run())).status).toBe(401);
  });
});
