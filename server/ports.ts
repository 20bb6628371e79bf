/**
 * The ports of the domain: what it needs of the rooms around it, which implement them, and the words in which they speak.
 */
import type { Readable } from 'node:stream';
import type { Db } from './db/orm.ts';

/** What happened, told after the commit to whoever waits, in this process and in the others. Never the only record. */
export type DomainEvent =
  | { type: 'task.available'; userId: string; deviceId: string }
  | {
      type: 'task.changed';
      userId: string;
      taskId: string;
      deviceId: string | null;
      status: string;
      /** Percent, as far as it is known. */
      progress?: number | null;
    }
  | {
      type: 'task.output';
      userId: string;
      taskId: string;
      deviceId: string;
      attempt: number;
      stream: 'stdout' | 'stderr';
      /** In bytes of UTF-8. */
      offset: number;
      /** Null where it is too long to be carried: read it. */
      chunk: string | null;
      truncated: boolean;
    }
  | { type: 'task.cancel'; userId: string; taskId: string; deviceId: string; graceSeconds: number }
  | { type: 'slots.freed'; userId: string }
  | { type: 'device.changed'; userId: string; deviceId: string; status: string; before: string }
  | { type: 'device.rekeyed'; userId: string; deviceId: string }
  | { type: 'api-key.ended'; userId: string; apiKeyId: string }
  | { type: 'config.updated'; userId: string; deviceId: string; configVersion: number }
  /** The content is at most 2 KB. */
  | { type: 'message.new'; userId: string; messageId: string; title: string; content: string | null }
  | { type: 'session.ended'; userId: string; sessionId: string }
  /** `messages` are those up to `sequence`. Other processes read the stored ones, and get the rest in parts. */
  | { type: 'channel.published'; channel: string; sequence: number; messages: ChannelMessage[] }
  | { type: 'channel.part'; channel: string; sequence: number; part: number; parts: number; text: string }
  /** It is another channel now, with the same id: subscribers of the one before have no place here. */
  | { type: 'channel.replaced'; channel: string }
  | { type: 'relay_key.revoked'; apiKeyId: string };

/** A message of a channel, as subscribers get it. */
export type ChannelMessage = {
  sequence: number;
  id: string;
  message: string;
  sender: string | null;
  /** 100, 75, 50, 25 or 0. */
  priority: number;
  encrypted: boolean;
  /** Milliseconds since 1970. */
  timestamp: number;
  isStored: boolean;
};

/**
 * Something of which events tell: what concerns a device, a task, a user or a channel, the queue of a device (its id), the
 * slots in which a user's tasks run (the user's id), what a task writes (its id; of this the other topics are not told),
 * and the keys of the relay.
 */
export type Topic = `${'device' | 'task' | 'user' | 'queue' | 'slots' | 'output' | 'channel'}:${string}` | 'relay_keys';

export type Listener = (event: DomainEvent) => void;

/** Whether what was told is meant for few who wait, or may concern a crowd of them. */
export type Urgency = 'alone' | 'crowd';

export type Events = {
  /** Inside a transaction: told when it has committed, and never if it does not. */
  emit(...events: DomainEvent[]): void;
  /**
   * Looks, and looks again each time one of `topics` is told of, until `look` finds something or `timeoutMs` have passed
   * or `signal` fires or the process stops; then undefined. `look` is told of the wake that it follows; the first follows
   * none.
   */
  waitFor<Found>(
    topics: readonly Topic[],
    options: { timeoutMs: number; signal?: AbortSignal | undefined },
    look: (urgency?: Urgency) => Promise<Found | undefined>,
  ): Promise<Found | undefined>;
  /** Calls `listener` with each event of `topic`; one that listens to several topics is called once for each event. */
  subscribe(topic: Topic, listener: Listener): () => void;
  /** Events of other processes may have been lost: whoever shows a state must read it again. */
  onGap(listener: () => void): () => void;
};

/** What to write of, not the words: no secret waits in a queue. */
export type MailOrder =
  | { about: 'verification'; userId: string }
  | { about: 'reset'; email: string }
  /** All of one user. */
  | { about: 'messages'; messageIds: string[] }
  /** Whether the account reads the mail of this address, which is not its own. */
  | { about: 'address'; userId: string; address: string }
  /** How the task ended that came by mail. */
  | { about: 'result'; taskId: string };

