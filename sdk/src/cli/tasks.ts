/** tasks: list, show, logs, cancel, retry. */
import type { FollowEvent } from '../core/follow.ts';
import type { Task, TaskSummary } from '../generated/types.ts';
import { type Arguments, type Command, UsageError } from './arguments.ts';
import { findDevice } from './devices.ts';
import { followTask, outputSoFar } from './follow.ts';
import { ago, answer, duration, facts, paint, paintStatus, plain, print, table } from './output.ts';
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
  run: async (args) => {
    const [action = 'list', ...rest] = args.words;
    if (action === 'list' && rest.length === 0) return list(args);
    const act = ACTIONS[action];
    if (!act) throw new UsageError(`There is no "tasks ${args.words.join(' ')}"`);
    const [, id = ''] = args.expectWords('The action', 'The id of the task');
    return act(args, id);
  },
};

async function list(args: Arguments): Promise<number> {
  const status = args.text('status');
  if (status && !(STATUSES as readonly string[]).includes(status))
    throw new UsageError(`There is no status "${status}"`);
  const limit = args.number('limit', 1, 100) ?? 20;
  const { client } = await openClient(args);
  const device = args.text('device');
  const { items, pagination, nextCursor } = await client.tasks.list({
    limit,
    ...(status ? { status: status as Status } : {}),
    ...(device ? { device_id: (await findDevice(client, device)).id } : {}),
  });
  answer(args, { tasks: items, pagination, next_cursor: nextCursor }, () => {
    if (items.length === 0) return 'No tasks. Run something with: ccjk-cloud run -- COMMAND';
    const more =
      pagination.total > items.length ? `\n${paint('dim', `${items.length} of ${pagination.total} tasks`)}` : '';
    return taskTable(items) + more;
  });
  return 0;
}

const ACTIONS: Record<string, (args: Arguments, id: string) => Promise<number>> = {
  show: async (args, id) => {
    const task = await (await openClient(args)).client.tasks.get(id);
    answer(args, task, () => describe(task));
    return 0;
  },
  logs: async (args, id) => {
    const { client } = await openClient(args);
    if (args.is('follow')) {
      const asLines = { onEvent: (event: FollowEvent) => print(JSON.stringify(event)) };
      await followTask(client, id, args.is('json') ? asLines : {});
      return 0;
    }
    const output = await outputSoFar(client, id);
    if (args.is('json')) answer(args, { task_id: id, ...output }, () => '');
    else {
      process.stdout.write(output.stdout);
      process.stderr.write(output.stderr);
    }
    return 0;
  },
  cancel: async (args, id) => {
    const task = await (await openClient(args)).client.tasks.cancel(id);
    answer(args, task, () =>
      task.status === 'cancelled'
        ? `Cancelled ${id}.`
        : `Asked the device to stop ${id}.\nSee what became of it with: ccjk-cloud tasks show ${id}`,
    );
    return 0;
  },
  retry: async (args, id) => {
    const queued = await (await openClient(args)).client.tasks.retry(id);
    answer(
      args,
      queued,
      () => `Queued ${queued.task_id}.\nSee what becomes of it with: ccjk-cloud tasks show ${queued.task_id}`,
    );
    return 0;
  },
};

const taskTable = (items: readonly TaskSummary[]): string =>
  table(items, [
    { title: 'ID', width: 36, of: ({ id }) => id },
    { title: 'STATUS', width: 9, of: ({ status }) => status, paint: paintStatus },
    { title: 'CREATED', width: 8, of: ({ created_at }) => ago(created_at) },
    { title: 'COMMAND', width: 21, of: ({ command }) => command },
  ]);

function describe(task: Task): string {
  const { started_at, completed_at, exit_code, signal, error_message, device_id, reason } = task;
  const tookMs = started_at && completed_at ? Date.parse(completed_at) - Date.parse(started_at) : undefined;
  const known = facts([
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
    ...known,
    ...output('stdout', task.stdout, task.stdout_truncated),
    ...output('stderr', task.stderr, task.stderr_truncated),
  ].join('\n');
}
