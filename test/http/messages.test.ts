/** Messages: what is told and what is not, the list, reading, deleting, and the mail. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { HandedTask, Message, NewTask, TaskResult } from '../../sdk/src/index.ts';
import { mailMessages } from '../../server/domain/messages.ts';
import type { DomainEvent } from '../../server/ports.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import {
  LONG_SESSIONS,
  openApp,
  openAppForTest,
  refusalOf,
  type TestApp,
  type TestDevice,
  type TestUser,
} from '../setup/app.ts';
import { readEml } from '../setup/eml.ts';
import { openSmtp } from '../setup/smtp.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z', env: LONG_SESSIONS });
});
afterAll(() => app.close());

type Owner = { user: TestUser; device: TestDevice; clear: () => Promise<void> };

async function newOwner(of = app): Promise<Owner> {
  const user = await of.makeUser();
  const device = await of.makeDevice(user, { max_concurrent_tasks: 100 });
  const clear = async () => {
    await of.service.db.deleteFrom('messages').where('user_id', '=', user.id).execute();
  };
  return { user, device, clear };
}

/** What the user has been told, the oldest first. */
async function told({ user }: Owner): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of user.client.messages.list({ limit: 100 })) messages.unshift(message);
  return messages;
}
const types = async (owner: Owner) => (await told(owner)).map(({ message_type }) => message_type);

async function running(owner: Owner, more: Partial<NewTask> = {}): Promise<HandedTask> {
  const { user, device } = owner;
  await user.client.tasks.create({ device_id: device.id, command: 'make all', ...more });
  const { tasks } = await device.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  const task = tasks[0] as HandedTask;
  await device.client.daemon.start(task.id, { lease_id: task.lease_id });
  await owner.clear();
  return task;
}

const end = (owner: Owner, task: HandedTask, result: TaskResult) =>
  owner.device.client.daemon.result(task.id, { lease_id: task.lease_id, ...result });

