import { existsSync } from 'node:fs';
import { defineConfig, type UserConfig } from 'tsdown';

/** What is written so far: the client can be built before the daemon and the command line are there. */
const existing = (entries: Record<string, string>) =>
  Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(path)));

const shared: UserConfig = {
  target: 'node20',
  platform: 'node',
  fixedExtension: false, // index.js and index.cjs, as package.json names them
  hash: false,
  outputOptions: { comments: { jsdoc: false } }, // they are in the declarations
};

export default defineConfig([
  {
    ...shared,
    name: 'library',
    entry: existing({ index: 'src/index.ts', daemon: 'src/daemon/index.ts', relay: 'src/relay/index.ts' }),
    format: ['esm', 'cjs'],
    dts: true,
  },
  ...(existsSync('src/cli/main.ts')
    ? [
        {
          ...shared,
          name: 'cli',
          entry: { cli: 'src/cli/main.ts' },
          format: 'esm',
          dts: false,
          // Its parts lie beside those of the library, which have the same names.
          outputOptions: { ...shared.outputOptions, chunkFileNames: 'cli-[name].js' },
        } satisfies UserConfig,
      ]
    : []),
]);
