/**
 * Jobs on pg-boss: rows in the same PostgreSQL, so a job that is sent in a transaction exists when that commits. All are
 * sent through the connections of the service. Only whoever works listens, polls and does pg-boss's upkeep.
 */
import { isDeepStrictEqual } from 'node:util';
import { type ConstructorOptions, fromKysely, PgBoss, type SendOptions } from 'pg-boss';
import { BY_ITSELF, type Service } from '../context.ts';
import type { Db } from '../db/orm.ts';
import type { DeclaredJob, Registry } from '../jobs/registry.ts';
import type { Cause, Jobs } from '../ports.ts';

/** Of a worker: fetches, completions and pg-boss's own upkeep; handlers use the service's pool. */
const MAX_CONNECTIONS = 4;
/** Of what sends: for its start, and for looks at the queues. */
const MAX_CONNECTIONS_OF_SENDER = 1;
/**
 * A connection that a network has swallowed says nothing more, and without this a worker would wait for it, and run no
 * jobs, for as long as TCP hopes. pg-boss's longest statements, the deletions of its upkeep, take far less.
 */
const CONNECTIONS = { connectionTimeoutMillis: 3_000, query_timeout: 8_000, keepAlive: true };
/** Where no notification tells: of timed jobs, and of all while the connection that hears of them is away. */
const POLL_SECONDS = 1;
/** Where notifications tell of what is sent: for what is tried again, and what nobody heard. */
const NOTIFIED_POLL_SECONDS = 10;
/** pg-boss settles each five seconds jobs that depend on others. There are none. */
const FLOW_SECONDS = 3600;
/** Longer than a handler should take; what still runs then is retried elsewhere. */
const STOP_TIMEOUT_MS = 10_000;
const KEEP_COMPLETED_SECONDS = 3600;
/** A job of whose worker nothing was heard for as long is tried again. Each worker looks for such jobs once a minute. */
const HEARTBEAT_SECONDS = 30;
/** An outage makes each worker fail at each poll. */
const REPEAT_LOG_AFTER_MS = 30_000;
const MAX_MESSAGES = 100;

export type OpenJobs = {
  jobs: Jobs;
  /** From here on this process runs jobs, not only sends them. */
  start(service: Service): Promise<void>;
  /** How many jobs of each name could run now and do not yet, as counted within the last minute. */
  backlog(): Promise<ReadonlyMap<string, number>>;
  /** Takes no more jobs and waits for those that run. They can still be sent. */
  rest(): Promise<void>;
  /** The same, and then nothing can be sent any more. */
  close(): Promise<void>;
};

export async function openJobs(options: {
  databaseUrl: string;
  db: Db;
  log: Service['log'];
  registry: Registry;
}): Promise<OpenJobs> {
  const { databaseUrl, db, log, registry } = options;
  const open = (given: ConstructorOptions): PgBoss => {
    const boss = new PgBoss({
      connectionString: databaseUrl,
      application_name: 'ccjk-cloud-jobs',
      ...CONNECTIONS,
      // Nobody reads its list of processes, for which it would watch the event loop every 20 ms.
      registerInstance: false,
      ...given,
    });
    boss.on(
      'error',
      onceInAWhile((error) => log.error({ err: error }, 'the job queue failed and goes on')),
    );
    boss.on('warning', (warning) => log.warn({ warning }, 'the job queue warns'));
    return boss;
  };
  const sender = open({ max: MAX_CONNECTIONS_OF_SENDER, supervise: false, schedule: false });
  let worker: PgBoss | undefined;
  const rest = async () => worker?.stop({ graceful: true, timeout: STOP_TIMEOUT_MS });
  const close = async () => {
    await rest();
    await sender.stop({ graceful: false });
  };
  try {
    await sender.start();
    await ensureQueues(sender, registry);
  } catch (error) {
    // Why it does not start is what is told.
    await close().catch(() => {});
    throw error;
  }

  const through = (sendOptions: SendOptions, cause?: Cause): Jobs => ({
    async send({ name, data }, { startAfter } = {}) {
      await sender.send(name, withCause(data, cause), startAfter ? { ...sendOptions, startAfter } : sendOptions);
    },
    within: (tx, since) => through({ db: fromKysely(tx) }, since),
  });

  return {
    jobs: through({ db: fromKysely(db) }),
    async start(service) {
      worker = open({ max: MAX_CONNECTIONS, useListenNotify: true, flowIntervalSeconds: FLOW_SECONDS });
      await worker.start();
      for (const [name, job] of Object.entries(registry)) {
        await work(worker, name, job, service);
        if (job.cron) await worker.schedule(name, job.cron, null, { tz: 'UTC' });
      }
    },
    async backlog() {
      const counted = new Map<string, number>();
      for (const name of Object.keys(registry)) {
        // Forced, it counts where nobody has within the last minute: where no process works, nobody else does.
        const [queue] = await sender.getQueueStats(name, { force: true });
        counted.set(name, queue?.readyCount ?? 0);
      }
      return counted;
    },
    rest,
    close,
  };
}