describe('tasks', () => {
  test('a new one is told, planned ones and each of a batch too', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'make all\nmake check' });
    expect(await told(owner)).toEqual([
      {
        id: expect.any(String),
        task_id,
        message_type: 'task_created',
        title: 'Task queued: make all',
        content: 'make all\nmake check',
        data: { task_id, device_id: device.id, status: 'queued', batch_id: null },
        read: false,
        sent_via_email: false,
        sent_via_push: false,
        created_at: '2026-01-20T10:00:00.000Z',
      },
    ]);
    const command = { device_id: device.id, command: 'true' };
    app.clock.advance(1);
    await user.client.tasks.createBatch({ mode: 'sequential', tasks: [command, command] });
    const titles = (await told(owner)).slice(1).map(({ title }) => title);
    expect(titles.sort()).toEqual(['Task planned: true', 'Task queued: true']);
  });

  test('a create that is refused tells nothing, and a repeat of one tells nothing more', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    const idempotencyKey = randomUUID();
    for (let n = 0; n < 3; n += 1) {
      await user.client.tasks.create({ device_id: device.id, command: 'true' }, { idempotencyKey });
    }
    await refusalOf(user.client.tasks.create({ device_id: randomUUID(), command: 'true' }));
    expect(await types(owner)).toEqual(['task_created']);
  });

  test('a completed one is told with its exit code, time and machine', async () => {
    const owner = await newOwner();
    const task = await running(owner);
    const { device_name } = await owner.user.client.devices.get(owner.device.id);
    app.clock.advance(12);
    await end(owner, task, { status: 'completed', exit_code: 0, stdout: 'much output' });
    expect(await told(owner)).toMatchObject([
      {
        task_id: task.id,
        message_type: 'task_completed',
        title: 'Task completed: make all',
        content: `exit code 0, after 12 s, on ${device_name}`,
        data: { task_id: task.id, device_id: owner.device.id, status: 'completed', reason: null, exit_code: 0 },
      },
    ]);
  });

  test('a failed one is told with the end of what it said, as people read it', async () => {
    const owner = await newOwner();
    const task = await running(owner);
    const stderr = `${'noise '.repeat(1000)}\n\u001b[31merror:\u001b[0m no rule for [all]\u0007\r\n[1m]`;
    await end(owner, task, { status: 'failed', exit_code: 2, error_message: 'make gave up', stderr });
    const [message] = await told(owner);
    expect(message).toMatchObject({ message_type: 'task_failed', title: 'Task failed: make all' });
    expect(message?.content).toMatch(/^exit code 2, after 0 s, on .*\nmake gave up\n/);
    expect(message?.content).toMatch(/noise \nerror: no rule for \[all\]\n\[1m\]$/);
  });

  test.each([
    'failed',
    'timeout',
    'cancelled',
  ] as const)('one that ends as %s at its device is told', async (status) => {
    const owner = await newOwner();
    await end(owner, await running(owner), { status });
    const titles = { failed: 'Task failed', timeout: 'Task timed out', cancelled: 'Task cancelled at its device' };
    expect(await told(owner)).toMatchObject([{ message_type: 'task_failed', title: `${titles[status]}: make all` }]);
  });

  test('one that nobody fetched in time is told', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    await user.client.tasks.create({ device_id: device.id, command: 'true', expires_in: 60 });
    await owner.clear();
    app.clock.advance(61);
    await app.sweep();
    expect(await told(owner)).toMatchObject([{ message_type: 'task_failed', title: 'Task expired: true' }]);
  });

  test('one that is tried again is told when it has failed for good, once', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    const task = await running(owner, { max_retries: 1 });
    await end(owner, task, { status: 'failed' });
    expect(await told(owner)).toEqual([]);
    app.clock.advance(60);
    await app.sweep();
    await owner.clear();
    const { tasks } = await device.client.daemon.claim({ limit: 1 });
    const last = { status: 'failed' } as const;
    for (let n = 0; n < 3; n += 1) await end(owner, tasks[0] as HandedTask, last);
    expect(await types(owner)).toEqual(['task_failed']);
    await user.client.tasks.get(task.id);
  });

  test('what the user cancelled, and what follows from that, is no news', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    const task = await running(owner);
    await user.client.tasks.cancel(task.id);
    await end(owner, task, { status: 'cancelled' });
    const command = { device_id: device.id, command: 'true' };
    const batch = await user.client.tasks.createBatch({ mode: 'sequential', tasks: [command, command, command] });
    await owner.clear();
    await user.client.tasks.cancel(batch.tasks[0]?.task_id ?? '');
    const left = await user.client.tasks.create(command);
    await owner.clear();
    await user.client.devices.remove(device.id);
    expect((await user.client.tasks.get(left.task_id)).status).toBe('cancelled');
    expect(await told(owner)).toEqual([]);
  });

  test('one that fails in a sequence is told, and the rest of it is not', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    const command = { device_id: device.id, command: 'true' };
    await user.client.tasks.createBatch({ mode: 'sequential', tasks: [command, command, command] });
    const { tasks } = await device.client.daemon.claim({ limit: 1 });
    await owner.clear();
    await end(owner, tasks[0] as HandedTask, { status: 'failed' });
    expect(await types(owner)).toEqual(['task_failed']);
  });

  test('claims, starts and heartbeats tell nothing', async () => {
    const owner = await newOwner();
    const { device } = owner;
    await device.client.daemon.heartbeat({ status: 'online', current_tasks: [] });
    const task = await running(owner);
    await device.client.daemon.heartbeat({ status: 'online', current_tasks: [task.id] });
    expect(await told(owner)).toEqual([]);
  });
});

