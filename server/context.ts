/**
 * What domain code finds on its context. It is passed explicitly, because jobs and sockets have no request; time and ids
 * are injected, so that a test can stop the clock. The ports that it carries are declared in ports.ts.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Permission, Scope } from '../contracts/wire.ts';
import type { Config } from './config.ts';
import type { Db } from './db/orm.ts';
import type { Plan } from './domain/plans.ts';
import type {
  Cause,
  DomainEvent,
  Events,
  Happening,
  Jobs,
  Mail,
  MailHosts,
  MailServers,
  Meter,
  Objects,
  Passwords,
  Presence,
  Safe,
  Sealing,
  Tokens,
  Tracer,
} from './ports.ts';

/** Who acts, and until when the credential lasts, where it ends by itself. It decides what may be seen, and it is the name in events and in the audit log. */
export type Actor =
  | { kind: 'anonymous' }
  | { kind: 'system' }
  | { kind: 'user'; userId: string; plan: Plan; sessionId: string; expiresAt?: Date | undefined }
  | {
      kind: 'apiKey';
      userId: string;
      plan: Plan;
      apiKeyId: string;
      scopes: readonly Scope[];
      expiresAt?: Date | undefined;
    }
  | RelayKeyActor
  | { kind: 'admin' }
  | { kind: 'device'; userId: string; plan: Plan; deviceId: string; device: ActingDevice }
  /** Whoever wrote a mail from the address of these settings. */
  | { kind: 'mail'; userId: string; plan: Plan; emailConfigId: string };

/** A key of the relay. It reaches the things of its owner. */
export type RelayKeyActor = {
  kind: 'relayKey';
  apiKeyId: string;
  owner: string;
  /** Null: the operator made the key, and where its permission is `admin` or `revoke` it reaches the things of everyone. */
  accountId: string | null;
  plan: Plan;
  permissions: readonly Permission[];
  expiresAt: Date | null;
};

/** What the look-up of a device key already read of its device. Intervals are seconds. */
export type ActingDevice = {
  /** SHA-256 of the key, in hex. */
  keyHash: string;
  machineId: string | null;
  status: string;
  heartbeatInterval: number;
  configVersion: number;
};

/**
 * The name that a sender gave to an upload (`Idempotency-Key`). Its last step alone is the one that is carried out once: no
 * transaction stays open while a file comes. Without a name each upload is the first.
 */
export type Once = {
  /** Whether there is an answer already, to whatever was sent. @throws Failed VALIDATION_ERROR */
  isDone(): Promise<boolean>;
  /** The answer that the first one had, if there is one. @throws Failed IDEMPOTENCY_KEY_REUSED when that was of another body */
  recall<Result>(body: unknown): Promise<Result | undefined>;
  /**
   * Does `work` in a transaction that keeps its result, which is JSON, or gives the result that the first one had.
   * @throws Failed IDEMPOTENCY_KEY_REUSED | SERVICE_UNAVAILABLE, or what `work` throws
   */
  carryOut<Result>(body: unknown, work: (tx: Ctx) => Promise<Result>): Promise<Result>;
};

/** What every piece of work of a process shares. */
export type Service = {
  config: Config;
  /** The process has been told to stop: it hands out nothing more. */
  isStopping: () => boolean;
  now: () => Date;
  newId: () => string;
  db: Db;
  events: Events;
  jobs: Jobs;
  presence: Presence;
  objects: Objects;
  passwords: Passwords;
  mail: Mail;
  mailHosts: MailHosts;
  mailServers: MailServers;
  safe: Safe;
  tokens: Tokens;
  sealing: Sealing;
  meter: Meter;
  /** Undefined: nobody collects traces. */
  tracer: Tracer | undefined;
  log: FastifyBaseLogger;
};

/** Where a piece of work came from. */
export type Origin = Cause & {
  actor: Actor;
  ipAddress: string | null;
  userAgent: string | null;
};

export type Ctx = Service &
  Origin & {
    /** Of the call that it is done for; undefined where nobody waits. */
    timeLimit?: {
      /** Nothing may be committed any more of what the caller has been told was not done. @throws Failed SERVICE_UNAVAILABLE */
      requireLeft(): void;
      uncounted<Result>(work: () => Promise<Result>): Promise<Result>;
    };
  };

/** The origin of what the service does by itself: sweeps and jobs. */
export const BY_ITSELF: Origin = {
  actor: { kind: 'system' },
  requestId: null,
  traceparent: null,
  ipAddress: null,
  userAgent: null,
};

/**
 * Runs `work` in one transaction: its rows, jobs and events commit together or not at all. Inside, use only `tx`.
 * Within another transaction it is a part of that one.
 * @throws Failed SERVICE_UNAVAILABLE when nobody waits for it any more, or what `work` throws
 */
export async function atomically<Result>(ctx: Ctx, work: (tx: Ctx) => Promise<Result>): Promise<Result> {
  if (ctx.db.isTransaction) return work(ctx);
  const told: DomainEvent[] = [];
  const events: Events = { ...ctx.events, emit: (...more) => void told.push(...more) };
  const noted: Happening[] = [];
  const meter: Meter = { note: (...more) => void noted.push(...more) };
  const result = await ctx.db.transaction().execute(async (db) => {
    const done = await work({ ...ctx, db, events, meter, jobs: ctx.jobs.within(db, ctx) });
    ctx.timeLimit?.requireLeft();
    return done;
  });
  ctx.events.emit(...told);
  ctx.meter.note(...noted);
  return result;
}

/** Waits for what has patience of its own, such as a mail server: the time of the call stands still meanwhile. */
export const uncounted = <Result>({ timeLimit }: Ctx, work: () => Promise<Result>): Promise<Result> =>
  timeLimit ? timeLimit.uncounted(work) : work();

/** The name of an actor in task events, audit rows and idempotency keys. */
export const actorName = (actor: Actor): string => {
  switch (actor.kind) {
    case 'user':
      return `user:${actor.userId}`;
    case 'apiKey':
    case 'relayKey':
      return `api_key:${actor.apiKeyId}`;
    case 'device':
      return `device:${actor.deviceId}`;
    case 'mail':
      return `email_config:${actor.emailConfigId}`;
    default:
      return actor.kind;
  }
};

/** The user for whom the actor acts. The guard has let nobody through who has none. */
export const userIdOf = (actor: Actor): string => {
  if ('userId' in actor) return actor.userId;
  throw new Error(`A ${actor.kind} actor has no user: the contract opened this route too far`);
};
