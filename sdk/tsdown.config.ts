import { defineConfig, type UserConfig } from 'tsdown';
import { cut } from './build/cut.ts';

const shared: UserConfig = {
  target: 'node20',
  platform: 'node',
  fixedExtension: false, // index.js and index.cjs, as package.json names them
  hash: false,
  outputOptions: { ...cut, comments: { jsdoc: false } }, // they are in the declarations
};

export default defineConfig([
  {
    ...shared,
    name: 'library',
    entry: { index: 'src/index.ts', daemon: 'src/daemon/index.ts', relay: 'src/relay/index.ts' },
    format: ['esm', 'cjs'],
    dts: true,
  },
  {
    ...shared,
    name: 'cli',
    entry: { cli: 'src/cli/main.ts' },
    format: 'esm',
    dts: false,
    // Its parts lie beside those of the library, which have the same names.
    outputOptions: { ...shared.outputOptions, chunkFileNames: 'cli-[name].js' },
  },
]);