describe('devices', () => {
  const beat = ({ device }: Owner, status: 'online' | 'busy' | 'offline' = 'online') =>
    device.client.daemon.heartbeat({ status, current_tasks: [] });

  test('coming and going is told once each, being busy is not', async () => {
    const owner = await newOwner();
    const { device_name, id: device_id } = await owner.user.client.devices.get(owner.device.id);
    await Promise.all(Array.from({ length: 5 }, () => beat(owner)));
    await beat(owner, 'busy');
    await beat(owner);
    app.clock.advance(1);
    await Promise.all(Array.from({ length: 5 }, () => owner.device.client.daemon.offline()));
    app.clock.advance(1);
    await beat(owner, 'busy');
    const messages = await told(owner);
    expect(messages.map(({ title }) => title)).toEqual([
      `Device online: ${device_name}`,
      `Device offline: ${device_name}`,
      `Device online: ${device_name}`,
    ]);
    expect(messages[0]).toMatchObject({
      message_type: 'device_online',
      task_id: null,
      data: { device_id, device_name },
    });
    expect(messages[1]).toMatchObject({ message_type: 'device_offline' });
  });

  test('one that falls silent is told once, whoever sweeps', async () => {
    const owner = await newOwner();
    await beat(owner);
    await owner.clear();
    app.clock.advance(91);
    await Promise.all([app.sweep(), app.sweep(), app.sweep()]);
    await app.sweep();
    expect(await types(owner)).toEqual(['device_offline']);
  });
});

test('what is told costs one statement, for a whole batch too, and what is not told costs none', async () => {
  const owner = await newOwner();
  const { user, device } = owner;
  const query = vi.spyOn(pg.Client.prototype, 'query');
  onTestFinished(() => query.mockRestore());
  const textOf = (statement: unknown) =>
    typeof statement === 'string' ? statement : (statement as { text: string }).text;
  const statements = async (work: () => PromiseLike<unknown>) => {
    query.mockClear();
    await work();
    return query.mock.calls.filter(([statement]) => textOf(statement).includes('messages')).length;
  };
  const beat = () => device.client.daemon.heartbeat({ status: 'online', current_tasks: [] });
  const command = { device_id: device.id, command: 'true' };
  const batch = { mode: 'parallel' as const, tasks: Array(20).fill(command) };
  expect(await statements(beat)).toBe(1);
  expect(await statements(() => user.client.tasks.create(command))).toBe(1);
  expect(await statements(() => user.client.tasks.createBatch(batch))).toBe(1);
  let task = {} as HandedTask;
  const claim = async () => {
    task = (await device.client.daemon.claim({ limit: 1, claim_id: randomUUID() })).tasks[0] as HandedTask;
  };
  expect(await statements(claim)).toBe(0);
  expect(await statements(() => device.client.daemon.start(task.id, { lease_id: task.lease_id }))).toBe(0);
  expect(await statements(beat)).toBe(0);
  expect(await statements(() => end(owner, task, { status: 'completed' }))).toBe(1);
  expect(await statements(() => app.sweep())).toBe(0);
});

describe('the event', () => {
  test('comes after the commit, with the title and at most 2 KB of the content, and fits a notification', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    const heard: Extract<DomainEvent, { type: 'message.new' }>[] = [];
    const stop = (app.service.events as Bus).subscribe(`user:${user.id}`, (event) => {
      if (event.type === 'message.new') heard.push(event);
    });
    for (const command of ['true', '値"\\\n\u0001'.repeat(5_000), `x${'🚀'.repeat(5_000)}`]) {
      await user.client.tasks.create({ device_id: device.id, command });
    }
    stop();
    const messages = await told(owner);
    const byId = new Map(messages.map((message) => [message.id, message]));
    expect(heard).toHaveLength(3);
    for (const event of heard) {
      const { messageId, title, content } = event;
      expect(byId.get(messageId)).toMatchObject({ title, content });
      expect(Buffer.byteLength(content ?? '')).toBeLessThanOrEqual(2048);
      expect(content?.isWellFormed()).toBe(true);
      expect([...title].length).toBeLessThan(150);
      expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(7_800);
    }
  });
});

