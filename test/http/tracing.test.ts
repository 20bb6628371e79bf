/** By what a piece of work is found again: the id of its request, and the trace of its caller. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApp, type TestApp, type TestDevice, type TestUser } from '../setup/app.ts';
import { claimOne } from '../setup/tasks.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

let app: TestApp;
let user: TestUser;
let device: TestDevice;

beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  device = await app.makeDevice(user);
});
afterAll(() => app.close());

const createWith = async (headers: Record<string, string>) => {
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' }, { headers });
  return user.client.tasks.get(task_id);
};

it('a task keeps the request and the trace that it came with, and its device is handed both', async () => {
  const headers = { 'x-request-id': 'the-request.1', traceparent: TRACEPARENT };
  const known = { request_id: 'the-request.1', traceparent: TRACEPARENT };
  const task = await createWith(headers);
  expect(task).toMatchObject(known);
  expect(await claimOne(device)).toMatchObject({ id: task.id, ...known });
});

it('so does each task of a batch', async () => {
  const machine = await app.makeDevice(user);
  const tasks = [1, 2].map(() => ({ device_id: machine.id, command: 'true' }));
  const { batch_id } = await user.client.tasks.createBatch({ tasks }, { headers: { traceparent: TRACEPARENT } });
  const { items } = await user.client.tasks.list({ batch_id });
  expect(items.map(({ traceparent }) => traceparent)).toEqual([TRACEPARENT, TRACEPARENT]);
});

it('a task without a trace has none, and has the id that its request was given', async () => {
  const answer = await fetch(`${app.url}/v1/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ device_id: device.id, command: 'true' }),
  });
  const { data } = (await answer.json()) as { data: { task_id: string } };
  const task = await user.client.tasks.get(data.task_id);
  expect(task).toMatchObject({ request_id: answer.headers.get('x-request-id'), traceparent: null });
});

it('a repeat with the same Idempotency-Key leaves the trace of the first', async () => {
  const body = { device_id: device.id, command: 'true' };
  const idempotencyKey = crypto.randomUUID();
  const once = (traceparent: string) => user.client.tasks.create(body, { idempotencyKey, headers: { traceparent } });
  const { task_id } = await once(TRACEPARENT);
  expect(await once(TRACEPARENT.replace('4bf9', 'aaaa'))).toMatchObject({ task_id });
  expect(await user.client.tasks.get(task_id)).toMatchObject({ traceparent: TRACEPARENT });
});

it.each([
  ['of a later version, with more at its end', `cc-${TRACE}-00f067aa0ba902b7-01-what-else`, TRACEPARENT],
  ['of a later version', `01-${TRACE}-00f067aa0ba902b7-00`, `00-${TRACE}-00f067aa0ba902b7-00`],
  ['of no version', `ff-${TRACE}-00f067aa0ba902b7-01`, null],
  ['of this version, with more at its end', `${TRACEPARENT}-more`, null],
  ['without a trace', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, null],
  ['without a parent', `00-${TRACE}-${'0'.repeat(16)}-01`, null],
  ['in capitals', TRACEPARENT.toUpperCase(), null],
  ['that is too short', '00-4bf9-00f0-01', null],
  ['that is too long', `00-${TRACE.repeat(200)}-00f067aa0ba902b7-01`, null],
])('a traceparent %s is kept as it may be', async (_, traceparent, kept) => {
  expect(await createWith({ traceparent })).toMatchObject({ traceparent: kept });
});

it('the line of a request in the log names its trace', async () => {
  const id = crypto.randomUUID();
  await createWith({ 'x-request-id': id, traceparent: TRACEPARENT });
  const line = () => app.logged.find((each) => each.includes(id) && each.includes('answered'));
  await expect.poll(line).toBeDefined();
  expect(JSON.parse(line() as string)).toMatchObject({ request_id: id, trace_id: TRACE });
});
