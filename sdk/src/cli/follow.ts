/** What a task writes, on the streams of this program as it comes. */
import type { CcjkCloud } from '../core/client.ts';
import type { FollowEvent } from '../core/follow.ts';
import type { Task, TaskOutput } from '../generated/types.ts';
import { note } from './output.ts';

type Stream = TaskOutput['stream'];

/** What a result keeps at most of a stream, and what live output does. */
const RESULT_BYTES = 1024 * 1024;
const LIVE_BYTES = 16 * RESULT_BYTES;
/** A character may be divided at either end. */
const NEARLY = 8;

export type Following = {
  /** Instead of writing it to the streams. */
  onEvent?: (event: FollowEvent) => void;
};

/** Follows a task to its end. A service that is away for a while does not end it. */
export async function followTask(client: CcjkCloud, id: string, { onEvent }: Following = {}): Promise<Task> {
  const written: Record<Stream, number> = { stdout: 0, stderr: 0 };
  let attempt = 0;
  for await (const event of client.tasks.follow(id)) {
    onEvent?.(event);
    if (event.type === 'outage') note(`${event.error.message}. Trying again; the task goes on meanwhile: ${id}`);
    if (event.type === 'output') {
      if (!onEvent && attempt > 0 && event.attempt > attempt) note(`(Attempt ${event.attempt})`);
      attempt = event.attempt;
      written[event.stream] += Buffer.byteLength(event.chunk);
      if (!onEvent) process[event.stream].write(event.chunk);
    }
    if (event.type === 'end') {
      if (!onEvent) await noteWhatIsMissing(client, event.task, written);
      return event.task;
    }
  }
  throw new Error('A task was followed that has no end');
}

async function noteWhatIsMissing(client: CcjkCloud, task: Task, written: Record<Stream, number>): Promise<void> {
  for (const stream of ['stdout', 'stderr'] as const) {
    if (!task[`${stream}_truncated`]) continue;
    const { truncated } = await client.tasks.output(task.id, { stream, attempt: task.attempt, from: LIVE_BYTES });
    if (truncated) note(`(The rest of ${stream} is not kept: beyond 16 MiB, or beyond your storage.)`);
    else if (written[stream] <= RESULT_BYTES + NEARLY) note(`(The middle of a long ${stream} is cut out.)`);
  }
}

/** What a task has written so far in its latest attempt. */
export async function outputSoFar(
  client: CcjkCloud,
  id: string,
): Promise<{ attempt: number } & Record<Stream, string>> {
  const { attempt } = await client.tasks.output(id);
  const read = async (stream: Stream): Promise<string> => {
    let text = '';
    for (let from = 0; ; ) {
      const { chunk, next_offset } = await client.tasks.output(id, {
        stream,
        from,
        ...(attempt > 0 ? { attempt } : {}),
      });
      if (next_offset <= from) return text;
      text += chunk;
      from = next_offset;
    }
  };
  const [stdout, stderr] = [await read('stdout'), await read('stderr')];
  if (stdout || stderr) return { attempt, stdout, stderr };
  // From a daemon that sends none, or so long ago that only the result is left.
  const task = await client.tasks.get(id);
  return { attempt, stdout: task.stdout ?? '', stderr: task.stderr ?? '' };
}
