/**
 * The bus — tells what happened to whoever waits or listens, in this process and in the others on the same database.
 *
 * Events are told after the commit of what they tell, and are never the only record of it. Listeners here are called at
 * once; the other processes get at most one statement of NOTIFYs in 10 ms with all events since the last, because each
 * NOTIFY takes a lock that the whole server shares. A notification is a hint and may be lost. Whoever waits then looks
 * again by itself: after a reconnect, when another process gave some up, and every 5 s. Whoever listens is told of a gap.
 */
import { sql } from 'kysely';
import type { Service } from '../context.ts';
import type { DomainEvent, Events, Listener, Topic, Urgency } from '../ports.ts';
import { abridged } from './abridged.ts';
import { keepListening } from './listening.ts';
import { openWaitingRoom } from './waiting.ts';

export type Bus = Events & {
  /** How many listen and wait, by topic. */
  subscriptions(): number;
  /** Lets everybody go who waits; whoever comes later looks once. Events are still told. */
  release(): void;
  /** Whether PostgreSQL answers now, on a connection for which nobody else waits. */
  answers(): Promise<boolean>;
  /** Tells the others what is left, and hears them no more. */
  close(): Promise<void>;
};

const CHANNEL = 'ccjk_events';
const NOTIFY_EVERY_MS = 10;
const RETRY_NOTIFY_MS = 500;
/** PostgreSQL takes payloads of fewer than 8000 bytes; the rest is for the envelope. */
const MAX_BATCH_BYTES = 7_800;
/** Of events that could not be sent yet; about 200 bytes each. Beyond, the others are told to look for themselves. */
const MAX_BACKLOG = 10_000;

type Notification = { origin: string; gap?: true; events: DomainEvent[] };

/** Few wait for a queue or a task; all the devices of a user wait for its slots. */
const urgencyOf = (topic: Topic): Urgency => (/^(queue|task|output):/.test(topic) ? 'alone' : 'crowd');

const topicsOf = (event: DomainEvent): Topic[] => {
  if (event.type === 'task.output') return [`output:${event.taskId}`];
  if ('channel' in event) return [`channel:${event.channel}`];
  if (event.type === 'relay_key.revoked') return ['relay_keys'];
  const topics: Topic[] = [`user:${event.userId}`];
  if (event.type === 'slots.freed') topics.push(`slots:${event.userId}`);
  if (event.type === 'task.available') topics.push(`queue:${event.deviceId}`);
  if (event.type === 'task.changed') topics.push(`task:${event.taskId}`);
  if ('deviceId' in event && event.deviceId !== null) topics.push(`device:${event.deviceId}`);
  return topics;
};

/** Output that fits no notification goes without its text, which whoever listens reads. */
const writtenShort = (event: DomainEvent): string => {
  const written = JSON.stringify(event);
  const isTooLong = event.type === 'task.output' && Buffer.byteLength(written) >= MAX_BATCH_BYTES;
  return isTooLong ? JSON.stringify({ ...event, chunk: null }) : written;
};

/** Joins events, each as JSON, into as few payloads as PostgreSQL allows. */
function payloadsOf(origin: string, events: readonly string[], isGap: boolean): string[] {
  const batches: string[][] = [[]];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event) + 1;
    if (bytes + size > MAX_BATCH_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    (batches.at(-1) as string[]).push(event);
    bytes += size;
  }
  const gap = isGap ? '"gap":true,' : '';
  return batches.map((batch, at) => `{"origin":"${origin}",${at === 0 ? gap : ''}"events":[${batch.join()}]}`);
}

type Subscription = { listener: Listener } | { wake(urgency: Urgency): void };

