import { getEventListeners } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { DomainEvent } from '../../server/ports.ts';
import { openBus } from '../../server/realtime/bus.ts';
import { cutConnections, openParts, takeAway } from '../setup/parts.ts';

/** A process with its bus; with `databaseUrl` on the same database as another. */
async function openProcess(databaseUrl?: string) {
  const parts = await openParts(databaseUrl === undefined ? {} : { databaseUrl });
  const bus = await openBus({ databaseUrl: parts.url, db: parts.ctx.db, log: parts.ctx.log });
  onTestFinished(() => bus.close());
  return { ...parts, bus };
}

const openTwo = async () => {
  const one = await openProcess();
  return { one, other: await openProcess(one.url) };
};

const changed = (taskId: string, status = 'running'): DomainEvent => ({
  type: 'task.changed',
  userId: 'u',
  taskId,
  deviceId: 'd',
  status,
});

/** Sooner than the slow poll looks, so that only a wake can be the cause. */
const SOON = { timeoutMs: 3_000 };

/** Purposes of connections. */
const LISTENERS = 'ccjk-cloud-listen';
const POOL = 'ccjk-cloud';

test('an event wakes whoever waits for one of its topics, in this process and in the others', async () => {
  const { one, other } = await openTwo();
  let isThere = false;
  const look = async () => (isThere ? 'found' : undefined);
  const waiting = [
    one.bus.waitFor(['queue:d'], SOON, look),
    other.bus.waitFor(['queue:d', 'slots:u'], SOON, look),
    other.bus.waitFor(['user:u'], SOON, look),
    other.bus.waitFor(['device:d'], SOON, look),
  ];
  isThere = true;
  one.bus.emit({ type: 'task.available', userId: 'u', deviceId: 'd' });
  expect(await Promise.all(waiting)).toEqual(['found', 'found', 'found', 'found']);
});

test('what happens to one device wakes no other', async () => {
  const { bus } = await openProcess();
  const look = vi.fn(async () => undefined);
  const waiting = bus.waitFor(['queue:other', 'slots:u'], { timeoutMs: 100 }, look);
  bus.emit({ type: 'task.available', userId: 'u', deviceId: 'd' }, changed('t'));
  await waiting;
  expect(look).toHaveBeenCalledTimes(1);
});

test('a listener hears each event once, also those of its own process and those of several of its topics', async () => {
  const { one, other } = await openTwo();
  const heard: DomainEvent[] = [];
  const listen = (event: DomainEvent) => void heard.push(event);
  for (const topic of ['user:u', 'task:a', 'task:b', 'device:d'] as const) one.bus.subscribe(topic, listen);
  one.bus.emit(changed('a'));
  // Events of one database arrive in the order of their commits: when b is here, a would have come back before it.
  await vi.waitUntil(async () => heard.length === 1);
  await vi.waitUntil(async () => {
    other.bus.emit(changed('b'));
    return heard.length > 1;
  });
  expect(heard.filter((event) => 'taskId' in event && event.taskId === 'a')).toHaveLength(1);
});

test('many events reach the other processes in order, in as many notifications as their length needs', async () => {
  const { one, other } = await openTwo();
  const heard: string[] = [];
  other.bus.subscribe('user:u', (event) => void heard.push('taskId' in event ? event.taskId : ''));
  const names = Array.from({ length: 3_000 }, (_, at) => `task-${at}-${'é'.repeat(at % 60)}`);
  one.bus.emit(...names.map((name) => changed(name)));
  await vi.waitUntil(() => heard.length >= names.length, { timeout: 5_000 });
  expect(heard).toEqual(names);
});

test('an event too long for a notification still makes the others look', async () => {
  const { one, other } = await openTwo();
  let isThere = false;
  const waiting = other.bus.waitFor(['task:t'], SOON, async () => (isThere ? 'found' : undefined));
  isThere = true;
  one.bus.emit(changed('t', 'x'.repeat(9_000)));
  expect(await waiting).toBe('found');
});

