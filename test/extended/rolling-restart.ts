/**
 * Rolling restart: two api processes behind a plain TCP balancer that asks /readyz, one replaced after the other under a
 * steady load. Every request must be answered, and every message that was acknowledged must reach the subscriber.
 *
 *   node test/extended/rolling-restart.ts [restarts] [requests per second]       by default 10 and 200: a minute
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { CcjkCloud } from '../../sdk/src/index.ts';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const restarts = Number(process.argv[2] ?? 10);
const perSecond = Number(process.argv[3] ?? 200);
/** How often the balancer asks each process, and so how soon it notices. */
const PROBE_MS = 100;

type Api = { url: URL; child: ChildProcess; isReady: boolean };

const dataDir = mkdtempSync(path.join(tmpdir(), 'ccjk-rolling-'));
// PostgreSQL runs as another account when we are root, and has to walk through.
chmodSync(dataDir, 0o711);
const postgres = await startEmbeddedPostgres({ dataDir: path.join(dataDir, 'database') });

const children = new Set<ChildProcess>();

async function startApi(): Promise<Api> {
  const limits = ['MAX', 'ANONYMOUS_MAX', 'DAEMON_MAX'].map((name) => [`RATE_LIMIT_${name}`, '1000000']);
  const env = {
    ...process.env,
    ...Object.fromEntries(limits),
    DATABASE_URL: postgres.url,
    JWT_SECRET: 'j'.repeat(48),
    DATA_DIR: dataDir,
    PORT: '0',
    LOG_FORMAT: 'json',
    DEFAULT_PLAN: 'enterprise',
    STOP_DELAY: '1',
  };
  const child = spawn(process.execPath, ['server/main.ts', '--role', 'api'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('"msg":"ready"')) continue;
    child.stdout.resume();
    return { url: new URL((JSON.parse(line) as { url: string }).url), child, isReady: true };
  }
  throw new Error('An api process did not start');
}

await using _ = {
  async [Symbol.asyncDispose]() {
    for (const child of children) child.kill('SIGKILL');
    await postgres.stop();
    for (const files of [postgres.area, dataDir]) rmSync(files, { recursive: true, force: true });
  },
};

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
  const ended = once(leaving.child, 'exit');
  leaving.child.kill('SIGTERM');
  const [code] = await ended;
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
