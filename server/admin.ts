/** The administration, for whoever may read the secrets of the service: `npm run admin -- --help`. */
await import('zod/compile');
const { administer } = await import('./admin/run.ts');
process.exitCode = await administer(process.argv.slice(2), process.env);