test('nothing is lost for a waiter while its process does not hear the others', async () => {
  const { one, other } = await openTwo();
  const restored = new Promise<void>((resolve) => void other.bus.onGap(resolve));
  let isThere = false;
  const waiting = other.bus.waitFor(['task:t'], SOON, async () => (isThere ? 'found' : undefined));
  expect(await cutConnections(one.url, LISTENERS)).toBe(2);
  isThere = true;
  one.bus.emit(changed('t'));
  expect(await waiting).toBe('found');
  await restored;
  const next = new Promise((resolve) => other.bus.subscribe('task:next', resolve));
  one.bus.emit(changed('next'));
  expect(await next).toEqual(changed('next'));
});

test('both ways come back after the database was away, and what was told meanwhile arrives', async () => {
  const { one, other } = await openTwo();
  const heard = new Promise((resolve) => other.bus.subscribe('task:t', resolve));
  const restored = new Promise<void>((resolve) => void other.bus.onGap(resolve));
  const bringBack = await takeAway(one.url);
  one.bus.emit(changed('t'));
  const warnings = () => one.lines.filter(({ level }) => level === 40).map(({ msg }) => msg);
  await vi.waitUntil(() => warnings().length === 2);
  await bringBack();
  await restored;
  expect(await heard).toEqual(changed('t'));
  expect(new Set(warnings()).size).toBe(2);
});

test('events that could not be told for too long are given up, and the others look for themselves', async () => {
  const { one, other } = await openTwo();
  const gaps = vi.fn();
  other.bus.onGap(gaps);
  const bringBack = await takeAway(one.url, POOL);
  for (let at = 0; at < 10_050; at += 1) one.bus.emit(changed(`task-${at}`));
  await bringBack();
  await vi.waitUntil(() => gaps.mock.calls.length > 0, { timeout: 5_000 });
  const next = new Promise((resolve) => other.bus.subscribe('task:next', resolve));
  one.bus.emit(changed('next'));
  expect(await next).toEqual(changed('next'));
});

test('a waiter leaves nothing behind, whether it found, was aborted, ran out of time or failed', async () => {
  const { bus } = await openProcess();
  const { signal } = new AbortController();
  const gone = new AbortController();
  const nothing = async () => undefined;
  const waiting = [
    bus.waitFor(['task:t'], { ...SOON, signal }, async () => 'found'),
    bus.waitFor(['task:t', 'user:u'], { timeoutMs: 20, signal }, nothing),
    bus.waitFor(['task:t'], { ...SOON, signal: gone.signal }, nothing),
    bus.waitFor(['task:t'], { ...SOON, signal }, () => Promise.reject(new Error('the look failed'))),
    bus.waitFor(['task:t'], { ...SOON, signal: AbortSignal.abort() }, async () => 'never looked'),
  ];
  gone.abort();
  const results = await Promise.allSettled(waiting);
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason)))).toEqual([
    'found',
    undefined,
    undefined,
    'Error: the look failed',
    undefined,
  ]);
  expect(bus.subscriptions()).toBe(0);
  expect([...getEventListeners(signal, 'abort'), ...getEventListeners(gone.signal, 'abort')]).toEqual([]);
});

test('the end of the process lets everybody go', async () => {
  const { bus } = await openProcess();
  const waiting = bus.waitFor(['task:t'], { timeoutMs: 60_000 }, async () => undefined);
  bus.release();
  expect(await waiting).toBeUndefined();
  expect(await bus.waitFor(['task:t'], { timeoutMs: 60_000 }, async () => undefined)).toBeUndefined();
});

test('a listener that fails harms nobody else', async () => {
  const { bus, lines } = await openProcess();
  bus.subscribe('task:t', () => {
    throw new Error('a bug');
  });
  const heard = new Promise((resolve) => bus.subscribe('task:t', resolve));
  bus.emit(changed('t'));
  expect(await heard).toEqual(changed('t'));
  expect(lines.map(({ msg }) => msg)).toEqual(['a listener of the bus failed']);
});
