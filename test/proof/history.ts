/**
 * History — what the database tells of tasks, held against itself: their events, attempts, messages and statistics were
 * written in different statements by different processes, and must tell the same story.
 */
import type pg from 'pg';
import type { Trial } from './harness.ts';

const FINISHED = `('completed', 'failed', 'cancelled', 'timeout')`;

/** Each selects what breaks the sentence. */
const RULES: Record<string, string> = {
  'each event of a task begins where the one before ended, and none follows its end': `
    select task_id, from_status, to_status, before from (
      select task_id, from_status, to_status,
             lag(to_status) over (partition by task_id order by id) as before,
             lead(id) over (partition by task_id order by id) as after
        from task_events) as event
     where from_status is distinct from before or (to_status in ${FINISHED} and after is not null)`,
  'the last event of a task says its status': `
    select tasks.id, status, last.to_status
      from tasks left join lateral (
             select to_status from task_events where task_id = tasks.id order by id desc limit 1
           ) as last on true
     where last.to_status is distinct from status`,
  'each hand-out has one event and one attempt, which are numbered one after another': `
    select tasks.id, tasks.attempt, handed, attempts
      from tasks,
           lateral (select count(*) as handed from task_events where task_id = tasks.id and to_status = 'assigned') as events,
           lateral (select count(*) as attempts, max(number) as last from task_attempts where task_id = tasks.id) as held
     where tasks.attempt <> handed or tasks.attempt <> attempts or tasks.attempt <> coalesce(last, 0)`,
  'each start has one event': `
    select tasks.id, starts, started
      from tasks,
           lateral (select count(*) as starts from task_events where task_id = tasks.id and to_status = 'running') as events,
           lateral (select count(started_at) as started from task_attempts where task_id = tasks.id) as held
     where starts <> started`,
  'an attempt has ended when its task no longer holds its lease': `
    select task_id, number, status
      from task_attempts join tasks on tasks.id = task_id
     where (ended_at is null) <> (tasks.lease_id is not distinct from task_attempts.lease_id)`,
  'a task that has completed has the result of its last attempt and of no other': `
    select tasks.id, number, result_status, task_attempts.started_at
      from tasks join task_attempts on task_id = tasks.id
     where (result_status is not distinct from 'completed') <> (status = 'completed' and number = attempt)
        or (result_status = 'completed' and task_attempts.started_at is null)`,
  'a task is told of once when it was made, and once when it ended': `
    select tasks.id, status, count(*) as messages
      from tasks left join messages on task_id = tasks.id
     group by tasks.id
    having count(*) filter (where message_type = 'task_created') <> 1
        or count(*) filter (where message_type in ('task_completed', 'task_failed'))
             <> case when status in ('completed', 'failed', 'timeout') then 1 else 0 end`,
  'a device is told to have come before it is told to have gone, in turns': `
    select device, message_type, before, created_at from (
      select data->>'device_id' as device, message_type, created_at,
             lag(message_type, 1, 'device_offline') over (partition by data->>'device_id' order by created_at) as before
        from messages
       where message_type in ('device_online', 'device_offline')) as message
     where message_type = before`,
  'the statistics are what a recount gives': `
    select * from (
      select 'tasks_' || status as type, count(*) as value from tasks where status in ${FINISHED} group by 1
    ) as counted full join (
      select stat_type as type, sum(stat_value) as value from statistics where stat_type like 'tasks_%' group by 1
    ) as kept using (type)
     where counted.value is distinct from kept.value`,
};

/** How many of what breaks a rule are shown. */
const SHOWN = 3;

/** Checks each rule over all tasks of the database. */
export async function checkHistory(trial: Trial, db: pg.Pool | pg.Client): Promise<void> {
  for (const [sentence, statement] of Object.entries(RULES)) {
    const { rows } = await db.query(statement);
    trial.check(sentence, rows.length === 0, { cases: rows.length, first: rows.slice(0, SHOWN) });
  }
}
