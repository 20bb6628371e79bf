import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailResult } from '../../server/domain/email-results.ts';
import { openApp, openAppForTest, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { readEml } from '../setup/eml.ts';
import { ownLoopback } from '../setup/loopback.ts';
import { mailBody, newMessageId, type Posted, postMail } from '../setup/mail-gateway.ts';
import { type Outbox, outboxOf } from '../setup/outbox.ts';
import { openSmtp, smtpError } from '../setup/smtp.ts';

const AT = '2026-01-20T10:00:00.000Z';

let app: TestApp;
let outbox: Outbox;
beforeAll(async () => {
  app = await openApp({ at: AT });
  outbox = outboxOf(app.service);
  await app.work();
});
afterAll(() => app.close());

type Sender = { user: TestUser; device: TestDevice; address: string };

async function newSender(of: TestApp = app, settings: object = {}): Promise<Sender> {
  const user = await of.makeUser();
  const device = await of.makeDevice(user);
  const address = `${randomUUID()}@gmail.com`;
  await user.client.email.saveConfig({ device_id: device.id, email_address: address, ...settings });
  return { user, device, address };
}

/** Mails a command; gives the id of its task. */
async function mailCommand({ address }: Sender, mail: Partial<Posted> = {}, of: TestApp = app): Promise<string> {
  const { status, data } = await postMail(of.url, mailBody({ from: address, ...mail }));
  expect(status).toBe(201);
  return data?.task_id ?? '';
}

type Result = Parameters<TestDevice['client']['daemon']['result']>[1];

/** The device runs what it has, and reports it so. */
async function runAs({ device }: Sender, result: Partial<Result> = {}): Promise<void> {
  const { tasks } = await device.client.daemon.claim();
  for (const { id, lease_id } of tasks) {
    await device.client.daemon.result(id, {
      lease_id,
      status: 'completed',
      exit_code: 0,
      stdout: '',
      stderr: '',
      started_at: AT,
      completed_at: '2026-01-20T10:00:01.500Z',
      ...result,
    });
  }
}

test('the result is mailed back, as text and as HTML, in the thread of the command', async () => {
  const sender = await newSender();
  const message_id = newMessageId();
  const task = await mailCommand(sender, { message_id, body: 'make <all> & "more"' });
  await runAs(sender, { stdout: 'built <b>bold</b>\n\u001b[31mred\u001b[0m\n', stderr: 'a warning\n' });
  const { header, text, html } = await outbox.letterTo(sender.address, /^Task completed/);
  expect(header('subject')).toBe('Task completed: make <all> & "more"');
  expect(header('in-reply-to')).toBe(message_id);
  expect(header('references')).toBe(message_id);
  expect(header('auto-submitted')).toBe('auto-generated');
  expect(header('message-id')).toBe(`<ccjk.${task}@localhost>`);
  for (const words of ['make <all> & "more"', 'Exit code: 0', 'Duration: 1.5 s', 'built <b>bold</b>', 'a warning'])
    expect(text).toContain(words);
  expect(text).toContain('    red\n');
  expect(html).toContain('make &lt;all&gt; &amp; &quot;more&quot;');
  expect(html).toContain('built &lt;b&gt;bold&lt;/b&gt;');
  expect(html).not.toMatch(/<(all|b)>/);
});

test('of a long output the ends are mailed, in whole characters', async () => {
  const sender = await newSender();
  await mailCommand(sender);
  await runAs(sender, { status: 'failed', exit_code: 3, stdout: `first${'ü'.repeat(20_000)}last`, stderr: 'short' });
  const { text } = await outbox.letterTo(sender.address, /^Task failed/);
  expect(text).toContain('Exit code: 3');
  expect(text).toContain('The last 16 KiB of stdout:');
  expect(text).toContain('stderr:\n\n    short');
  expect(text).toContain('üüülast');
  expect(text).not.toContain('first');
  expect(text).not.toContain('\ufffd');
  expect(Buffer.byteLength(text)).toBeLessThan(18_000);
});

test('a task that ends without running is answered too', async () => {
  const sender = await newSender();
  const task = await mailCommand(sender);
  await sender.user.client.tasks.cancel(task);
  expect((await outbox.letterTo(sender.address, /^Task cancelled/)).text).toContain('npm test');
  const doomed = await newSender();
  await mailCommand(doomed);
  await doomed.user.client.devices.remove(doomed.device.id);
  expect((await outbox.letterTo(doomed.address, /^Task cancelled/)).text).toContain('Reason: device_deleted');
});

test('each mail is answered once, however often the job runs; what no mail made is not answered', async () => {
  const sender = await newSender();
  const task = await mailCommand(sender);
  await runAs(sender);
  await outbox.letterTo(sender.address, /^Task completed/);
  const answered = () =>
    app.service.db
      .selectFrom('received_mails')
      .select('answered_at')
      .where('task_id', '=', task)
      .executeTakeFirstOrThrow();
  await expect.poll(async () => (await answered()).answered_at).not.toBeNull();
  await mailResult(app.ctx, task);
  const { task_id: retry } = await sender.user.client.tasks.retry(task);
  await runAs(sender);
  await mailResult(app.ctx, retry);
  const results = outbox.lettersTo(sender.address).filter(({ header }) => /^Task/.test(header('subject') ?? ''));
  expect(results).toHaveLength(1);
});

test('our own result mail that comes back makes no task', async () => {
  const sender = await newSender();
  await mailCommand(sender, { subject: '[CCJK] [CCJK] loop', body: '[CCJK] loop' });
  await runAs(sender);
  const { header, text } = await outbox.letterTo(sender.address, /^Task completed/);
  expect(header('subject')).toBe('Task completed: [CCJK] loop');
  const returned = {
    from: sender.address,
    subject: header('subject') ?? '',
    body: text,
    message_id: header('message-id') ?? '',
    auto_submitted: header('auto-submitted') ?? '',
  };
  expect((await postMail(app.url, mailBody(returned))).status).toBe(400);
  // Also where a mail program on the way has changed all but one of its marks.
  const { auto_submitted: _, ...unmarked } = returned;
  for (const mail of [
    { ...unmarked, subject: '[CCJK] x' },
    { ...returned, subject: '[CCJK] x', message_id: newMessageId() },
    { ...unmarked, message_id: newMessageId() },
    { ...unmarked, subject: '[CCJK] x', message_id: newMessageId(), in_reply_to: returned.message_id },
  ]) {
    expect((await postMail(app.url, mailBody(mail))).status).toBe(400);
  }
  expect((await sender.user.client.tasks.list()).pagination.total).toBe(1);
});

test.each([
  '<a@b>\\r\\nBcc: victim@example.net',
  'echo 1\nBcc: victim@example.net',
])('a command that is %j becomes no header', async (body) => {
  const sender = await newSender();
  await mailCommand(sender, { body, subject: '[CCJK]\r\nBcc: victim@example.net' });
  await runAs(sender);
  const { headers } = await outbox.letterTo(sender.address, /^Task completed/);
  expect(headers.map(([name]) => name)).not.toContain('bcc');
});

test('the order for the answer is written with the end of the task, or not at all', async () => {
  const idle = await openAppForTest({ at: AT });
  const sender = await newSender(idle);
  await mailCommand(sender, {}, idle);
  const orders = async () => {
    const jobs = await idle.service.db
      .selectFrom('pgboss.job' as 'users')
      .selectAll()
      .where('name' as 'id', '=', 'send-mail')
      .execute();
    return JSON.stringify(jobs).includes('"about":"result"');
  };
  expect(await orders()).toBe(false);
  await runAs(sender);
  expect(await orders()).toBe(true);
});

/** A service that may reach the servers of this test, and has one of its own. */
async function openMailed(behaviour: Parameters<typeof openSmtp>[0] = {}) {
  const own = await openSmtp();
  const device = await openSmtp(behaviour, { host: ownLoopback(), port: 2525 });
  const mailed = await openAppForTest({ at: AT, env: { ...own.env, ALLOW_PRIVATE_MAIL_HOSTS: 'true' } });
  const sender = await newSender(mailed, { smtp_host: device.host, smtp_port: 2525 });
  const task = await mailCommand(sender, {}, mailed);
  await runAs(sender);
  return { mailed, sender, task, own, device };
}

test("the answer goes through the device's own server, where it names one", async () => {
  const { mailed, sender, task, own, device } = await openMailed();
  await mailResult(mailed.ctx, task);
  expect(device.received.map(({ from, to }) => [from, to])).toEqual([[sender.address, [sender.address]]]);
  expect(readEml(device.received[0]?.raw ?? '').header('subject')).toBe('Task completed: npm test');
  expect(own.received).toEqual([]);
});

test("the answer goes through the service's own server, where the device's refuses it", async () => {
  const { mailed, sender, task, own, device } = await openMailed({
    onMailFrom: (_, __, callback) => callback(smtpError(550, 'not from here')),
  });
  await mailResult(mailed.ctx, task);
  expect(own.received.map(({ to }) => to)).toEqual([[sender.address]]);
  expect(device.received).toEqual([]);
});

test('a server that says «later» fails the job, which comes again', async () => {
  const { mailed, task, own, device } = await openMailed({
    onRcptTo: (_, __, callback) => callback(smtpError(451, 'greylisted')),
  });
  await expect(mailResult(mailed.ctx, task)).rejects.toMatchObject({ code: 'MAIL_REJECTED' });
  const row = await mailed.service.db.selectFrom('received_mails').select('answered_at').executeTakeFirstOrThrow();
  expect([row.answered_at, own.received, device.received]).toEqual([null, [], []]);
});
