/**
 * One attempt at one task: from the lease to the result in the spool, across the deaths of daemons.
 *
 * What a daemon does with an entry that it finds in the journal:
 * - claimed: nothing was spawned. Asks to start under the same lease, again or for the first time; only a 200 lets it run,
 *   so a lease that ran out meanwhile simply ends it. Nothing is lost and no retry is used up. But it is dropped unasked
 *   where it was not claimed (journal.ts): whoever claimed it may live, and start it.
 * - spawning: closes the gate (executor.ts). Was it passed, the process is known and goes on or has ended; was it not,
 *   nothing will run any more, but after a power cut that proves nothing: "it may have run", and not `never_started`.
 * - running: the process still runs: looked after, its timeout enforced. It is gone: reported as its exit file says, else lost.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CcjkCloud } from '../core/client.ts';
import { ApiError } from '../core/errors.ts';
import { waitFor } from '../core/retries.ts';
import type { HandedTask, TaskResult } from '../generated/types.ts';
import { codeOf } from './durable-files.ts';
import { type DaemonEvent, messageOf } from './events.ts';
import { type Command, closeGate, type Ended, Execution, environmentFor, launch } from './executor.ts';
import { type Handler, Handling } from './handlers.ts';
import type { Journal, JournalEntry, Stop } from './journal.ts';
import type { Link } from './link.ts';
import { LiveOutput, type Pace } from './live-output.ts';
import { readOutput } from './output-files.ts';
import { quoteWords } from './shell-words.ts';
import type { Report, Spool } from './spool.ts';

/** What attempts share. */
export type Workplace = {
  client: CcjkCloud;
  link: Link;
  pace: Pace;
  journal: Journal;
  spool: Spool;
  /** Has a folder for each attempt. */
  attempts: string;
  /** Where commands run that name no folder. */
  cwd: string;
  handlers: Partial<Record<HandedTask['type'], Handler>>;
  /** Aborted when nothing new is to be started. */
  starting: AbortSignal;
  emit(event: DaemonEvent): void;
  /** Called at each point at which a death must do no harm; for tests. */
  fault(point: string): void;
  /** Has a report delivered; `forget` is called when it need not be kept any longer. */
  send(report: Report, forget: () => Promise<void>): void;
};

/** Refusals of a start that asking again would not change. */
const NOT_TO_START = ['TASK_CANCELLED', 'LEASE_LOST', 'TASK_NOT_FOUND'];

