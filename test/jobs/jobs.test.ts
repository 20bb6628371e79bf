import { sql } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openJobs } from '../../server/adapters/boss.ts';
import { atomically, type Ctx } from '../../server/context.ts';
import { type DeclaredJob, registry } from '../../server/jobs/registry.ts';
import { cutConnections, openParts, takeAway } from '../setup/parts.ts';

const rules = { retries: 3, backoffSeconds: 1, maxBackoffSeconds: 1, expirySeconds: 30, atOnce: 10, isTimed: true };

type Work = (ctx: Ctx, data: { taskId: string }) => Promise<void>;

/** A process whose job to release a task does `work`. */
async function openWorker(work: Work, databaseUrl?: string) {
  const parts = await openParts(databaseUrl === undefined ? {} : { databaseUrl });
  const job: DeclaredJob<{ taskId: string }> = { ...rules, handle: work };
  const { jobs, start, backlog, close } = await openJobs({
    databaseUrl: parts.url,
    db: parts.ctx.db,
    log: parts.ctx.log,
    registry: { 'release-task': job },
  });
  onTestFinished(close);
  const ctx: Ctx = { ...parts.ctx, jobs };
  return { ...parts, ctx, start: () => start(ctx), backlog, close };
}

const release = (taskId: string) => ({ name: 'release-task' as const, data: { taskId } });

/** Work that notes its tasks, and a promise of each. */
function noting() {
  const done: string[] = [];
  const work = async (_: Ctx, { taskId }: { taskId: string }) => void done.push(taskId);
  return { done, work, until: (count: number) => vi.waitUntil(() => done.length >= count, { timeout: 10_000 }) };
}

test('a job that is sent in a transaction runs when that has committed, and never when it is rolled back', async () => {
  const { done, work, until } = noting();
  const { ctx, start } = await openWorker(work);
  await start();
  const sending = atomically(ctx, async (tx) => {
    await tx.jobs.send(release('rolled back'));
    throw new Error('no');
  });
  await expect(sending).rejects.toThrow('no');
  await atomically(ctx, async (tx) => {
    await tx.jobs.send(release('committed'));
    expect(done).toEqual([]);
  });
  await until(1);
  expect(done).toEqual(['committed']);
});

