/** The command line, as a process, against the real service. */
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { cut } from '../../sdk/src/cli/output.ts';
import { openApp, type TestApp } from '../setup/app.ts';
import { openHome as openHomeAt, PATIENCE } from './cli-home.ts';
import { closedAddress } from './service.ts';

/** Each test starts several processes, and a machine that does other things takes seconds for each. */
vi.setConfig({ testTimeout: 180_000 });

let app: TestApp;

beforeAll(async () => {
  app = await openApp();
});

afterAll(() => app.close());

const openHome = (url: string = app.url) => openHomeAt(url);

const newEmail = (): string => `cli-${Math.random().toString(36).slice(2)}@example.com`;

/** A home in which somebody is signed in. */
async function openSignedIn(url?: string) {
  const home = openHome(url);
  const email = newEmail();
  const { code, stderr } = await home.cliWith({ CCJK_PASSWORD: app.password }, 'register', '--email', email);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { ...home, email };
}

/** …and whose daemon runs. */
async function openWithDaemon() {
  const home = await openSignedIn();
  const daemon = home.start(['daemon', '--name', 'workshop', '--json']);
  await daemon.says('"ready"');
  return { ...home, daemon };
}

// ---- Help and usage -------------------------------------------------------------------------------------------------

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../sdk/package.json', import.meta.url), 'utf8'));
  expect((await openHome().cli('--version')).stdout).toBe(`${version}\n`);
});

test.each([
  [['rum'], 'There is no command "rum"'],
  [['toString'], 'There is no command "toString"'],
  [['run'], 'The command is missing'],
  [['run', '--timeout', '5', '--', 'x'], '--timeout must be a duration such as 90s, 5m or 2h'],
  [['run', '--priority', '11', '--', 'x'], '--priority must be a whole number from 1 to 10'],
  [['run', '--env', 'X', '--', 'x'], '--env must be NAME=VALUE'],
  [['tasks', 'burn'], 'There is no "tasks burn"'],
  [['tasks', 'show'], 'The id of the task is missing'],
  [['publish'], 'The channel is missing'],
  [['publish', 'c', 'x', 'y'], 'Unexpected argument "y"'],
  [['publish', 'c', 'x', '--priority', 'huge'], '--priority must be one of critical, high, normal, low, bulk'],
  [['subscribe'], 'The channel is missing'],
  [['subscribe', 'c', '--from', 'yesterday'], '--from must be an event such as event-12, or start'],
  [['channels', 'burn'], 'There is no "channels burn"'],
  [['channels', 'create', '--expires', 'soon'], '--expires must be a duration'],
  [['keys', 'list', 'all'], 'Unexpected argument "all"'],
  [['keys', 'revoke', 'x'], '--reason is missing (or --now'],
  [['keys', 'create', '--permission', 'all'], 'There is no permission "all"'],
  [['email'], 'The action is missing'],
  [['email', 'set', 'a@b.co', '--smtp', 'mail:22'], '--smtp must be HOST or HOST:PORT with one of the ports'],
  [['whoami', '--wrong'], "Unknown option '--wrong'"],
  [['login', '--email', 'a@b.co'], '--password is missing, and there is no terminal to ask at'],
])('%j is wrong usage: exit code 2 and what to do', async (args, message) => {
  const { code, stdout, stderr } = await openHome().cli(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/See: ccjk-cloud .*--help/);
});

test('a hint says what to type as it was typed: with npx where npx has started it', async () => {
  const { cliWith } = openHome();
  expect((await cliWith({ npm_command: 'exec' }, 'whoami')).stderr).toContain('with: npx ccjk-cloud login');
});

// ---- Account --------------------------------------------------------------------------------------------------------

test('register, whoami, logout and login; secrets are shown nowhere and lie in a file of mode 600', async () => {
  const home = openHome();
  const email = newEmail();
  const registered = await home.cliWith({ CCJK_PASSWORD: app.password }, 'register', '--email', email);
  expect(registered).toMatchObject({ code: 0, stdout: expect.stringContaining(`Signed in as ${email}`) });
  const { token, refresh_token } = JSON.parse(readFileSync(home.credentials, 'utf8'));
  expect(statSync(home.credentials).mode & 0o777).toBe(0o600);
  expect(await home.json('whoami')).toMatchObject({ url: app.url, user: { email } });
  expect(await home.cli('logout')).toMatchObject({ code: 0 });
  expect(existsSync(home.credentials)).toBe(false);
  expect(await home.cli('whoami')).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('ccjk-cloud login'),
  });
  const wrong = await home.cli('login', '--email', email, '--password', 'not the password');
  expect(wrong).toMatchObject({ code: 3, stderr: expect.stringMatching(/password is wrong.*Request [\w-]+/s) });
  const again = await home.cli('login', '--email', email, '--password', app.password, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ user: { email } });
  for (const secret of [token, refresh_token, app.password])
    expect(JSON.stringify([registered, wrong, again])).not.toContain(secret);
});

