/**
 * The commands of the command line that only ask and answer, in this process, against the real service. Those with signals,
 * daemons and exit codes of their own are in `cli.test.ts`, as processes.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { PROGRAM } from '../../sdk/src/cli/output.ts';
import { program } from '../../sdk/src/cli/program.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

let app: TestApp;
let home: string;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp({ at: '2026-01-20T10:00:00Z' });
  return app.close;
});

/** Each test is somebody who has just signed in, at home. */
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'ccjk-commands-'));
  const own = { HOME: home, XDG_CONFIG_HOME: home, CCJK_STATE_DIR: join(home, 'state'), CCJK_URL: app.url };
  const unset = { CCJK_API_KEY: '', CCJK_CONFIG_FILE: '', CCJK_PASSWORD: app.password };
  for (const [name, value] of Object.entries({ ...own, ...unset })) vi.stubEnv(name, value);
  user = await app.makeUser();
  device = await app.makeDevice(user);
  await run('login', '--email', user.email);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

type Ran = { code: number; stdout: string; stderr: string };

async function run(...typed: string[]): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text, ...more: unknown[]) => {
      written[stream] += text;
      for (const done of more) if (typeof done === 'function') done();
      return true;
    }),
  );
  try {
    return { code: await program(typed), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** What it printed, when it went well. */
async function said(...typed: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...typed);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(typed.includes('--json') || stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
  return stdout;
}

const json = async (...typed: string[]) => JSON.parse(await said(...typed, '--json'));

const file = (name: string, text: string): string => {
  writeFileSync(join(home, name), text);
  return join(home, name);
};

const NOWHERE = '6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11';

// ---- Help and usage -------------------------------------------------------------------------------------------------

const COMMANDS = ['register', 'login', 'logout', 'whoami', 'daemon', 'devices', 'run', 'tasks', 'messages', 'logs'];
const MORE = [
  'stats',
  'email',
  'backup',
  'restore',
  'account',
  'sessions',
  'api-keys',
  'publish',
  'subscribe',
  'channels',
  'keys',
];

test('the overview names every command', async () => {
  const overview = await said('--help');
  expect(await said()).toBe(overview);
  for (const name of [...COMMANDS, ...MORE]) expect(overview).toMatch(new RegExp(`^  ${name} `, 'm'));
});

test.each([...COMMANDS, ...MORE])('help of %s fits 80 columns and names the exit codes', async (name) => {
  expect(await said(name, '--help')).toContain('Exit codes: 0');
});

test.each([
  [['messages', 'burn'], 'There is no "messages burn"'],
  [['messages', 'read'], 'The id of the message is missing'],
  [['messages', '--limit', '101'], '--limit must be a whole number from 1 to 100'],
  [['messages', 'list', 'x'], 'Unexpected argument "x"'],
  [['backup', 'create'], 'The file is missing'],
  [['restore'], 'The id of the backup is missing'],
  [['logs', 'show', 'x', '--from', '5', '--tail', '5'], '--from and --tail do not go together'],
  [['logs', 'download', 'x'], 'The file is missing'],
  [['stats', '--period', '366d'], '--period must be 1d to 365d'],
  [['stats', '--period', 'week'], '--period must be 1d to 365d'],
  [['api-keys', 'create', 'x'], '--scope is missing'],
  [['api-keys', 'create', 'x', '--scope', 'user:read', '--expires', 'soon'], '--expires must be a duration'],
  [['devices', 'config', 'x', '--set', 'y'], '--set must be NAME=VALUE'],
  [['account'], 'The action is missing'],
  [['account', 'set'], '--set is missing'],
  [['account', 'set', '--set', 'plan=pro'], 'There is no "plan" to set'],
])('%j is wrong usage: exit code 2 and what to do', async (typed, message) => {
  const { code, stdout, stderr } = await run(...typed);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toContain(`See: ${PROGRAM} ${typed[0]} --help`);
});

test.each([
  [['messages', 'read', NOWHERE], 'ccjk-cloud messages'],
  [['backup', 'show', NOWHERE], 'ccjk-cloud backup list'],
  [['restore', NOWHERE], 'ccjk-cloud backup list'],
  [['logs', 'show', NOWHERE], 'ccjk-cloud logs'],
  [['logs', 'download', NOWHERE, '-'], 'ccjk-cloud logs'],
  [['api-keys', 'revoke', NOWHERE], 'ccjk-cloud api-keys'],
  [['sessions', 'revoke', NOWHERE], 'ccjk-cloud sessions'],
  [['stats', '--device', 'nobody'], 'machine'],
])('%j of what is not there is exit code 1, and says where to look', async (typed, advice) => {
  const { code, stdout, stderr } = await run(...typed);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(advice);
});

test('without a login it is exit code 3', async () => {
  await run('logout');
  for (const typed of [['messages'], ['logs'], ['stats'], ['backup'], ['sessions'], ['api-keys']])
    expect(await run(...typed)).toMatchObject({ code: 3, stderr: expect.stringContaining(`with: ${PROGRAM} login`) });
});

// ---- Commands -------------------------------------------------------------------------------------------------------

test('messages are listed, read, marked and deleted', async () => {
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'echo \u001b[31mred' });
  await user.client.tasks.cancel(task_id);
  const { messages, pagination } = await json('messages', '--unread');
  expect(pagination.total).toBe(messages.length);
  expect(messages.length).toBeGreaterThan(0);
  const [{ id, title }] = messages;
  expect(await said('messages')).toContain(id);
  expect(await said('messages', '--limit', '1')).toMatch(
    messages.length > 1 ? new RegExp(`1 of ${messages.length} messages`) : new RegExp(id),
  );
  const read = await said('messages', 'read', id);
  expect(read).toContain(title.slice(0, 10));
  expect(read).not.toContain('\u001b');
  expect((await json('messages', '--unread')).messages).toHaveLength(messages.length - 1);
  expect(await json('messages', 'read-all')).toEqual({ messages_read: messages.length - 1 });
  expect(await said('messages', '--unread')).toBe('No messages.\n');
  expect(await json('messages', 'delete', id)).toEqual({ message_id: id, deleted: true });
});

