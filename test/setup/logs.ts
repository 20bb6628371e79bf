/** Logs of devices: how a test uploads them, and what there is of them afterwards. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openApp, type TestDevice, type TestUser } from './app.ts';

export const METADATA = { type: 'daemon', date: '2026-01-20' };

export const upload = (
  device: TestDevice,
  content: string | Uint8Array,
  metadata: Partial<typeof METADATA> & { compressed?: boolean } = {},
  options?: { idempotencyKey: string },
) =>
  device.client.daemon.uploadLog(
    { log_file: new Blob([content as string]), metadata: { ...METADATA, ...metadata } },
    options,
  );

/** The service with a directory that the test can look into. */
export async function openLogs() {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'ccjk-logs-'));
  const app = await openApp({ at: '2026-01-20T10:00:00Z', env: { DATA_DIR: directory, JWT_EXPIRES_IN: '365d' } });

  return {
    app,
    directory,
    usedBy: async (user: TestUser) => (await user.client.auth.me()).user.storage_used,

    /** Files in the store, and those that have been taken in and are not there yet. */
    filesIn: async (room: 'logs' | 'incoming') => readdir(path.join(directory, 'objects', room)).catch(() => []),

    async userWithDevice(): Promise<[TestUser, TestDevice]> {
      const user = await app.makeUser();
      return [user, await app.makeDevice(user)];
    },

    /** Rows of a user's logs, with those that are not stored. */
    rowsOf: (user: TestUser) =>
      app.service.db.selectFrom('device_logs').selectAll().where('user_id', '=', user.id).execute(),

    async close() {
      await app.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