test('a service that does not run is exit code 4 and says how to start it', async () => {
  const { code, stdout, stderr } = await openHome(await closedAddress()).cli(
    'login',
    '--email',
    'a@b.co',
    '--password',
    'x',
  );
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  expect(stderr).toMatch(
    /Nothing answers at http:\/\/127\.0\.0\.1:\d+\.\nIs the service running\? Start it with: npm start/,
  );
});

test('the tokens of a login go to no other service', async () => {
  const home = await openSignedIn();
  const other = await closedAddress();
  expect(await home.cli('whoami', '--url', other)).toMatchObject({ code: 3, stderr: expect.stringContaining(other) });
});

test('an API key stands in for a login', async () => {
  const user = await app.makeUser();
  const { key } = await user.client.apiKeys.create({ name: 'cli', scopes: ['user:read'] });
  const home = openHome();
  expect((await home.cliWith({ CCJK_API_KEY: key }, 'whoami')).stdout).toContain(user.email);
  expect(await home.cliWith({ CCJK_API_KEY: key }, 'devices')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('scope'),
  });
  expect(await home.cliWith({ CCJK_API_KEY: `${key}x` }, 'whoami')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Check CCJK_API_KEY'),
  });
});

test('of several processes that find the token ended one renews it, and none loses it', async () => {
  let refreshes = 0;
  const proxy = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    if (url === '/v1/auth/refresh') refreshes++;
    incoming.pipe(
      forward(`${app.url}${url}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }),
    );
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const home = await openSignedIn(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  const before = JSON.parse(readFileSync(home.credentials, 'utf8'));
  writeFileSync(home.credentials, JSON.stringify({ ...before, expires_at: 0 }), { mode: 0o600 });
  const ran = await Promise.all(Array.from({ length: 4 }, () => home.cli('whoami')));
  expect(ran.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(4).fill({ code: 0, stderr: '' }));
  expect(refreshes).toBe(1);
  const after = JSON.parse(readFileSync(home.credentials, 'utf8'));
  expect(after.refresh_token).not.toBe(before.refresh_token);
  expect(after.email).toBe(home.email);
  writeFileSync(home.credentials, JSON.stringify({ ...after, expires_at: 0 }), { mode: 0o600 });
  expect((await home.cli('whoami')).code).toBe(0);
});

// ---- Devices --------------------------------------------------------------------------------------------------------

test('devices are listed, made ahead of time and removed; their key is shown once', async () => {
  const home = await openSignedIn();
  expect((await home.cli('devices')).stdout).toContain('No devices yet');
  const added = await home.cli('devices', 'add', 'build\u001b[31m server');
  const key = /dk_[\w-]+/.exec(added.stdout)?.[0] ?? '';
  expect(added.stdout).toContain(`CCJK_DEVICE_KEY=${key} ccjk-cloud daemon`);
  expect(added.stdout).toMatch(new RegExp(`"cloudToken": "${key}", "cloudApiUrl": "http[^"]+/api/control"`));
  const listed = await home.cli('devices');
  expect(listed.stdout).not.toContain(key);
  expect(listed.stdout).not.toContain('\u001b');
  expect(listed.stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
  expect(await home.json('devices')).toMatchObject({ devices: [{ device_name: expect.stringContaining('server') }] });
  expect(await home.cli('devices', 'remove', 'nobody')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('server'),
  });
  const { devices } = await home.json('devices');
  expect(await home.json('devices', 'remove', devices[0].id)).toEqual({ device_id: devices[0].id, deleted: true });
  expect(await home.json('devices')).toEqual({ devices: [] });
});

test('the mail settings of the only device are made, shown and tested; the password is shown nowhere', async () => {
  const { cli, cliWith, json, email } = await openSignedIn();
  expect((await cli('devices', 'add', 'workshop')).code).toBe(0);
  const none = await cli('email', 'show');
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('ccjk-cloud email set ADDRESS')]);
  const set = [
    'email',
    'set',
    email,
    '--smtp',
    'smtp.example.com:465',
    '--imap',
    'imap.example.com',
    '--with-password',
  ];
  const made = await cliWith({ CCJK_MAIL_PASSWORD: 'app password' }, ...set);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toContain('smtp.example.com:465');
  expect(made.stdout).toContain('with a password');
  const config = await json('email', 'show');
  expect(config).toMatchObject({ email_address: email, smtp_port: 465, imap_port: null, has_password: true });
  expect(made.stdout + JSON.stringify(config)).not.toContain('app password');
  const wrong = await cli('email', 'verify', 'mt_wrong');
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('code')]);
  const unsent = await cli('email', 'test');
  expect([unsent.code, unsent.stderr]).toEqual([1, expect.stringContaining('no address in the DNS')]);
  await cli('email', 'set', email);
  expect((await cli('email', 'test')).stdout).toContain(`Sent to ${email} through the service's server`);
});

