/**
 * The daemon at work: it claims tasks, reports that it lives and what it holds, and delivers results. Three loops that
 * share nothing but the list of attempts; each goes on by itself while the service is away. A fourth does the chores.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CcjkCloud } from '../core/client.ts';
import type { Fetch } from '../core/options.ts';
import { sleep } from '../core/retries.ts';
import type { DeviceConfig, HandedTask, Heartbeat, HeartbeatAnswer } from '../generated/types.ts';
import { Attempt, type Workplace } from './attempt.ts';
import { type ChoreOptions, Chores } from './chores.ts';
import { makePrivateFolder } from './durable-files.ts';
import { type DaemonEvent, messageOf } from './events.ts';
import type { Handler } from './handlers.ts';
import { Journal, type JournalEntry, type Stop } from './journal.ts';
import { type KeyRefusedError, Link } from './link.ts';
import { Pace } from './live-output.ts';
import { openGauge } from './machine.ts';
import { OwnLog } from './own-log.ts';
import { deliver, type Report, Spool } from './spool.ts';

/** Seconds that a claim waits at the service; proxies cut connections that are silent for 30 s and more. */
const CLAIM_WAIT_SECONDS = 25;
const CLAIM_TIMEOUT_MS = 40_000;
const CALL_TIMEOUT_MS = 20_000;
/** An empty answer that came sooner than this was no long poll. */
const SHORT_POLL_MS = 1000;
/** Seconds between heartbeats while commands run, at most: they tell of cancellations. */
const BUSY_HEARTBEAT_SECONDS = 5;
const TICK_MS = 500;
/** A heartbeat lists at most as many. */
const MAX_LISTED = 1000;
/** Milliseconds that a stop gives to calls that are under way. */
const LAST_CALLS_MS = 5000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export type RunnerOptions = ChoreOptions & {
  baseUrl: string;
  deviceKey: string;
  folder: string;
  concurrency: number;
  drainMs: number;
  cwd: string;
  handlers: Partial<Record<HandedTask['type'], Handler>>;
  fetch: Fetch | undefined;
  emit: (event: DaemonEvent) => void;
  fault: (point: string) => void;
};

const NOTHING: Promise<void> = Promise.resolve();

type Listed = { task_id: string; lease_id: string };

export class Runner {
  readonly #options: RunnerOptions;
  readonly #place: Workplace;
  readonly #attempts = new Map<string, Attempt>();
  readonly #undelivered = new Map<string, Report>();
  readonly #deliveries = new Set<Promise<void>>();
  /** No new claims. */
  readonly #stop = new AbortController();
  /** No new starts. */
  readonly #noStarts = new AbortController();
  /** Nothing more. */
  readonly #quit = new AbortController();
  readonly #gauge: () => Promise<Record<string, number>>;
  readonly #log: OwnLog;
  readonly #chores: Chores;
  #config: DeviceConfig | undefined;
  #configVersion: number | undefined;
  #refused: KeyRefusedError | undefined;
  #wake: () => void = () => {};

