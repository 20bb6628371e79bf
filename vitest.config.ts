import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

/** For the workers and the processes that tests start: one of our command line then takes a third of the time. */
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url));

const PROOFS = ['test/proof/*.test.ts'];

export default defineConfig({
  test: {
    // `npm test` and `npm run test:proofs`; without --project both.
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts', 'sdk/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...PROOFS],
        },
      },
      { extends: true, test: { name: 'proofs', include: PROOFS } },
    ],
    globalSetup: './test/setup/global.ts',
    pool: 'forks',
    // The files of one worker share the modules: loading them anew for each file took a quarter of the run.
    isolate: false,
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
