/** tasks: list, show, logs, cancel, retry. */
import type { FollowEvent } from '../core/follow.ts';
import type { Task, TaskSummary } from '../generated/types.ts';
import { type Action, type Arguments, act, type Command, UsageError } from './arguments.ts';
import { findDevice } from './devices.ts';
import { followTask, outputSoFar } from './follow.ts';
import {
  answer,
  answerPage,
  type Column,
  CREATED,
  duration,
  facts,
  ID,
  PROGRAM,
  paint,
  paintStatus,
  plain,
  print,
} from './output.ts';
import { openClient } from './profile.ts';

const STATUSES = ['pending', 'queued', 'assigned', 'running', 'completed', 'failed', 'cancelled', 'timeout'] as const;
type Status = (typeof STATUSES)[number];

export const tasks: Command = {
  summary: 'List, show, cancel and retry tasks, and what they write',
  usage: 'tasks [list] | tasks show|logs|cancel|retry ID',
  help: `  list    the newest first
  show    one task with its output
  logs    what it has written so far; with --follow also what comes, to its end
  cancel  stops it; a command that runs gets SIGTERM, then SIGKILL
  retry   runs a finished task again, as a new task

  --status STATUS   list: only these (${STATUSES.slice(0, 4).join(', ')},
                    ${STATUSES.slice(4).join(', ')})
  --device NAME|ID  list: only those of this device
  --limit N         list: how many, 1 to 100 (20)
  --follow, -f      logs: as it comes; with --json one event a line`,
  options: {
    follow: { type: 'boolean', short: 'f' },
    status: { type: 'string' },
    device: { type: 'string' },
    limit: { type: 'string' },
  },
  run: (args) => act(args, 'tasks', { list: { run: list }, ...onTasks({ show, logs, cancel, retry }) }),
};

const onTasks = (actions: Record<string, Action['run']>): Record<string, Action> =>
  Object.fromEntries(Object.entries(actions).map(([name, run]) => [name, { words: ['The id of the task'], run }]));

async function list(args: Arguments): Promise<void> {
  const status = args.text('status');
  if (status && !(STATUSES as readonly string[]).includes(status))
    throw new UsageError(`There is no status "${status}"`);
  const limit = args.number('limit', 1, 100) ?? 20;
  const { client } = await openClient(args);
  const device = args.text('device');
  const page = await client.tasks.list({
    limit,
    ...(status ? { status: status as Status } : {}),
    ...(device ? { device_id: (await findDevice(client, device)).id } : {}),
  });
  answerPage(args, 'tasks', page, COLUMNS, `No tasks. Run something with: ${PROGRAM} run -- COMMAND`);
}

async function show(args: Arguments, id: string): Promise<void> {
  const task = await (await openClient(args)).client.tasks.get(id);
  answer(args, task, () => describe(task));
}

async function logs(args: Arguments, id: string): Promise<void> {
  const { client } = await openClient(args);
  if (args.is('follow')) {
    const asLines = { onEvent: (event: FollowEvent) => print(JSON.stringify(event)) };
    await followTask(client, id, args.is('json') ? asLines : {});
    return;
  }
  const output = await outputSoFar(client, id);
  if (args.is('json')) answer(args, { task_id: id, ...output }, () => '');
  else {
    process.stdout.write(output.stdout);
    process.stderr.write(output.stderr);
  }
}

async function cancel(args: Arguments, id: string): Promise<void> {
  const task = await (await openClient(args)).client.tasks.cancel(id);
  answer(args, task, () =>
    task.status === 'cancelled'
      ? `Cancelled ${id}.`
      : `Asked the device to stop ${id}.\nSee what became of it with: ${PROGRAM} tasks show ${id}`,
  );
}

async function retry(args: Arguments, id: string): Promise<void> {
  const queued = await (await openClient(args)).client.tasks.retry(id);
  answer(
    args,
    queued,
    () => `Queued ${queued.task_id}.\nSee what becomes of it with: ${PROGRAM} tasks show ${queued.task_id}`,
  );
}

const COLUMNS: Column<TaskSummary>[] = [
  ID,
  { title: 'STATUS', width: 9, of: ({ status }) => status, paint: paintStatus },
  CREATED,
  { title: 'COMMAND', width: 21, of: ({ command }) => command },
];

function describe(task: Task): string {
  const { started_at, completed_at, exit_code, signal, error_message, device_id, reason } = task;
  const tookMs = started_at && completed_at ? Date.parse(completed_at) - Date.parse(started_at) : undefined;
  const summary = facts([
    ['Task', task.id],
    ['Status', paintStatus(task.status) + (reason ? ` (${plain(reason)})` : '')],
    ['Command', plain(task.command)],
    ['Device', device_id ?? 'deleted'],
    ['Attempt', String(task.attempt)],
    ['Created', task.created_at],
    ['Started', started_at],
    ['Completed', completed_at && `${completed_at}${tookMs === undefined ? '' : ` (${duration(tookMs)})`}`],
    ['Exit code', exit_code === null ? null : String(exit_code)],
    ['Signal', signal],
    ['Message', error_message && plain(error_message)],
  ]);
  const output = (name: string, text: string | null, isCut: boolean) =>
    text ? ['', paint('bold', `${name}${isCut ? ' (the middle is cut out)' : ''}:`), text.replace(/\n$/, '')] : [];
  return [
    summary,
    ...output('stdout', task.stdout, task.stdout_truncated),
    ...output('stderr', task.stderr, task.stderr_truncated),
  ].join('\n');
}