/** A queue that exists gets the rules of this release; its policy was settled when it was made. */
async function ensureQueues(boss: PgBoss, registry: Registry): Promise<void> {
  const queues = new Map((await boss.getQueues()).map((queue) => [queue.name, queue]));
  for (const [name, job] of Object.entries(registry)) {
    const rules = {
      retryLimit: job.retries,
      retryBackoff: true,
      retryDelay: job.backoffSeconds,
      retryDelayMax: job.maxBackoffSeconds,
      expireInSeconds: job.expirySeconds,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      deleteAfterSeconds: KEEP_COMPLETED_SECONDS,
      notify: true,
    };
    const queue = queues.get(name);
    if (!queue) await boss.createQueue(name, { ...rules, policy: job.cron ? 'exclusive' : 'standard' });
    else if (!isDeepStrictEqual({ ...queue, ...rules }, queue)) await boss.updateQueue(name, rules);
  }
}

async function work(boss: PgBoss, name: string, job: DeclaredJob, service: Service): Promise<void> {
  const options = {
    batchSize: job.atOnce,
    burstWhenBatchFull: true,
    pollingIntervalSeconds: POLL_SECONDS,
    notifyPollingIntervalSeconds: job.isTimed ? POLL_SECONDS : NOTIFIED_POLL_SECONDS,
    perJobResults: true as const,
  };
  await boss.work<object, void, typeof options>(name, options, (batch) =>
    Promise.all(
      batch.map(async ({ id, data: stored }) => {
        const { cause, data } = apart(stored);
        const log = service.log.child({
          job: name,
          jobId: id,
          ...(cause.requestId && { request_id: cause.requestId }),
        });
        const startedAt = performance.now();
        const span = service.tracer?.begin('job', cause.traceparent);
        const traceparent = span?.traceparent ?? cause.traceparent;
        const ended = (outcome: 'completed' | 'failed') => {
          service.meter.note({ what: 'job.ended', job: name, outcome, ranMs: performance.now() - startedAt });
          const attributes = { 'messaging.destination.name': name, 'messaging.message.id': id };
          span?.end({ name: `job ${name}`, attributes, isError: outcome === 'failed' });
        };
        try {
          await job.handle({ ...service, ...BY_ITSELF, ...cause, traceparent, log }, data);
          ended('completed');
          return { id, status: 'completed' as const };
        } catch (error) {
          log.error({ err: error }, 'a job failed');
          ended('failed');
          return { id, status: 'failed' as const, output: { message: String(error) } };
        }
      }),
    ),
  );
}

/** What is stored of a job: its data, and what began it. A process of the release before ignores the latter. */
const withCause = (data: object, cause: Cause | undefined): object =>
  cause?.requestId || cause?.traceparent
    ? { ...data, cause: { requestId: cause.requestId, traceparent: cause.traceparent } }
    : data;

/** Those two again. The clock sends jobs with neither. */
function apart(stored: object | null): { cause: Cause; data: object } {
  const { cause, ...data } = (stored ?? {}) as { cause?: Cause };
  return { cause: cause ?? { requestId: null, traceparent: null }, data };
}

/** Passes an error on, and the same one again only after a while. */
function onceInAWhile(tell: (error: Error) => void): (error: Error) => void {
  const told = new Map<string, number>();
  return (error) => {
    const before = told.get(error.message) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - before < REPEAT_LOG_AFTER_MS) return;
    if (told.size >= MAX_MESSAGES) told.clear();
    told.set(error.message, performance.now());
    tell(error);
  };
}
