/** Tasks in a database as years of use leave them. */
import { withClient } from '../setup/cluster.ts';

const TASKS_PER_USER = 100;

/**
 * Fills a migrated database with `tasks` tasks of many users, each with its attempt and its events. Of a thousand, four
 * are still open: two queued, one pending, one running under a lease that outlives the bench.
 */
export async function seed(url: string, tasks: number): Promise<void> {
  await withClient(url, async (client) => {
    // Without the checks of foreign keys, and without waiting for the disk: this is preparation and not measured.
    await client.query(`set session_replication_role = replica; set synchronous_commit = off`);
    await client.query(`set maintenance_work_mem = '512MB'; set work_mem = '64MB'`);
    await client.query(PEOPLE, [Math.ceil(tasks / TASKS_PER_USER)]);
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(INDEXES);
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    await client.query(TASKS, [tasks]);
    await client.query(ATTEMPTS);
    await client.query(EVENTS);
    for (const { definition } of indexes) await client.query(definition);
    await client.query('vacuum (analyze) tasks, task_attempts, task_events, users, devices');
    await client.query('checkpoint');
  });
}

/** Ids that follow from a number, so that each statement finds the rows of the one before. */
const idOf = (kind: string, number: string) => `md5('${kind}' || (${number}))::uuid`;

/** All but those of primary keys: built afterwards they cost half the time. */
const INDEXES = `
  select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index
   where indrelid in ('tasks'::regclass, 'task_attempts'::regclass, 'task_events'::regclass) and not indisprimary`;

const PEOPLE = `
  with people as (
    insert into users (id, email, password_hash, plan)
    select ${idOf('user', 'n')}, 'seeded-' || n || '@example.com', '-', 'enterprise' from generate_series(1, $1::int) n
  )
  insert into devices (id, user_id, device_name, key_hash)
  select ${idOf('device', 'n')}, ${idOf('user', 'n')}, 'machine ' || n, encode(sha256(('key' || n)::bytea), 'hex')
    from generate_series(1, $1::int) n`;

const TASKS = `
  insert into tasks (id, user_id, device_id, task_type, command, args, status, priority, exit_code, stdout, stderr,
                     attempt, lease_id, lease_until, deadline_at, started_at, completed_at, ready_at, expires_at,
                     created_at, updated_at)
  select ${idOf('task', 'n')}, ${idOf('user', 'owner')}, ${idOf('device', 'owner')}, 'bash', 'npm run build -- --job ' || n,
         '{"cwd": "/home/someone/project", "env": {"CI": "1"}}', status, 1 + n % 10,
         case when status = 'completed' then 0 when status = 'failed' then 1 end,
         case when finished then repeat('built module ' || n || E'\\n', 10) end, case when finished then '' end,
         case when status in ('queued', 'pending') then 0 else 1 end,
         case when status = 'running' then ${idOf('lease', 'n')} end,
         case when status = 'running' then now() + interval '1 day' end,
         case when status = 'running' then now() + interval '2 days' end,
         case when status in ('queued', 'pending') then null else at + interval '1 second' end,
         case when finished then at + interval '31 seconds' end,
         case when status = 'pending' then now() + interval '1 day' else at end,
         now() + interval '7 days', at, at
    from (
      select n, 1 + n % (select count(*) from users where email like 'seeded-%') as owner,
             now() - interval '90 days' * (1 - n::float / $1) as at,
             case when n % 500 = 0 then 'queued' when n % 1000 = 1 then 'pending' when n % 1000 = 2 then 'running'
                  when n % 30 = 3 then 'failed' when n % 100 = 4 then 'cancelled' else 'completed' end as status
        from generate_series(1, $1::int) n
    ) seeded, lateral (select status in ('completed', 'failed', 'cancelled') as finished) f`;

const ATTEMPTS = `
  insert into task_attempts (task_id, number, device_id, lease_id, claim_id, assigned_at, started_at, ended_at,
                             result_digest, result_status)
  select id, 1, device_id, coalesce(lease_id, gen_random_uuid()), gen_random_uuid(), created_at, started_at, completed_at,
         case when completed_at is not null then repeat('0', 64) end, case when completed_at is not null then status end
    from tasks where attempt = 1`;

const EVENTS = `
  insert into task_events (task_id, attempt, from_status, to_status, actor, created_at)
  select id, least(step, 1), steps[step], steps[step + 1], 'user:' || user_id, created_at
    from tasks, lateral (
      select case when completed_at is not null then array[null, 'queued', 'assigned', 'running', status]
                  when status = 'running' then array[null, 'queued', 'assigned', 'running']
                  else array[null, status] end as steps
    ) s, generate_series(1, cardinality(steps) - 1) step`;
