/**
 * The books: what must be true of the tables whenever nobody is writing, whatever was called, raced or killed before. Each
 * rule is a sentence and a statement that finds what breaks it; limits are those of the plans.
 */
import type pg from 'pg';
import { PLANS } from '../../server/domain/plans.ts';
import type { Trial } from './harness.ts';

type Book = {
  sentence: string;
  /** Rows that break the rule, of the users in $1. */
  broken: string;
};

/** From each status where it may go, in the diagram of DECISIONS.md, section 5. */
const EDGES: Record<string, readonly string[]> = {
  '': ['pending', 'queued'],
  pending: ['queued', 'cancelled'],
  queued: ['assigned', 'running', 'cancelled'],
  assigned: ['running', 'queued', 'pending', 'completed', 'failed', 'cancelled', 'timeout'],
  running: ['queued', 'pending', 'completed', 'failed', 'cancelled', 'timeout'],
};

const LEGAL = Object.entries(EDGES)
  .flatMap(([from, all]) => all.map((to) => `('${from}', '${to}')`))
  .join(', ');

const HELD = `('assigned', 'running')`;
const FINISHED = `('completed', 'failed', 'cancelled', 'timeout')`;

const planTable = `(values ${Object.entries(PLANS)
  .map(([plan, { devices, tasksPerDay, concurrentTasks, storage }]) => {
    const limits = [devices, tasksPerDay, concurrentTasks, storage].map((each) =>
      Number.isFinite(each) ? `${each}::bigint` : 'null::bigint',
    );
    return `('${plan}', ${limits.join(', ')})`;
  })
  .join(', ')}) as plans (plan, devices, daily, concurrent, storage)`;

/**
 * How many tasks were held after each change, in the order in which they were written. An end is written before it is
 * committed and a hand-out counts what is committed, so this is never more than were held in truth.
 */
const heldAfterEach = (whose: string) => `
  select ${whose} as whose, sum(change) over (partition by ${whose} order by id) as held
    from (
      select e.id, t.user_id, coalesce(a.device_id, t.device_id) as device_id,
             (e.to_status in ${HELD})::int - (coalesce(e.from_status, '') in ${HELD})::int as change
        from task_events e
        join tasks t on t.id = e.task_id
        left join task_attempts a on a.task_id = e.task_id and a.number = e.attempt
       where t.user_id = any($1)
    ) as changes
   where change <> 0`;

/** Those of deleted devices lie side by side, and are one. */
const deviceOr = (nothing: string) => `coalesce(device_id::text, '${nothing}') as device`;

