/** The process: reads the configuration, opens what it needs, serves until a signal, and stops in order. */

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The first Node that runs TypeScript by itself and has what MikroORM and pg-boss need. */
const OLDEST_NODE = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  console.error(
    `CCJK Cloud needs Node ${OLDEST_NODE.join('.')} or newer and this is ${process.versions.node}. ` +
      'Start it with: npm start. It brings its own Node.',
  );
  process.exit(1);
}

// Compiled code is kept for the next start, which halves its imports. A folder that cannot be written is no fault.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));

// Before any schema is made: from here on zod compiles each one at its first use.
await import('zod/compile');
const { run } = await import('./run.ts');
await run();