  constructor(options: RunnerOptions) {
    this.#log = new OwnLog(join(options.folder, 'logs'));
    const emit = (event: DaemonEvent) => {
      this.#log.note(event);
      options.emit(event);
    };
    this.#options = { ...options, emit };
    const { folder, baseUrl, deviceKey, fetch, cwd, handlers, fault } = options;
    this.#gauge = openGauge(folder);
    this.#place = {
      client: new CcjkCloud({ baseUrl, token: deviceKey, fetch, maxRetries: 0, timeoutMs: CALL_TIMEOUT_MS }),
      link: new Link({
        onOutage: (error) => emit({ type: 'outage', message: messageOf(error) }),
        onRestored: () => emit({ type: 'restored' }),
        onRefused: (error) => {
          this.#refused = error;
          for (const abort of [this.#stop, this.#noStarts, this.#quit]) abort.abort();
        },
      }),
      pace: new Pace(),
      journal: new Journal(join(folder, 'journal')),
      spool: new Spool(join(folder, 'spool')),
      attempts: join(folder, 'attempts'),
      starting: this.#noStarts.signal,
      cwd,
      handlers,
      emit,
      fault,
      send: (report, forget) => this.#send(report, forget),
    };
    this.#chores = new Chores(options, this.#place, this.#log);
  }

  /** Works until it is stopped. @throws KeyRefusedError, or what kept it from its own files */
  async run(): Promise<void> {
    try {
      await this.#recover();
      const beating = this.#beatLoop();
      const chores = this.#chores.run(this.#stop.signal);
      await Promise.race([this.#claimLoop(), beating]); // neither ends before the stop, but with an error
      await this.#windDown();
      this.#quit.abort();
      await Promise.all([beating, chores]);
      if (!this.#refused) await this.#goOffline();
    } finally {
      this.#quit.abort();
      for (const abort of [this.#stop, this.#noStarts]) abort.abort();
      const { running } = this;
      await Promise.all([...this.#attempts.values()].map((attempt) => attempt.release()));
      this.#options.emit({ type: 'stopped', running });
    }
    if (this.#refused) throw this.#refused;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Commands that run now. */
  get running(): number {
    return [...this.#attempts.values()].filter(({ isRunning }) => isRunning).length;
  }

  // ---- What an earlier daemon left ------------------------------------------------------------------------------------

  async #recover(): Promise<void> {
    const { folder, emit } = this.#options;
    const { journal, spool, attempts } = this.#place;
    await this.#log.open();
    for (const name of ['journal', 'spool', 'attempts']) await makePrivateFolder(join(folder, name));
    const onUnreadable = (path: string) =>
      emit({ type: 'problem', message: `${path} cannot be read and is passed over; look at it and delete it` });
    // Listed before the journal is read, which names a folder before it is made.
    const folders = await readdir(attempts);
    const reports = await spool.read(onUnreadable);
    const entries = await journal.read(onUnreadable);
    const isReported = new Set(reports.map(({ leaseId }) => leaseId));
    for (const { task } of entries) if (isReported.has(task.lease_id)) await journal.remove(task.lease_id);
    const open = entries.filter(({ task }) => !isReported.has(task.lease_id));

    const inUse = new Set(open.map(({ task }) => task.lease_id));
    for (const name of folders) if (!inUse.has(name)) await rm(join(attempts, name), { recursive: true, force: true });
    await mkdir(attempts, { recursive: true });

    for (const report of reports) this.#send(report, async () => {});
    const isClaimed = ({ state }: JournalEntry) => state === 'claimed';
    for (const entry of [...open.filter((one) => !isClaimed(one)), ...open.filter(isClaimed)])
      this.#keep(Attempt.resume(this.#place, entry, isClaimed(entry) ? this.#otherAttempts(entry.task) : NOTHING));
  }

  // ---- Claims ---------------------------------------------------------------------------------------------------------

  async #claimLoop(): Promise<void> {
    const { signal } = this.#stop;
    const { client, link, fault } = this.#place;
    await this.#unless(signal, async () => {
      await link.until(() => this.#syncConfig(signal), signal);
      this.#options.emit({ type: 'ready', held: this.#attempts.size });
      while (!signal.aborted) {
        const limit = Math.min(100, this.#freeSlots());
        if (limit <= 0) {
          await this.#slotFreed(signal);
          continue;
        }
        const query = { claim_id: randomUUID(), limit, wait: CLAIM_WAIT_SECONDS };
        const askedAt = Date.now();
        const claim = () => client.daemon.claim(query, { signal, timeoutMs: CLAIM_TIMEOUT_MS });
        const { tasks } = await link.until(claim, signal);
        fault('claimed');
        for (const task of tasks) this.#begin(task);
        const isShort = tasks.length === 0 && Date.now() - askedAt < SHORT_POLL_MS;
        if (isShort) await sleep((this.#config?.task_check_interval ?? 1) * 1000, signal);
      }
    });
  }

  #freeSlots(): number {
    return Math.min(this.#options.concurrency, this.#config?.max_concurrent_tasks ?? 1) - this.#attempts.size;
  }

  async #slotFreed(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  }

  #begin(task: HandedTask): void {
    if (this.#attempts.has(task.lease_id)) return;
    if (UUID.test(task.lease_id)) this.#keep(Attempt.begin(this.#place, task, this.#otherAttempts(task)));
    else this.#options.emit({ type: 'problem', message: 'The service sent a lease id that is no uuid' });
  }

  /** An earlier attempt of the task may still run here, when its lease was lost unnoticed. Two never run at a time. */
  #otherAttempts(task: HandedTask): Promise<unknown> {
    const others = [...this.#attempts.values()].filter((attempt) => attempt.task.id === task.id);
    for (const other of others) other.stop(lostStop(other.task));
    return Promise.all(others.map(({ ended }) => ended));
  }

  #keep(attempt: Attempt): void {
    const { lease_id } = attempt.task;
    this.#attempts.set(lease_id, attempt);
    attempt.ended.then(() => {
      this.#attempts.delete(lease_id);
      this.#wake();
    });
  }

  // ---- Heartbeats -----------------------------------------------------------------------------------------------------

  async #beatLoop(): Promise<void> {
    const { signal } = this.#quit;
    const { client, link } = this.#place;
    await this.#unless(signal, async () => {
      while (!signal.aborted) {
        const beatAt = Date.now();
        let listed: Listed[] = [];
        const beat = async () => {
          listed = this.#held();
          const status = this.#attempts.size > 0 ? 'busy' : 'online';
          const body: Heartbeat = { status, current_tasks: listed, system_info: await this.#gauge() };
          return client.daemon.heartbeat(body, { signal });
        };
        const answer = await link.until(beat, signal);
        this.#obey(answer, listed);
        if (answer.config_version !== this.#configVersion) await link.until(() => this.#syncConfig(signal), signal);
        const dueInMs = () =>
          Math.min(answer.next_heartbeat_seconds, this.#attempts.size > 0 ? BUSY_HEARTBEAT_SECONDS : 3600) * 1000;
        while (Date.now() < beatAt + dueInMs()) await sleep(TICK_MS, signal);
      }
    });
  }

  /** Results on their way keep their leases, too. */
  #held(): Listed[] {
    const attempts = [...this.#attempts.values()].map(({ task }) => ({ task_id: task.id, lease_id: task.lease_id }));
    const reports = [...this.#undelivered.values()].map(({ taskId, leaseId }) => ({
      task_id: taskId,
      lease_id: leaseId,
    }));
    return [...attempts, ...reports].slice(0, MAX_LISTED);
  }

  /** `listed` is what the answer speaks of: a task may have been claimed anew since, under another lease. */
  #obey({ cancel_tasks, lost_tasks }: HeartbeatAnswer, listed: readonly Listed[]): void {
    for (const { task_id, grace_seconds } of cancel_tasks)
      for (const attempt of this.#attempts.values())
        if (attempt.task.id === task_id)
          attempt.stop({ status: 'cancelled', message: 'Cancelled', graceMs: grace_seconds * 1000 });
    for (const { task_id, lease_id } of listed) {
      const attempt = this.#attempts.get(lease_id);
      if (attempt && lost_tasks.includes(task_id)) attempt.stop(lostStop(attempt.task));
    }
  }

  async #syncConfig(signal: AbortSignal): Promise<void> {
    const synced = await this.#place.client.daemon.syncConfig({ signal });
    const { config, config_version } = synced;
    this.#chores.learn(synced);
    if (config_version === this.#configVersion) return;
    this.#config = config;
    this.#configVersion = config_version;
    this.#options.emit({ type: 'config', config });
    this.#wake();
  }

  // ---- Results --------------------------------------------------------------------------------------------------------

  #send(report: Report, forget: () => Promise<void>): void {
    const { signal } = this.#quit;
    this.#undelivered.set(report.leaseId, report);
    const delivery = this.#unless(signal, async () => {
      const { client, link, spool, fault, emit } = this.#place;
      const outcome = await link.until(() => deliver(client, report, signal), signal);
      fault('delivered');
      await forget();
      await spool.remove(report.leaseId);
      this.#undelivered.delete(report.leaseId);
      emit({ type: 'reported', task_id: report.taskId, outcome });
    }).catch((error) => this.#options.emit({ type: 'problem', task_id: report.taskId, message: messageOf(error) }));
    this.#deliveries.add(delivery);
    delivery.then(() => this.#deliveries.delete(delivery));
  }

  // ---- The end --------------------------------------------------------------------------------------------------------

  /** Heartbeats go on meanwhile. */
  async #windDown(): Promise<void> {
    const attempts = [...this.#attempts.values()];
    const noStarts = setTimeout(() => this.#noStarts.abort(), LAST_CALLS_MS);
    await Promise.all(attempts.map(({ settled }) => settled));
    clearTimeout(noStarts);
    this.#noStarts.abort();

    await this.#within(this.#options.drainMs, () => Promise.all(attempts.map(({ ended }) => ended)));
    const handled = attempts.filter(({ isHandled }) => isHandled);
    for (const attempt of handled)
      attempt.stop({ status: 'failed', message: 'The daemon was stopped while it ran this', graceMs: LAST_CALLS_MS });
    await Promise.all(handled.map(({ ended }) => ended));
    await this.#within(LAST_CALLS_MS, () => Promise.all(this.#deliveries));
  }

  /** Waits for `work`, at most `ms` milliseconds and not beyond a refused key. */
  async #within(ms: number, work: () => Promise<unknown>): Promise<void> {
    if (ms <= 0 || this.#quit.signal.aborted) return;
    const enough = new AbortController();
    const abort = () => enough.abort();
    this.#quit.signal.addEventListener('abort', abort, { once: true });
    await Promise.race([work(), sleep(ms, enough.signal).catch(() => {})]);
    this.#quit.signal.removeEventListener('abort', abort);
    enough.abort();
  }

  async #goOffline(): Promise<void> {
    await this.#place.client.daemon.offline({ timeoutMs: LAST_CALLS_MS }).catch(() => {});
  }

  /** Lets the abort of `signal`, or a refused key, end `work` without being an error. */
  async #unless(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted && error !== this.#refused) throw error;
    }
  }
}

const lostStop = ({ grace_seconds }: HandedTask): Stop => ({
  status: 'cancelled',
  message: 'The lease was lost, so the command was stopped',
  graceMs: grace_seconds * 1000,
});
