/**
 * Prints what the package weighs, minified and gzipped, and fails over its budget: what a page pays for the client, and
 * what all of it (client, daemon, command line) comes to.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'tsdown';

const root = fileURLToPath(new URL('..', import.meta.url));

/** In bytes. */
const BUDGETS = {
  client: { entries: ['src/index.ts'], max: 6 * 1024 },
  'whole package': { entries: ['src/index.ts', 'src/daemon/index.ts', 'src/cli/main.ts'], max: 40 * 1024 },
};

const minified = async (entry: string[]): Promise<string> => {
  const bundles = await build({
    config: false,
    cwd: root,
    entry: entry.filter((path) => existsSync(root + path)),
    format: 'esm',
    target: 'node20',
    platform: 'node',
    minify: true,
    dts: false,
    write: false,
    clean: false,
    logLevel: 'error',
  });
  const chunks = bundles.flatMap((bundle) => bundle.chunks);
  return chunks.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('\n');
};

for (const [name, { entries, max }] of Object.entries(BUDGETS)) {
  const bytes = gzipSync(await minified(entries), { level: 9 }).length;
  console.log(`${name}: ${bytes} of ${max} bytes, minified and gzipped`);
  if (bytes > max) {
    console.error(
      `${name} is ${bytes - max} bytes over its budget: take something out, or raise the budget on purpose`,
    );
    process.exitCode = 1;
  }
}
