/**
 * Heartbeats — of 10,000 devices through HTTP, against the same route that writes each by an UPDATE of its own. A heartbeat
 * of a device that works on something renews the lease before it is answered, in ours as in the peer; how many do is said
 * in the row.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Request } from 'autocannon';
import { withClient } from '../setup/cluster.ts';
import type { Bench } from './bench.ts';
import { CALLERS, load } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { compared, type Row } from './report.ts';
import { inRounds } from './rounds.ts';
import { headersOf, startService, startVariant } from './service.ts';

const DEVICES = 10_000;
const DEVICES_PER_USER = 100;
const TARGET = { least: 2 };

type Device = { id: string; key: string; task: { task_id: string; lease_id: string } };

export async function heartbeats({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const databaseUrl = await cluster.create('heartbeats');
  const service = await startService(databaseUrl, profileDir);
  const devices = await makeDevices(databaseUrl);
  const peer = await startVariant('test/bench/peer-heartbeats.ts', databaseUrl);
  try {
    const [seconds, count] = quick ? [0.5, 2] : [1, 8];
    const rates = async (what: string, currentTasks: (device: Device) => unknown[], target?: { least: number }) => {
      // Each connection speaks for its share of the devices, one after another.
      const requestsOf = (connection: number) =>
        devices.filter((_, at) => at % CALLERS === connection).map((device) => requestOf(device, currentTasks(device)));
      const measure = (side: MeasuredProcess) => () => load(side, { requestsOf, lasts: { seconds } });
      const sides = { ours: measure(service), peer: measure(peer) };
      await inRounds(1, sides);
      say(`heartbeats, ${what}: ${count} rounds`);
      return compared(await inRounds(count, sides), ['ours', 'peer'], {
        scenario: 'heartbeats',
        what: `heartbeats of ${DEVICES.toLocaleString('en')} devices, ${what}; one UPDATE each`,
        unit: 'request',
        ...(target ? { target } : {}),
      });
    };
    return [
      ...(await rates('idle', () => [], TARGET)),
      ...(await rates('each renewing a lease', ({ task }) => [task])),
    ];
  } finally {
    await Promise.all([service.stop(), peer.stop()]);
  }
}

const requestOf = ({ key }: Device, current_tasks: unknown[]): Request => {
  const body = { status: 'online', current_tasks };
  return {
    method: 'POST',
    path: '/v1/daemon/heartbeat',
    headers: headersOf(key, body),
    body: JSON.stringify(body),
  };
};

/** Each is online and runs a task under a lease that outlives the bench. */
async function makeDevices(databaseUrl: string): Promise<Device[]> {
  const devices = Array.from(
    { length: DEVICES },
    (): Device => ({
      id: randomUUID(),
      key: `dk_${randomBytes(32).toString('base64url')}`,
      task: { task_id: randomUUID(), lease_id: randomUUID() },
    }),
  );
  await withClient(databaseUrl, async (client) => {
    await client.query(PEOPLE, [
      devices.map(({ id }) => id),
      devices.map(({ key }) => createHash('sha256').update(key).digest('hex')),
      DEVICES_PER_USER,
    ]);
    await client.query(TASKS, [
      devices.map(({ id }) => id),
      devices.map(({ task }) => task.task_id),
      devices.map(({ task }) => task.lease_id),
    ]);
    await client.query('vacuum (analyze) users, devices, tasks');
  });
  return devices;
}

const PEOPLE = `
  with people as (
    insert into users (id, email, password_hash, plan)
    select md5('user' || n)::uuid, 'seeded-' || n || '@example.com', '-', 'enterprise'
      from generate_series(0, (cardinality($1::uuid[]) - 1) / $3::int) n
  )
  insert into devices (id, user_id, device_name, key_hash, daemon_status, last_heartbeat)
  select id, md5('user' || (n - 1) / $3::int)::uuid, 'machine ' || n, hash, 'online', now()
    from unnest($1::uuid[], $2::text[]) with ordinality as device (id, hash, n)`;

const TASKS = `
  insert into tasks (id, user_id, device_id, task_type, command, status, attempt, lease_id, lease_until, deadline_at,
                     started_at, ready_at, expires_at)
  select task.id, d.user_id, d.id, 'bash', 'npm test', 'running', 1, task.lease_id, now() + interval '1 day',
         now() + interval '2 days', now(), now(), now() + interval '7 days'
    from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as task (device_id, id, lease_id)
    join devices d on d.id = task.device_id`;
