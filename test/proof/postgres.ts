/** A PostgreSQL of a harness alone, which it kills and starts again on the same port. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';
import { migrate } from '../../server/db/migrate.ts';
import type { Trial } from './harness.ts';

export type OwnPostgres = {
  /** Of a migrated database. */
  url: string;
  /** `kill -9` of the whole server, in the middle of whatever it does; then a new one, which recovers. */
  killAndStart(): Promise<void>;
};

/** It ends with the harness. */
export async function startPostgres(trial: Trial): Promise<OwnPostgres> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'ccjk-proof-postgres-'));
  // What a killed process has written is in the kernel: only a machine that loses power needs fsync.
  const options = { dataDir, settings: { fsync: 'off', max_connections: '200' } };
  let postgres = await startEmbeddedPostgres(options);
  trial.afterwards(async () => {
    await postgres.stop();
    for (const files of [postgres.area, dataDir]) rmSync(files, { recursive: true, force: true });
  });
  const { url, port } = postgres;
  await migrate(url);
  return {
    url,
    async killAndStart() {
      process.kill(postgres.pid, 'SIGKILL');
      await postgres.stop();
      postgres = await startEmbeddedPostgres({ ...options, choosePort: async () => port });
    },
  };
}
