/**
 * Writes what is made from the code: `npm run generate`. With `--check` it writes nothing and names each file that is stale;
 * with `--release` the document and the migrations of today become those that later ones must not break.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { openApiDocument } from './contracts/openapi.ts';
import { hashesOfMigrations } from './migrations/released.ts';
import { sdkSources } from './sdk/codegen/sources.ts';
import { envExample, readmeWithConfiguration } from './server/configuration-table.ts';

const openApiJson = `${JSON.stringify(openApiDocument(), null, 2)}\n`;
const sdk = await sdkSources(openApiJson);

const products: Record<string, string> = {
  'contracts/openapi.json': openApiJson,
  'sdk/src/generated/types.ts': sdk.types,
  'sdk/src/generated/resources.ts': sdk.resources,
  'sdk/src/generated/relay.ts': sdk.relay,
  'sdk/src/generated/codes.ts': sdk.codes,
  'README.md': readmeWithConfiguration(),
  '.env.example': envExample(),
};

if (process.argv.includes('--release')) {
  products['contracts/openapi.released.json'] = `${JSON.stringify(openApiDocument())}\n`;
  products['migrations/released.json'] = `${JSON.stringify(hashesOfMigrations(), null, 2)}\n`;
}

const stale: string[] = [];
for (const [path, text] of Object.entries(products)) {
  const file = new URL(path, import.meta.url);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  stale.push(path);
  if (!process.argv.includes('--check')) await writeFile(file, text);
}

if (process.argv.includes('--check') && stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}\nRun: npm run generate`);
  process.exitCode = 1;
}
