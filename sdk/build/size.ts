/**
 * Prints what the package weighs, minified and gzipped, and fails over its budget: what a page pays for loading the client, and
 * what all of it (client, daemon, command line) comes to.
 */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'tsdown';
import { cut } from './cut.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** In bytes. */
const BUDGETS = {
  client: { entries: ['src/index.ts'], max: 6 * 1024, isWhole: false },
  'whole package': {
    entries: ['src/index.ts', 'src/daemon/index.ts', 'src/relay/index.ts', 'src/cli/main.ts'],
    max: 40 * 1024,
    isWhole: true,
  },
};

/** The code of the entries; with what they load on demand when it is the whole that is weighed. */
const minified = async (entry: string[], isWhole: boolean): Promise<string> => {
  const bundles = await build({
    config: false,
    cwd: root,
    entry,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    minify: true,
    outputOptions: cut,
    dts: false,
    write: false,
    clean: false,
    logLevel: 'error',
  });
  const chunks = bundles.flatMap((bundle) => bundle.chunks);
  const counted = chunks.filter((chunk) => chunk.type === 'chunk' && (isWhole || !chunk.isDynamicEntry));
  return counted.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('\n');
};

for (const [name, { entries, max, isWhole }] of Object.entries(BUDGETS)) {
  const bytes = gzipSync(await minified(entries, isWhole), { level: 9 }).length;
  console.log(`${name}: ${bytes} of ${max} bytes, minified and gzipped`);
  if (bytes > max) {
    console.error(
      `${name} is ${bytes - max} bytes over its budget: take something out, or raise the budget on purpose`,
    );
    process.exitCode = 1;
  }
}
