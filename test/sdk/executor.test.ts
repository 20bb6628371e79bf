/** The command and its processes, without a service. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Command, closeGate, Execution, environmentFor, launch } from '../../sdk/src/daemon/executor.ts';
import { limitOutput, readOutput } from '../../sdk/src/daemon/output-files.ts';
import { findProcess, isRunning } from '../../sdk/src/daemon/processes.ts';
import { quoteWords } from '../../sdk/src/daemon/shell-words.ts';

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ccjk-executor-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const start = async (text: string, more: Partial<Command> = {}) => {
  const folder = newFolder();
  const command = { text, cwd: folder, env: environmentFor(process.env, {}), ...more };
  const execution = await launch(command, folder);
  onTestFinished(() => {
    execution.stop(0);
  });
  return { folder, execution, at: (name: string) => join(folder, name) };
};

const run = async (text: string, more: Partial<Command> = {}) => {
  const { folder, execution } = await start(text, more);
  const ended = await execution.ended;
  return { ...ended, folder, stdout: await readOutput(folder, 'stdout'), stderr: await readOutput(folder, 'stderr') };
};

/** The number that a command has written into a file. */
const pidIn = (path: string): Promise<number> =>
  vi.waitFor(
    () => {
      const text = readFileSync(path, 'utf8');
      if (!text.endsWith('\n')) throw new Error('not yet');
      return Number(text);
    },
    { timeout: 5000, interval: 10 },
  );

const lives = (pid: number): boolean => {
  const found = findProcess(pid);
  return found !== undefined && !found.isZombie;
};