test('a daemon starts with a key that was made ahead of time, without a login', async () => {
  const home = await openSignedIn();
  const { device_key } = await home.json('devices', 'add', 'server');
  const machine = openHome();
  const daemon = machine.start(['daemon'], { CCJK_DEVICE_KEY: device_key });
  await daemon.says('ready');
  const { code, stdout } = await home.cli('run', '--follow', '--', 'env | grep -c CCJK_; echo ran');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '0\nran\n' });
  expect(daemon.ran.stdout).not.toContain(device_key);
  expect(statSync(join(machine.home, 'state', 'credentials.json')).mode & 0o777).toBe(0o600);
});

// ---- Running --------------------------------------------------------------------------------------------------------

test('run --follow gives the output and the exit code of the command', async () => {
  const { cli, daemon } = await openWithDaemon();
  expect(await cli('run', '--follow', '--', 'echo out; echo err >&2; exit 3')).toEqual({
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect((await cli('run', '-f', '--', 'kill -KILL $$')).code).toBe(137);
  expect(await cli('run', '-f', '--timeout', '1s', '--', 'sleep 60')).toMatchObject({ code: 124, stdout: '' });
  expect(
    await cli('run', '-f', '--cwd', '/', '--env', 'A=1 2', '--env', 'B==', '--', 'echo "$PWD|$A|$B"'),
  ).toMatchObject({
    code: 0,
    stdout: '/|1 2|=\n',
  });
  expect(JSON.parse((await cli('run', '-f', '--json', '--', 'echo x')).stdout)).toMatchObject({ stdout: 'x\n' });
  expect(daemon.ran.stdout).toContain('"type":"finished"');
});

test('the words of a command pass unchanged; one word is a line for the shell', async () => {
  const { cli } = await openWithDaemon();
  const words = ["it's", '"two"  words', '$HOME', 'a\nb', '你好 🦀', '--flag', '-n', '*', ''];
  expect((await cli('run', '-f', '--', 'printf', '%s|', ...words)).stdout).toBe(`${words.join('|')}|`);
  expect((await cli('run', '-f', '--', 'echo $((6 * 7)) | tr 4 5')).stdout).toBe('52\n');
});

test('what a command writes is shown while it runs: by run --follow and by tasks logs, once or to its end', async () => {
  const { home, start, cli, json } = await openWithDaemon();
  const following = start(['run', '--follow', '--', 'echo begun; while [ ! -e go ]; do sleep 0.02; done; echo done']);
  await following.says('begun\n');
  const { tasks } = await json('tasks');
  const [{ id }] = tasks as [{ id: string }];
  const logs = start(['tasks', 'logs', '-f', id]);
  const lines = start(['tasks', 'logs', '-f', '--json', id]);
  await logs.says('begun\n');
  await lines.says('"begun\\n"');
  expect(await cli('tasks', 'logs', id)).toEqual({ code: 0, stdout: 'begun\n', stderr: '' });
  writeFileSync(join(home, 'go'), '');
  for (const ran of [await following.ended, await logs.ended])
    expect(ran).toEqual({ code: 0, stdout: 'begun\ndone\n', stderr: '' });
  const events = (await lines.ended).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.at(-1)).toMatchObject({ type: 'end', task: { id, status: 'completed' } });
  expect(await json('tasks', 'logs', id)).toEqual({ task_id: id, attempt: 1, stdout: 'begun\ndone\n', stderr: '' });
});

test('Ctrl-C while following cancels the task: exit code 130', async () => {
  const { start, json } = await openWithDaemon();
  const following = start(['run', '--follow', '--', 'echo begun; sleep 60']);
  await vi.waitFor(async () => expect((await json('tasks')).tasks[0]?.status).toBe('running'), PATIENCE);
  following.child.kill('SIGINT');
  await following.says('press Ctrl-C again', 'stderr');
  expect(await following.ended).toMatchObject({ code: 130, stdout: 'begun\n' });
  expect((await json('tasks')).tasks[0]).toMatchObject({ status: 'cancelled' });
});

test('without --follow it says the id and what to type next; tasks are listed, shown, cancelled and retried', async () => {
  const { cli, json } = await openSignedIn();
  await cli('devices', 'add', 'server');
  const queued = await cli('run', '--', 'echo', 'hello');
  const id = queued.stdout.split('\n')[0] ?? '';
  expect(queued).toMatchObject({ code: 0, stdout: expect.stringContaining(`ccjk-cloud tasks show ${id}`) });
  expect(queued.stderr).toContain('offline');
  const listed = await cli('tasks', 'list');
  expect(listed.stdout).toContain(id);
  expect(listed.stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
  expect((await cli('tasks', 'show', id)).stdout).toMatch(/Command: {3}echo hello/);
  expect(await json('tasks', 'show', id)).toMatchObject({ id, source: 'cli' });
  expect(await cli('tasks', 'retry', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('tasks cancel') });
  expect((await cli('tasks', 'cancel', id)).stdout).toBe(`Cancelled ${id}.\n`);
  expect(await cli('tasks', 'cancel', id)).toMatchObject({ code: expect.any(Number) });
  const { task_id } = await json('tasks', 'retry', id);
  expect(await json('tasks', 'show', task_id)).toMatchObject({ parent_task_id: id });
  expect((await json('tasks', 'list', '--status', 'cancelled')).tasks).toHaveLength(1);
  expect(await cli('tasks', 'show', '00000000-0000-4000-8000-000000000000')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/ccjk-cloud tasks list\nRequest /),
  });
});

