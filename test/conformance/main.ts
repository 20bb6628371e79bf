/**
 * `npm run contract -- https://host [--token <access token>] [--only <beginning of operation ids>]`
 *
 * Holds a service that runs somewhere against the document: contracts/openapi.json is all that it knows. It makes its own
 * accounts and deletes them again; with a token it uses that account, in which it leaves what it made. Ends with 1 when
 * anything is not as documented, with 2 when it was called wrongly.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type RawDocument, readContract } from './document.ts';
import { type Report, walk } from './walk.ts';

const USAGE = 'Usage: npm run contract -- https://host [--token <access token>] [--only <beginning of operation ids>]';

function commandLine(): { baseUrl: string; token: string | undefined; only: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { token: { type: 'string' }, only: { type: 'string' } },
    });
    const [url = '', ...rest] = positionals;
    if (rest.length > 0 || !/^https?:$/.test(new URL(url).protocol)) throw new Error(USAGE);
    return { baseUrl: new URL(url).origin, token: values.token, only: values.only };
  } catch {
    console.error(USAGE);
    process.exit(2);
  }
}

function print({ operations, passed, failed, refused }: Report): void {
  for (const failure of failed) console.log(`FAIL ${failure}`);
  for (const each of refused) console.log(`refused as documented, called as rightly as a stranger can: ${each}`);
  const cases = passed + failed.length;
  console.log(`${operations} operations × ${(cases / operations).toFixed(1)} cases = ${cases} cases`);
  console.log(`${passed} passed, ${failed.length} failed`);
}

const document = JSON.parse(
  readFileSync(new URL('../../contracts/openapi.json', import.meta.url), 'utf8'),
) as RawDocument;
const report = await walk(readContract(document), commandLine());
print(report);
process.exitCode = report.failed.length > 0 || report.operations === 0 ? 1 : 0;
