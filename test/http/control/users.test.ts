/** What users and their programs call under `/api/control`: execute, list; and what their commands are called on each side. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, openAppForTest, type TestApp } from '../../setup/app.ts';
import { callControl, openReleasedDaemon } from '../../setup/released-daemon.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z' });
});
afterAll(() => app.close());

async function begin() {
  const owner = await app.makeUser();
  const { device_id: id, device_key: key } = await owner.client.devices.createKey({ device_name: 'Build server' });
  const execute = (body: object, headers: Record<string, string> = {}) =>
    callControl(app.url, 'POST', '/execute', {
      bearer: owner.token,
      body: { deviceId: id, commandType: 'shell', command: 'npm', ...body },
      headers,
    });
  return { owner, id, key, execute, daemon: openReleasedDaemon(app.url, key) };
}

describe('executing', () => {
  test('queues a task as any other, and says its id', async () => {
    const { owner, id, execute, daemon } = await begin();
    const sent = { args: ['run', 'build it'], cwd: '/project', env: { NODE_ENV: 'production' }, timeout: 90_000 };
    const { status, body } = await execute(sent);
    expect([status, body]).toEqual([201, { success: true, data: { commandId: expect.any(String), status: 'queued' } }]);
    const { commandId } = body.data;
    expect(await owner.client.tasks.get(commandId)).toMatchObject({
      type: 'bash',
      command: 'npm',
      args: { argv: sent.args, cwd: sent.cwd, env: sent.env },
      timeout: 90_000,
      priority: 5,
      source: 'api',
    });
    expect(await daemon.takeTasks()).toEqual([
      { id: commandId, deviceId: id, commandType: 'shell', command: 'npm', priority: 5, ...sent },
    ]);
  });

  test('under one Idempotency-Key makes one task; with another body it is refused', async () => {
    const { owner, execute } = await begin();
    const headers = { 'Idempotency-Key': randomUUID() };
    const [one, two] = await Promise.all([execute({}, headers), execute({}, headers)]);
    expect(two.body).toEqual(one.body);
    expect((await owner.client.tasks.list()).pagination.total).toBe(1);
    const reused = await execute({ command: 'rm' }, headers);
    expect([reused.status, reused.body]).toEqual([
      422,
      { success: false, error: expect.stringMatching(/another body/) },
    ]);
  });

  test('on a device that is not one’s own finds none', async () => {
    const { execute } = await begin();
    const stranger = await begin();
    for (const deviceId of [stranger.id, randomUUID()]) {
      const { status, body } = await execute({ deviceId });
      expect([status, body]).toEqual([404, { success: false, error: 'No device of yours has this id' }]);
    }
  });

  test('takes an API key that may create tasks', async () => {
    const { owner, id } = await begin();
    const body = { deviceId: id, commandType: 'shell', command: 'true' };
    for (const [scope, expected] of [
      ['task:create', 201],
      ['task:read', 403],
    ] as const) {
      const { key: bearer } = await owner.client.apiKeys.create({ name: scope, scopes: [scope] });
      expect((await callControl(app.url, 'POST', '/execute', { bearer, body })).status).toBe(expected);
    }
  });

  test('counts for the tasks of the day', async () => {
    const { owner, execute } = await begin();
    await app.service.db.updateTable('users').set({ plan: 'free' }).where('id', '=', owner.id).execute();
    for (let made = 0; made < 10; made += 1) expect((await execute({})).status).toBe(201);
    const refused = await execute({});
    expect([refused.status, refused.body]).toEqual([
      429,
      { success: false, error: expect.stringMatching(/10 tasks a day/) },
    ]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('what a command is called', () => {
  test.each([
    ['shell', 'bash'],
    ['script', 'workflow'],
    ['file', 'custom'],
    ['system', 'custom'],
  ] as const)('%s is %s under /v1, and comes to the daemon as what it was', async (commandType, type) => {
    const { owner, execute, daemon } = await begin();
    const { commandId } = (await execute({ commandType })).body.data;
    expect(await owner.client.tasks.get(commandId)).toMatchObject({ type });
    expect(await daemon.takeTasks()).toMatchObject([{ id: commandId, commandType, command: 'npm' }]);
  });

  test.each([
    ['bash', 'shell'],
    ['workflow', 'script'],
    ['custom', 'script'],
  ] as const)('%s of /v1 is %s to the daemon', async (type, commandType) => {
    const { owner, id, daemon } = await begin();
    const args = { argv: ['a', 1, true], cwd: 5, env: { A: 'a', B: 2 }, commandType: 'nonsense', more: {} };
    const { task_id } = await owner.client.tasks.create({ device_id: id, type, command: 'true', args });
    expect(await daemon.takeTasks()).toEqual([
      {
        id: task_id,
        deviceId: id,
        commandType,
        command: 'true',
        args: ['a', '1', 'true'],
        env: { A: 'a', B: '2' },
        timeout: 300_000,
        priority: 5,
      },
    ]);
  });
});

test('the list has one’s own devices, the newest first, and pages of them', async () => {
  const { owner, id, daemon } = await begin();
  app.clock.advance(1);
  const other = await app.makeDevice(owner);
  await daemon.register('Windows box', 'win32');
  await daemon.heartbeat('busy');
  const list = async (query = '') =>
    (await callControl(app.url, 'GET', `/devices${query}`, { bearer: owner.token })).body.data;
  const { devices, total } = await list();
  expect(total).toBe(2);
  expect(devices).toMatchObject([
    { id: other.id, platform: 'linux', status: 'offline', hostname: null, version: null, lastHeartbeat: null },
    { id, name: 'Windows box', platform: 'win32', status: 'busy', hostname: expect.any(String), version: '3.7.1' },
  ]);
  expect((await list('?limit=1&offset=1')).devices.map((device: { id: string }) => device.id)).toEqual([id]);
});

test('a caller has the budget of their credential, and is told of it by both names', async () => {
  const small = await openAppForTest({ env: { RATE_LIMIT_DAEMON_MAX: '2', RATE_LIMIT_MAX: '1' } });
  const owner = await small.makeUser();
  const { key } = await small.makeDevice(await small.makeUser());
  const calls: [string, { token?: string; bearer?: string }, number][] = [
    ['/devices/pending', { token: key }, 2],
    ['/devices', { bearer: owner.token }, 1],
  ];
  for (const [path, credential, max] of calls) {
    const answers = [];
    for (let at = 0; at <= max; at += 1) answers.push(await callControl(small.url, 'GET', path, credential));
    expect(answers.map(({ status }) => status)).toEqual([...Array(max).fill(200), 429]);
    const { headers, body } = answers[max] as (typeof answers)[0];
    expect(body).toEqual({ success: false, error: expect.stringMatching(/^Too many requests/) });
    expect(headers.get('x-ratelimit-limit')).toBe(String(max));
    expect(headers.get('ratelimit-limit')).toBe(String(max));
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
});