describe('the list', () => {
  test('is filtered by unread, and read one by one or all at once', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    for (let n = 0; n < 5; n += 1) {
      app.clock.advance(1);
      await user.client.tasks.create({ device_id: device.id, command: `echo ${n}` });
    }
    const { items } = await user.client.messages.list({ limit: 2 });
    expect(items.map(({ title }) => title)).toEqual(['Task queued: echo 4', 'Task queued: echo 3']);
    const id = items[0]?.id ?? '';
    expect(await user.client.messages.read(id)).toEqual({ ...items[0], read: true });
    expect((await user.client.messages.read(id)).read).toBe(true);
    const unread = await user.client.messages.list({ unread: true });
    expect([unread.pagination.total, unread.items.map(({ read }) => read)]).toEqual([4, Array(4).fill(false)]);
    const read = await user.client.messages.list({ unread: false });
    expect(read.items.map((message) => message.id)).toEqual([id]);
    expect(await user.client.messages.readAll()).toEqual({ messages_read: 4 });
    expect(await user.client.messages.readAll()).toEqual({ messages_read: 0 });
    expect((await user.client.messages.list({ unread: true })).pagination.total).toBe(0);
    expect((await user.client.messages.list()).pagination.total).toBe(5);
  });

  test('takes the words of the document, and no other', async () => {
    const { user } = await newOwner();
    const get = async (query: string) =>
      (await fetch(`${app.url}/v1/messages?${query}`, { headers: { authorization: `Bearer ${user.token}` } })).status;
    expect([await get('unread=true&limit=20'), await get('unread=false')]).toEqual([200, 200]);
    for (const query of ['unread=yes', 'unread=', 'unread=1', 'limit=0']) expect(await get(query)).toBe(400);
  });

  test("has a user's own messages alone, which nobody else reads or deletes", async () => {
    const [owner, stranger] = [await newOwner(), await newOwner()];
    await owner.user.client.tasks.create({ device_id: owner.device.id, command: 'true' });
    const id = (await told(owner))[0]?.id ?? '';
    expect(await told(stranger)).toEqual([]);
    const { messages } = stranger.user.client;
    const wrongs = [() => messages.read(id), () => messages.remove(id), () => messages.read(randomUUID())];
    for (const wrong of wrongs) {
      expect(await refusalOf(wrong())).toMatchObject({ status: 404, code: 'MESSAGE_NOT_FOUND' });
    }
    expect(await messages.readAll()).toEqual({ messages_read: 0 });
    expect((await told(owner)).map(({ read }) => read)).toEqual([false]);
  });

  test('loses what is deleted', async () => {
    const owner = await newOwner();
    const { user, device } = owner;
    const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' });
    const id = (await told(owner))[0]?.id ?? '';
    expect(await user.client.messages.remove(id)).toEqual({ message_id: id, deleted: true });
    expect(await refusalOf(user.client.messages.remove(id))).toMatchObject({ status: 404, code: 'MESSAGE_NOT_FOUND' });
    expect((await user.client.tasks.get(task_id)).status).toBe('queued');
  });

  test('of more than a batch is read whole', async () => {
    const { user } = await newOwner();
    const row = (n: number) => ({ id: randomUUID(), user_id: user.id, message_type: 'task_created', title: `${n}` });
    for (let n = 0; n < 6; n += 1) {
      const rows = Array.from({ length: 1_000 }, (_, at) => ({ ...row(at), created_at: app.clock.now() }));
      await app.service.db.insertInto('messages').values(rows).execute();
    }
    expect(await user.client.messages.readAll()).toEqual({ messages_read: 6_000 });
  });
});