test('a command gives its output, its exit code and its time', async () => {
  const before = Date.now();
  expect(await run('echo out; echo err >&2; exit 3')).toMatchObject({
    exitCode: 3,
    signal: null,
    isKnown: true,
    neverRan: false,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect((await run('true')).at.getTime()).toBeGreaterThanOrEqual(before - 1000);
});

test('a command is taken as it is: quotes, spaces, newlines, unicode, a leading dash', async () => {
  const words = ['a  b', "it's", '"q"', '$HOME', '`x`', '\\', '*', 'zwei\nZeilen', '你好 🦀', '-n', ''];
  const { stdout } = await run(`printf '%s|' ${quoteWords(words)}`);
  expect(stdout).toBe(`${words.join('|')}|`);
  expect((await run('-x')).exitCode).toBe(127);
});

test('a command longer than an argument can be still runs', async () => {
  const { stdout, exitCode } = await run(`# ${'x'.repeat(200_000)}\necho "$((6 * 7))"`);
  expect({ stdout, exitCode }).toEqual({ stdout: '42\n', exitCode: 0 });
});

test('a command that is over in an instant is not missed', async () => {
  const all = await Promise.all(Array.from({ length: 40 }, (_, code) => run(`exit ${code}`)));
  expect(all.map(({ exitCode }) => exitCode)).toEqual(all.map((_, code) => code));
});

test('stdin is empty', async () => {
  expect((await run('cat; echo end')).stdout).toBe('end\n');
});

test("the environment is the daemon's without what is the daemon's alone, and the task's own", async () => {
  const env = environmentFor(
    { PATH: process.env.PATH, A: '1', CCJK_API_KEY: 'secret', ccjk_x: 'secret' },
    { B: '2 3' },
  );
  const { stdout } = await run('env', { env });
  expect(stdout).toMatch(/^A=1$/m);
  expect(stdout).toMatch(/^B=2 3$/m);
  expect(stdout).not.toMatch(/secret|ccjk_x|CCJK/);
});

test('a PATH that leads nowhere and odd variables do not break what is around the command', async () => {
  const env = { PATH: '/nowhere', dir: 'mine', code: 'mine' };
  expect(await run('echo $dir$code; exit 4', { env })).toMatchObject({ stdout: 'minemine\n', exitCode: 4 });
});

test('the end by a signal is told as such, by the convention of shells', async () => {
  expect(await run('kill -KILL $$')).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  expect(await run('exit 129')).toMatchObject({ exitCode: 129, signal: null });
});

test('a stop ends the whole group, also what ignores SIGTERM', async () => {
  const { execution, at } = await start(`
    (trap '' TERM; while :; do sleep 0.02; done) & echo $! >stubborn
    sleep 60 & echo $! >polite
    wait`);
  const pids = await Promise.all([pidIn(at('stubborn')), pidIn(at('polite'))]);
  execution.stop(100);
  expect((await execution.ended).exitCode).not.toBe(0);
  await vi.waitFor(() => expect(pids.filter(lives)).toEqual([]), { timeout: 5000 });
});

test('a command that ends on SIGTERM is not kept waiting for its grace', async () => {
  const { execution, at } = await start("trap 'echo bye; exit 9' TERM; echo $$ >ready; while :; do sleep 0.02; done");
  await pidIn(at('ready'));
  execution.stop(60_000);
  expect(await execution.ended).toMatchObject({ exitCode: 9, isKnown: true });
  expect(readFileSync(at('stdout'), 'utf8')).toBe('bye\n');
});

test('what a command leaves in the background lives on after a normal end', async () => {
  const { execution, at } = await start('sleep 60 & echo $! >background');
  expect((await execution.ended).exitCode).toBe(0);
  const pid = await pidIn(at('background'));
  expect(lives(pid)).toBe(true);
  process.kill(pid, 'SIGKILL');
});

test('who is not the parent learns the exit code, too', async () => {
  const { execution, folder, at } = await start('echo $$ >ready; while [ ! -e go ]; do sleep 0.02; done; exit 5');
  await pidIn(at('ready'));
  const adopted = new Execution(execution.mark, folder);
  expect(isRunning(execution.mark)).toBe(true);
  writeFileSync(at('go'), '');
  expect(await adopted.ended).toMatchObject({ exitCode: 5, isKnown: true });
});

test('a process that is not the parent can stop the group', async () => {
  const { execution, folder, at } = await start('sleep 60 & echo $! >child; wait');
  const child = await pidIn(at('child'));
  const adopted = new Execution(execution.mark, folder);
  adopted.stop(0);
  await adopted.ended;
  await vi.waitFor(() => expect(lives(child)).toBe(false), { timeout: 5000 });
});

test('a process that has the number of another is left alone', async () => {
  const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  const pid = stranger.pid as number;
  const adopted = new Execution({ pid, start: 'another time' }, newFolder());
  adopted.stop(0);
  expect(await adopted.ended).toMatchObject({ isKnown: false, exitCode: null });
  expect(lives(pid)).toBe(true);
});

test('a gate that was closed lets no command through any more', async () => {
  const folder = newFolder();
  expect(await closeGate(folder)).toBeUndefined();
  const env = environmentFor(process.env, {});
  const execution = await launch({ text: 'echo ran >ran', cwd: folder, env }, folder);
  await execution.ended;
  expect(existsSync(join(folder, 'ran'))).toBe(false);
});

test('a gate that was passed names the process behind it', async () => {
  const { execution, folder, at } = await start('echo $$ >ready; sleep 60');
  await pidIn(at('ready'));
  expect(await closeGate(folder)).toEqual(execution.mark);
});

test('where nothing can be written nothing runs, and that is said', async () => {
  const folder = newFolder();
  const command = { text: 'echo ran', cwd: tmpdir(), env: {} };
  const execution = await launch(command, folder);
  rmSync(folder, { recursive: true });
  const { neverRan, exitCode } = await execution.ended;
  expect(neverRan || exitCode === 0).toBe(true); // whichever of the two was first
});

test('what ran is not called never started when somebody has taken its folder away', async () => {
  const { exitCode, neverRan } = await run('rm -r "$PWD"; exit 3');
  expect({ exitCode, neverRan }).toEqual({ exitCode: 3, neverRan: false });
});

test('a long output keeps its beginning and its end, in whole characters', async () => {
  const { folder } = await run(`printf 'ä%.0s' $(seq 40000); head -c 3000000 /dev/zero | tr '\\0' x; printf 'end€'`);
  const text = await readOutput(folder, 'stdout');
  expect(text.startsWith('ää')).toBe(true);
  expect(text.endsWith('xend€')).toBe(true);
  expect(text).not.toContain('\u{fffd}');
  expect(Buffer.byteLength(text)).toBeGreaterThan(1024 * 1024);
  expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024 + 16);
});

test('bytes that are no UTF-8 are replaced', async () => {
  expect((await run("printf 'a\\377b'")).stdout).toBe('a\u{fffd}b');
});

test('an output file over its limit starts anew, and its beginning and end are kept', async () => {
  const folder = newFolder();
  const path = join(folder, 'stdout');
  writeFileSync(path, `first${'a'.repeat(2_000_000)}`);
  await limitOutput(folder, 'stdout', 1_500_000);
  expect(statSync(path).size).toBe(0);
  writeFileSync(path, 'last');
  await limitOutput(folder, 'stdout', 1_500_000);
  const text = await readOutput(folder, 'stdout');
  expect(text.startsWith('firsta')).toBe(true);
  expect(text.endsWith('alast')).toBe(true);
  expect(Buffer.byteLength(text)).toBeGreaterThan(1024 * 1024);
});
