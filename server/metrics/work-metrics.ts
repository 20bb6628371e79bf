/** What the domain, the sockets, the mail and the jobs note, as counters. Each process counts what it did itself. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Happening, Meter } from '../ports.ts';

/** Seconds: from a device that waits for tasks to one that was away for the night. */
const QUEUE_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 43_200];
/** Seconds, up to the longest timeout of a task. */
const RUN_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400];
const JOB_BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];

export function openMeter(registry: Registry): Meter {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter<Label>({ name, help, labelNames, registers });

  const created = counter('ccjk_tasks_created_total', 'Tasks that were queued, by where they came from', 'source');
  const ended = counter('ccjk_tasks_ended_total', 'Tasks that finished', 'status');
  const retried = counter('ccjk_tasks_retried_total', 'Attempts after which a task was queued again by itself');
  const published = counter('ccjk_relay_messages_total', 'Messages that the relay has taken');
  const subscribersDropped = counter('ccjk_relay_drops_total', 'Subscribers of the relay that lost something', 'why');
  const socketsDropped = counter('ccjk_sockets_dropped_total', 'WebSockets that were closed for what they did', 'why');
  const letters = counter(
    'ccjk_mail_sent_total',
    'Letters, by what the mail server said; failed ones are tried again',
    'outcome',
  );
  const shed = counter('ccjk_http_requests_shed_total', 'Requests refused because the process could not keep up');
  const waited = new Histogram({
    name: 'ccjk_task_queue_seconds',
    help: 'From when a task was due until a device took it',
    buckets: QUEUE_BUCKETS,
    registers,
  });
  const ran = new Histogram({
    name: 'ccjk_task_run_seconds',
    help: 'From the start of a task until its end was reported',
    buckets: RUN_BUCKETS,
    registers,
  });
  const jobs = new Histogram({
    name: 'ccjk_job_seconds',
    help: 'Runs of jobs',
    labelNames: ['queue', 'outcome'],
    buckets: JOB_BUCKETS,
    registers,
  });
  const sockets = new Gauge({
    name: 'ccjk_sockets',
    help: 'Open WebSockets of this process',
    labelNames: ['holder'],
    registers,
  });

  let sweptAt: number | undefined;
  const sweepAge = new Gauge({
    name: 'ccjk_sweep_age_seconds',
    help: 'Since this process swept: the lowest over the processes counts, one of which sweeps at a time',
    registers,
    collect() {
      if (sweptAt === undefined) sweepAge.remove({});
      else sweepAge.set((performance.now() - sweptAt) / 1000);
    },
  });

  const counts: { [What in Happening['what']]: (happening: Extract<Happening, { what: What }>) => void } = {
    'task.created': ({ source }) => created.inc({ source }),
    'task.handed-out': ({ waitedMs }) => waited.observe(seconds(waitedMs)),
    'task.ended': ({ status, ranMs }) => {
      ended.inc({ status });
      if (ranMs !== null) ran.observe(seconds(ranMs));
    },
    'task.retried': () => retried.inc(),
    'messages.published': ({ count }) => published.inc(count),
    'subscriber.dropped': ({ why }) => subscribersDropped.inc({ why }),
    'socket.opened': ({ holder }) => sockets.inc({ holder }),
    'socket.closed': ({ holder }) => sockets.dec({ holder }),
    'socket.dropped': ({ why }) => socketsDropped.inc({ why }),
    'letter.sent': ({ outcome }) => letters.inc({ outcome }),
    'request.shed': () => shed.inc(),
    swept: () => {
      sweptAt = performance.now();
    },
    'job.ended': ({ job, outcome, ranMs }) => jobs.observe({ queue: job, outcome }, seconds(ranMs)),
  };

  return {
    note(...happenings) {
      for (const happening of happenings) (counts[happening.what] as (happening: Happening) => void)(happening);
    },
  };
}

/** A clock that was set back makes no negative time. */
const seconds = (ms: number): number => Math.max(0, ms) / 1000;
