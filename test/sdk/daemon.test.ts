/** The daemon against the real service: what it runs, how it stops, and what it says. */
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { quoteWord } from '../../sdk/src/daemon/shell-words.ts';
import { openApp, type TestApp } from '../setup/app.ts';
import { deviceStatus, HELD_COMMAND, linesOf, lives, machinesOf, PATIENCE } from './machine.ts';

let app: TestApp;
const { openMachine, start, startProcess } = machinesOf(() => app);

beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

/** Each test starts several processes, and a machine that does other things takes seconds for each. */
vi.setConfig({ testTimeout: 180_000 });

test('a command runs, and its result is that of the command', async () => {
  const machine = await openMachine();
  start(machine);
  const id = await machine.queue('echo out; echo err >&2; exit 3');
  expect(await machine.ended(id)).toMatchObject({
    status: 'failed',
    exit_code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
    error_message: 'exit code 3',
    stdout_truncated: false,
  });
  expect(await machine.ended(await machine.queue('true'))).toMatchObject({ status: 'completed', error_message: null });
});

test('words pass intact: quotes, spaces, newlines, unicode, and argv of the control wire', async () => {
  const machine = await openMachine();
  start(machine);
  const words = ["it's", '"two"  words', '$HOME `x` \\', 'a\nb', '你好 🦀', '*', '-n'];
  const command = `printf '%s|' ${words.map(quoteWord).join(' ')}`;
  expect((await machine.ended(await machine.queue(command))).stdout).toBe(`${words.join('|')}|`);
  const id = await machine.queue("printf '%s|'", { args: { argv: words } });
  expect((await machine.ended(id)).stdout).toBe(`${words.join('|')}|`);
});

test('the command gets its own variables and none that are meant for the daemon', async () => {
  const machine = await openMachine();
  const secrets = { CCJK_API_KEY: 'ck_live_secret', CCJK_DEVICE_KEY: 'dk_secret', KEPT: 'kept' };
  startProcess(machine, { env: secrets });
  const id = await machine.queue('env', { args: { env: { MINE: 'ü b', COUNT: 3 } } });
  const { stdout } = await machine.ended(id);
  expect(stdout).toMatch(/^MINE=ü b$/m);
  expect(stdout).toMatch(/^COUNT=3$/m);
  expect(stdout).toMatch(/^KEPT=kept$/m);
  expect(stdout).not.toMatch(/CCJK|secret/);
  expect(stdout).not.toContain(machine.device.key);
});

test('the command gets the trace of its task, and the daemon tells its request', async () => {
  const machine = await openMachine();
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const headers = { traceparent, 'x-request-id': 'the-request' };
  const task = { device_id: machine.device.id, command: 'echo "$TRACEPARENT"', args: { cwd: machine.folder } };
  const { events } = start(machine);
  const { task_id } = await machine.user.client.tasks.create(task, { headers });
  expect(await machine.ended(task_id)).toMatchObject({ stdout: `${traceparent}\n` });
  expect(events.find(({ type }) => type === 'started')).toMatchObject({ task_id, request_id: 'the-request' });
  const own = { ...task, args: { ...task.args, env: { TRACEPARENT: 'mine' } } };
  const other = await machine.user.client.tasks.create(own, { headers });
  expect(await machine.ended(other.task_id)).toMatchObject({ stdout: 'mine\n' });
});

test.each([
  ['a folder that is not there', { cwd: '/nowhere/at/all' }, 'does not exist on this machine'],
  ['a folder that is a file', { cwd: '/etc/passwd' }, 'is not a directory'],
  ['a folder that is no text', { cwd: 7 }, 'args.cwd must be a text'],
  ['variables that are no texts', { env: { A: { b: 1 } } }, 'args.env must be'],
])('%s is a failure before anything ran', async (_, args, message) => {
  const machine = await openMachine();
  start(machine);
  const task = await machine.ended(await machine.queue('echo ran', { args, max_retries: 0 }));
  expect(task).toMatchObject({ status: 'failed', reason: 'never_started', exit_code: null, stdout: '' });
  expect(task.error_message).toContain(message);
});

