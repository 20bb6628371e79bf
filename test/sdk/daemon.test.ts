/**
 * The daemon against the real service: in this process where only its work matters, as a process of its own where it is
 * killed. Every command writes a line when it runs, so that a second run of one attempt cannot hide.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type DaemonEvent, type DaemonOptions, runDaemon } from '../../sdk/src/daemon/index.ts';
import { findProcess } from '../../sdk/src/daemon/processes.ts';
import { quoteWord } from '../../sdk/src/daemon/shell-words.ts';
import { CcjkCloud, type NewTask, type Task } from '../../sdk/src/index.ts';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';

let app: TestApp;

beforeAll(async () => {
  app = await openApp();
});

afterAll(() => app.close());

/** Each test starts several processes, and a machine that does other things takes seconds for each. */
vi.setConfig({ testTimeout: 180_000 });

const PATIENCE = { timeout: 60_000, interval: 20 };

// ---- A machine ------------------------------------------------------------------------------------------------------

async function openMachine(change: { max_concurrent_tasks?: number } = {}) {
  const made = await app.makeUser();
  // Tests move the clock beyond the end of an access token.
  const { token, refreshToken } = made;
  const user = { ...made, client: new CcjkCloud({ baseUrl: app.url, token, refreshToken, maxRetries: 0 }) };
  const device = await app.makeDevice(user, { max_concurrent_tasks: 10, ...change });
  const folder = mkdtempSync(join(tmpdir(), 'ccjk-daemon-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  const at = (name: string) => join(folder, name);
  const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '');
  const queue = async (command: string, more: Partial<NewTask> = {}) => {
    const task = { device_id: device.id, command, args: { cwd: folder }, ...more };
    return (await user.client.tasks.create(task)).task_id;
  };
  return { user, device, folder, at, read, queue, state: at('state'), ended: (id: string) => endOf(user, id) };
}

type Machine = Awaited<ReturnType<typeof openMachine>>;

async function endOf({ client }: TestUser, id: string, seconds = 60): Promise<Task> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; ) {
    const task = await client.tasks.get(id, { wait: 5 });
    if (!['pending', 'queued', 'assigned', 'running'].includes(task.status)) return task;
  }
  throw new Error(`The task has not ended: ${JSON.stringify(await client.tasks.get(id))}`);
}

/** Writes a line, waits until the file `go` is there, and ends; also when its folder goes, as it does after a test that failed. */
const HELD_COMMAND = 'echo $$ >>runs; while [ -e runs ] && [ ! -e go ]; do sleep 0.02; done; echo done';

const after = (ms: number) => new Promise<false>((resolve) => setTimeout(resolve, ms, false));

const linesOf = (text: string): string[] => text.split('\n').filter(Boolean);

// ---- A daemon in this process ---------------------------------------------------------------------------------------

