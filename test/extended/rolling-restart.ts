/**
 * Rolling restart: two api processes behind a plain TCP balancer that asks /readyz, one replaced after the other under a
 * steady load. Every request must be answered, and every message that was acknowledged must reach the subscriber.
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

const told = new Set<string>();
const socket = client.connect();
socket.on('message.new', ({ data }) => void told.add(data.message_id));

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const failures: string[] = [];
const waits: number[] = [];
let created = 0;

/** As it is: nothing is tried again. */
const send = (method: string, to: string, body?: string): Promise<void> =>
  new Promise((resolve) => {
    const began = performance.now();
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const sent = request(`${baseUrl}${to}`, { method, agent, headers }, (answer) => {
      answer.resume().once('end', () => {
        waits.push(performance.now() - began);
        if ((answer.statusCode ?? 500) >= 400) failures.push(`${method} ${to}: ${answer.statusCode}`);
        else if (method === 'POST') created += 1;
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
const load = setInterval(() => {
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
await Promise.all(underWay);

// What the socket missed while it changed processes is read, as the SDK says at `open`.
for await (const message of client.messages.list({ limit: 100 })) told.add(message.id);
const tasks = await client.tasks.list({ limit: 1 });
waits.sort((a, b) => a - b);
console.log({
  restarts,
  requests: waits.length,
  failed: failures.length,
  tasksAcknowledged: created,
  tasksThere: tasks.pagination?.total,
  messages: told.size,
  p50: Math.round(waits[Math.floor(waits.length / 2)] ?? 0),
  p99: Math.round(waits[Math.floor(waits.length * 0.99)] ?? 0),
});
for (const failure of failures.slice(0, 10)) console.error(failure);
process.exitCode = failures.length > 0 || told.size < created ? 1 : 0;

clearInterval(probing);
socket.close();
agent.destroy();
balancer.close();
