/** An embedded PostgreSQL that ends by itself while the service runs. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { keepPostgres } from '../../server/adapters/postgres-keeper.ts';
import { isRunning } from '../../server/adapters/postgres-postmaster.ts';
import { openUsedCluster, query, unsafe } from './postgres-services.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };

let cluster: Awaited<ReturnType<typeof openUsedCluster>>;
beforeAll(async () => {
  cluster = await openUsedCluster();
});
afterAll(() => cluster.remove());

async function keptPostgres() {
  // What is committed has left the process when it is killed.
  const { postgres } = await cluster.start({ settings: { ...unsafe, synchronous_commit: 'on' } });
  const said: string[] = [];
  const note = (_: unknown, text?: string) => void said.push(text ?? '');
  const kept = keepPostgres(postgres, { error: note, warn: note });
  onTestFinished(() => kept.stop());
  return { postgres, kept, said };
}

test('one that is killed is started again where it was, with what was committed', async () => {
  const { postgres, said } = await keptPostgres();
  await query(postgres.url, 'create table committed as select 1 as one');
  const first = postgres.pid;
  process.kill(first, 'SIGKILL');
  await vi.waitFor(async () => {
    expect((await query(postgres.url, 'select one from committed')).rows).toEqual([{ one: 1 }]);
    expect(postgres.pid).not.toBe(first);
  }, PATIENCE);
  expect(said).toEqual([expect.stringContaining('PostgreSQL has ended'), 'PostgreSQL runs again']);
});

test('one that does not start is tried until it does, and the reason is told', async () => {
  const { postgres, said } = await keptPostgres();
  const directory = path.join(postgres.area, 'pg18');
  const needed = path.join(directory, 'global');
  fs.renameSync(needed, `${needed}.away`);
  process.kill(postgres.pid, 'SIGKILL');
  await vi.waitFor(() => expect(said.at(-1)).toContain('does not start'), PATIENCE);
  fs.renameSync(`${needed}.away`, needed);
  await vi.waitFor(() => query(postgres.url, 'select 1'), PATIENCE);
});

test('one that was stopped stays so', async () => {
  const { postgres, kept, said } = await keptPostgres();
  await kept.stop();
  expect(isRunning(postgres.pid)).toBe(false);
  expect(said).toEqual([]);
});