test('a task that no handler takes fails before it ran; with a handler it is the handler that runs', async () => {
  const machine = await openMachine();
  start(machine, { handlers: { custom: ({ command }) => ({ stdout: command.toUpperCase() }) } });
  const refused = await machine.ended(await machine.queue('x', { type: 'workflow', max_retries: 0 }));
  expect(refused).toMatchObject({ status: 'failed', reason: 'never_started' });
  expect(refused.error_message).toContain('no handler for tasks of type "workflow"');
  const handled = await machine.ended(await machine.queue('abc', { type: 'custom' }));
  expect(handled).toMatchObject({ status: 'completed', exit_code: 0, stdout: 'ABC' });
});

test('a handler that throws has failed, and one that is cancelled is told', async () => {
  const machine = await openMachine();
  const daemon = start(machine, {
    handlers: {
      custom: ({ command }, { signal }) => {
        if (command === 'throw') throw new Error('no such thing');
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ stdout: 'told' })));
      },
    },
  });
  const thrown = await machine.ended(await machine.queue('throw', { type: 'custom', max_retries: 0 }));
  expect(thrown).toMatchObject({ status: 'failed', error_message: 'no such thing' });
  const id = await machine.queue('wait', { type: 'custom', timeout: 1000 });
  expect(await machine.ended(id)).toMatchObject({ status: 'timeout', stdout: 'told' });
  expect(daemon.events).toContainEqual(expect.objectContaining({ type: 'stopping', task_id: id }));
});

test('a timeout ends the whole group, also what ignores SIGTERM', async () => {
  const machine = await openMachine();
  start(machine);
  const command = "(trap '' TERM; while :; do sleep 0.02; done) & echo $! >stubborn; echo begun; sleep 60";
  const id = await machine.queue(command, { timeout: 1000, grace_seconds: 0 });
  const task = await machine.ended(id);
  expect(task).toMatchObject({ status: 'timeout', stdout: 'begun\n' });
  expect(task.error_message).toContain('timeout of 1 s');
  await vi.waitFor(() => expect(lives(Number(machine.read('stubborn')))).toBe(false), PATIENCE);
});

test('a cancellation stops a running command', async () => {
  const machine = await openMachine();
  const daemon = start(machine);
  const id = await machine.queue(`trap 'echo bye; exit 0' TERM; ${HELD_COMMAND}`);
  await daemon.told('started');
  await vi.waitFor(() => expect(machine.read('runs')).not.toBe(''), PATIENCE);
  await machine.user.client.tasks.cancel(id);
  expect(await machine.ended(id)).toMatchObject({ status: 'cancelled', stdout: 'bye\n', exit_code: 0 });
});

test('no more tasks run at a time than the device may, and a freed slot is used', async () => {
  const machine = await openMachine({ max_concurrent_tasks: 2 });
  start(machine);
  const command = 'echo >in.$$; ls in.* | wc -l >>seen; sleep 0.2; rm in.$$';
  const ids = await Promise.all(Array.from({ length: 6 }, () => machine.queue(command)));
  await Promise.all(ids.map(machine.ended));
  expect(linesOf(machine.read('seen'))).toHaveLength(6);
  expect(Math.max(...linesOf(machine.read('seen')).map(Number))).toBeLessThanOrEqual(2);
});

test('a long output arrives as its beginning and end, and is called truncated', async () => {
  const machine = await openMachine();
  start(machine);
  const id = await machine.queue("echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last");
  const task = await machine.ended(id);
  expect(task).toMatchObject({ status: 'completed', stdout_truncated: true, stderr_truncated: false });
  expect(task.stdout).toMatch(/^first\nx+x{1000}\nlast\n$/);
});

