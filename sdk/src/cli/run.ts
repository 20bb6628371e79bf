/** run: queue a command, and with --follow wait for it as if it ran here. */
import { constants } from 'node:os';
import type { CcjkCloud } from '../core/client.ts';
import { ApiError } from '../core/errors.ts';
import { quoteWords } from '../daemon/shell-words.ts';
import type { Task } from '../generated/types.ts';
import { type Arguments, type Command, pairsOf, UsageError } from './arguments.ts';
import { findDevice } from './devices.ts';
import { followTask } from './follow.ts';
import { answer, note, PROGRAM } from './output.ts';
import { openClient } from './profile.ts';

/** The exit codes of `timeout` and of a shell after Ctrl-C. */
const TIMED_OUT = 124;
const INTERRUPTED = 130;

export const run: Command = {
  summary: 'Run a command on a device',
  usage: 'run [OPTIONS] -- COMMAND…',
  help: `  One word after -- is a line for the shell as it is; several are the words of
  one command, and reach it unchanged:  ccjk-cloud run -- git log -1 --oneline

  --device NAME|ID  needed when you have several
  --follow          print its output as it comes, end with its exit code: 128+n
                    after signal n, 124 after a timeout, 130 when cancelled.
                    Ctrl-C cancels the task, a second one leaves at once.
  --cwd DIR         working directory on the device
  --env NAME=VALUE  environment variable; may be repeated
  --timeout TIME    such as 90s, 5m, 2h (5m)
  --priority N      1 to 10, 10 is the most urgent (5)
  --retries N       run it again up to N times when it fails`,
  options: {
    device: { type: 'string' },
    follow: { type: 'boolean', short: 'f' },
    cwd: { type: 'string' },
    env: { type: 'string', multiple: true },
    timeout: { type: 'string' },
    priority: { type: 'string' },
    retries: { type: 'string' },
  },
  run: async (args) => {
    const command = commandOf(args.words);
    const variables = pairsOf(args, 'env');
    const env = variables.length > 0 ? Object.fromEntries(variables) : undefined;
    const cwd = args.text('cwd');
    const timeout = args.duration('timeout');
    if (timeout !== undefined && (timeout < 1000 || timeout > 86_400_000))
      throw new UsageError('--timeout must be from 1s to 24h');
    const priority = args.number('priority', 1, 10);
    const max_retries = args.number('retries', 0, 10);

    const { client } = await openClient(args);
    const device = await findDevice(client, args.text('device'));
    const queued = await client.tasks.create({
      device_id: device.id,
      command,
      args: { ...(cwd === undefined ? {} : { cwd }), ...(env ? { env } : {}) },
      ...(timeout === undefined ? {} : { timeout }),
      ...(priority === undefined ? {} : { priority }),
      ...(max_retries === undefined ? {} : { max_retries }),
      source: 'cli',
    });
    if (args.is('follow')) return follow(args, client, queued.task_id);
    answer(
      args,
      queued,
      () => `${queued.task_id}\nSee what becomes of it with: ${PROGRAM} tasks show ${queued.task_id}`,
    );
    if (device.daemon_status === 'offline') note(`${device.device_name} is offline; the task waits for it.`);
    return 0;
  },
};

const commandOf = (words: readonly string[]): string => {
  if (words.length === 0 || words.join('') === '') throw new UsageError('The command is missing: put it after --');
  return words.length === 1 ? (words[0] ?? '') : quoteWords(words);
};

async function follow(args: Arguments, client: CcjkCloud, id: string): Promise<number> {
  let isCancelled = false;
  const interrupt = () => {
    if (isCancelled) process.exit(INTERRUPTED);
    isCancelled = true;
    note('Cancelling; press Ctrl-C again to leave at once.');
    client.tasks.cancel(id).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 'TASK_FINISHED')) note((error as Error).message);
    });
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const isDocument = args.is('json');
    const task = await followTask(client, id, isDocument ? { onEvent: () => {} } : {});
    if (isDocument) answer(args, task, () => '');
    else if (task.error_message && task.exit_code === null) note(task.error_message);
    return exitCodeOf(task);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

const SIGNALS: Record<string, number> = constants.signals;

const exitCodeOf = ({ status, exit_code, signal }: Task): number => {
  if (status === 'completed') return 0;
  if (status === 'timeout') return TIMED_OUT;
  if (status === 'cancelled') return INTERRUPTED;
  return exit_code || (signal && SIGNALS[signal] ? 128 + SIGNALS[signal] : 1);
};
