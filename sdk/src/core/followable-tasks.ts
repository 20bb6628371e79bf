import { Tasks } from '../generated/resources.ts';
import type { FollowEvent, FollowOptions } from './follow.ts';
import type { CloudSocket } from './socket.ts';
import type { Transport } from './transport.ts';

/** The tasks of a client, which can be followed too. */
export class FollowableTasks extends Tasks {
  readonly #connect: () => CloudSocket | undefined;

  /** @internal */
  constructor(transport: Transport, connect: () => CloudSocket | undefined) {
    super(transport);
    this.#connect = connect;
  }

  /**
   * Follows a task to its end: output and status as they come, then the task. What it has written so far comes first. No
   * outage ends it.
   *
   * `GET /v1/tasks/{task_id}` and `GET /v1/tasks/{task_id}/output`, and `GET /v1/ws` where there is a WebSocket
   *
   * @throws ApiError such as TASK_NOT_FOUND, or the reason of `options.signal`
   * @example
   * for await (const event of client.tasks.follow(task_id)) {
   *   if (event.type === 'output') process[event.stream].write(event.chunk);
   *   if (event.type === 'end') process.exitCode = event.task.exit_code ?? 1;
   * }
   */
  async *follow(taskId: string, options: FollowOptions = {}): AsyncGenerator<FollowEvent, void, undefined> {
    const { Follower } = await import('./follow.ts');
    yield* new Follower(this, this.#connect()).follow(taskId, options);
  }
}