describe('backup', () => {
  const CONFIG = { theme: 'dark', list: [1, 'ü'] };

  test('keeps a JSON file; restore leaves it for its device or another one', async () => {
    const path = file('settings.json', JSON.stringify(CONFIG));
    const made = await said('backup', 'create', path);
    const [id = ''] = /[\da-f-]{36}/.exec(made) ?? [];
    expect(made).toContain(`${PROGRAM} restore ${id}`);
    expect(await said('backup')).toMatch(new RegExp(`${id} .* settings.json`));
    expect(JSON.parse(await said('backup', 'show', id))).toEqual(CONFIG);
    expect(await run('restore', id)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('settings.json'),
      stderr: expect.stringContaining('offline; the backup waits'),
    });
    expect((await device.client.daemon.syncConfig()).restore).toMatchObject({ backup_id: id });
    const other = await app.makeDevice(user);
    await other.client.daemon.heartbeat({});
    expect(await json('restore', id, '--device', other.id)).toMatchObject({ id, config_data: CONFIG });
    expect((await other.client.daemon.syncConfig()).restore).toMatchObject({ backup_id: id });
    expect(await json('backup', 'delete', id)).toEqual({ backup_id: id, deleted: true });
    expect(await said('backup', 'list', '--device', device.id)).toBe('No backups.\n');
  });

  test('takes the file that the daemon looks after, of this machine among several', async () => {
    await app.makeDevice(user);
    vi.stubEnv('CCJK_CONFIG_FILE', file('own.json', '{}'));
    expect(await run('backup', 'create')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('several devices'),
    });
    rmSync(join(home, 'state'), { recursive: true, force: true });
    const credentials = { url: app.url, device_id: device.id, device_name: 'here', device_key: device.key };
    vi.stubEnv('CCJK_STATE_DIR', home);
    file('credentials.json', JSON.stringify(credentials));
    expect(await json('backup', 'create', '--name', 'mine')).toMatchObject({
      device_id: device.id,
      config_name: 'mine',
    });
  });

  test.each(['[1]', 'theme = dark', 'null'])('of %s is refused: it is no JSON object', async (text) => {
    const ran = await run('backup', 'create', file('x.json', text));
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('x.json is no JSON object') });
  });

  test('of a file that is not there says so', async () => {
    const ran = await run('backup', 'create', join(home, 'none.json'));
    expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('ENOENT') });
  });
});