export type Job =
  | { name: 'release-task'; data: { taskId: string } }
  | { name: 'delete-account'; data: { userId: string } }
  | { name: 'send-mail'; data: MailOrder };

export type Jobs = {
  /** Inside a transaction the job exists when that commits. Left out, `startAfter` is now. */
  send(job: Job, options?: { startAfter?: Date }): Promise<void>;
  /** The same queue, writing through `db`'s transaction; its jobs carry on what `cause` belongs to. */
  within(db: Db, cause: Cause): Jobs;
};

export type Presence = {
  /** Notes that a device was heard of; written in batches, at most half a second later. */
  seen(
    deviceId: string,
    sighting: {
      at: Date;
      systemInfo?: Record<string, unknown> | undefined;
      ipAddress?: string | undefined;
      /** It has a WebSocket open. */
      hasSocket?: boolean;
    },
  ): void;
};

/** Passwords at rest, and the time that guessing them takes. */
export type Passwords = {
  hash(password: string): Promise<string>;
  /** `hash` null: there is no such account. It is false then, and takes as long as any other. */
  verify(hash: string | null, password: string): Promise<boolean>;
  /** Holds an answer back. */
  pause(ms: number): Promise<void>;
};

/** What is written to one person. `id` is a uuid and the letter's name: the same one sent again has the same. */
export type Letter = {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The Message-ID, without the angle brackets, of the mail that it answers. */
  inReplyTo?: string;
};

/** Taken by the mail server, or refused for good, with its words. */
export type Delivery = { isAccepted: boolean; reply: string };

/** `isAwaited`: somebody waits for the answer, so a server that is silent for 3.5 s counts as away. A job has more patience. */
export type Sending = { isAwaited?: boolean };

export type Mail = {
  /** Rejects when it failed in a way that may pass. */
  send(letter: Letter, sending?: Sending): Promise<Delivery>;
};

/** A mail server that a user has named. */
export type MailServer = {
  host: string;
  port: number;
  /** TLS is demanded. A password goes over nothing else, whatever this says. */
  isSecure: boolean;
  login: { username: string; password: string } | undefined;
  /** The sender of what goes through it. */
  address: string;
};

export type MailServers = {
  /**
   * Sends from the address of a user, through the server that they named. A login that it does not take is a refusal for
   * good.
   * @throws Failed MAIL_REJECTED when it leads inside, cannot be reached, falls silent or says «later»: that may pass
   */
  send(server: MailServer, letter: Letter, sending?: Sending): Promise<Delivery>;
};

/** Where the mail servers are that users name. Their names are looked up anew at each question. */
export type MailHosts = {
  /**
   * The address to connect to. Connect to it and not to the name, whose next answer may be another one; the name is for
   * the certificate.
   * @throws Failed MAIL_REJECTED when the name leads inside or nowhere
   */
  checkedAddress(host: string): Promise<string>;
  /** Whether it leads to this machine or a private network, as far as it leads anywhere now. */
  leadsInside(host: string): Promise<boolean>;
};

/** Short secrets of users at rest, each sealed for the row in which it lies. */
export type Safe = {
  /** Undefined where there is no SECRETS_KEY. */
  lock(secret: string, rowId: string): Buffer | undefined;
  /** Undefined: it was sealed for another row, or with another key. */
  open(sealed: Buffer, rowId: string): string | undefined;
};

/** What an access token says; whether its session still lives, the database knows. */
export type AccessClaims = { userId: string; sessionId: string; expiresAt?: Date | undefined };