const BOOKS: readonly Book[] = [
  {
    sentence: 'each change of a task begins where the one before ended, and goes where the diagram lets it',
    broken: `
      select * from (
        select e.task_id, e.from_status, e.to_status, e.reason,
               lag(e.to_status) over (partition by e.task_id order by e.id) as before
          from task_events e join tasks t on t.id = e.task_id
         where t.user_id = any($1)
      ) as changes
       where from_status is distinct from before
          or (coalesce(from_status, ''), to_status) not in (${LEGAL})`,
  },
  {
    sentence: 'a task has the status of its last change',
    broken: `
      select t.id, t.status,
             (select to_status from task_events e where e.task_id = t.id order by e.id desc limit 1) as last
        from tasks t
       where t.user_id = any($1)
         and t.status is distinct from
             (select to_status from task_events e where e.task_id = t.id order by e.id desc limit 1)`,
  },
  {
    sentence: 'a task has one live attempt, with its lease, while it is held, and none otherwise',
    broken: `
      select t.id, t.status, t.attempt, t.lease_id, count(a.number) as live, max(a.number) as number
        from tasks t
        left join task_attempts a on a.task_id = t.id and a.ended_at is null
       where t.user_id = any($1)
       group by t.id
      having case when t.status in ${HELD}
                  then count(a.number) <> 1 or bool_or(a.lease_id is distinct from t.lease_id or a.number <> t.attempt)
                       or t.lease_until is null
                  else count(a.number) <> 0 or t.lease_id is not null or t.lease_until is not null end`,
  },
  {
    sentence: 'attempts are numbered from 1 on, one for each hand-out, each with a lease of its own',
    broken: `
      select t.id, t.attempt, count(a.number) as attempts, max(a.number) as last, count(distinct a.lease_id) as leases,
             (select count(*) from task_events e
               where e.task_id = t.id and e.from_status = 'queued' and e.to_status in ${HELD}) as handed
        from tasks t left join task_attempts a on a.task_id = t.id
       where t.user_id = any($1)
       group by t.id
      having count(a.number) <> t.attempt or coalesce(max(a.number), 0) <> t.attempt
          or count(distinct a.lease_id) <> t.attempt
          or (select count(*) from task_events e
               where e.task_id = t.id and e.from_status = 'queued' and e.to_status in ${HELD}) <> t.attempt`,
  },
  {
    sentence: 'what has finished has an end, and nothing else has',
    broken: `
      select id, status, completed_at from tasks
       where user_id = any($1) and (status in ${FINISHED}) <> (completed_at is not null)`,
  },
  {
    sentence: 'of a sequence the next waits while the one before is open, and no longer',
    broken: `
      select t.id, t.status, p.status as before
        from tasks t join tasks p on p.id = t.after_task_id
       where t.user_id = any($1)
         and case when p.status = 'completed' then t.status = 'pending' and t.ready_at is null
                  when p.status in ${FINISHED} then t.status <> 'cancelled'
                  else t.status not in ('pending', 'cancelled') end`,
  },
  {
    sentence: 'a user never holds more tasks than the plan allows',
    broken: `
      select whose, max(held) as held, concurrent
        from (${heldAfterEach('user_id')}) as moments
        join users u on u.id = whose join ${planTable} on plans.plan = u.plan
       group by whose, concurrent having max(held) > concurrent`,
  },
  {
    sentence: 'a device never holds more tasks than it may',
    broken: `
      select whose, max(held) as held, d.max_concurrent_tasks
        from (${heldAfterEach('device_id')}) as moments join devices d on d.id = whose
       group by whose, d.max_concurrent_tasks having max(held) > d.max_concurrent_tasks`,
  },
  {
    sentence: 'a user never has more tasks of one day than the plan allows',
    broken: `
      select u.id, daily, count(*) as tasks
        from tasks t join users u on u.id = t.user_id join ${planTable} on plans.plan = u.plan
       where u.id = any($1)
       group by u.id, daily, (t.created_at at time zone 'UTC')::date having count(*) > daily`,
  },
  {
    sentence: 'a user never has more devices than the plan allows',
    broken: `
      select u.id, plans.devices, count(*) as machines
        from devices d join users u on u.id = d.user_id join ${planTable} on plans.plan = u.plan
       where u.id = any($1)
       group by u.id, plans.devices having count(*) > plans.devices`,
  },
  {
    sentence: 'the storage in use is what a recount of logs, backups and long output gives, and within the quota',
    broken: `
      select u.id, u.storage_used, counted.bytes, coalesce(u.storage_quota, plans.storage) as quota
        from users u join ${planTable} on plans.plan = u.plan,
             lateral (select
               (select coalesce(sum(size), 0) from config_backups where user_id = u.id)
             + (select coalesce(sum(size), 0) from device_logs where user_id = u.id)
             + (select coalesce(sum(greatest(0, o.start + octet_length(o.chunk) - greatest(o.start, 1048576))), 0)
                  from task_outputs o join tasks t on t.id = o.task_id where t.user_id = u.id) as bytes) as counted
       where u.id = any($1)
         and (u.storage_used <> counted.bytes or u.storage_used > coalesce(u.storage_quota, plans.storage))`,
  },
  {
    sentence: 'the statistics are what a recount of the finished tasks gives',
    broken: `
      select * from (
        select user_id, ${deviceOr('none')}, stat_date::text as day, stat_type as what, sum(stat_value) as value
          from statistics where user_id = any($1)
         group by 1, 2, 3, 4
      ) as kept
      full join (
        select user_id, ${deviceOr('none')}, ((completed_at at time zone 'UTC')::date)::text as day, stat.what,
               sum(stat.value) as value
          from tasks, lateral (values
            ('tasks_' || status, 1),
            ('execution_time', greatest(0, extract(epoch from completed_at - started_at) * 1000)::bigint)
          ) as stat (what, value)
         where user_id = any($1) and status in ${FINISHED} and stat.value > 0
         group by 1, 2, 3, 4
      ) as counted using (user_id, device, day, what)
       where kept.value is distinct from counted.value`,
  },
];

/** Audits what belongs to `userIds`. @returns false when anything was wrong */
export async function audit(
  trial: Pick<Trial, 'check'>,
  client: pg.Client,
  userIds: readonly string[],
): Promise<boolean> {
  let isRight = true;
  for (const { sentence, broken } of BOOKS) {
    const { rows } = await client.query(broken, [userIds]);
    trial.check(sentence, rows.length === 0, rows.slice(0, 3));
    isRight &&= rows.length === 0;
  }
  return isRight;
}