describe('logs', () => {
  const TEXT = Array.from({ length: 30_000 }, (_, at) => `line ${at} ü\n`).join('');
  const upload = async () => {
    const metadata = { type: 'daemon', date: '2026-01-19', compressed: true };
    return (await device.client.daemon.uploadLog({ log_file: new Blob([gzipSync(TEXT)]), metadata })).log_id;
  };

  test('are listed, shown whole, from a byte and by their last lines, and deleted', async () => {
    const id = await upload();
    expect(await said('logs', '--type', 'daemon', '--device', device.id)).toMatch(new RegExp(`${id}.*2026-01-19`));
    expect(await said('logs', 'list', '--date', '2026-01-18')).toBe('No logs.\n');
    expect((await run('logs', 'show', id)).stdout).toBe(TEXT);
    expect(await said('logs', 'show', id, '--tail', '2')).toBe('line 29998 ü\nline 29999 ü\n');
    expect(await said('logs', 'show', id, '--from', String(Buffer.byteLength(TEXT) - 3))).toBe('ü\n');
    expect(await json('logs', 'show', id)).toMatchObject({ from: 0, next_from: 256 * 1024 });
    expect(await json('logs', 'delete', id)).toEqual({ log_id: id, deleted: true });
  });

  test('are downloaded as they were sent', async () => {
    const id = await upload();
    const path = join(home, 'log.gz');
    expect(await json('logs', 'download', id, path)).toEqual({ log_id: id, file: path });
    expect(readFileSync(path).equals(gzipSync(TEXT))).toBe(true);
    const nowhere = join(home, 'none', 'log.gz');
    expect(await run('logs', 'download', id, nowhere)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ENOENT'),
    });
  });

  test('whose download breaks off leave no half a file', async () => {
    const id = await upload();
    const path = join(home, 'log.gz');
    const real = globalThis.fetch;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
      const answer = await real(url, init);
      if (!String(url).endsWith('/download')) return answer;
      const broken = new ReadableStream({
        start: (out) => out.enqueue(new Uint8Array(10)),
        pull: (out) => out.error(new TypeError('terminated')),
      });
      return new Response(broken, answer);
    });
    const ran = await run('logs', 'download', id, path);
    vi.mocked(globalThis.fetch).mockRestore();
    expect(ran).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('broke off') });
    expect(readdirSync(home).filter((name) => name.startsWith('log'))).toEqual([]);
  });
});

test('output that the storage had no room for is said to be missing', async () => {
  await app.service.db.updateTable('users').set({ storage_quota: 0 }).where('id', '=', user.id).execute();
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'yes' });
  const [task] = (await device.client.daemon.claim()).tasks;
  const { lease_id = '' } = task ?? {};
  for (let offset = 0; offset <= 1024 * 1024; offset += 256 * 1024)
    await device.client.daemon.output(task_id, { lease_id, stream: 'stdout', offset, chunk: 'y'.repeat(256 * 1024) });
  const stdout = 'y'.repeat(2 * 1024 * 1024);
  await device.client.daemon.result(task_id, { status: 'completed', lease_id, stdout });
  const { code, stdout: shown, stderr } = await run('tasks', 'logs', '--follow', task_id);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('The rest of stdout is not kept') });
  expect(shown).toHaveLength(1024 * 1024);
});

test('stats tell what finished, of all devices or of one', async () => {
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' });
  await device.client.daemon.claim();
  await device.client.daemon.result(task_id, { status: 'completed' });
  expect(await said('stats')).toMatch(
    /Completed: +1\n[\s\S]*Storage used:[\s\S]*2026-01-14 +0\n[\s\S]*2026-01-20 +1 {2}█+\n/,
  );
  expect(await said('stats', '--period', '1d', '--device', device.id)).not.toContain('Storage');
  expect(await json('stats', '--period', '365d')).toMatchObject({ tasks_completed: 1 });
});