function start(machine: Machine, options: Partial<DaemonOptions> = {}) {
  const events: DaemonEvent[] = [];
  const daemon = runDaemon({
    baseUrl: app.url,
    deviceKey: machine.device.key,
    stateDir: machine.state,
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => daemon.stop());
  const told = <Type extends DaemonEvent['type']>(type: Type) =>
    vi.waitFor(() => {
      const event = events.find((one) => one.type === type);
      if (!event) throw new Error(`No ${type} among ${JSON.stringify(events)}`);
      return event as Extract<DaemonEvent, { type: Type }>;
    }, PATIENCE);
  return { ...daemon, events, told };
}

// ---- A daemon as a process ------------------------------------------------------------------------------------------

const PROGRAM = `
  import { runDaemon } from ${JSON.stringify(new URL('../../sdk/src/daemon/index.ts', import.meta.url).href)};
  const [baseUrl, deviceKey, stateDir, deadly] = process.argv.slice(1);
  const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
  let points = 0;
  const faults = (point) => {
    if ([point, String(++points)].includes(deadly)) process.kill(process.pid, 'SIGKILL');
  };
  const daemon = runDaemon({ baseUrl, deviceKey, stateDir, onEvent: say, faults });
  process.once('SIGTERM', () => daemon.stop());
  await daemon.done;
`;

/** `deadly`: the point at which it is killed, by its name or as the n-th of all. */
function startProcess({ device, state }: Machine, { deadly = '', baseUrl = app.url, env = {} } = {}) {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--input-type=module', '-e', PROGRAM, baseUrl, device.key, state, deadly],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const events: DaemonEvent[] = [];
  // The last line of one that is killed may be half a line.
  if (child.stdout)
    createInterface(child.stdout).on('line', (line) => line.endsWith('}') && events.push(JSON.parse(line)));
  const gone = once(child, 'exit');
  return {
    events,
    gone,
    /** Once the journal knows the process. */
    hasStarted: () => vi.waitFor(() => expect(events.map(({ type }) => type)).toContain('started'), PATIENCE),
    pid: child.pid as number,
    kill: async (signal: NodeJS.Signals = 'SIGKILL') => {
      child.kill(signal);
      await gone; // also when it was gone before
    },
  };
}

// ---- A proxy that loses answers -------------------------------------------------------------------------------------

/** `fate` of an answer, by its request; the service has carried the request out unless it is refused. */
async function openProxy(fate: (method: string, path: string) => 'pass' | 'lose' | 'refuse') {
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    seen.push(`${method} ${url}`);
    const decided = fate(method, url.split('?')[0] ?? '');
    if (decided === 'refuse') return void incoming.socket.destroy();
    const onward = forward(`${app.url}${url}`, { method, headers }, (answer) => {
      if (decided === 'lose') {
        answer.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => incoming.socket.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const lives = (pid: number): boolean => {
  const found = findProcess(pid);
  return found !== undefined && !found.isZombie;
};

const deviceStatus = async ({ user, device }: { user: TestUser; device: TestDevice }) =>
  (await user.client.devices.get(device.id)).daemon_status;

// ---- Work -----------------------------------------------------------------------------------------------------------

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

// ---- Lost answers ---------------------------------------------------------------------------------------------------

test('a claim and a start whose answers are lost make one run', async () => {
  const machine = await openMachine();
  const lost: string[] = [];
  const proxy = await openProxy((_, path) => {
    const kind = path.endsWith('/start') ? 'start' : path.endsWith('/pending') ? 'claim' : '';
    if (!kind || lost.includes(kind)) return 'pass';
    lost.push(kind);
    return 'lose';
  });
  const id = await machine.queue('echo run >>runs');
  const daemon = start(machine, { baseUrl: proxy.url });
  expect(await machine.ended(id)).toMatchObject({ status: 'completed', attempt: 1 });
  expect(lost.sort()).toEqual(['claim', 'start']);
  expect(machine.read('runs')).toBe('run\n');
  const claims = proxy.seen.filter((one) => one.includes('claim_id=')).map((one) => /claim_id=([^&]*)/.exec(one)?.[1]);
  expect(claims[1]).toBe(claims[0]);
  expect(daemon.events.filter(({ type }) => type === 'outage').length).toBeLessThanOrEqual(2);
});

test('a result waits in the spool until the service is back, also for the next daemon', async () => {
  const machine = await openMachine();
  let isAway = true;
  const proxy = await openProxy((_, path) => (isAway && path.endsWith('/result') ? 'refuse' : 'pass'));
  const id = await machine.queue('echo run >>runs; echo out');
  const first = startProcess(machine, { baseUrl: proxy.url });
  await vi.waitFor(() => expect(proxy.seen.join()).toContain('/result'), PATIENCE);
  expect((await machine.user.client.tasks.get(id)).status).toBe('running');
  await first.kill();
  expect(readdirSync(join(machine.state, 'spool'))).toHaveLength(1);
  isAway = false;
  const second = startProcess(machine, { baseUrl: proxy.url });
  expect(await machine.ended(id)).toMatchObject({ status: 'completed', stdout: 'out\n' });
  await vi.waitFor(
    () => expect(second.events).toContainEqual({ type: 'reported', task_id: id, outcome: 'recorded' }),
    PATIENCE,
  );
  expect(readdirSync(join(machine.state, 'spool'))).toEqual([]);
  expect(machine.read('runs')).toBe('run\n');
});

test('a result whose answer is lost is recorded once', async () => {
  const machine = await openMachine();
  let isLost = false;
  const proxy = await openProxy((_, path) => {
    if (isLost || !path.endsWith('/result')) return 'pass';
    isLost = true;
    return 'lose';
  });
  const daemon = start(machine, { baseUrl: proxy.url });
  const id = await machine.queue('echo out');
  expect(await machine.ended(id)).toMatchObject({ status: 'completed' });
  expect((await daemon.told('reported')).outcome).toBe('recorded');
  expect(isLost).toBe(true);
});

test('an outage is told once, when it begins and when it is over', async () => {
  const machine = await openMachine();
  let isAway = true;
  const proxy = await openProxy(() => (isAway ? 'refuse' : 'pass'));
  const daemon = start(machine, { baseUrl: proxy.url });
  await daemon.told('outage');
  await vi.waitFor(() => expect(proxy.seen.length).toBeGreaterThan(4), PATIENCE);
  isAway = false;
  await daemon.told('restored');
  expect(daemon.events.filter(({ type }) => type === 'outage')).toHaveLength(1);
  expect(await machine.ended(await machine.queue('true'))).toMatchObject({ status: 'completed' });
});

test('a result that a proxy finds too long is delivered without most of its output', async () => {
  const machine = await openMachine();
  const daemon = start(machine, {
    fetch: async (url, init) =>
      url.endsWith('/result') && String(init.body).length > 100_000
        ? new Response('<html>413</html>', { status: 413 })
        : fetch(url, init),
  });
  const id = await machine.queue("head -c 200000 /dev/zero | tr '\\0' x; echo end");
  const task = await machine.ended(id);
  expect(task).toMatchObject({ status: 'completed', exit_code: 0, stdout: expect.stringMatching(/^x+end\n$/) });
  expect(task.error_message).toContain('Most of the output is missing');
  expect((await daemon.told('reported')).outcome).toBe('recorded');
});

// ---- Deaths ---------------------------------------------------------------------------------------------------------

/** How the task ends when the daemon is killed at a point and started again. `runs`: how often the command ran. */
const DEATHS: [point: string, outcome: { status: string; attempt: number; runs: number }][] = [
  ['claimed', { status: 'completed', attempt: 2, runs: 1 }],
  ['journaled', { status: 'completed', attempt: 1, runs: 1 }],
  ['start answered', { status: 'completed', attempt: 1, runs: 1 }],
  ['spawning journaled', { status: 'failed', attempt: 1, runs: 0 }],
  ['spawned', { status: 'completed', attempt: 1, runs: 1 }],
  ['running journaled', { status: 'completed', attempt: 1, runs: 1 }],
  ['ended', { status: 'completed', attempt: 1, runs: 1 }],
  ['spooled', { status: 'completed', attempt: 1, runs: 1 }],
  ['forgotten', { status: 'completed', attempt: 1, runs: 1 }],
  ['delivered', { status: 'completed', attempt: 1, runs: 1 }],
];

test.each(DEATHS)('killed at "%s": no second run, no lost result', async (deadly, { status, attempt, runs }) => {
  const machine = await openMachine();
  const id = await machine.queue('echo run >>runs; echo out');
  const [, signal] = await startProcess(machine, { deadly }).gone;
  expect(signal).toBe('SIGKILL');
  if (deadly === 'claimed') {
    // Nobody remembers the lease, so it has to run out.
    app.clock.advance(600);
    await app.sweep();
  }
  // At this point the command may not have got to its gate yet; once it has, it is found.
  if (deadly === 'spawned') await vi.waitFor(() => expect(machine.read('runs')).not.toBe(''), PATIENCE);
  const next = startProcess(machine);
  const task = await machine.ended(id);
  expect(task).toMatchObject({ status, attempt });
  expect(linesOf(machine.read('runs'))).toHaveLength(runs);
  if (status === 'completed') expect(task.stdout).toBe('out\n');
  else expect(task).toMatchObject({ reason: null, error_message: expect.stringContaining('it may have run') });
  await vi.waitFor(() => {
    for (const name of ['journal', 'spool', 'attempts']) expect(readdirSync(join(machine.state, name))).toEqual([]);
  }, PATIENCE);
  await next.kill('SIGTERM');
});

test('killed at every point, one death after the other, a command runs once', async () => {
  const machine = await openMachine();
  const id = await machine.queue('echo run >>runs; echo out');
  for (const deadly of ['journaled', 'start answered', 'running journaled', 'ended', 'spooled', 'delivered'])
    await startProcess(machine, { deadly }).gone;
  startProcess(machine);
  expect(await machine.ended(id)).toMatchObject({ status: 'completed', attempt: 1, stdout: 'out\n' });
  expect(machine.read('runs')).toBe('run\n');
});

test('many commands and many deaths in their midst: each runs at most once per attempt, and all have a result', async () => {
  const machine = await openMachine({ max_concurrent_tasks: 4 });
  const names = Array.from({ length: 16 }, (_, number) => `task-${number}`);
  const ids = await Promise.all(
    names.map((name) => machine.queue(`echo ${name} >>runs; echo ${name}`, { timeout: 3_600_000 })),
  );
  const deadly = Array.from({ length: 8 }, () => String(1 + Math.floor(Math.random() * 30)));
  const all = Promise.all(ids.map((id) => endOf(machine.user, id, 150)));
  for (const point of [...deadly, 'none']) {
    const daemon = startProcess(machine, { deadly: point });
    const isOver = Promise.race([daemon.gone, all]).then(() => true);
    // What was claimed and not remembered is handed out again when its lease has run out; what runs is waited for.
    while (!(await Promise.race([isOver, after(1000)]))) {
      app.clock.advance(100);
      await app.sweep();
    }
    await daemon.kill();
    app.clock.advance(100);
    await app.sweep();
  }
  await all;
  for (const [at, id] of ids.entries()) {
    const name = names[at] ?? '';
    const { status, attempt, stdout, error_message } = await machine.ended(id);
    const ran = linesOf(machine.read('runs')).filter((line) => line === name).length;
    expect({ deadly, name, ran, attempt }).toMatchObject({ ran: expect.toSatisfy((count) => count <= attempt) });
    if (status === 'completed') expect({ deadly, name, ran, stdout }).toMatchObject({ ran: 1, stdout: `${name}\n` });
    else expect({ deadly, error_message }).toMatchObject({ error_message: expect.stringContaining('it may have run') });
  }
});

test('a command that runs when its daemon is killed is taken over, with what it writes and how it ends', async () => {
  const machine = await openMachine();
  const id = await machine.queue(`echo before; ${HELD_COMMAND}; exit 7`);
  const first = startProcess(machine);
  await first.hasStarted();
  await vi.waitFor(() => expect(machine.read('runs')).not.toBe(''), PATIENCE);
  await first.kill();
  const second = startProcess(machine);
  await vi.waitFor(
    () => expect(second.events).toContainEqual(expect.objectContaining({ type: 'adopted', task_id: id })),
    PATIENCE,
  );
  writeFileSync(machine.at('go'), '');
  expect(await machine.ended(id)).toMatchObject({
    status: 'failed',
    exit_code: 7,
    stdout: 'before\ndone\n',
    attempt: 1,
  });
  expect(linesOf(machine.read('runs'))).toHaveLength(1);
});

test('a command that ended while no daemon lived is reported as it ended', async () => {
  const machine = await openMachine();
  const id = await machine.queue(`${HELD_COMMAND}; touch over; exit 4`);
  const first = startProcess(machine);
  await first.hasStarted();
  await vi.waitFor(() => expect(machine.read('runs')).not.toBe(''), PATIENCE);
  await first.kill();
  writeFileSync(machine.at('go'), '');
  await vi.waitFor(() => expect(existsSync(machine.at('over'))).toBe(true), PATIENCE);
  startProcess(machine);
  expect(await machine.ended(id)).toMatchObject({ status: 'failed', exit_code: 4, stdout: 'done\n' });
});

test('a command that died unseen is lost, and that is said', async () => {
  const machine = await openMachine();
  const id = await machine.queue(HELD_COMMAND);
  const first = startProcess(machine);
  await first.hasStarted();
  await vi.waitFor(() => expect(machine.read('runs')).not.toBe(''), PATIENCE);
  await first.kill();
  const [name] = readdirSync(join(machine.state, 'journal'));
  const { process: mark } = JSON.parse(readFileSync(join(machine.state, 'journal', name ?? ''), 'utf8'));
  process.kill(-mark.pid, 'SIGKILL');
  await vi.waitFor(() => expect(lives(mark.pid)).toBe(false), PATIENCE);
  startProcess(machine);
  const task = await machine.ended(id);
  expect(task).toMatchObject({ status: 'failed', reason: null, exit_code: null });
  expect(task.error_message).toMatch(/^lost:/);
});

test('the timeout of a command that was taken over counts from its start', async () => {
  const machine = await openMachine();
  const id = await machine.queue(HELD_COMMAND, { timeout: 2000, grace_seconds: 0 });
  const first = startProcess(machine);
  await first.hasStarted();
  await vi.waitFor(() => expect(machine.read('runs')).not.toBe(''), PATIENCE);
  await first.kill();
  startProcess(machine);
  expect(await machine.ended(id)).toMatchObject({ status: 'timeout' });
  expect(lives(Number(machine.read('runs')))).toBe(false);
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

// ---- Stops ----------------------------------------------------------------------------------------------------------

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
