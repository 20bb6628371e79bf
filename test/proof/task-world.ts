/** One account with its machines before two processes of the service, and what the tables say of its tasks. */
import type pg from 'pg';
import type { CcjkCloud } from '../../sdk/src/index.ts';
import { PLANS, type Plan } from '../../server/domain/plans.ts';
import type { Clock } from '../setup/clock.ts';
import type { InProcess } from '../setup/in-process.ts';
import type { Change, Status, Task } from './task-model.ts';

export type Setting = {
  plan: Plan;
  machines: number;
  /** Tasks that each machine may hold. */
  held: number;
  /** Bytes of storage; null: what the plan gives. */
  quota: number | null;
};

/** A task with what the model does not need. */
export type Known = { task: Task; machine: number; priority: number };

export type Machine = {
  id: string;
  held: number;
  /** The machine at each of the services: with both at once it is a machine and its copy. */
  at: readonly CcjkCloud[];
};

export type World = {
  services: readonly InProcess[];
  clock: Clock;
  tables: pg.Client;
  userId: string;
  plan: Plan;
  quota: number;
  /** The owner at each of the services. */
  owner: readonly CcjkCloud[];
  machines: readonly Machine[];
  tasks: Map<string, Known>;
  claims: { machine: number; claimId: string }[];
  backups: string[];
  /** Bytes of storage in use after the round before. */
  used: number;
  /** The last change that has been looked at. */
  lastChange: number;
};

/** Makes the account. Later than everything that went before on this clock. */
export async function openWorld(
  services: readonly [InProcess, InProcess],
  tables: pg.Client,
  { plan, machines, held, quota }: Setting,
): Promise<World> {
  const [service] = services;
  const user = await service.makeUser();
  await tables.query('update users set plan = $2, storage_quota = $3 where id = $1', [user.id, plan, quota]);
  const made = [];
  for (let count = 0; count < Math.min(machines, PLANS[plan].devices); count += 1)
    made.push(await service.makeDevice(user, { max_concurrent_tasks: held }));
  return {
    services,
    clock: service.clock,
    tables,
    userId: user.id,
    plan,
    quota: quota ?? PLANS[plan].storage,
    owner: services.map((each) => each.clientOf(user.token)),
    machines: made.map(({ id, key }) => ({ id, held, at: services.map((each) => each.clientOf(key)) })),
    tasks: new Map(),
    claims: [],
    backups: [],
    used: 0,
    lastChange: 0,
  };
}

/** A task as it is found, how it has changed since the look before, and where the one before it in its sequence is. */
export type Found = Known & { changes: Change[]; predecessor: Status | undefined };

export type Look = { tasks: Map<string, Found>; used: number; lastChange: number };

const TASKS = `
  select id, device_id, priority, after_task_id as after, status, lease_id as lease,
         lease_until as "leaseUntil", deadline_at as deadline, ready_at as "readyAt", expires_at as "expiresAt",
         cancel_requested_at is not null as "isCancelRequested", retry_count as "retryCount",
         max_retries as "maxRetries", retries_wanted as "retriesWanted", on_disconnect as "onDisconnect",
         timeout_ms as "timeoutMs", after_task_id is not null as "isSuccessor",
         coalesce((
           select json_agg(json_build_object(
                    'lease', lease_id, 'hasEnded', ended_at is not null,
                    'bytes', json_build_object('stdout', stdout_bytes, 'stderr', stderr_bytes),
                    'isCut', json_build_object('stdout', stdout_cut, 'stderr', stderr_cut),
                    'hasReport', result_digest is not null, 'recorded', result_status
                  ) order by number)
             from task_attempts a where a.task_id = t.id
         ), '[]') as attempts
    from tasks t where user_id = $1`;

const CHANGES = `
  select e.id, e.task_id, e.from_status as "from", e.to_status as "to", e.reason
    from task_events e join tasks t on t.id = e.task_id
   where t.user_id = $1 and e.id > $2 order by e.id`;

/** Reads what there is of the account, while nobody writes. */
export async function look({ tables, userId, machines, lastChange }: World): Promise<Look> {
  const { rows } = await tables.query(TASKS, [userId]);
  const { rows: changes } = await tables.query(CHANGES, [userId, lastChange]);
  const { rows: users } = await tables.query('select storage_used from users where id = $1', [userId]);
  const statuses = new Map<string, Status>(rows.map(({ id, status }) => [id, status]));
  const tasks = new Map<string, Found>();
  for (const { id, device_id, priority, after, ...task } of rows) {
    for (const time of ['leaseUntil', 'deadline', 'readyAt', 'expiresAt'])
      task[time] = (task[time] as Date | null)?.getTime() ?? null;
    const machine = machines.findIndex((each) => each.id === device_id);
    tasks.set(id, { task, machine, priority, changes: [], predecessor: statuses.get(after) });
  }
  for (const { task_id, from, to, reason } of changes) tasks.get(task_id)?.changes.push({ from, to, reason });
  return { tasks, used: Number(users[0].storage_used), lastChange: Number(changes.at(-1)?.id ?? lastChange) };
}

/** The next round begins here. */
export function remember(world: World, { tasks, used, lastChange }: Look): void {
  for (const [id, { task, machine, priority }] of tasks) world.tasks.set(id, { task, machine, priority });
  Object.assign(world, { used, lastChange });
}