test('new settings are fetched when a heartbeat tells of them', async () => {
  const machine = await openMachine({ max_concurrent_tasks: 1 });
  await machine.user.client.devices.updateConfig(machine.device.id, { heartbeat_interval: 5 });
  const daemon = start(machine);
  await daemon.told('ready');
  await vi.waitFor(async () => expect(await deviceStatus(machine)).toBe('online'), PATIENCE);
  await machine.user.client.devices.updateConfig(machine.device.id, { max_concurrent_tasks: 7 });
  await vi.waitFor(
    () =>
      expect(daemon.events).toContainEqual(
        expect.objectContaining({ config: expect.objectContaining({ max_concurrent_tasks: 7 }) }),
      ),
    PATIENCE,
  );
});

test('a command whose lease was lost is stopped', async () => {
  const machine = await openMachine();
  const daemon = start(machine);
  const id = await machine.queue(HELD_COMMAND, { on_disconnect: 'fail', max_retries: 0 });
  await vi.waitFor(() => expect(machine.read('runs')).not.toBe(''), PATIENCE);
  app.clock.advance(600);
  await app.sweep();
  expect(await machine.ended(id)).toMatchObject({ status: 'failed', reason: 'lost' });
  expect((await daemon.told('stopping')).message).toContain('lease was lost');
  expect((await daemon.told('reported')).outcome).toBe('unwanted');
  expect(lives(Number(machine.read('runs')))).toBe(false);
});

test('a stop leaves running commands to the next daemon, and reports the machine offline', async () => {
  const machine = await openMachine();
  const daemon = start(machine);
  const id = await machine.queue(HELD_COMMAND);
  await vi.waitFor(() => expect(machine.read('runs')).not.toBe(''), PATIENCE);
  await daemon.told('started');
  await daemon.stop();
  expect(daemon.events.at(-1)).toEqual({ type: 'stopped', running: 1 });
  expect(await deviceStatus(machine)).toBe('offline');
  const next = start(machine);
  await next.told('adopted');
  writeFileSync(machine.at('go'), '');
  expect(await machine.ended(id)).toMatchObject({ status: 'completed', stdout: 'done\n' });
  expect(linesOf(machine.read('runs'))).toHaveLength(1);
});

test('a stop that may wait lets running commands end, and claims nothing new', async () => {
  const machine = await openMachine();
  const daemon = start(machine, { drainMs: 60_000 });
  const id = await machine.queue(HELD_COMMAND);
  await daemon.told('started');
  const stopping = daemon.stop();
  const late = await machine.queue('true');
  writeFileSync(machine.at('go'), '');
  await stopping;
  expect(await machine.user.client.tasks.get(id)).toMatchObject({ status: 'completed', stdout: 'done\n' });
  expect((await machine.user.client.tasks.get(late)).status).toBe('queued');
  expect(daemon.events.at(-1)).toEqual({ type: 'stopped', running: 0 });
});

test('one folder has one daemon; the other is told who has it', async () => {
  const machine = await openMachine();
  const first = startProcess(machine);
  await vi.waitFor(() => expect(first.events.length).toBeGreaterThan(0), PATIENCE);
  expect(() => start(machine)).toThrow(new RegExp(`process ${first.pid}.*CCJK_STATE_DIR`, 's'));
  await first.kill();
  await start(machine).told('ready');
});

test('a key that the service no longer knows ends the daemon with a sentence', async () => {
  const machine = await openMachine();
  await machine.user.client.devices.updateConfig(machine.device.id, { heartbeat_interval: 5 });
  const daemon = start(machine);
  await daemon.told('ready');
  await machine.user.client.devices.remove(machine.device.id);
  await expect(daemon.done).rejects.toThrow(/does not accept the key.*Register this machine again/s);
  await expect(daemon.stop()).resolves.toBeUndefined();
});

test('a lease id that is no uuid touches no file', async () => {
  const machine = await openMachine();
  const daemon = start(machine, {
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      if (!url.includes('/pending')) return answer;
      const text = (await answer.text()).replace(/"lease_id":"[^"]*"/, '"lease_id":"../../x"');
      return new Response(text, answer);
    },
  });
  await machine.queue(`echo ${randomUUID()} >ran`);
  expect((await daemon.told('problem')).message).toContain('no uuid');
  expect(existsSync(machine.at('ran'))).toBe(false);
});
