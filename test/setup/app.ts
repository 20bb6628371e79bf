/** The whole service for a test, on a database of its own. */
import { onTestFinished } from 'vitest';
import type { ApiFailure } from '../../sdk/src/index.ts';
import { openClock } from './clock.ts';
import { cloneDatabase } from './database.ts';
import { type InProcess, type InProcessOptions, openInProcess } from './in-process.ts';

export {
  ADMIN_KEY,
  CRON_SECRET,
  LONG_SESSIONS,
  type TestDevice,
  type TestUser,
} from './in-process.ts';

export type AppOptions = Omit<InProcessOptions, 'clock' | 'databaseUrl'> & {
  /** Where the clock stands, ISO 8601; by default now. */
  at?: string;
  /** Another process on this database. */
  databaseUrl?: string;
};

export type TestApp = InProcess;

/** Opens the service; whoever opened it closes it. */
export async function openApp({ at, databaseUrl, ...options }: AppOptions = {}): Promise<TestApp> {
  const database = databaseUrl ? { url: databaseUrl, drop: async () => {} } : await cloneDatabase();
  const opened = await openInProcess({ ...options, databaseUrl: database.url, clock: openClock(at) });
  const close = async () => {
    await opened.close();
    await database.drop();
  };
  return { ...opened, close };
}

/** Like `openApp`, closed by itself at the end of the test that calls it. */
export async function openAppForTest(options: AppOptions = {}): Promise<TestApp> {
  const opened = await openApp(options);
  onTestFinished(opened.close);
  return opened;
}

/** What a call was refused with; fails when it was not refused. */
export async function refusalOf(call: PromiseLike<unknown>): Promise<ApiFailure> {
  try {
    await call;
  } catch (error) {
    return error as ApiFailure;
  }
  throw new Error('The call was expected to be refused, and it succeeded');
}
