/** A PostgreSQL that stands still as a whole: its connections are open, and nothing is ever answered. */
import pg from 'pg';
import { readPostmaster } from '../../server/adapters/postgres-postmaster.ts';

/** Stops the postmaster and every process of it with SIGSTOP. Returns how to wake them, which may be done twice. */
export async function freezePostgres(adminUrl: string): Promise<() => void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  admin.on('error', () => {});
  await admin.connect();
  const { rows: places } = await admin.query<{ data_directory: string }>('show data_directory');
  const postmaster = readPostmaster(places[0]?.data_directory as string);
  if (!postmaster) throw new Error('The postmaster cannot be found');
  // From here on it starts no other process.
  process.kill(postmaster.pid, 'SIGSTOP');
  const { rows } = await admin.query<{ pid: number }>(
    'select pid from pg_stat_activity order by pid = pg_backend_pid()',
  );
  const frozen = [postmaster.pid, ...rows.map(({ pid }) => pid)];
  for (const pid of frozen) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT');
    void admin.end();
  };
}
