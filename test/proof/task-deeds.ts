/** How an order of task-orders.ts is carried out before the service, and what of its answer the model has to explain. */
import { randomUUID } from 'node:crypto';
import { ApiError, type CcjkCloud, type NewTask } from '../../sdk/src/index.ts';
import { releaseTask } from '../../server/domain/dispatch.ts';
import { deleteOldOutput } from '../../server/domain/outputs.ts';
import { type Act, type Attempt, FINISHED, type Task } from './task-model.ts';
import { type Deed, type Order, SECOND, type Shown } from './task-orders.ts';
import type { Known, Machine, World } from './task-world.ts';

const WEEK_SECONDS = 604_800;

/** What came of an order. */
export type Outcome = {
  acts: (readonly [taskId: string, Act])[];
  /** A limit refused it. */
  refused?: { code: string; tasks?: number };
  /** Bytes of storage that it asked for. */
  bytes?: number;
  /** `isAgain`: under a claim id that was used before. */
  claimed?: { machine: number; limit: number; isAgain: boolean; handed: readonly string[] };
};

/** Throws what is no documented answer. */
export async function carryOut(world: World, { at, ...order }: Order, focus: number | null): Promise<Outcome> {
  const owner = world.owner[at] as CcjkCloud;
  const ctx = world.services[at]?.ctx as NonNullable<(typeof world.services)[number]>['ctx'];
  switch (order.do) {
    case 'create':
      return create(world, order.task, (body) => owner.tasks.create(body));
    case 'batch':
      return batch(world, owner, order);
    case 'claim':
      return claim(world, at, order);
    case 'start': {
      const { id, known, machine } = chosen(world, order.pick, focus, ({ status }) => status === 'assigned');
      if (!known) return NOTHING;
      const lease = leaseOf(known, order.shown) ?? randomUUID();
      const { answer } = await answered(machineAt(machine, at).daemon.start(id, { lease_id: lease }));
      return { acts: [[id, { act: 'start', lease, answer }]] };
    }
    case 'heartbeat':
      return heartbeat(world, at, order, focus);
    case 'output':
      return output(world, at, order, focus);
    case 'result': {
      const { id, known, machine } = chosen(world, order.pick, focus, isHeldOne);
      if (!known) return NOTHING;
      const { status, exit_code, never_started } = order;
      const lease = leaseOf(known, order.shown);
      const said = { status, exit_code, never_started: never_started && status === 'failed' };
      const body = { ...said, ...(lease ? { lease_id: lease } : {}) };
      const { answer, value } = await answered(machineAt(machine, at).daemon.result(id, body));
      const { never_started: neverStarted } = said;
      const attempt = value?.attempt ?? 0;
      return {
        acts: [[id, { act: 'result', lease, said: JSON.stringify(said), status, neverStarted, attempt, answer }]],
      };
    }
    case 'cancel': {
      const isAny = order.pick % 4 === 0;
      const { id, known } = chosen(world, order.pick, focus, ({ status }) => isAny || !FINISHED.includes(status));
      if (!known) return NOTHING;
      const { answer } = await answered(owner.tasks.cancel(id));
      return { acts: [[id, { act: 'cancel', answer }]] };
    }
    case 'retry':
      return retry(world, owner, order.pick, focus);
    case 'release': {
      const { id, known } = chosen(world, order.pick, focus, ({ status }) => status === 'pending');
      if (known) await releaseTask(ctx, id);
      return NOTHING;
    }
    case 'sweep':
      await world.services[at]?.sweep();
      return NOTHING;
    case 'retention':
      await deleteOldOutput(ctx);
      return NOTHING;
    case 'backup': {
      const machine = world.machines[order.pick % world.machines.length] as Machine;
      const config_data = { text: 'x'.repeat(order.bytes) };
      const bytes = JSON.stringify(config_data).length;
      const { answer, value } = await answered(
        owner.config.backup({ device_id: machine.id, config_name: 'all', config_data }),
        ['STORAGE_QUOTA_EXCEEDED'],
      );
      if (value) world.backups.push(value.id);
      return { acts: [], bytes, ...(value ? {} : { refused: { code: answer } }) };
    }
    case 'removeBackup': {
      const id = world.backups[order.pick % world.backups.length];
      if (id) await answered(owner.config.removeBackup(id), ['BACKUP_NOT_FOUND']);
      return NOTHING;
    }
    case 'register': {
      const { answer } = await answered(owner.daemon.register(randomUUID(), { device_name: 'one more' }), [
        'PLAN_LIMIT_REACHED',
      ]);
      return { acts: [], ...(answer === 'ok' ? {} : { refused: { code: 'TOO_MANY_DEVICES' } }) };
    }
  }
}

