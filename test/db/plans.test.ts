import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openAppForTest } from '../setup/app.ts';
import { running, stepsIn } from '../setup/tasks.ts';

/** PostgreSQL plans a prepared statement anew for each of its first five calls, and from then on only where that seems cheaper. */
const FIRST_CALLS = 5;
const CONNECTIONS = 2;
/** Enough for one of them, and the first call of each is not prepared. */
const LIVES = CONNECTIONS * FIRST_CALLS + 2;

type Planned = { begins: string; generic: number; custom: number };

const HOT = [
  'with named',
  'with held',
  'with started',
  'with before',
  'insert into statistics',
  'update tasks',
  'select d.id as key',
];

it('what creates, hands out, starts, renews and ends tasks is planned once and not for each of them', async () => {
  const app = await openAppForTest({ env: { DATABASE_POOL: String(CONNECTIONS) } });
  const { owner, machine } = await stepsIn(() => app).newOwner();
  for (let lives = 0; lives < LIVES; lives++) {
    const { id: task_id, lease_id } = await running(owner, machine);
    await machine.client.daemon.heartbeat({ current_tasks: [{ task_id, lease_id }] });
    await machine.client.daemon.result(task_id, { lease_id, status: 'completed' });
  }

  const planned = () =>
    sql<Planned>`
      select trim(statement, E' \n') as begins, generic_plans::int as generic, custom_plans::int as custom
        from pg_prepared_statements`.execute(app.service.db);
  // At the same time, so that each has a connection of its own.
  const rows = (await Promise.all(Array.from({ length: CONNECTIONS }, planned))).flatMap((each) => each.rows);
  for (const words of HOT) {
    const sent = rows.filter(({ begins }) => begins.startsWith(words));
    expect(Math.max(...sent.map(({ custom }) => custom)), words).toBeLessThanOrEqual(FIRST_CALLS);
    expect(Math.max(...sent.map(({ generic }) => generic)), words).toBeGreaterThan(0);
  }
});