export async function openBus(options: { databaseUrl: string } & Pick<Service, 'db' | 'log'>): Promise<Bus> {
  const { databaseUrl, db, log } = options;
  const origin = crypto.randomUUID();
  const room = openWaitingRoom();

  // ---- In this process ----------------------------------------------------------------------------------------------

  const byTopic = new Map<Topic, Set<Subscription>>();
  const gapListeners = new Set<() => void>();

  const add = (topic: Topic, subscription: Subscription): (() => void) => {
    const there = byTopic.get(topic) ?? new Set();
    byTopic.set(topic, there.add(subscription));
    return () => {
      there.delete(subscription);
      if (there.size === 0 && byTopic.get(topic) === there) byTopic.delete(topic);
    };
  };

  const guarded = (call: () => void) => {
    try {
      call();
    } catch (error) {
      log.error({ err: error }, 'a listener of the bus failed');
    }
  };

  const deliver = (event: DomainEvent) => {
    const told = new Set<Listener>();
    for (const topic of topicsOf(event)) {
      for (const subscription of [...(byTopic.get(topic) ?? [])]) {
        if ('wake' in subscription) subscription.wake(urgencyOf(topic));
        else if (!told.has(subscription.listener)) {
          told.add(subscription.listener);
          guarded(() => subscription.listener(event));
        }
      }
    }
  };

  const tellGap = () => {
    room.wakeAll();
    for (const listener of [...gapListeners]) guarded(listener);
  };

  // ---- To the other processes ---------------------------------------------------------------------------------------

  /** Each event once: a repeat moves to the end, where its later news belongs. */
  let backlog = new Set<string>();
  let owesGap = false;
  let sending: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastSentAt = 0;
  let fails = false;
  let closed = false;

  const post = (event: DomainEvent) => {
    const written = writtenShort(event);
    // No other event of ours is that long; if one were, the others would have to look.
    if (backlog.size >= MAX_BACKLOG || Buffer.byteLength(written) >= MAX_BATCH_BYTES) {
      backlog.clear();
      owesGap = true;
      return;
    }
    backlog.delete(written);
    backlog.add(written);
  };

  const send = async () => {
    const events = [...backlog];
    const isGap = owesGap;
    backlog = new Set();
    owesGap = false;
    try {
      const payloads = payloadsOf(origin, events, isGap);
      await sql`select pg_notify(${CHANNEL}, payload) from unnest(${payloads}::text[]) payload`.execute(db);
      if (fails) log.info('events reach the other processes again');
      fails = false;
    } catch (error) {
      if (!fails) log.warn({ err: error }, 'events do not reach the other processes for now');
      fails = true;
      owesGap ||= isGap || events.length + backlog.size > MAX_BACKLOG;
      backlog = owesGap ? new Set() : new Set([...events, ...backlog]);
    }
    lastSentAt = performance.now();
  };

  const schedule = () => {
    if (closed || timer || sending || (backlog.size === 0 && !owesGap)) return;
    const delayMs = fails ? RETRY_NOTIFY_MS : Math.max(0, NOTIFY_EVERY_MS - (performance.now() - lastSentAt));
    timer = setTimeout(() => {
      timer = undefined;
      sending = send().finally(() => {
        sending = undefined;
        schedule();
      });
    }, delayMs);
  };

  const receive = (payload: string) => {
    let notification: Notification;
    try {
      notification = JSON.parse(payload) as Notification;
    } catch {
      return log.warn('another program notifies on our channel');
    }
    if (notification.origin === origin) return;
    if (notification.gap) tellGap();
    for (const event of notification.events) deliver(event);
  };

  const listening = await keepListening({
    databaseUrl,
    channel: CHANNEL,
    log,
    onNotification: receive,
    onReturn: tellGap,
  });

  return {
    emit(...events) {
      for (const event of events) {
        for (const told of abridged(event)) post(told);
        queueMicrotask(() => deliver(event));
      }
      schedule();
    },
    waitFor: (topics, wait, look) =>
      room.wait(
        (waiter) => {
          const leaves = topics.map((topic) => add(topic, waiter));
          return () => {
            for (const leave of leaves) leave();
          };
        },
        wait,
        look,
      ),
    subscribe: (topic, listener) => add(topic, { listener }),
    onGap(listener) {
      gapListeners.add(listener);
      return () => void gapListeners.delete(listener);
    },
    release: () => room.close(),
    subscriptions: () => [...byTopic.values()].reduce((sum, { size }) => sum + size, 0),
    answers: listening.answers,
    async close() {
      closed = true;
      clearTimeout(timer);
      room.close();
      await sending;
      if (backlog.size > 0 || owesGap) await send();
      await listening.close();
    },
  };
}
