/**
 * Follows one task to its end: its output byte by byte, its status, and in the end the task itself.
 *
 * Everything is read from a position that only what was given moves on, so nothing is lost and nothing comes twice,
 * whatever is cut and however often. A WebSocket, where there is one, brings what comes next as it comes; else, and while
 * it is cut, long polls ask for it.
 */
import type { Tasks } from '../generated/resources.ts';
import type { SocketFrame, Task, TaskOutput } from '../generated/types.ts';
import { ApiError, ConnectionError } from './errors.ts';
import { sleep, waitMs } from './retries.ts';
import type { CloudSocket } from './socket.ts';

type Stream = TaskOutput['stream'];

/** What a task that is followed does. */
export type FollowEvent =
  | { type: 'output'; stream: Stream; chunk: string; attempt: number }
  | { type: 'status'; status: Task['status']; progress: number | null; attempt: number }
  /** The service cannot be reached; it is tried again, and the task goes on meanwhile. Told once for each outage. */
  | { type: 'outage'; error: Error }
  /** The last one: how it ended. */
  | { type: 'end'; task: Task };

export type FollowOptions = { signal?: AbortSignal | undefined };

const STREAMS = ['stdout', 'stderr'] as const;
/** Frames after which it is to be looked what there is. */
const NEWS = ['subscribed', 'error', 'resync', 'task.output', 'task.updated', 'task.completed'] as const;

const WAIT_SECONDS = 25;
/** Between long polls of what flows: two streams stay within the budget of a user. */
const PACE_MS = 2_000;
/** For a WebSocket to stand, so that what there is need not be read twice. */
const CONNECT_MS = 2_000;
/** After as long the task is looked at in any case. */
const LOOK_AGAIN_MS = 60_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** An answer of fewer characters was all that there was. */
const FULL_ANSWER = 256 * 1024;

const encoder = new TextEncoder();

/** Loaded when the first task is followed: most clients never do. */
export class Follower {
  readonly #tasks: Tasks;
  readonly #socket: CloudSocket | undefined;

  constructor(tasks: Tasks, socket: CloudSocket | undefined) {
    this.#tasks = tasks;
    this.#socket = socket;
  }

  async *follow(taskId: string, { signal }: FollowOptions = {}): AsyncGenerator<FollowEvent, void, undefined> {
    const feed = new Feed(this.#socket, taskId, signal);
    const at = new Position();
    try {
      await feed.news(CONNECT_MS);
      for (let failures = 0; ; ) {
        try {
          feed.frames.length = 0;
          const task = await this.#tasks.get(taskId, {}, { signal });
          failures = 0;
          if (task.attempt !== at.attempt) {
            yield* this.#read(taskId, at, true, signal);
            at.restart(task.attempt);
          }
          yield* at.say(task);
          yield* this.#read(taskId, at, task.completed_at !== null, signal);
          if (task.completed_at !== null) {
            yield* at.takeRest(task);
            return yield { type: 'end', task };
          }
          yield* this.#watch(taskId, at, feed);
        } catch (error) {
          if (signal?.aborted || !isPassing(error)) throw error;
          if (failures++ === 0) yield { type: 'outage', error };
          await sleep(waitMs(error, failures, FIRST_RETRY_MS, LONGEST_RETRY_MS), signal);
        }
      }
    } finally {
      feed.close();
    }
  }

  /** What there is; to its end, where the attempt has one. */
  async *#read(
    taskId: string,
    at: Position,
    toTheEnd: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<FollowEvent> {
    for (const stream of STREAMS)
      for (let more = at.attempt > 0; more; ) {
        const from = at.bytes[stream];
        const output = await this.#tasks.output(taskId, { stream, from, attempt: at.attempt }, { signal });
        yield* at.take(output);
        more = output.next_offset > from && (toTheEnd ? !output.complete : output.chunk.length >= FULL_ANSWER);
      }
  }

  /** Gives what comes, until the task has to be looked at again. */
  async *#watch(taskId: string, at: Position, feed: Feed): AsyncGenerator<FollowEvent> {
    for (;;) {
      if (feed.isLive || feed.frames.length > 0) {
        const frame = await feed.news(LOOK_AGAIN_MS);
        if (frame?.type === 'task.output' && at.isKnown(frame.data)) continue;
        if (frame?.type === 'task.output' && at.isNext(frame.data)) {
          const next_offset = frame.data.offset + encoder.encode(frame.data.chunk).length;
          yield* at.take({ ...frame.data, next_offset });
        } else if (frame?.type === 'task.updated' && frame.data.status === at.status) yield* at.say(frame.data);
        else return;
      } else {
        const output = await this.#poll(taskId, at, feed);
        if (!output?.chunk || !at.isNext(output)) return;
        yield* at.take(output);
        await sleep(PACE_MS, feed.signal);
      }
    }
  }

