/** What needs the database and no other neighbour of the service: calls, the whole life of a task, a socket and a stream. */
import { type Consumer, numbered, openSocket, openStream } from './consumers.ts';
import { type Customer, clientOf, makeCustomer, startTask } from './customer.ts';
import type { Trial } from './harness.ts';
import type { Feature } from './outage.ts';
import { until } from './until.ts';

const PAUSE_MS = 500;
const ARRIVAL_MS = 3_000;
const CHANNEL = 'besides';
/** Of an output, with its number. */
const TEXT_BYTES = 64;

export async function besides(trial: Trial, url: string, customer: Customer): Promise<Feature[]> {
  return [...callsOf(url, customer), await runs(url), await hears(trial, url), await follows(trial, url)];
}

function callsOf(url: string, { user, device, deviceId, credentials }: Customer): Feature[] {
  return [
    { name: 'create', call: () => user.tasks.create({ device_id: deviceId, command: 'true' }) },
    { name: 'list', call: () => user.tasks.list() },
    { name: 'heartbeat', call: () => device.daemon.heartbeat({}) },
    { name: 'log in', call: () => clientOf(url).auth.login(credentials), pauseMs: 1_000 },
    { name: 'publish', call: () => clientOf(url).relay.publish({ channel: 'outage', message: 'text' }) },
  ];
}

/** A machine claims, starts and ends what it is sent. */
async function runs(url: string): Promise<Feature> {
  const { user, device, deviceId } = await makeCustomer(url);
  const call = async () => {
    const { task_id } = await user.tasks.create({ device_id: deviceId, command: 'true' });
    const [task] = (await device.daemon.claim()).tasks;
    if (task?.id !== task_id) throw new Error('The task was not handed out');
    const { lease_id } = task;
    await device.daemon.start(task_id, { lease_id });
    await device.daemon.result(task_id, { lease_id, status: 'completed', exit_code: 0 });
  };
  return { name: 'run a task', call, pauseMs: PAUSE_MS };
}

/** A socket hears what a task writes. */
async function hears(trial: Trial, url: string): Promise<Feature> {
  const customer = await makeCustomer(url);
  const { daemon } = customer.device;
  const task = await startTask(customer);
  const socket = await openSocket(trial, url, { ...customer, taskId: task.id });
  const lease = { task_id: task.id, lease_id: task.leaseId };
  let number = 0;
  const call = async () => {
    const offset = number * TEXT_BYTES;
    const chunk = numbered(number, TEXT_BYTES);
    await daemon.heartbeat({ current_tasks: [lease] });
    await daemon.output(task.id, { lease_id: task.leaseId, stream: 'stdout', offset, chunk });
    await arrival(socket, number);
    number += 1;
  };
  return { name: 'a socket', call, pauseMs: PAUSE_MS };
}

/** A stream brings what is published. */
async function follows(trial: Trial, url: string): Promise<Feature> {
  const { relay } = clientOf(url);
  await relay.publish({ channel: CHANNEL, message: 'the first' });
  const stream = await openStream(trial, url, CHANNEL);
  let number = 0;
  const call = async () => {
    await relay.publish({ channel: CHANNEL, message: numbered(number, TEXT_BYTES) });
    await arrival(stream, number);
    number += 1;
  };
  return { name: 'a stream', call, pauseMs: PAUSE_MS };
}

async function arrival({ numbers }: Consumer, number: number): Promise<void> {
  if (!(await until(() => numbers.at(-1) === number, ARRIVAL_MS))) throw new Error('It did not arrive');
}
