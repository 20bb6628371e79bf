/** The daemon when answers get lost and the service is away. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openApp, type TestApp } from '../setup/app.ts';
import { machinesOf, PATIENCE } from './machine.ts';

let app: TestApp;
const { openMachine, openProxy, start, startProcess } = machinesOf(() => app);

beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

/** Each test starts several processes, and a machine that does other things takes seconds for each. */
vi.setConfig({ testTimeout: 180_000 });

test('a claim and a start whose answers are lost make one run', async () => {
  const machine = await openMachine();
  const lost: string[] = [];
  const proxy = await openProxy((_, path) => {
    const kind = path.endsWith('/start') ? 'start' : path.endsWith('/pending') ? 'claim' : '';
    if (!kind || lost.includes(kind)) return 'pass';
    lost.push(kind);
    return 'lose';
  });
  const id = await machine.queue('echo run >>runs');
  const daemon = start(machine, { baseUrl: proxy.url });
  expect(await machine.ended(id)).toMatchObject({ status: 'completed', attempt: 1 });
  expect(lost.sort()).toEqual(['claim', 'start']);
  expect(machine.read('runs')).toBe('run\n');
  const claims = proxy.seen.filter((one) => one.includes('claim_id=')).map((one) => /claim_id=([^&]*)/.exec(one)?.[1]);
  expect(claims[1]).toBe(claims[0]);
  expect(daemon.events.filter(({ type }) => type === 'outage').length).toBeLessThanOrEqual(2);
});

test('a result waits in the spool until the service is back, also for the next daemon', async () => {
  const machine = await openMachine();
  let isAway = true;
  const proxy = await openProxy((_, path) => (isAway && path.endsWith('/result') ? 'refuse' : 'pass'));
  const id = await machine.queue('echo run >>runs; echo out');
  const first = startProcess(machine, { baseUrl: proxy.url });
  await vi.waitFor(() => expect(proxy.seen.join()).toContain('/result'), PATIENCE);
  expect((await machine.user.client.tasks.get(id)).status).toBe('running');
  await first.kill();
  expect(readdirSync(join(machine.state, 'spool'))).toHaveLength(1);
  isAway = false;
  const second = startProcess(machine, { baseUrl: proxy.url });
  expect(await machine.ended(id)).toMatchObject({ status: 'completed', stdout: 'out\n' });
  await vi.waitFor(
    () => expect(second.events).toContainEqual({ type: 'reported', task_id: id, outcome: 'recorded' }),
    PATIENCE,
  );
  expect(readdirSync(join(machine.state, 'spool'))).toEqual([]);
  expect(machine.read('runs')).toBe('run\n');
});

test('a result whose answer is lost is recorded once', async () => {
  const machine = await openMachine();
  let isLost = false;
  const proxy = await openProxy((_, path) => {
    if (isLost || !path.endsWith('/result')) return 'pass';
    isLost = true;
    return 'lose';
  });
  const daemon = start(machine, { baseUrl: proxy.url });
  const id = await machine.queue('echo out');
  expect(await machine.ended(id)).toMatchObject({ status: 'completed' });
  expect((await daemon.told('reported')).outcome).toBe('recorded');
  expect(isLost).toBe(true);
});

test('an outage is told once, when it begins and when it is over', async () => {
  const machine = await openMachine();
  let isAway = true;
  const proxy = await openProxy(() => (isAway ? 'refuse' : 'pass'));
  const daemon = start(machine, { baseUrl: proxy.url });
  await daemon.told('outage');
  await vi.waitFor(() => expect(proxy.seen.length).toBeGreaterThan(4), PATIENCE);
  isAway = false;
  await daemon.told('restored');
  expect(daemon.events.filter(({ type }) => type === 'outage')).toHaveLength(1);
  expect(await machine.ended(await machine.queue('true'))).toMatchObject({ status: 'completed' });
});

test('a result that a proxy finds too long is delivered without most of its output', async () => {
  const machine = await openMachine();
  const daemon = start(machine, {
    fetch: async (url, init) =>
      url.endsWith('/result') && String(init.body).length > 100_000
        ? new Response('<html>413</html>', { status: 413 })
        : fetch(url, init),
  });
  const id = await machine.queue("head -c 200000 /dev/zero | tr '\\0' x; echo end");
  const task = await machine.ended(id);
  expect(task).toMatchObject({ status: 'completed', exit_code: 0, stdout: expect.stringMatching(/^x+end\n$/) });
  expect(task.error_message).toContain('Most of the output is missing');
  expect((await daemon.told('reported')).outcome).toBe('recorded');
});