const NOTHING: Outcome = { acts: [] };

type Answered<Value> = { answer: string; value?: Value; details?: unknown };

/** Of a call about a task any code may come: the model judges it. Of others these alone. */
async function answered<Value>(call: PromiseLike<Value>, codes?: readonly string[]): Promise<Answered<Value>> {
  try {
    return { answer: 'ok', value: await call };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500 || (codes && !codes.includes(error.code))) throw error;
    return { answer: error.code, details: error.details };
  }
}

// ---- Whom and what --------------------------------------------------------------------------------------------------

const isHeldOne = ({ status }: Task): boolean => status === 'assigned' || status === 'running';

/** One of the tasks that the order is for; now and then any other, or the one of the focus. */
function chosen(world: World, pick: number, focus: number | null, isFor: (task: Task) => boolean) {
  const all = [...world.tasks];
  const open = all.filter(([, { task }]) => !FINISHED.includes(task.status));
  const usual = pick % 8 === 0 ? all : all.filter(([, { task }]) => isFor(task));
  const [among, which] = focus !== null && open.length > 0 ? [open, focus] : [usual, pick];
  const [id = '', known] = among[which % Math.max(1, among.length)] ?? [];
  return { id, known, machine: world.machines[known?.machine ?? 0] as Machine };
}

const machineAt = ({ at }: Machine, service: number): CcjkCloud => at[service] as CcjkCloud;

const leaseOf = ({ task: { lease, attempts } }: Known, shown: Shown): string | undefined => {
  if (shown === 'none') return undefined;
  if (shown === 'foreign') return randomUUID();
  return (shown === 'former' ? attempts[0]?.lease : (lease ?? attempts.at(-1)?.lease)) ?? randomUUID();
};

// ---- The owner ------------------------------------------------------------------------------------------------------

type Wanted = {
  [Name in keyof Deed['create']['task']]: Deed['create']['task'][Name] extends number
    ? number
    : Deed['create']['task'][Name];
};

const bodyOf = (world: World, { inSeconds, max_retries, ...rest }: Wanted, device_id: string): NewTask => ({
  ...rest,
  device_id,
  command: 'true',
  ...(max_retries === undefined ? {} : { max_retries }),
  ...(inSeconds === 0 ? {} : { run_at: new Date(world.clock.now().getTime() + inSeconds * SECOND).toISOString() }),
});

/** As it is when it has just been made. */
const made = (now: number, wanted: Wanted, isSuccessor = false): Task => {
  const due = now + wanted.inSeconds * SECOND;
  return {
    status: isSuccessor || due > now ? 'pending' : 'queued',
    lease: null,
    leaseUntil: null,
    deadline: null,
    readyAt: isSuccessor ? null : due,
    expiresAt: (isSuccessor ? now : due) + wanted.expires_in * SECOND,
    isCancelRequested: false,
    retryCount: 0,
    maxRetries: wanted.max_retries ?? 3,
    retriesWanted: wanted.max_retries !== undefined,
    onDisconnect: wanted.on_disconnect,
    timeoutMs: wanted.timeout,
    isSuccessor,
    attempts: [],
  };
};

/** Which machine: by what is wanted, so that it is the same each time. */
const machineFor = (world: World, { priority, timeout }: Wanted): Machine =>
  world.machines[(priority + timeout / SECOND / 60) % world.machines.length] as Machine;

async function create(
  world: World,
  wanted: Wanted,
  send: (body: NewTask) => PromiseLike<{ task_id: string }>,
): Promise<Outcome> {
  const body = bodyOf(world, wanted, machineFor(world, wanted).id);
  const { answer, value } = await answered(send(body), ['PLAN_LIMIT_REACHED']);
  if (!value) return { acts: [], refused: { code: answer, tasks: 1 } };
  const task = made(world.clock.now().getTime(), wanted);
  return { acts: [[value.task_id, { act: 'create', answer, task }]] };
}