test('an API key is shown once, does what its scopes say, and is revoked', async () => {
  const made = await said(
    'api-keys',
    'create',
    'CI',
    '--scope',
    'user:read,device:read',
    '--scope',
    'stats:read',
    '--expires',
    '90d',
  );
  const [key = ''] = /ck_live_\S+/.exec(made) ?? [];
  const { api_keys } = await json('api-keys');
  expect(api_keys).toMatchObject([
    { name: 'CI', scopes: ['user:read', 'device:read', 'stats:read'], expires_at: expect.stringMatching(/^20/) },
  ]);
  expect(await said('api-keys')).not.toContain(key);
  vi.stubEnv('CCJK_API_KEY', key);
  await said('stats');
  vi.stubEnv('CCJK_API_KEY', '');
  expect(await json('api-keys', 'revoke', api_keys[0].id)).toEqual({ api_key_id: api_keys[0].id, deleted: true });
  expect(await said('api-keys')).toBe('No API keys.\n');
  const wrong = await run('api-keys', 'create', 'x', '--scope', 'everything');
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('task:create') });
});

test('sessions are listed, and another one is revoked', async () => {
  const { sessions } = await json('sessions');
  const other = sessions.find(({ current }: { current: boolean }) => !current);
  expect(await said('sessions')).toMatch(/ \* /);
  expect(await json('sessions', 'revoke', other.id)).toEqual({ session_id: other.id, revoked: true });
  expect((await json('sessions')).sessions).toHaveLength(1);
});

test('settings of a device are shown and changed', async () => {
  const { config } = await user.client.devices.get(device.id);
  expect(await json('devices', 'config', device.id)).toEqual(config);
  const set = ['--set', 'heartbeat_interval=60', '--set', 'log_upload_enabled=false'];
  expect(await said('devices', 'config', device.id, ...set)).toContain('heartbeat_interval:   60');
  expect((await user.client.devices.get(device.id)).config).toEqual({
    ...config,
    heartbeat_interval: 60,
    log_upload_enabled: false,
  });
  const unknown = await run('devices', 'config', device.id, '--set', 'speed=9');
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no setting "speed"') });
  const wrong = await run('devices', 'config', device.id, '--set', 'heartbeat_interval=soon');
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('heartbeat_interval') });
});

describe('account', () => {
  const NEW = 'another horse battery staple';

  test('changes the password, and the profile', async () => {
    vi.stubEnv('CCJK_NEW_PASSWORD', NEW);
    expect(await json('account', 'password')).toEqual({ sessions_ended: 1 });
    expect(await run('account', 'password')).toMatchObject({ code: 1 });
    await said('account', 'set', '--set', 'display_name=Ann', '--set', 'notify_by_email=true');
    const changed = await json('account', 'set', '--set', 'display_name=');
    expect(changed.user).toMatchObject({ display_name: null, notify_by_email: true });
    vi.stubEnv('CCJK_PASSWORD', NEW);
    expect(await run('login', '--email', user.email)).toMatchObject({ code: 0 });
  });

  test('asks for mailed tokens, and refuses a wrong one', async () => {
    expect(await said('account', 'verify-email')).toContain('on its way');
    expect(await said('account', 'forgot-password', user.email)).toContain('account reset-password TOKEN');
    for (const action of ['verify-email', 'reset-password']) {
      vi.stubEnv('CCJK_NEW_PASSWORD', NEW);
      expect(await run('account', action, 'mt_wrong')).toMatchObject({ code: 3, stdout: '' });
    }
  });

  test('ends with the account, and forgets the login', async () => {
    vi.stubEnv('CCJK_PASSWORD', 'wrong');
    expect(await run('account', 'delete')).toMatchObject({ code: 1 });
    vi.stubEnv('CCJK_PASSWORD', app.password);
    expect(await json('account', 'delete')).toEqual({ deleted: true });
    expect(existsSync(join(home, 'ccjk-cloud', 'credentials.json'))).toBe(false);
    expect(await run('login', '--email', user.email)).toMatchObject({ code: 3 });
  });
});
