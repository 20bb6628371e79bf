/**
 * Flat — calls that show something of much: the same with 1,000 tasks or messages in the database as with a million. All
 * tasks are of the one user who asks, on three devices, and as many are still open in both: these the total of a list
 * counts, for which there is a row of its own. Messages lie in channels of a thousand.
 */
import type { Request } from 'autocannon';
import { withClient } from '../setup/cluster.ts';
import type { Bench } from './bench.ts';
import { CALLERS, load } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { type Row, slowed } from './report.ts';
import { inRounds } from './rounds.ts';
import { type Caller, headersOf, makeCallers, startService } from './service.ts';

const MOST_GROWTH = { most: 1.3 };
const DEVICES = 3;
const PER_CHANNEL = 1000;
/** Tasks that wait, and as many as a person with a long queue has. */
const OPEN = 40;
const LONG_QUEUE = 4000;

type World = { service: MeasuredProcess; caller: Caller };

export async function flat(bench: Bench): Promise<Row[]> {
  const { quick, say } = bench;
  const [few, many] = quick ? ([1e3, 1e4] as const) : ([1e3, 1e6] as const);
  const [requests, count] = quick ? [160, 3] : [480, 5];
  const worlds: World[] = [];
  try {
    for (const [rows, open] of [
      [few, OPEN],
      [many, OPEN],
      [few, LONG_QUEUE],
    ] as const) {
      worlds.push(await makeWorld(bench, rows, open));
    }
    const [small, large, waiting] = worlds as [World, World, World];
    const grown = async ([name, pathOf]: Call, other: World, growth: string, target?: typeof MOST_GROWTH) => {
      say(`${name}, ${growth}: ${count} rounds`);
      const measure = (world: World) => () =>
        load(world.service, { requestsOf: () => [requestOf(world, pathOf(world))], lasts: { requests } });
      const sides = { small: measure(small), large: measure(other) };
      await inRounds(1, sides);
      const rounds = await inRounds(count, sides);
      const what = `${name}, ${growth}, ${CALLERS} callers`;
      return slowed(rounds, ['large', 'small'], { scenario: 'flat', what, unit: 'request', ...(target && { target }) });
    };
    const rows: Row[] = [];
    const growth = `${many.toExponential(0)} rows against ${few.toExponential(0)}`;
    for (const each of CALLS) rows.push(await grown(each, large, growth, MOST_GROWTH));
    rows.push(await grown(LIST, waiting, `${LONG_QUEUE} of them open against ${OPEN}`));
    return rows;
  } finally {
    await Promise.all(worlds.map(({ service }) => service.stop()));
  }
}

type Call = [name: string, pathOf: (world: World) => string];

const LIST: Call = ['GET /v1/tasks', () => '/v1/tasks?limit=20'];

const CALLS: Call[] = [
  LIST,
  ['GET /v1/tasks?status=failed', () => '/v1/tasks?limit=20&status=failed'],
  ['GET /v1/tasks?device_id', ({ caller }) => `/v1/tasks?limit=20&device_id=${caller.deviceId}`],
  ['GET /v1/stats/summary?period=30d', () => '/v1/stats/summary?period=30d'],
  ['GET /v1/stats/device/:id?period=30d', ({ caller }) => `/v1/stats/device/${caller.deviceId}?period=30d`],
  ['GET /api/publish', () => '/api/publish?channel=stored-1&count=100'],
];

const requestOf = ({ caller }: World, path: string): Request => ({
  method: 'GET',
  path,
  headers: path.startsWith('/v1') ? headersOf(caller.token) : {},
});

async function makeWorld({ cluster, profileDir, say }: Bench, rows: number, open: number): Promise<World> {
  const databaseUrl = await cluster.create(`flat_${rows}_${open}`);
  const service = await startService(databaseUrl, profileDir);
  const [caller] = (await makeCallers(service.url, 1)) as [Caller];
  say(`making ${rows.toLocaleString('en')} tasks and as many messages`);
  await withClient(databaseUrl, async (client) => {
    await client.query('set session_replication_role = replica; set synchronous_commit = off');
    await client.query(DEVICES_OF, [caller.userId, DEVICES - 1]);
    await client.query(TASKS, [caller.userId, Math.max(rows, open), open]);
    await client.query(STATISTICS);
    await client.query(CHANNELS, [Math.ceil(rows / PER_CHANNEL)]);
    await client.query(MESSAGES, [rows, PER_CHANNEL]);
    await client.query('vacuum (analyze) tasks, statistics, channels, relay_messages');
    await client.query('checkpoint');
  });
  return { service, caller };
}

const DEVICES_OF = `
  insert into devices (id, user_id, device_name, key_hash)
  select gen_random_uuid(), $1, 'machine ' || n, encode(sha256(('key' || n)::bytea), 'hex')
    from generate_series(1, $2::int) n`;

/** The last 90 days of tasks, of which the newest $3 wait. */
const TASKS = `
  insert into tasks (id, user_id, device_id, task_type, command, status, priority, exit_code, stdout, stderr, attempt,
                     started_at, completed_at, ready_at, expires_at, created_at, updated_at)
  select gen_random_uuid(), $1, (select array_agg(id) from devices where user_id = $1)[1 + n % ${DEVICES}], 'bash',
         'npm run build -- --job ' || n, status, 1 + n % 10,
         case status when 'completed' then 0 when 'failed' then 1 end,
         case status when 'queued' then null else 'built module ' || n end, case status when 'queued' then null else '' end,
         case status when 'queued' then 0 else 1 end,
         case status when 'queued' then null else at + interval '1 second' end,
         case status when 'queued' then null else at + interval '31 seconds' end,
         at, now() + interval '7 days', at, at
    from (
      select n, now() - interval '90 days' * (1 - n::float / $2) as at,
             case when n > $2 - $3::int then 'queued' when n % 30 = 3 then 'failed' when n % 100 = 4 then 'cancelled'
                  else 'completed' end as status
        from generate_series(1, $2::int) n
    ) seeded`;

/** As the service counts when tasks finish. */
const STATISTICS = `
  insert into statistics (id, user_id, device_id, stat_date, stat_type, stat_value)
  select gen_random_uuid(), user_id, device_id, (completed_at at time zone 'UTC')::date, stat.type, sum(stat.value)
    from tasks, lateral (values
      ('tasks_' || status, 1), ('execution_time', (extract(epoch from completed_at - started_at) * 1000)::bigint)
    ) as stat (type, value)
   where completed_at is not null
   group by 2, 3, 4, 5`;

const CHANNELS = `
  insert into channels (id, type, created_at, last_used_at, sequence, stored_count, stored_bytes)
  select 'stored-' || n, 'public', now(), now(), ${PER_CHANNEL}, ${PER_CHANNEL}, ${PER_CHANNEL} * 100
    from generate_series(1, $1::int) n`;

const MESSAGES = `
  insert into relay_messages (channel_id, sequence, id, message, priority, encrypted, bytes, is_anonymous, published_at,
                              expires_at)
  select 'stored-' || 1 + n / $2::int, 1 + n % $2::int, gen_random_uuid(), repeat('x', 100), 25 * (n % 5), false, 100, true,
         now(), now() + interval '12 hours'
    from generate_series(0, $1::int - 1) n`;
