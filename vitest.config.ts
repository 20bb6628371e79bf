import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** For the workers and the processes that tests start: one of our command line then takes a third of the time. */
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'sdk/**/*.test.ts'],
    globalSetup: './test/setup/global.ts',
    pool: 'forks',
    // The files of one worker share the modules: loading them anew for each file took a quarter of the run.
    isolate: false,
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