  /** What either stream brings first; undefined when the WebSocket is there again. */
  async #poll(taskId: string, at: Position, feed: Feed): Promise<TaskOutput | undefined> {
    const enough = feed.interruption();
    const attempt = at.attempt > 0 ? { attempt: at.attempt } : {};
    const polls = STREAMS.map(async (stream) =>
      this.#tasks.output(
        taskId,
        { stream, from: at.bytes[stream], wait: WAIT_SECONDS, ...attempt },
        { signal: enough.signal },
      ),
    );
    try {
      return await Promise.race(polls);
    } catch (error) {
      if (!enough.signal.aborted) throw error;
      feed.signal?.throwIfAborted();
      return undefined;
    } finally {
      enough.abort();
      for (const poll of polls) poll.catch(() => {});
    }
  }
}

type Piece = Pick<TaskOutput, 'attempt' | 'stream' | 'offset' | 'chunk'>;

/** How far what was given goes. */
class Position {
  attempt = 0;
  status = '';
  /** Of UTF-8, as the service counts. */
  bytes: Record<Stream, number> = { stdout: 0, stderr: 0 };
  /** Of UTF-16, as texts here are long. */
  #units: Record<Stream, number> = { stdout: 0, stderr: 0 };
  #said = '';

  restart(attempt: number): void {
    this.attempt = attempt;
    this.bytes = { stdout: 0, stderr: 0 };
    this.#units = { stdout: 0, stderr: 0 };
  }

  isNext({ attempt, stream, offset }: Piece): boolean {
    return attempt === this.attempt && offset === this.bytes[stream];
  }

  /** It was given before. */
  isKnown({ attempt, stream, offset }: Piece): boolean {
    return attempt < this.attempt || (attempt === this.attempt && offset < this.bytes[stream]);
  }

  *take({ stream, chunk, offset, next_offset }: Piece & { next_offset: number }): Generator<FollowEvent> {
    // What was deleted since is missing from the result's rest, too.
    this.#units[stream] += offset > this.bytes[stream] ? Number.POSITIVE_INFINITY : chunk.length;
    this.bytes[stream] = next_offset;
    if (chunk) yield { type: 'output', stream, chunk, attempt: this.attempt };
  }

  /** What the result has and the live output had not, as from a daemon that sends none. */
  *takeRest(task: Task): Generator<FollowEvent> {
    for (const stream of STREAMS) {
      const units = this.#units[stream];
      // Of a result whose middle is cut out nobody knows where the rest begins.
      const chunk = units > 0 && task[`${stream}_truncated`] ? '' : (task[stream] ?? '').slice(units);
      if (chunk) yield { type: 'output', stream, chunk, attempt: this.attempt };
    }
  }

  *say({ status, progress }: Pick<Task, 'status' | 'progress'>): Generator<FollowEvent> {
    const said = `${status} ${progress} ${this.attempt}`;
    if (said === this.#said) return;
    this.#said = said;
    this.status = status;
    yield { type: 'status', status, progress, attempt: this.attempt };
  }
}

/** What a WebSocket brings of one task. */
class Feed {
  readonly frames: SocketFrame[] = [];
  readonly signal: AbortSignal | undefined;
  readonly #socket: CloudSocket | undefined;
  #wake: () => void = () => {};

  constructor(socket: CloudSocket | undefined, taskId: string, signal: AbortSignal | undefined) {
    this.#socket = socket;
    this.signal = signal;
    const push = (frame: SocketFrame) => {
      this.frames.push(frame);
      this.#wake();
    };
    for (const type of NEWS) socket?.on(type, push);
    for (const type of ['cut', 'end'] as const) socket?.on(type, () => this.#wake());
    socket?.subscribe(`task:${taskId}`);
  }

  get isLive(): boolean {
    return this.#socket?.isOpen === true;
  }

  /** Aborted when something comes, or by the caller. */
  interruption(): AbortController {
    const interruption = new AbortController();
    const { signal } = this;
    const abort = () => {
      signal?.removeEventListener('abort', abort);
      interruption.abort();
    };
    signal?.addEventListener('abort', abort, { once: true });
    interruption.signal.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    this.#wake = abort;
    return interruption;
  }

  /** The next frame; undefined when none comes for as long, or when the connection is cut. */
  async news(ms: number): Promise<SocketFrame | undefined> {
    if (this.frames.length === 0 && this.#socket) {
      const enough = this.interruption();
      await sleep(ms, enough.signal).catch(() => {});
      enough.abort();
    }
    this.signal?.throwIfAborted();
    return this.frames.shift();
  }

  close(): void {
    this.#socket?.close();
  }
}

const isPassing = (error: unknown): error is Error =>
  error instanceof ConnectionError || (error instanceof ApiError && (error.status >= 500 || error.status === 429));