test('a job carries on the request and the trace that sent it, and so do the jobs that it sends', async () => {
  const cause = { requestId: 'the-request', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  const seen: { taskId: string; requestId: string | null; traceparent: string | null }[] = [];
  const { ctx, start, lines } = await openWorker(async (job, { taskId, ...rest }) => {
    expect(rest).toEqual({});
    seen.push({ taskId, requestId: job.requestId, traceparent: job.traceparent });
    if (taskId === 'first') await atomically(job, (tx) => tx.jobs.send(release('second')));
    job.log.info('worked');
  });
  await start();
  await atomically({ ...ctx, ...cause }, (tx) => tx.jobs.send(release('first')));
  await atomically(ctx, (tx) => tx.jobs.send(release('of nobody')));
  await vi.waitUntil(() => seen.length === 3, { timeout: 10_000 });
  expect(seen).toHaveLength(3);
  expect(seen).toEqual(
    expect.arrayContaining([
      { taskId: 'first', ...cause },
      { taskId: 'second', ...cause },
      { taskId: 'of nobody', requestId: null, traceparent: null },
    ]),
  );
  const ids = () =>
    lines.filter(({ msg }) => msg === 'worked').map((line) => (line as { request_id?: string }).request_id);
  await vi.waitUntil(() => ids().length === 3, { timeout: 1_000 });
  expect(ids().sort()).toEqual(['the-request', 'the-request', undefined]);
});

test('a job that is sent for later runs then, and not before', async () => {
  const { done, work, until } = noting();
  const { ctx, start } = await openWorker(work);
  await start();
  const due = Date.now() + 1_500;
  await ctx.jobs.send(release('later'), { startAfter: new Date(due) });
  await ctx.jobs.send(release('now'));
  await until(1);
  expect(done).toEqual(['now']);
  await until(2);
  expect(Date.now()).toBeGreaterThanOrEqual(due - 50);
});

test('a job of one process is run by another, many at once', async () => {
  const { done, work, until } = noting();
  const sender = await openWorker(async () => {});
  const runner = await openWorker(work, sender.url);
  await runner.start();
  const names = Array.from({ length: 200 }, (_, at) => `task-${at}`);
  await atomically(sender.ctx, async (tx) => {
    for (const name of names) await tx.jobs.send(release(name));
  });
  await until(200);
  expect(done.sort()).toEqual(names.sort());
});

test('a job that fails is tried again, and those beside it are not', async () => {
  const { done, work, until } = noting();
  let isBroken = true;
  const { ctx, start, lines } = await openWorker(async (each, data) => {
    if (data.taskId === 'failing' && isBroken) {
      isBroken = false;
      throw new Error('not yet');
    }
    await work(each, data);
  });
  await atomically(ctx, async (tx) => {
    for (const name of ['a', 'failing', 'b']) await tx.jobs.send(release(name));
  });
  await start();
  await until(3);
  expect([done.slice(0, 2).sort(), done[2]]).toEqual([['a', 'b'], 'failing']);
  expect(lines.filter(({ level }) => level >= 50).map(({ msg }) => msg)).toEqual(['a job failed']);
});

test('jobs go on after the database was away', async () => {
  const { done, work, until } = noting();
  const { ctx, start, url, lines } = await openWorker(work);
  await start();
  const bringBack = await takeAway(url);
  await expect(ctx.jobs.send(release('during'))).rejects.toThrow();
  await vi.waitUntil(() => lines.some(({ level }) => level >= 50), { timeout: 5_000 });
  await bringBack();
  await ctx.jobs.send(release('after'));
  await until(1);
  await cutConnections(url);
  await vi.waitUntil(
    () =>
      ctx.jobs.send(release('again')).then(
        () => true,
        () => false,
      ),
    { timeout: 5_000 },
  );
  await until(2);
  expect(done).toEqual(['after', 'again']);
});

test('closing waits for the job that runs', async () => {
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>();
  const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
  const { done, work } = noting();
  const { ctx, start, close } = await openWorker(async (each, data) => {
    begin();
    await mayEnd;
    await work(each, data);
  });
  await start();
  await ctx.jobs.send(release('running'));
  await hasBegun;
  const closing = close();
  letEnd();
  await closing;
  expect(done).toEqual(['running']);
});

test('processes that start together make the queues once, and the clock has its jobs', async () => {
  const one = await openParts();
  await sql`delete from pgboss.queue where name not like '\\_\\_pgboss%'`.execute(one.ctx.db);
  const open = () => openJobs({ databaseUrl: one.url, db: one.ctx.db, log: one.ctx.log, registry });
  const processes = await Promise.all([open(), open(), open()]);
  for (const { close } of processes) onTestFinished(close);
  await Promise.all(processes.map(({ start }) => start(one.ctx)));
  const { rows: queues } = await sql<{ name: string }>`
    select name from pgboss.queue where name not like '\\_\\_pgboss%'
  `.execute(one.ctx.db);
  expect(queues.map(({ name }) => name).sort()).toEqual(Object.keys(registry).sort());
  const { rows } = await sql`select name, cron from pgboss.schedule order by name`.execute(one.ctx.db);
  expect(rows).toEqual([
    { name: 'log-retention', cron: '41 3 * * *' },
    { name: 'relay-cleanup', cron: '43 3 * * *' },
    { name: 'retention', cron: '17 * * * *' },
  ]);
});

test('a queue that is there already gets the rules of the release that starts', async () => {
  const { ctx, url } = await openParts();
  const openWith = async (retries: number) => {
    const { close } = await openJobs({
      databaseUrl: url,
      db: ctx.db,
      log: ctx.log,
      registry: { 'release-task': { ...rules, retries, handle: async () => {} } },
    });
    await close();
    const { rows } = await sql<{ retries: number; at: Date }>`
      select retry_limit as retries, updated_on as at from pgboss.queue where name = 'release-task'
    `.execute(ctx.db);
    return rows[0];
  };
  const before = await openWith(3);
  expect(await openWith(3)).toEqual(before);
  expect(await openWith(5)).toMatchObject({ retries: 5 });
});

test('who only sends has one connection for it at most, whatever it sends', async () => {
  const { ctx, start } = await openWorker(async () => {});
  const connections = async () => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int from pg_stat_activity
       where datname = current_database() and application_name = 'ccjk-cloud-jobs'
    `.execute(ctx.db);
    return rows[0]?.count;
  };
  await Promise.all(Array.from({ length: 20 }, (_, at) => ctx.jobs.send(release(`task ${at}`))));
  expect(await connections()).toBeLessThanOrEqual(1);
  await start();
  expect(await connections()).toBeGreaterThan(1);
});

test('what waits is counted also where no process works', async () => {
  const { ctx, backlog } = await openWorker(async () => {});
  await Promise.all(['one', 'other'].map((task) => ctx.jobs.send(release(task))));
  expect(await backlog()).toEqual(new Map([['release-task', 2]]));
});
