import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReceivedMail, takeMail } from '../../server/domain/email-intake.ts';
import { openApp, openAppForTest, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { mailBody, newMessageId, type Posted, postMail, type Signing, signatureOf } from '../setup/mail-gateway.ts';

const AT = '2026-01-20T10:00:00.000Z';

let app: TestApp;
/** Takes commands from its address. */
let sender: Sender;
beforeAll(async () => {
  app = await openApp({ at: AT });
  sender = await newSender();
});
afterAll(() => app.close());

type Sender = { user: TestUser; device: TestDevice; address: string };

const newAddress = (): string => `${randomUUID()}@gmail.com`;

async function newSender(address = newAddress(), of: TestApp = app): Promise<Sender> {
  const user = await of.makeUser();
  const device = await of.makeDevice(user);
  await claim({ user, device, address });
  return { user, device, address };
}

const claim = ({ user, device, address }: Sender, change: object = {}) =>
  user.client.email.saveConfig({ device_id: device.id, email_address: address, ...change });

const post = (mail: Partial<Posted> = {}, signing: Signing = {}, url = app.url) =>
  postMail(url, mailBody({ from: sender.address, ...mail }), signing);

const verify = (userId: string, address: string) =>
  app.service.db
    .insertInto('verified_addresses')
    .values({ user_id: userId, address, verified_at: app.clock.now() })
    .execute();

const tasksOf = async ({ user }: Sender) => (await user.client.tasks.list({ limit: 100 })).items;

describe('a mail that is handed in', () => {
  test('as in the document becomes a task of its sender', async () => {
    const owner = await newSender();
    const text = mailBody({ from: owner.address, subject: '[CCJK] Run Tests', message_id: 'email_message_id' });
    const { status, data } = await postMail(app.url, text);
    expect([status, data]).toEqual([
      201,
      { task_id: expect.any(String), status: 'queued', estimated_start: '2026-01-20T10:00:10.000Z' },
    ]);
    const task = await owner.user.client.tasks.get(data?.task_id ?? '');
    expect(task).toMatchObject({
      device_id: owner.device.id,
      type: 'bash',
      command: 'npm test',
      source: 'email',
      priority: 5,
      timeout: 300_000,
    });
    const { events } = await owner.user.client.tasks.listEvents(task.id);
    expect(events).toMatchObject([{ to_status: 'queued', actor: expect.stringMatching(/^email_config:/) }]);
  });

  test('from an address with a name, in any case, is of the same sender', async () => {
    for (const from of [`A Name <${sender.address}>`, `<${sender.address.toUpperCase()}>`, ` ${sender.address} `]) {
      expect((await post({ from })).status).toBe(201);
    }
  });

  test.each([
    ['npm test', 'npm test'],
    ['\r\n  npm test\r\nnpm run build\r\n\r\n', 'npm test\nnpm run build'],
    ['npm test\n--\nJohn', 'npm test'],
    ['npm test\n-- \nJohn', 'npm test'],
    ['npm test\r\n___\r\nJohn', 'npm test'],
    ['npm test\n_________\nJohn', 'npm test'],
    ['git log -- file\n__init__\n---\n -- \n__', 'git log -- file\n__init__\n---\n -- \n__'],
  ])('with the body %j asks for %j', async (body, command) => {
    const { data } = await post({ body });
    expect((await sender.user.client.tasks.get(data?.task_id ?? '')).command).toBe(command);
  });

  test.each([
    [{ subject: 'Run Tests' }, 'subject', 'not-a-command'],
    [{ subject: 'Re: [CCJK] Run Tests' }, 'subject', 'not-a-command'],
    [{ subject: '[CCJKX] Run' }, 'subject', 'not-a-command'],
    [{ body: '' }, 'body', 'bad-command'],
    [{ body: ' \n--\nnpm test' }, 'body', 'bad-command'],
    [{ auto_submitted: 'auto-replied' }, 'auto_submitted', 'automatic'],
    [{ auto_submitted: 'auto-generated; x=no' }, 'auto_submitted', 'automatic'],
    [{ message_id: '<ccjk.0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa@x>' }, 'in_reply_to', 'answer-to-ours'],
    [
      { in_reply_to: '<a@b> <ccjk.0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa@cloud.example.org>' },
      'in_reply_to',
      'answer-to-ours',
    ],
    [{ message_id: 'a b' }, 'message_id', 'bad-message-id'],
    [{ message_id: '<a@b>\r\nBcc: c@d.com' }, 'message_id', 'bad-message-id'],
    [{ body: 'x'.repeat(256 * 1024 + 1) }, 'body', 'bad-command'],
  ])('with %j becomes no task', async (mail, field, code) => {
    const before = (await sender.user.client.tasks.list()).pagination.total;
    const { status, error } = await post(mail as Partial<Posted>);
    expect([status, error?.code, error?.details?.[0]]).toMatchObject([
      400,
      'VALIDATION_ERROR',
      { path: ['body', field], code },
    ]);
    expect((await sender.user.client.tasks.list()).pagination.total).toBe(before);
  });

  test.each([
    'no',
    ' No ',
    'no; reason=x',
  ])('that says Auto-Submitted: %j is no automatic one', async (auto_submitted) => {
    expect((await post({ auto_submitted })).status).toBe(201);
  });

  test('goes to the device that the subject names, else to the one with the oldest settings', async () => {
    const owner = await newSender();
    const { user, address } = owner;
    app.clock.advance(1);
    const { device_id: id } = await user.client.devices.createKey({ device_name: 'Büro 2' });
    await user.client.email.saveConfig({ device_id: id, email_address: address });
    const deviceOf = async (subject: string) => {
      const { data } = await post({ from: address, subject });
      return (await user.client.tasks.get(data?.task_id ?? '')).device_id;
    };
    expect(await deviceOf('[CCJK] x')).toBe(owner.device.id);
    expect(await deviceOf('[CCJK:Büro 2] x')).toBe(id);
    expect(await deviceOf('[CCJK: büro 2 ]')).toBe(id);
    const unknown = await post({ from: address, subject: '[CCJK:Other] x' });
    expect([unknown.status, unknown.error?.code]).toEqual([404, 'DEVICE_NOT_FOUND']);
    await user.client.email.saveConfig({ device_id: owner.device.id, email_address: address, is_active: false });
    expect(await deviceOf('[CCJK] x')).toBe(id);
  });
});

describe('the signature', () => {
  const refused = async (signing: Signing, code: string) => {
    const { status, data, error } = await post({}, signing);
    expect([status, data, error?.code]).toEqual([401, null, code]);
  };

  test('is of the very bytes of the body, with or without its prefix, in any case', async () => {
    const text = `{ "from" : "${sender.address}",\n "subject":"[CCJK] \\u0041 ü", "body":"ls", "message_id":"${randomUUID()}" }`;
    expect((await postMail(app.url, text)).status).toBe(201);
    const again = text.replace(/"message_id":"/, '$&x');
    expect((await postMail(app.url, again, { signature: signatureOf(again).toUpperCase() })).status).toBe(201);
  });

  test.each([
    ['none', null, 'AUTH_REQUIRED'],
    ['an empty one', '', 'AUTH_FAILED'],
    ['a short one', 'sha256=abcd', 'AUTH_FAILED'],
    ['one of another algorithm', `sha1=${'0'.repeat(64)}`, 'AUTH_FAILED'],
    ['a guessed one', `sha256=${'0'.repeat(64)}`, 'AUTH_FAILED'],
  ])('that is %s opens nothing', async (_, signature, code) => {
    await refused({ signature }, code);
  });

  test('by another secret, or of another body, opens nothing', async () => {
    await refused({ secret: 'another secret of the tests' }, 'AUTH_FAILED');
    const sent = mailBody({ from: sender.address, body: 'rm -rf /' });
    await refused({ sent }, 'AUTH_FAILED');
  });

  test('with a time in it is good for five minutes around that', async () => {
    const now = Math.floor(app.clock.now().getTime() / 1000);
    for (const timestamp of [now, now - 300, now + 300]) expect((await post({}, { timestamp })).status).toBe(201);
    for (const timestamp of [now - 301, now + 302, 'yesterday', '1e9', `${now}.5`, '-1'])
      await refused({ timestamp }, 'AUTH_FAILED');
    const text = mailBody({ from: sender.address });
    const signature = signatureOf(`${now}.${text}`);
    for (const timestamp of [undefined, now + 1]) {
      const { status } = await postMail(app.url, text, {
        signature,
        ...(timestamp === undefined ? {} : { timestamp }),
      });
      expect(status).toBe(401);
    }
  });

  test('is never right where the operator has set no secret', async () => {
    const secretless = await openAppForTest({ env: { EMAIL_WEBHOOK_SECRET: '' } });
    for (const secret of ['', 'undefined']) {
      const { status, error } = await post({}, { secret }, secretless.url);
      expect([status, error?.code]).toEqual([401, 'AUTH_FAILED']);
    }
  });
});

describe('a mail that comes again', () => {
  test('answers the task that it made, and makes no other', async () => {
    const owner = await newSender();
    const message_id = newMessageId();
    const first = await post({ from: owner.address, message_id });
    app.clock.advance(60);
    const bare = message_id.slice(1, -1);
    for (const again of [message_id, bare, ` ${message_id} `]) {
      const { status, data } = await post({ from: owner.address, message_id: again, body: 'another' });
      expect([status, data]).toEqual([200, first.data]);
    }
    expect(await tasksOf(owner)).toHaveLength(1);
  });

  test('twenty times at once makes one task', async () => {
    const owner = await newSender();
    const text = mailBody({ from: owner.address });
    const answers = await Promise.all(Array.from({ length: 20 }, () => postMail(app.url, text)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
    expect(new Set(answers.map(({ data }) => data?.task_id)).size).toBe(1);
    expect(await tasksOf(owner)).toHaveLength(1);
  });

  test('by another way answers the same task', async () => {
    const owner = await newSender();
    const message_id = newMessageId();
    const { data } = await post({ from: owner.address, message_id });
    const mail = { ...RECEIVED, from: owner.address, messageId: message_id };
    for (const via of ['imap', 'smtp'] as const) {
      const intake = await takeMail(app.ctx, { ...mail, via });
      expect(intake).toMatchObject({ isTaken: true, isRepeat: true, task: { id: data?.task_id } });
    }
  });

  test('with the id of another account’s mail is a mail of its own', async () => {
    const [one, other] = [await newSender(), await newSender()];
    const message_id = newMessageId();
    const ids = [];
    for (const { address } of [one, other]) ids.push((await post({ from: address, message_id })).data?.task_id);
    expect(new Set(ids).size).toBe(2);
  });
});

const RECEIVED: ReceivedMail = {
  via: 'smtp',
  messageId: '<x@y>',
  inReplyTo: [],
  from: 'nobody@gmail.com',
  subject: '[CCJK]',
  text: 'ls',
  autoSubmitted: null,
  accountId: null,
};

describe('a sender', () => {
  const refused = async (from: string) => {
    const { status, error } = await post({ from });
    expect([status, error?.code]).toEqual([404, 'EMAIL_CONFIG_NOT_FOUND']);
  };

  test('whom nobody knows, or who writes several addresses, gives no command', async () => {
    await refused(newAddress());
    await refused(`${sender.address}, ${newAddress()}`);
    await refused(`${sender.address} <${newAddress()}>`);
    await refused(`<${newAddress()}> <${sender.address}>`);
    await refused('nobody');
  });

  test('whose settings are switched off, or whose account is closed, gives none', async () => {
    const owner = await newSender();
    await claim(owner, { is_active: false });
    await refused(owner.address);
    await claim(owner);
    await owner.user.client.users.remove({ password: app.password });
    await refused(owner.address);
  });

  test('is nobody while two accounts claim the address and none has verified it; then it is whoever has', async () => {
    const one = await newSender();
    expect((await post({ from: one.address })).status).toBe(201);
    const other = await newSender(one.address);
    await refused(one.address);
    await verify(other.user.id, one.address);
    const { data } = await post({ from: one.address });
    expect((await other.user.client.tasks.get(data?.task_id ?? '')).device_id).toBe(other.device.id);
    await other.user.client.devices.remove(other.device.id);
    await refused(one.address);
    await verify(one.user.id, one.address);
    expect((await post({ from: one.address })).status).toBe(201);
  });

  test('who claims the verified address of an account is refused, though that account takes no commands', async () => {
    const owner = await app.makeUser();
    const thief = await newSender(owner.email);
    expect((await post({ from: thief.address })).status).toBe(201);
    await app.service.db.updateTable('users').set({ is_verified: true }).where('id', '=', owner.id).execute();
    await refused(thief.address);
  });

  test('in the mailbox of another account gives no command', async () => {
    const [owner, other] = [await newSender(), await newSender()];
    const mail = { ...RECEIVED, from: owner.address, messageId: newMessageId() };
    expect(await takeMail(app.ctx, { ...mail, accountId: other.user.id })).toMatchObject({
      isTaken: false,
      reason: 'unknown-sender',
    });
    expect(await takeMail(app.ctx, { ...mail, accountId: owner.user.id })).toMatchObject({ isTaken: true });
  });
});

describe('limits', () => {
  test('of the plan hold for mail too, and a mail that was over them can come again', async () => {
    const limited = await openAppForTest({ at: AT, plan: 'free' });
    const owner = await newSender(newAddress(), limited);
    const message_id = newMessageId();
    for (let n = 0; n < 10; n += 1) await post({ from: owner.address }, {}, limited.url);
    const { status, error, headers } = await post({ from: owner.address, message_id }, {}, limited.url);
    expect([status, error?.code, headers.get('retry-after')]).toEqual([429, 'PLAN_LIMIT_REACHED', '50400']);
    limited.clock.advance(50_400);
    expect((await post({ from: owner.address, message_id }, {}, limited.url)).status).toBe(201);
  });

  test('of a gateway are ten mails per address and minute, however signed', async () => {
    const limited = await openAppForTest({ at: AT, env: { RATE_LIMIT_WEBHOOK_MAX: '10' } });
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) statuses.push((await post({}, { signature: 'wrong' }, limited.url)).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    // The budget of everything else of the address is another one.
    expect((await fetch(`${limited.url}/v1/auth/me`)).status).toBe(401);
    limited.clock.advance(61);
    expect((await post({}, {}, limited.url)).status).toBe(404);
  });
});