describe('the mail', () => {
  async function openMailed(notify_by_email: boolean, isVerified: boolean) {
    const { received, env } = await openSmtp();
    const mailed = await openAppForTest({ env });
    const owner = await newOwner(mailed);
    await owner.user.client.users.update({ notify_by_email });
    await mailed.service.db.updateTable('users').set({ is_verified: isVerified }).execute();
    const letters = () => received.map(({ raw }) => readEml(raw)).filter(({ header }) => header('subject') !== VERIFY);
    const nextLetter = () => vi.waitUntil(() => letters()[0], { timeout: 10_000 });
    return { mailed, owner, letters, nextLetter };
  }
  const VERIFY = 'Verify your email address';

  test('goes to whom wants it at an address that is verified, and is noted', async () => {
    const { mailed, owner, nextLetter } = await openMailed(true, true);
    await mailed.work();
    const command = `echo '[CCJK] <b>' & "value"`;
    await owner.user.client.tasks.create({ device_id: owner.device.id, command });
    const { header, text, html } = await nextLetter();
    expect(header('subject')).toBe(`Task queued: ${command}`);
    expect(header('to')).toBe(owner.user.email);
    expect(text).toContain(command);
    expect(html).not.toContain('<b>');
    await expect.poll(async () => (await told(owner)).map((each) => each.sent_via_email)).toEqual([true]);
  });

  test('of a batch is one', async () => {
    const { mailed, owner, letters, nextLetter } = await openMailed(true, true);
    const tasks = Array.from({ length: 30 }, (_, n) => ({ device_id: owner.device.id, command: `echo ${n}` }));
    await owner.user.client.tasks.createBatch({ mode: 'parallel', tasks });
    await mailed.work();
    const { header, text } = await nextLetter();
    expect(header('subject')).toMatch(/^30 messages, the first: Task queued: echo \d+$/);
    expect(text).toContain('And 10 more.');
    await expect
      .poll(async () => new Set((await told(owner)).map((each) => each.sent_via_email)))
      .toEqual(new Set([true]));
    expect(letters()).toHaveLength(1);
  });

  test.each([
    { notify: false, verified: true },
    { notify: true, verified: false },
  ])('does not go out when wanted is $notify and verified is $verified', async ({ notify, verified }) => {
    const { mailed, owner } = await openMailed(notify, verified);
    await owner.user.client.tasks.create({ device_id: owner.device.id, command: 'true' });
    const orders = await mailed.service.db
      .selectFrom('pgboss.job' as 'users')
      .selectAll()
      .where('name' as 'id', '=', 'send-mail')
      .execute();
    expect(JSON.stringify(orders)).toContain('verification');
    expect(JSON.stringify(orders)).not.toContain('messages');
  });

  test('does not go out when the user has changed their mind, or has deleted the message', async () => {
    const { mailed, owner } = await openMailed(true, true);
    const { user, device } = owner;
    await user.client.tasks.create({ device_id: device.id, command: 'true' });
    const [message] = await told(owner);
    const send = vi.fn(async () => ({ isAccepted: true, reply: '' }));
    const mail = () => mailMessages({ ...mailed.ctx, mail: { send } }, [message?.id ?? '']);
    await user.client.users.update({ notify_by_email: false });
    await mail();
    expect(send).not.toHaveBeenCalled();
    await user.client.users.update({ notify_by_email: true });
    await mail();
    await mail();
    expect(send).toHaveBeenCalledTimes(1);
    await user.client.messages.remove(message?.id ?? '');
    await mail();
    expect(send).toHaveBeenCalledTimes(1);
  });

  test('has the same Message-ID when it is sent again, whatever was deleted meanwhile', async () => {
    const { mailed, owner } = await openMailed(true, true);
    const { user, device } = owner;
    const command = { device_id: device.id, command: 'true' };
    await user.client.tasks.createBatch({ tasks: [command, command] });
    const ids = (await told(owner)).map(({ id }) => id).sort();
    const sent: string[] = [];
    const mail = (isNoted: boolean) =>
      mailMessages(
        {
          ...mailed.ctx,
          mail: {
            async send({ id }) {
              sent.push(id);
              if (!isNoted) throw new Error('the worker was killed when the server had taken it');
              return { isAccepted: true, reply: '' };
            },
          },
        },
        ids,
      );
    await expect(mail(false)).rejects.toThrow();
    await user.client.messages.remove(ids[0] as string);
    await mail(true);
    expect(sent).toEqual([ids[0], ids[0]]);
  });
});
