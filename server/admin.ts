/** The administration, for whoever may read the secrets of the service: `npm run admin -- --help`. */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// As in main.ts: with it a call takes half the time.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
await import('zod/compile');
const { administer } = await import('./admin/run.ts');
process.exitCode = await administer(process.argv.slice(2), process.env);