/** Characters of an error message that the service takes. */
const MAX_MESSAGE = 4000;
/** Milliseconds; a longer timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Plan = { command: Command } | { handler: Handler };

export class Attempt {
  readonly task: HandedTask;
  /** Nothing is half done: it runs, or it is over, or it waits for the next daemon. */
  readonly settled: Promise<void>;
  /** It is over, or waits for the next daemon. */
  readonly ended: Promise<void>;
  readonly #place: Workplace;
  readonly #entry: JournalEntry;
  readonly #folder: string;
  #execution: Execution | Handling | undefined;
  #live: LiveOutput | undefined;
  #writing: Promise<void> = Promise.resolve();
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #settle: () => void = () => {};

  private constructor(place: Workplace, entry: JournalEntry, work: (attempt: Attempt) => Promise<void>) {
    this.#place = place;
    this.#entry = entry;
    this.task = entry.task;
    this.#folder = join(place.attempts, entry.task.lease_id);
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.ended = work(this)
      .catch((error) => this.#problem(error))
      .finally(() => this.#settle());
  }

  /** A task that was just claimed. It starts when `before` is done. */
  static begin(place: Workplace, task: HandedTask, before: Promise<unknown>): Attempt {
    return new Attempt(place, { task, state: 'claimed' }, async (attempt) => {
      const problem = await attempt.#write().catch(messageOf);
      if (typeof problem === 'string') return attempt.#neverStarted(problem);
      place.fault('journaled');
      await attempt.#start(before);
    });
  }

  /** A task that the journal holds from an earlier daemon. */
  static resume(place: Workplace, entry: JournalEntry, before: Promise<unknown>): Attempt {
    return new Attempt(place, entry, async (attempt) => {
      if (entry.state !== 'claimed') return attempt.#takeOver();
      if (await place.journal.isInPlace(entry)) return attempt.#start(before);
      await place.journal.remove(entry.task.lease_id); // its folder may be in use
      attempt.#dropped('It was claimed elsewhere, or before a reboot');
    });
  }

  get isRunning(): boolean {
    return this.#execution instanceof Execution && !this.#isOver;
  }

  /** A handler is part of this process, and ends with it. */
  get isHandled(): boolean {
    return this.#execution instanceof Handling && !this.#isOver;
  }

  /** Has it stopped, whatever it is at. The first reason counts. */
  stop(stop: Stop): void {
    if (this.#isOver || this.#entry.stop) return;
    this.#entry.stop = stop;
    if (this.#execution) this.#carryOut(stop); // else it is looked at again before and after the spawn
  }

  #carryOut(stop: Stop): void {
    this.#place.emit({ type: 'stopping', task_id: this.task.id, message: stop.message });
    this.#write()
      .catch((error) => this.#problem(error))
      .finally(() => this.#execution?.stop(stop.graceMs));
  }

  /** Looks after it no more; the next daemon does. What has ended is still brought into the spool. */
  async release(): Promise<void> {
    clearTimeout(this.#deadline);
    this.#live?.stop();
    if (!this.#execution?.release()) await this.ended;
  }

  async #start(before: Promise<unknown>): Promise<void> {
    const { place, task } = { place: this.#place, task: this.task };
    const plan = await this.#plan();
    if (typeof plan === 'string') return this.#neverStarted(plan);
    try {
      await waitFor(before, place.starting);
      const ask = () => place.client.daemon.start(task.id, { lease_id: task.lease_id });
      await place.link.until(ask, place.starting, NOT_TO_START);
    } catch (error) {
      if (!(error instanceof ApiError)) return; // the daemon ends, and the next one asks again
      if (error.code === 'TASK_CANCELLED') return this.#neverStarted('Cancelled before it started', 'cancelled');
      await this.#forget();
      return this.#dropped(messageOf(error));
    }
    place.fault('start answered');
    if (this.#entry.stop) return this.#neverStarted(this.#entry.stop.message, 'cancelled');
    let execution: Execution | Handling;
    try {
      execution = await this.#spawn(plan);
    } catch (error) {
      return this.#neverStarted(`The command could not be started: ${messageOf(error)}`);
    }
    await this.#watch(execution, 'started');
  }

  #dropped(message: string): void {
    this.#place.emit({ type: 'dropped', task_id: this.task.id, message });
  }

  /** @throws Error when nothing was started */
  async #spawn(plan: Plan): Promise<Execution | Handling> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { mode: 0o700 });
    this.#entry.startedAt = new Date().toISOString();
    this.#entry.state = 'spawning';
    await this.#write();
    this.#place.fault('spawning journaled');
    if ('handler' in plan) return new Handling(plan.handler, this.task);
    const execution = await launch(plan.command, this.#folder);
    this.#place.fault('spawned');
    return execution;
  }

  async #takeOver(): Promise<void> {
    const mark = this.#entry.process ?? (await closeGate(this.#folder));
    if (mark) return this.#watch(new Execution(mark, this.#folder), 'adopted');
    const message = 'The daemon stopped while it started the command; it may have run';
    return this.#finish({ status: this.#entry.stop?.status ?? 'failed', error_message: message });
  }

  async #watch(execution: Execution | Handling, how: 'started' | 'adopted'): Promise<void> {
    const { entry, task, place } = { entry: this.#entry, task: this.task, place: this.#place };
    const { stop } = entry;
    this.#execution = execution;
    if (execution instanceof Execution) {
      entry.state = 'running';
      entry.process = execution.mark;
      await this.#write().catch((error) => this.#problem(error));
      place.fault('running journaled');
      this.#live = new LiveOutput(place, task, this.#folder, how === 'adopted');
    }
    const pid = entry.process?.pid ?? null;
    const about = { task_id: task.id, attempt: task.attempt, command: task.command };
    const request_id = task.request_id ?? null;
    if (how === 'adopted' && pid !== null) place.emit({ type: how, ...about, pid, request_id });
    else place.emit({ type: 'started', ...about, pid, request_id });
    this.#settle();
    this.#enforceTimeout();
    if (stop) this.#carryOut(stop);
    if (execution instanceof Handling) return this.#finish({ ...(await execution.ended), ...this.#stopped() });
    const ended = await execution.ended;
    place.fault('ended');
    await this.#live?.finish();
    await this.#finish(await this.#resultOf(ended));
  }

  #enforceTimeout(): void {
    const { timeout, grace_seconds } = this.task;
    const leftMs = Date.parse(this.#entry.startedAt ?? '') + timeout - Date.now();
    const message = `Stopped after its timeout of ${timeout / 1000} s`;
    const stop = () => this.stop({ status: 'timeout', message, graceMs: grace_seconds * 1000 });
    this.#deadline = setTimeout(stop, Math.min(LONGEST_TIMER_MS, Math.max(0, leftMs)));
  }

  /** What is to be run; or why it cannot be, as a sentence. */
  async #plan(): Promise<Plan | string> {
    const { type, command, args } = this.task;
    const handler = this.#place.handlers[type];
    if (handler) return { handler };
    if (type !== 'bash') return `This machine has no handler for tasks of type "${type}"`;
    const { cwd: folder = '.', env = {}, argv = [] } = { ...args, cwd: args.cwd ?? undefined, env: args.env ?? {} };
    if (typeof folder !== 'string') return 'args.cwd must be a text';
    if (!isRecord(env) || Object.entries(env).some(([name, value]) => !isVariable(name, value)))
      return 'args.env must be an object of texts, numbers and truth values';
    if (!Array.isArray(argv) || argv.some((word) => typeof word !== 'string'))
      return 'args.argv must be a list of texts';
    const cwd = resolve(this.#place.cwd, folder);
    const reason = await whyNoFolder(cwd);
    if (reason) return `The working directory ${cwd} ${reason}`;
    const own = {
      // Programs that trace themselves take it as the parent of their spans.
      ...(this.task.traceparent && { TRACEPARENT: this.task.traceparent }),
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])),
    };
    const text = argv.length > 0 ? `${command} ${quoteWords(argv)}` : command;
    return { command: { text, cwd, env: environmentFor(process.env, own) } };
  }

  async #resultOf(ended: Ended): Promise<TaskResult> {
    const { exitCode, signal, at, neverRan, isKnown } = ended;
    const how = neverRan
      ? 'The command was not started, because its files could not be written; is the disk full?'
      : !isKnown
        ? 'lost: the command is gone and nobody saw how it ended; the machine was restarted, or its shell was killed'
        : signal
          ? `Killed by ${signal}`
          : exitCode === 0
            ? null
            : `exit code ${exitCode}`;
    return {
      status: how === null ? 'completed' : 'failed',
      exit_code: neverRan ? null : exitCode,
      signal,
      error_message: how,
      never_started: neverRan,
      stdout: await readOutput(this.#folder, 'stdout'),
      stderr: await readOutput(this.#folder, 'stderr'),
      completed_at: at.toISOString(),
      ...this.#stopped(),
    };
  }

  /** A command that was stopped did not fail, however it took it. */
  #stopped(): Partial<TaskResult> {
    const { stop } = this.#entry;
    return stop ? { status: stop.status, error_message: stop.message } : {};
  }

  #neverStarted(message: string, status: 'failed' | 'cancelled' = 'failed'): Promise<void> {
    return this.#finish({ status, error_message: message, never_started: true });
  }

  /** The spool has the result before the journal forgets the task; where the spool cannot be written, the service has. */
  async #finish(outcome: TaskResult): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    const { id: taskId, lease_id: leaseId, attempt } = this.task;
    const { startedAt = null } = this.#entry;
    const now = new Date().toISOString();
    const completedAt = outcome.completed_at ?? now;
    const result: TaskResult = {
      exit_code: null,
      signal: null,
      ...outcome,
      error_message: outcome.error_message
        ? storable(outcome.error_message).slice(0, MAX_MESSAGE).toWellFormed()
        : null,
      started_at: outcome.never_started ? null : startedAt,
      // Files know the time a little less exactly than clocks.
      completed_at: startedAt && completedAt < startedAt ? startedAt : completedAt,
      lease_id: leaseId,
    };
    const report = { taskId, leaseId, result };
    let isKept = false;
    try {
      await this.#place.spool.put(report);
      isKept = true;
      this.#place.fault('spooled');
      await this.#forget();
    } catch (error) {
      this.#problem(error);
    }
    this.#place.emit({
      type: 'finished',
      task_id: taskId,
      attempt,
      status: result.status,
      exit_code: result.exit_code ?? null,
      message: result.error_message ?? null,
      duration_ms: result.started_at ? Math.max(0, Date.parse(completedAt) - Date.parse(result.started_at)) : 0,
    });
    this.#place.send(report, isKept ? async () => {} : () => this.#forget());
  }

  async #forget(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#place.journal.remove(this.task.lease_id);
    this.#place.fault('forgotten');
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** One write at a time, in order. */
  #write(): Promise<void> {
    this.#writing = this.#writing.catch(() => {}).then(() => this.#place.journal.write(this.#entry));
    return this.#writing;
  }

  #problem(error: unknown): void {
    this.#place.emit({ type: 'problem', task_id: this.task.id, message: messageOf(error) });
  }
}

const storable = (text: string): string => text.replaceAll('\0', '\u{fffd}');

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isVariable = (name: string, value: unknown): boolean =>
  name !== '' && !name.includes('=') && ['string', 'number', 'boolean'].includes(typeof value);

async function whyNoFolder(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isDirectory() ? undefined : 'is not a directory';
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'does not exist on this machine' : `cannot be entered (${codeOf(error)})`;
  }
}
