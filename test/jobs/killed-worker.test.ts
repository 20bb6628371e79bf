/** What becomes of a job whose worker is killed in the middle of it. */
import { sql } from 'kysely';
import { PgBoss } from 'pg-boss';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Running } from '../acceptance/process.ts';
import { openAppForTest, type TestApp } from '../setup/app.ts';
import { openSmtp } from '../setup/smtp.ts';

/** What each process does once a minute, when the worker has been silent for long enough. */
async function lookForSilentWorkers({ databaseUrl, service: { db } }: TestApp): Promise<void> {
  await sql`update pgboss.job set heartbeat_on = heartbeat_on - interval '31 seconds' where state = 'active'`.execute(
    db,
  );
  await sql`update pgboss.queue set monitor_claim_on = null, monitor_on = null`.execute(db);
  const boss = new PgBoss({ connectionString: databaseUrl, supervise: false, schedule: false, max: 1 });
  await boss.start();
  await boss.supervise();
  await boss.stop();
  // It is tried again after a while.
  await sql`update pgboss.job set start_after = now() where state = 'retry'`.execute(db);
}

test('a letter that a killed worker had in its hands is sent again by another worker, once', async () => {
  let letters = 0;
  const smtp = await openSmtp({
    onData(stream, _, callback) {
      stream.resume();
      // The first one is never acknowledged.
      stream.on('end', () => {
        letters += 1;
        if (letters > 1) callback(null, 'taken');
      });
    },
  });
  const app = await openAppForTest({ env: smtp.env });
  const worker = new Running(process.execPath, ['server/main.ts', '--role', 'worker'], {
    env: { DATABASE_URL: app.databaseUrl, JWT_SECRET: 'j'.repeat(48), PORT: '0', LOG_FORMAT: 'json', ...smtp.env },
  });
  onTestFinished(() => worker.kill('SIGKILL'));
  await app.makeUser();
  await vi.waitUntil(() => letters === 1, { timeout: 20_000 });
  worker.kill('SIGKILL');
  await worker.finished;

  const states = async () => {
    const { rows } = await sql<{ state: string; tries: number }>`
      select state::text, retry_count as tries from pgboss.job where name = 'send-mail'`.execute(app.service.db);
    return rows;
  };
  expect(await states()).toEqual([{ state: 'active', tries: 0 }]);
  await app.work();
  await lookForSilentWorkers(app);
  await vi.waitUntil(async () => (await states())[0]?.state === 'completed', { timeout: 20_000 });
  expect(await states()).toEqual([{ state: 'completed', tries: 1 }]);
  expect(letters).toBe(2);
});
