/** DATA_DIR has no room, and the embedded PostgreSQL lies there: it gives up, and comes back when there is room again. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findRunningPostgres } from '../../server/adapters/postgres-embedded.ts';
import { withClient } from '../setup/cluster.ts';
import { makeCustomer } from './customer.ts';
import { checkJobs, checkLedger, featuresOf, openLedger } from './database-outages.ts';
import type { Trial } from './harness.ts';
import { probe, sufferOutage } from './outage.ts';
import { startServer } from './server.ts';
import { openSmallDisk } from './small-disk.ts';

/** A new cluster takes 50 of them, and its WAL up to 80. */
const SIZE_MIB = 200;
const FULL_MS = 15_000;
/** PostgreSQL keeps segments of its WAL to write them again, 5 of 16 MiB by default. */
const MOST_SEGMENTS = 20;

export async function fillDatabase(trial: Trial): Promise<void> {
  const disk = openSmallDisk(trial, SIZE_MIB);
  if (disk.how !== 'a full disk')
    return trial.say('the disk of the embedded database is not filled: only root may mount one');
  const server = await startServer(trial, { env: { DATA_DIR: disk.directory } });
  // With its PostgreSQL, which a kill would leave behind.
  trial.afterwards(server.stop);
  const databaseUrl = await findRunningPostgres(disk.directory);
  if (!databaseUrl || existsSync(path.join(disk.directory, 'postgres/location')))
    return trial.say(
      'the disk of the embedded database is not filled: PostgreSQL cannot reach the folder of temporary files',
    );
  const pid = server.process.pid as number;
  const customer = await makeCustomer(server.url);
  const ledger = openLedger();
  const isBack = await sufferOutage(trial, {
    what: 'the disk of the embedded database full',
    url: server.url,
    features: [...featuresOf(server.url, customer, ledger), probe(server.url, 'readyz')],
    begin: async () => {
      disk.fill(pid);
      await useUpWal(databaseUrl);
    },
    lastsMs: FULL_MS,
    end: () => disk.clear(pid),
  });
  const says = (text: string) => server.lines.some((line) => line.includes(text));
  trial.check('a disk that is full ends PostgreSQL', says('PostgreSQL has ended'));
  trial.check('the log says what to do', says('make room there, and it starts by itself'));
  if (!isBack) return;
  await checkJobs(trial, customer);
  await checkLedger(trial, { customer, ledger, databaseUrl });
  trial.count('embedded databases without room');
}

/** Until there is no room for the next segment, which ends every session. */
async function useUpWal(databaseUrl: string): Promise<void> {
  const write = async () => {
    await withClient(databaseUrl, async (client) => {
      client.on('error', () => {});
      for (let segment = 0; segment < MOST_SEGMENTS; segment += 1) {
        await client.query("select pg_logical_emit_message(false, 'proof', 'text')");
        await client.query('select pg_switch_wal()');
      }
    });
  };
  await write().catch(() => {});
}