test('among several devices one has to be named, and the names are listed', async () => {
  const { cli, json } = await openSignedIn();
  expect(await cli('run', '--', 'true')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ccjk-cloud daemon'),
  });
  for (const name of ['one', 'two']) await cli('devices', 'add', name);
  const refused = await cli('run', '--', 'true');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/several devices.*one/s);
  const { task_id } = await json('run', '--device', 'two', '--', 'true');
  const { devices } = await json('devices');
  const two = devices.find(({ device_name }: { device_name: string }) => device_name === 'two');
  expect(await json('tasks', 'show', task_id)).toMatchObject({ device_id: two.id });
});

test('a signal stops the daemon, which says what goes on; the next one takes it over and needs no login', async () => {
  const home = await openWithDaemon();
  const { task_id } = await home.json(
    'run',
    '--',
    'touch on; while [ -e on ] && [ ! -e go ]; do sleep 0.02; done; echo done',
  );
  await home.daemon.says('"started"');
  home.daemon.child.kill('SIGTERM');
  expect(await home.daemon.ended).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('1 task still runs and goes on'),
  });
  const next = home.start(['daemon']);
  await next.says('adopted');
  expect(await home.cli('daemon')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`process ${next.child.pid}`),
  });
  writeFileSync(join(home.home, 'go'), '');
  await next.says('completed');
  expect(await home.json('tasks', 'show', task_id)).toMatchObject({ status: 'completed', stdout: 'done\n' });
});

test('a daemon whose device was deleted ends with exit code 3; --register gives it a new key', async () => {
  const home = await openSignedIn();
  const first = home.start(['daemon', '--name', 'gone']);
  await first.says('ready');
  first.child.kill('SIGTERM');
  await first.ended;
  await home.cli('devices', 'remove', 'gone');
  const refused = await home.cli('daemon');
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('ccjk-cloud daemon --register') });
  const again = home.start(['daemon', '--register', '--name', 'back']);
  await again.says('ready');
  expect((await home.json('devices')).devices).toMatchObject([{ device_name: 'back' }]);
});

test('a table cell is cut to its columns, wide characters counted twice', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('你好吗', 6)).toBe('你好吗');
  expect(cut('你好吗呀', 6)).toBe('你好…');
  expect(cut('a\u001b[31m\nb', 20)).toBe('a [31m b');
});
