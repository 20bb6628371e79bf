/** The daemon killed at every point: no second run of one attempt, and no lost result. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openApp, type TestApp } from '../setup/app.ts';
import { endOf, HELD_COMMAND, linesOf, lives, machinesOf, PATIENCE } from './machine.ts';

let app: TestApp;
const { openMachine, start, startProcess } = machinesOf(() => app);

beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

/** Each test starts several processes, and a machine that does other things takes seconds for each. */
vi.setConfig({ testTimeout: 180_000 });

const after = (ms: number) => new Promise<false>((resolve) => setTimeout(resolve, ms, false));

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

test.each(['journaled', 'start answered'])('a copy made at "%s" starts nothing; the original does', async (deadly) => {
  const machine = await openMachine();
  const id = await machine.queue('echo run >>runs; echo out');
  await startProcess(machine, { deadly }).gone;
  const copy = { ...machine, state: machine.at('copy') };
  cpSync(machine.state, copy.state, { recursive: true, preserveTimestamps: true });
  const daemon = start(copy);
  expect(await daemon.told('dropped')).toMatchObject({ task_id: id });
  expect(readdirSync(join(copy.state, 'journal'))).toEqual([]);
  startProcess(machine);
  expect(await machine.ended(id)).toMatchObject({ status: 'completed', attempt: 1, stdout: 'out\n' });
  expect(machine.read('runs')).toBe('run\n');
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
