/** Steps in the life of a task, as its owner and their machine take them. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { HandedTask, NewTask, TaskResult } from '../../sdk/src/index.ts';
import type { Plan } from '../../server/domain/plans.ts';
import type { Bus } from '../../server/realtime/bus.ts';
import type { TestApp, TestDevice, TestUser } from './app.ts';

export const create = async (owner: TestUser, machine: TestDevice, more: Partial<NewTask> = {}): Promise<string> =>
  (await owner.client.tasks.create({ device_id: machine.id, command: 'true', ...more })).task_id;

/** Claims as a daemon of ours does. */
export const claimOne = async (machine: TestDevice): Promise<HandedTask> => {
  const { tasks } = await machine.client.daemon.claim({ limit: 1, claim_id: randomUUID() });
  expect(tasks).toHaveLength(1);
  return tasks[0] as HandedTask;
};

export const start = (machine: TestDevice, { id, lease_id }: HandedTask) =>
  machine.client.daemon.start(id, { lease_id });

export const end = (machine: TestDevice, { id, lease_id }: HandedTask, status: TaskResult['status'], more = {}) =>
  machine.client.daemon.result(id, { status, lease_id, ...more });

/** A new task, the most urgent of its machine, which has claimed it. */
export async function assigned(owner: TestUser, machine: TestDevice, more: Partial<NewTask> = {}): Promise<HandedTask> {
  const id = await create(owner, machine, { priority: 10, ...more });
  const task = await claimOne(machine);
  expect(task.id).toBe(id);
  return task;
}

export async function running(owner: TestUser, machine: TestDevice, more: Partial<NewTask> = {}): Promise<HandedTask> {
  const task = await assigned(owner, machine, more);
  await start(machine, task);
  return task;
}

export async function finished(
  status: TaskResult['status'],
  owner: TestUser,
  machine: TestDevice,
  more: Partial<NewTask> = {},
): Promise<HandedTask> {
  const task = await running(owner, machine, more);
  await end(machine, task, status);
  return task;
}

/** What the steps need of the service that the file has opened. */
export function stepsIn(app: () => TestApp) {
  /** How many wait or listen, in the whole service. */
  const waiters = (): number => (app().service.events as Bus).subscriptions();

  return {
    waiters,

    /** A user of their own, whose tasks no other test sees, with a machine. */
    async newOwner(plan: Plan = 'enterprise'): Promise<{ owner: TestUser; machine: TestDevice }> {
      const owner = await app().makeUser();
      await app().service.db.updateTable('users').set({ plan }).where('id', '=', owner.id).execute();
      return { owner, machine: await app().makeDevice(owner) };
    },

    inSeconds: (seconds: number): string => new Date(app().clock.now().getTime() + seconds * 1000).toISOString(),

    /** Waits until one more waits or listens than before `begin` was called. */
    async whenWaiting<T>(begin: () => Promise<T>): Promise<{ answer: Promise<T> }> {
      const before = waiters();
      const answer = begin();
      await expect.poll(waiters).toBeGreaterThan(before);
      return { answer };
    },
  };
}
