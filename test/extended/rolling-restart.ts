/**
 * Rolling restart: two api processes behind a plain TCP balancer that asks /readyz, one replaced after the other under a
 * steady load. Every request must be answered, and the subscriber must learn of every task that was acknowledged: by its
 * socket while that is open, and of what falls into a cut by reading, once, when it is open again.
 *
 *   node test/extended/rolling-restart.ts [restarts] [requests per second]       by default 10 and 200: a minute
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CcjkCloud } from '../../sdk/src/index.ts';
import { openGround, type Started, stopped } from './processes.ts';

const restarts = Number(process.argv[2] ?? 10);
const perSecond = Number(process.argv[3] ?? 200);
/** How often the balancer asks each process, and so how soon it notices. */
const PROBE_MS = 100;

type Api = Started & { isReady: boolean };

await using ground = await openGround('rolling');

const startApi = async (): Promise<Api> => ({
  ...(await ground.start('api', { env: { STOP_DELAY: '1' } })),
  isReady: true,
});

const apis = await Promise.all([startApi(), startApi()]);

// ---- The balancer ---------------------------------------------------------------------------------------------------

let turn = 0;
const balancer = createServer((client) => {
  const ready = apis.filter(({ isReady }) => isReady);
  turn += 1;
  const { url } = ready[turn % ready.length] as Api;
  const server = connect(Number(url.port), url.hostname);
  client.pipe(server).pipe(client);
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}).listen(0, '127.0.0.1');
await once(balancer, 'listening');
const { port } = balancer.address() as AddressInfo;
const baseUrl = `http://127.0.0.1:${port}`;

const probing = setInterval(() => {
  for (const api of apis) {
    fetch(new URL('/readyz', api.url)).then(
      ({ ok }) => {
        api.isReady = ok;
      },
      () => {
        api.isReady = false;
      },
    );
  }
}, PROBE_MS);

// ---- The load -------------------------------------------------------------------------------------------------------

const { token } = await new CcjkCloud({ baseUrl }).auth.register({
  email: 'a@example.com',
  password: 'a long password',
});
const client = new CcjkCloud({ baseUrl, token });
const { device_id } = await client.daemon.register('machine', { device_name: 'machine', os_type: 'linux' });

/** How long before the cut what is read begins: what came last may have been on its way in two processes. */
const OVERLAP_MS = 2_000;

const heard = new Set<string>();
const read = new Set<string>();
let cutAt = Date.now();
const socket = client.connect();
const opened = new Promise<void>((resolve) => void socket.on('open', resolve));
socket.on('message.new', ({ data }) => void heard.add(data.message_id));
socket.on('cut', () => {
  cutAt = Date.now();
});
/** Nothing else makes up for an event that did not come. */
const reading: Promise<void>[] = [];
socket.on('open', () => {
  const since = cutAt - OVERLAP_MS;
  reading.push(
    (async () => {
      for await (const { id, created_at } of client.messages.list({ limit: 100 })) {
        if (Date.parse(created_at) < since) return;
        read.add(id);
      }
    })(),
  );
});
await opened;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const failures: string[] = [];
const waits: number[] = [];
const created: string[] = [];

/** As it is: nothing is tried again. */
const send = (method: string, to: string, body?: string): Promise<void> =>
  new Promise((resolve) => {
    const began = performance.now();
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const sent = request(`${baseUrl}${to}`, { method, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.once('end', () => {
        waits.push(performance.now() - began);
        if ((answer.statusCode ?? 500) >= 400) failures.push(`${method} ${to}: ${answer.statusCode}`);
        else if (method === 'POST') created.push((JSON.parse(text) as { data: { task_id: string } }).data.task_id);
        resolve();
      });
    });
    sent.on('error', (error) => {
      failures.push(`${method} ${to}: ${error.message}`);
      resolve();
    });
    sent.end(body);
  });

const underWay: Promise<void>[] = [];
const task = JSON.stringify({ device_id, command: 'true' });
const began = performance.now();
/** A timer that comes late sends what was due meanwhile. */
const load = setInterval(() => {
  const due = ((performance.now() - began) / 1000) * perSecond;
  while (underWay.length < due)
    underWay.push(underWay.length % 10 === 0 ? send('POST', '/v1/tasks', task) : send('GET', '/v1/tasks?limit=5'));
}, 1000 / perSecond);

// ---- The restarts ---------------------------------------------------------------------------------------------------

for (let count = 0; count < restarts; count += 1) {
  const leaving = apis[count % 2] as Api;
  const code = await stopped(leaving);
  if (code !== 0) failures.push(`a process ended with ${code}`);
  apis[count % 2] = await startApi();
  await pause(500);
}
clearInterval(load);
const seconds = (performance.now() - began) / 1000;
await Promise.all(underWay);

// ---- What must have come of it --------------------------------------------------------------------------------------

const { pagination } = await client.tasks.list({ limit: 1 });
/** Of each task that was acknowledged: what the subscriber should know. */
const written = new Map<string, string>();
for await (const { id, task_id } of client.messages.list({ limit: 100 })) if (task_id) written.set(task_id, id);
const isTold = (taskId: string) => {
  const message = written.get(taskId);
  return message !== undefined && (heard.has(message) || read.has(message));
};
for (const end = Date.now() + 5_000; Date.now() < end && !created.every(isTold); await pause(50));
await Promise.all(reading);
const untold = created.filter((taskId) => !isTold(taskId));

if (untold.length > 0) failures.push(`the subscriber was not told of ${untold.length} tasks, of ${untold[0]} first`);
if (pagination?.total !== created.length)
  failures.push(`${created.length} tasks were acknowledged and ${pagination?.total} are there`);
if (waits.length < 0.95 * perSecond * seconds)
  failures.push(`${waits.length} requests in ${Math.round(seconds)} s are less than ${perSecond} a second`);

waits.sort((a, b) => a - b);
console.log({
  restarts,
  requests: waits.length,
  perSecond: Math.round(waits.length / seconds),
  failed: failures.length,
  tasksAcknowledged: created.length,
  tasksThere: pagination?.total,
  heardBySocket: heard.size,
  readAfterCuts: [...read].filter((id) => !heard.has(id)).length,
  p50: Math.round(waits[Math.floor(waits.length / 2)] ?? 0),
  p99: Math.round(waits[Math.floor(waits.length * 0.99)] ?? 0),
});
for (const failure of failures.slice(0, 10)) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;

clearInterval(probing);
socket.close();
agent.destroy();
balancer.close();
