/** Production wiring: the only place that opens a connection, and the order in which they are opened and closed. */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { openJobs } from './adapters/boss.ts';
import { openDatabaseClock } from './adapters/database-clock.ts';
import { type Dns, openDns } from './adapters/dns.ts';
import { openMail } from './adapters/mail.ts';
import { addressesBy, type Lookup, openMailHosts } from './adapters/mail-hosts.ts';
import { openMailServers } from './adapters/mail-servers.ts';
import { openObjects } from './adapters/objects.ts';
import { passwords } from './adapters/passwords.ts';
import { openSafe } from './adapters/safe.ts';
import { sealing } from './adapters/sealing.ts';
import type { SmtpReceiver } from './adapters/smtp-receiver.ts';
import { createTokens } from './adapters/tokens.ts';
import type { Config } from './config.ts';
import type { Service } from './context.ts';
import { openDatabase, type PoolUse } from './db/orm.ts';
import type { Mailboxes } from './domain/mailboxes.ts';
import { type MailPolling, startMailPolling } from './jobs/poll-mailboxes.ts';
import { registry } from './jobs/registry.ts';
import { type Sweeper, startSweep } from './jobs/sweep.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Meter } from './ports.ts';
import { openBus } from './realtime/bus.ts';
import { openPresence } from './realtime/presence.ts';
import { openStreams, type Streams } from './realtime/streams.ts';
import type { Tracing } from './tracing/tracing.ts';
import { VERSION } from './version.ts';

export type OpenService = {
  service: Service;
  /** The subscriptions of this process. */
  streams: Streams;
  /** Where this process is measured. */
  metrics: Metrics | undefined;
  /** Where it shows that, when on a port of its own. */
  metricsPort: number | undefined;
  poolUse(): PoolUse;
  /** From here on this process runs jobs and sweeps. */
  work(): Promise<void>;
  /** From here on this process takes mail by SMTP. Returns the port. */
  takeMail(): Promise<number>;
  /** From here on this process hands out no tasks. */
  hold(): void;
  /** Lets go of everybody who waits, so that requests can end. */
  release(): void;
  /** Takes no more jobs and mail, and waits for what is under way. */
  rest(): Promise<void>;
  /** Writes what is still in memory and closes every connection. */
  close(): Promise<void>;
};

/**
 * Opens everything that the service stands on, or nothing of it. `testClock` is a clock that tests move, in place of the
 * database's; `lookup` the DNS, for which they answer.
 */
export async function openService(
  config: Config,
  log: FastifyBaseLogger,
  testClock?: () => Date,
  lookup?: Lookup,
): Promise<OpenService> {
  const closers: Closer[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await openInOrder(closers, config, log, testClock, lookup)), close };
  } catch (error) {
    await close().catch((second) => log.error({ err: second }, 'what had been opened did not close'));
    throw error;
  }
}

type Closer = () => void | Promise<void>;

/** `closers` gets one for each thing as soon as that is open. */
async function openInOrder(
  closers: Closer[],
  config: Config,
  log: FastifyBaseLogger,
  testClock: (() => Date) | undefined,
  lookup: Lookup | undefined,
): Promise<Omit<OpenService, 'close'>> {
  const { DATABASE_URL: databaseUrl } = config;
  const database = await openDatabase(databaseUrl, { maxConnections: config.DATABASE_POOL });
  closers.push(database.close);
  const { db } = database;
  const clock = testClock ? { now: testClock, close: async () => {} } : await openDatabaseClock({ db, log });
  closers.push(clock.close);
  const { now } = clock;
  const tracer = await tracing(config, log);
  if (tracer) closers.push(tracer.close);
  const metrics = await measuring(config);
  if (metrics) closers.push(metrics.close);
  const meter = metrics?.meter ?? NO_METER;
  const objects = await openObjects(config);
  closers.push(objects.close);
  const bus = await openBus({ databaseUrl, db, log });
  closers.push(bus.close);
  const presence = openPresence({ db, log });
  closers.push(presence.close);
  const { jobs, backlog, ...queue } = await openJobs({ databaseUrl, db, log, registry });
  closers.push(queue.close);
  const tokens = createTokens(config);
  const mail = openMail(config, { now, log, meter });
  const dns = openDns();
  const mailHosts = openMailHosts(config, lookup ?? addressesBy(dns));
  let isStopping = false;
  const service = {
    config,
    isStopping: () => isStopping,
    now,
    newId: randomUUID,
    db,
    events: bus,
    jobs,
    presence,
    objects,
    passwords,
    mail,
    mailHosts,
    mailServers: openMailServers({ mailHosts, now }),
    safe: openSafe(config),
    tokens,
    sealing,
    meter,
    tracer,
    log,
  };
  let sweeper: Sweeper | undefined;
  let polling: MailPolling | undefined;
  let receiver: SmtpReceiver | undefined;
  let rested: Promise<void> | undefined;
  const hold = () => {
    isStopping = true;
  };
  const rest = (): Promise<void> => {
    rested ??= Promise.all([receiver?.close(), polling?.close(), sweeper?.close()]).then(() => queue.rest());
    return rested;
  };
  const streams = openStreams({ ...service, bus });
  closers.push(streams.close, rest);
  const { poolUse } = database;
  metrics?.watch({ ...service, poolUse, answers: bus.answers, backlog, subscribers: streams.size });
  const metricsServer = await serving(service, metrics);
  if (metricsServer) closers.push(metricsServer.close);
  return {
    service,
    streams,
    metrics,
    metricsPort: metricsServer?.port,
    poolUse,
    work: async () => {
      await queue.start(service);
      sweeper = startSweep(service);
      if (config.ENABLE_EMAIL_SERVICE) polling = startMailPolling(service, lateMailboxes(dns));
    },
    takeMail: async () => {
      const { openSmtpReceiver } = await import('./adapters/smtp-receiver.ts');
      receiver = await openSmtpReceiver(service, { dns });
      return receiver.port;
    },
    hold,
    release: () => {
      hold();
      bus.release();
      streams.release();
    },
    rest,
  };
}

/** Counts nothing: nobody watches. */
const NO_METER: Meter = { note() {} };

/** A process that is not measured does not load what measures. */
async function measuring({ METRICS_PORT, METRICS_TOKEN }: Config): Promise<Metrics | undefined> {
  if (METRICS_PORT === undefined && METRICS_TOKEN === undefined) return undefined;
  const { openMetrics } = await import('./metrics/metrics.ts');
  return openMetrics();
}

async function tracing(config: Config, log: FastifyBaseLogger): Promise<Tracing | undefined> {
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return undefined;
  const { openTracing } = await import('./tracing/tracing.ts');
  return openTracing({ config, log }, VERSION);
}

async function serving(service: Service, metrics: Metrics | undefined) {
  if (!metrics || service.config.METRICS_PORT === undefined) return undefined;
  const { openMetricsPort } = await import('./http/metrics.ts');
  const server = await openMetricsPort(service, metrics);
  service.log.info({ host: service.config.METRICS_HOST, port: server.port }, 'metrics are served');
  return server;
}

/** The libraries that read mail take 80 MB, which a process without a mailbox to read never loads; so with the receiver. */
const lateMailboxes = (dns: Dns): Mailboxes => ({
  async read(...given) {
    const { openMailboxes } = await import('./adapters/imap.ts');
    return openMailboxes(dns).read(...given);
  },
});