async function batch(world: World, owner: CcjkCloud, { tasks, mode }: Deed['batch']): Promise<Outcome> {
  // A sequence queues its tasks one by one, each when its turn has come and not before its time: that has tests of its own.
  const wanted = mode === 'sequential' ? tasks.map((each) => ({ ...each, inSeconds: 0 })) : tasks;
  const bodies = wanted.map((each) => bodyOf(world, each, machineFor(world, each).id));
  const { answer, value } = await answered(owner.tasks.createBatch({ mode, tasks: bodies }), ['PLAN_LIMIT_REACHED']);
  if (!value) return { acts: [], refused: { code: answer, tasks: tasks.length } };
  const now = world.clock.now().getTime();
  return {
    acts: value.tasks.map(({ task_id }, at) => [
      task_id,
      { act: 'create', answer, task: made(now, wanted[at] as Wanted, mode === 'sequential' && at > 0) },
    ]),
  };
}

async function retry(world: World, owner: CcjkCloud, pick: number, focus: number | null): Promise<Outcome> {
  const { id, known } = chosen(world, pick, focus, ({ status }) => FINISHED.includes(status));
  if (!known) return NOTHING;
  const { answer, value } = await answered(owner.tasks.retry(id));
  const acts: Outcome['acts'] = [[id, { act: 'retry', answer }]];
  if (!value) return { acts, ...(answer === 'PLAN_LIMIT_REACHED' ? { refused: { code: answer, tasks: 1 } } : {}) };
  const { retriesWanted, maxRetries, onDisconnect, timeoutMs } = known.task;
  const task = made(world.clock.now().getTime(), {
    priority: known.priority,
    max_retries: retriesWanted ? maxRetries : undefined,
    on_disconnect: onDisconnect,
    timeout: timeoutMs,
    expires_in: WEEK_SECONDS,
    inSeconds: 0,
  });
  return { acts: [...acts, [value.task_id, { act: 'create', answer, task }]] };
}

// ---- The machines ---------------------------------------------------------------------------------------------------

async function claim(world: World, at: number, { limit, how, pick }: Deed['claim']): Promise<Outcome> {
  const before = world.claims[pick % Math.max(1, world.claims.length)];
  const again = how === 'again' ? before : undefined;
  const machine = again?.machine ?? pick % world.machines.length;
  const claimId = how === 'without' ? undefined : (again?.claimId ?? randomUUID());
  if (claimId && !again) world.claims.push({ machine, claimId });
  const query = claimId ? { limit, claim_id: claimId } : { limit };
  const { tasks } = await machineAt(world.machines[machine] as Machine, at).daemon.claim(query);
  return {
    acts: tasks.map(({ id, lease_id: lease, lease_expires_at }) => {
      const leaseUntil = Date.parse(lease_expires_at);
      return [id, { act: 'hand out', answer: 'ok', lease, leaseUntil, withClaim: claimId !== undefined }];
    }),
    claimed: { machine, limit, isAgain: again !== undefined, handed: tasks.map(({ id }) => id) },
  };
}

async function heartbeat(
  world: World,
  at: number,
  { shown, pick }: Deed['heartbeat'],
  focus: number | null,
): Promise<Outcome> {
  const { id, known, machine } = chosen(world, pick, focus, isHeldOne);
  if (!known) return NOTHING;
  const lease = leaseOf(known, shown);
  const { lost_tasks, cancel_tasks } = await machineAt(machine, at).daemon.heartbeat({
    current_tasks: [lease ? { task_id: id, lease_id: lease } : id],
  });
  const isToStop = cancel_tasks.some(({ task_id }) => task_id === id);
  return {
    acts: [
      [id, { act: 'renew', lease, answer: lost_tasks.includes(id) ? 'lost' : 'ok' }],
      [id, { act: 'news', answer: isToStop ? 'cancel' : 'none' }],
    ],
  };
}

async function output(
  world: World,
  at: number,
  { shown, stream, shift, chunk, pick }: Deed['output'],
  focus: number | null,
): Promise<Outcome> {
  const { id, known, machine } = chosen(world, pick, focus, isHeldOne);
  if (!known) return NOTHING;
  const lease = leaseOf(known, shown) ?? randomUUID();
  const attempt = known.task.attempts.find((each: Attempt) => each.lease === lease);
  const offset = Math.max(0, (attempt?.bytes[stream] ?? 0) + shift);
  const { answer, value, details } = await answered(
    machineAt(machine, at).daemon.output(id, { lease_id: lease, stream, offset, chunk }),
  );
  const bytes = Buffer.byteLength(chunk);
  const next = value?.next_offset ?? (details as { expected_offset?: number } | undefined)?.expected_offset ?? 0;
  const truncated = value?.truncated ?? false;
  return { acts: [[id, { act: 'output', lease, stream, offset, bytes, next, truncated, answer }]], bytes };
}