/** Every secret that the service hands out. What is stored of one is its hash. */
export type Tokens = {
  signAccessToken(claims: AccessClaims, life: { from: Date; to: Date }): Promise<string>;
  /** @throws Failed TOKEN_EXPIRED | AUTH_FAILED */
  verifyAccessToken(token: string, at: Date): Promise<AccessClaims>;
  newRefreshToken(): string;
  /** What follows `refreshToken`: always the same. First by the secret in force, then by the one before, if there is one. */
  successorsOf(refreshToken: string): [string, ...string[]];
  newApiKey(): string;
  newDeviceKey(): string;
  newRelayKey(): string;
  newConfirmationCode(): string;
  newMailToken(): string;
  newSocketTicket(): string;
  /**
   * By what a request is known again whose body may hold a password: HMAC-SHA-256 in hex, which without the key nobody can
   * guess at. First by the secret in force, then by the one before, if there is one.
   */
  requestHashes(body: string): [string, ...string[]];
  /** SHA-256 in hex. */
  hash(secret: string): string;
};

/** Messages of the relay, sealed so that only the holder of the private key reads them. */
export type Sealing = {
  /** `publicKey` is PEM: RSA gives a compact JWE, secp256k1 the ECIES of adapters/sealing.ts. */
  seal(publicKey: string, text: string): Promise<string>;
  /** Whether `text` is such an envelope, whoever made it. */
  isSealed(text: string): boolean;
};

/** A file that has been taken in and is not yet in the store. */
export type StagedObject = {
  /** Bytes. */
  size: number;
  /** Puts it into the store, whole or not at all. @throws Failed SERVICE_UNAVAILABLE, and may be tried again */
  store(key: string): Promise<void>;
  /** Lets go of what was taken in. After `store` it changes nothing. */
  discard(): Promise<void>;
};

/** Large files, by keys of ours: a noun, a slash and a uuid. */
export type Objects = {
  /** Takes in `content` as it comes. Fails as `content` fails, and leaves nothing then. */
  stage(content: AsyncIterable<Uint8Array>): Promise<StagedObject>;
  /** The bytes from `start` to before `end`, or all. Undefined: there is no such object. @throws Failed SERVICE_UNAVAILABLE */
  read(key: string, range?: { start: number; end: number }): Promise<Readable | undefined>;
  /** Removing what is not there changes nothing. @throws Failed SERVICE_UNAVAILABLE */
  remove(key: string): Promise<void>;
};

/** What is counted of the work. Times are milliseconds, by the clock of the service. */
export type Happening =
  | { what: 'task.created'; source: string }
  /** `waitedMs`: since it was due. */
  | { what: 'task.handed-out'; waitedMs: number }
  /** `ranMs`: since its start; null where it never started. */
  | { what: 'task.ended'; status: string; ranMs: number | null }
  | { what: 'task.retried' }
  | { what: 'messages.published'; count: number }
  /** Somebody who read too slowly lost messages, or the connection. */
  | { what: 'subscriber.dropped'; why: 'lost messages' | 'stalled' | 'fell behind' }
  | { what: 'socket.opened'; holder: 'user' | 'device' }
  | { what: 'socket.closed'; holder: 'user' | 'device' }
  | { what: 'socket.dropped'; why: 'slow' | 'too many frames' }
  | { what: 'letter.sent'; outcome: 'accepted' | 'refused' | 'failed' }
  /** Refused because the process could not keep up. */
  | { what: 'request.shed' }
  /** Leases and schedules have been looked at, in this process. */
  | { what: 'swept' }
  | { what: 'job.ended'; job: string; outcome: 'completed' | 'failed'; ranMs: number };

/** Counts what happens, for whoever watches the service. */
export type Meter = {
  /** Inside a transaction: counted when it has committed, and never if it does not. */
  note(...happenings: Happening[]): void;
};

export type SpanEnd = { name: string; attributes: Record<string, string | number>; isError: boolean };

/** A piece of work under way, as a trace shows it. */
export type Span = {
  /** Of itself: what it begins names it as its parent. */
  traceparent: string;
  end(end: SpanEnd): void;
};

export type Tracer = {
  /** `parent` is a valid traceparent; null: a trace begins here. */
  begin(kind: 'request' | 'job', parent: string | null): Span;
};

/** What began a piece of work, by which its lines are found in the logs and its spans in a trace. Jobs and tasks carry it on. */
export type Cause = {
  /** Of the request. */
  requestId: string | null;
  /** Of the caller's span, as W3C Trace Context writes it. */
  traceparent: string | null;
};
